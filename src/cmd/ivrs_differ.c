/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's table against what the driver has made of it. */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "cmd/ivrs.h"
#include "kernel/pci.h"

#define PAGE_MASK UINT64_C(0xfff)

struct differ {
	const struct ivrs *ivrs;
	const struct snapshot *s;
	struct arena *arena;
	ivrs_tell tell;
	void *arg;
};

const char *ivrs_bdf(struct arena *arena, uint32_t segment, uint16_t devid)
{
	char name[PCI_NAME_SIZE];

	pci_name(name, segment, devid);
	return arena_strdup(arena, name);
}

const char *ivrs_uid(struct arena *arena, const struct ivrs_entry *entry)
{
	if (entry->uid_format == 1 && entry->uid_length == 8)
		return arena_printf(arena, "%" PRIu64, get_le64(entry->uid));
	if (entry->uid_format == 2)
		return arena_strndup(arena, (const char *)entry->uid, entry->uid_length);
	return NULL;
}

static void tell(const struct differ *d, const char *object, const char *what, const char *table,
		 const char *driver)
{
	d->tell(d->arg, &(struct ivrs_difference){object, what, table, driver});
}

/* Devices. */

static bool is_iommu_itself(const struct snapshot *s, const struct device *device)
{
	for (uint32_t i = 0; i < s->n_iommus; i++)
		if (datum_is(s->iommus[i].segment, device->segment) &&
		    datum_is(s->iommus[i].devid, device->devid))
			return true;
	return false;
}

static void differ_device(const struct differ *d, const struct device *device)
{
	struct ivrs_device said = ivrs_device(d->ivrs, (uint16_t)device->segment, device->devid);
	const struct iommu_unit *unit = NULL;

	if (is_iommu_itself(d->s, device))
		return;
	if (device->iommu.state == DATUM_OK)
		unit = &d->s->iommus[device->iommu.value];
	const char *table = said.is_listed ? ivrs_bdf(d->arena, device->segment, said.iommu) : NULL;
	bool known = unit ? unit->devid.state == DATUM_OK : device->iommu.state == DATUM_NONE;
	bool same = said.is_listed ? unit && datum_is(unit->devid, said.iommu) : !unit;
	if (known && !same)
		tell(d, device->name, "its IOMMU", table,
		     unit ? ivrs_bdf(d->arena, device->segment, (uint16_t)unit->devid.value)
			  : NULL);
	if (device->alias.state == DATUM_OK && device->alias.value != said.alias)
		tell(d, device->name, "its requester ID",
		     ivrs_bdf(d->arena, device->segment, said.alias),
		     ivrs_bdf(d->arena, device->segment, (uint16_t)device->alias.value));
}

/* Memory. */

static const char *region_text(const struct differ *d, const struct firmware_region *r)
{
	return arena_printf(d->arena, "0x%" PRIx64 "-0x%" PRIx64 " for %s to %s", r->start, r->end,
			    ivrs_bdf(d->arena, r->segment, r->first),
			    ivrs_bdf(d->arena, r->segment, r->last));
}

static uint16_t last_devid(const struct snapshot *s, uint32_t segment)
{
	for (uint32_t i = 0; i < s->n_segments; i++)
		if (s->segments[i].number == segment && s->segments[i].last_devid.state == DATUM_OK)
			return (uint16_t)s->segments[i].last_devid.value;
	return IVRS_DEVID_LAST;
}

/* init_unity_map_range(): start and length are each rounded up to pages. */
static struct firmware_region wanted_region(const struct differ *d, const struct ivrs_block *b)
{
	uint64_t start = (b->start + PAGE_MASK) & ~PAGE_MASK;
	struct firmware_region ret = {
		.segment = b->segment,
		.first = b->devid,
		.last = b->type == IVMD_ALL ? last_devid(d->s, b->segment) : b->last,
		.start = start,
		.end = start + ((b->size + PAGE_MASK) & ~PAGE_MASK) - 1,
	};

	return ret;
}

static bool same_region(const struct firmware_region *a, const struct firmware_region *b)
{
	return a->segment == b->segment && a->first == b->first && a->last == b->last &&
	       a->start == b->start && a->end == b->end;
}

static bool driver_has_region(const struct snapshot *s, const struct firmware_region *wanted)
{
	for (uint32_t i = 0; i < s->n_regions; i++)
		if (same_region(&s->regions[i], wanted))
			return true;
	return false;
}

/* Until Linux 5.4 an exclusion range is no region: hardware has one for each IOMMU. */
static bool driver_excludes(const struct snapshot *s, const struct ivrs_block *block)
{
	for (uint32_t i = 0; i < s->n_iommus; i++)
		if (datum_is(s->iommus[i].exclusion_start, block->start) &&
		    datum_is(s->iommus[i].exclusion_size, block->size))
			return true;
	return false;
}

