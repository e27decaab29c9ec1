/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

#include <stddef.h>

#include "base/cleanup.h"

const struct device *snapshot_device(const struct snapshot *snapshot, uint32_t segment, uint16_t devid)
{
	size_t low = 0, high = snapshot->n_devices;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct device *d = &snapshot->devices[middle];

		if (d->segment < segment || (d->segment == segment && d->devid < devid))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == snapshot->n_devices)
		return NULL;
	const struct device *d = &snapshot->devices[low];
	return d->segment == segment && d->devid == devid ? d : NULL;
}

uint32_t snapshot_domains_of_id(const struct snapshot *snapshot, uint64_t id,
				const struct domain **ret)
{
	uint32_t low = 0, high = snapshot->n_domains, n = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (snapshot->domains[middle].id.value < id)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < snapshot->n_domains && datum_is(snapshot->domains[low + n].id, id))
		n++;
	*ret = n ? &snapshot->domains[low] : NULL;
	return n;
}

const char *domain_type_name(uint64_t type)
{
	static const struct {
		uint64_t type;
		const char *name;
	} names[] = {
		{0, "blocked"}, {1, "unmanaged"}, {3, "dma"},    {4, "identity"},
		{0xb, "dma-fq"}, {0x10, "sva"},   {0x20, "platform"}, {0x40, "nested"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

const struct domain *device_domain(const struct snapshot *snapshot, const struct device *device)
{
	return device->domain.state == DATUM_OK ? &snapshot->domains[device->domain.value] : NULL;
}

void snapshot_free(struct snapshot *snapshot)
{
	problems_free(&snapshot->problems);
	arena_free(&snapshot->arena);
	*snapshot = (struct snapshot){0};
}
