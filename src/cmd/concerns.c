/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/concerns.h"

#include "base/cleanup.h"

static bool is_rejected(const struct device *d)
{
	return d->dma == DMA_ILLEGAL;
}

static bool is_unchecked(const struct device *d)
{
	return d->dma == DMA_UNCHECKED;
}

/* Without a driver it may well have no use for DMA; the IOMMU itself has none. */
static bool is_blocked(const struct device *d)
{
	return d->dma == DMA_BLOCKED && d->driver.state == DATUM_OK;
}

static bool is_foreign(const struct device *d)
{
	return d->entry.state == DATUM_OK && d->entry.writer == WRITER_UNKNOWN;
}

static bool is_unknown(const struct device *d)
{
	return d->dma == DMA_UNKNOWN;
}

static const struct {
	bool (*holds)(const struct device *);
	const char *message;
} rules[] = {
	{is_rejected, "hardware rejects its device table entry: all its DMA is blocked"},
	{is_unchecked, "it has no valid device table entry: its DMA passes unchecked"},
	{is_blocked, "it has a driver, and its DMA is blocked"},
	{is_foreign, "its device table entry is not what the kernel's objects ask for"},
	{is_unknown, "what becomes of its DMA could not be read"},
};

void concerns_visit(const struct snapshot *snapshot, concern_visit visit, void *arg)
{
	for (uint32_t i = 0; i < snapshot->n_devices; i++)
		for (size_t k = 0; k < ARRAY_SIZE(rules); k++)
			if (rules[k].holds(&snapshot->devices[i]))
				visit(arg, snapshot->devices[i].name, rules[k].message);
}