/* What the driver goes by (init_memory_definitions). */
static bool asks_for_region(const struct ivrs_block *block)
{
	return block->is_ivmd && block->size && block->flags & (IVMD_UNITY | IVMD_EXCLUSION);
}

static bool table_has_region(const struct differ *d, const struct firmware_region *region)
{
	struct ivrs_block block;
	const char *problem;

	for (size_t at = 0; ivrs_next_block(d->ivrs, &at, &block, &problem);) {
		struct firmware_region wanted = wanted_region(d, &block);

		if (block.is_ivmd && same_region(region, &wanted))
			return true;
	}
	return false;
}

static void differ_regions(const struct differ *d)
{
	const struct snapshot *s = d->s;
	struct ivrs_block block;
	const char *problem;

	if (s->regions_state != DATUM_OK)
		return;
	for (size_t at = 0; ivrs_next_block(d->ivrs, &at, &block, &problem);) {
		struct firmware_region wanted = wanted_region(d, &block);

		if (asks_for_region(&block) && !driver_has_region(s, &wanted) &&
		    !(block.flags & IVMD_EXCLUSION && driver_excludes(s, &block)))
			tell(d, "memory", "a region that devices need", region_text(d, &wanted),
			     NULL);
	}
	for (uint32_t i = 0; i < s->n_regions; i++)
		if (!table_has_region(d, &s->regions[i]))
			tell(d, "memory", "a region that devices need", NULL,
			     region_text(d, &s->regions[i]));
}

/* Devices without a PCI function. */

struct wanted_special {
	const char *kind, *hid, *uid;
	uint32_t id, segment;
	uint16_t devid;
};

static bool same_text(struct text text, const char *value)
{
	return text.state == DATUM_OK && !strcmp(text.value, value ? value : "");
}

static bool same_special(const struct special_device *has, const struct wanted_special *wanted)
{
	if (strcmp(has->kind, wanted->kind) != 0)
		return false;
	if (wanted->hid)
		return same_text(has->hid, wanted->hid) && same_text(has->uid, wanted->uid);
	return has->id == wanted->id;
}

static const struct special_device *find_special(const struct snapshot *s,
						 const struct wanted_special *wanted)
{
	for (uint32_t i = 0; i < s->n_specials; i++)
		if (same_special(&s->specials[i], wanted))
			return &s->specials[i];
	return NULL;
}

static void differ_special(const struct differ *d, const struct wanted_special *wanted)
{
	const struct special_device *has = find_special(d->s, wanted);
	const char *name = wanted->hid ? arena_printf(d->arena, "acpi %s:%s", wanted->hid,
						      wanted->uid ? wanted->uid : "")
				       : arena_printf(d->arena, "%s %u", wanted->kind, wanted->id);

	if (has && has->devid == wanted->devid && has->segment == wanted->segment)
		return;
	tell(d, name,
	     has && has->by_command_line ? "its requester ID, by the command line"
					 : "its requester ID",
	     ivrs_bdf(d->arena, wanted->segment, wanted->devid),
	     has ? ivrs_bdf(d->arena, has->segment, has->devid) : NULL);
}

static void differ_specials(const struct differ *d)
{
	uint8_t type = ivrs_used_type(d->ivrs);
	struct ivrs_block block;
	struct ivrs_entry entry;
	const char *problem;

	if (d->s->specials_state != DATUM_OK)
		return;
	for (size_t at = 0; ivrs_next_block(d->ivrs, &at, &block, &problem);) {
		if (!block.is_ivhd || block.type != type)
			continue;
		for (size_t k = 0; ivrs_next_entry(d->ivrs, &block, &k, &entry, &problem);) {
			struct wanted_special wanted = {
				.id = entry.handle, .segment = block.segment, .devid = entry.first};

			wanted.kind = entry.type == ENTRY_ACPI
					      ? "acpi"
					      : ivrs_name(ivrs_variety_names, entry.variety);
			if (entry.type == ENTRY_ACPI) {
				wanted.hid = entry.hid;
				wanted.uid = ivrs_uid(d->arena, &entry);
			}
			if (wanted.kind &&
			    (entry.type == ENTRY_ACPI || entry.type == ENTRY_SPECIAL))
				differ_special(d, &wanted);
		}
	}
}

void ivrs_differ(const struct ivrs *ivrs, const struct snapshot *s, struct arena *arena,
		 ivrs_tell tell_one, void *arg)
{
	const struct differ d = {ivrs, s, arena, tell_one, arg};

	for (uint32_t i = 0; i < s->n_devices; i++)
		differ_device(&d, &s->devices[i]);
	differ_regions(&d);
	differ_specials(&d);
}
