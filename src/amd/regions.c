/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions that a group's devices must not be given as IOVAs. The kernel keeps no list of them: they
 * are put together as amd_iommu_get_resv_regions() does, from the firmware's unity maps and two
 * windows that hardware treats in its own way.
 */
#include <stdlib.h>
#include <string.h>

#include "amd/hw/registers.h"
#include "amd/load.h"
#include "base/cleanup.h"
#include "base/vec.h"

static const struct reserved_region msi_window = {0xfee00000, 0xfeefffff, "msi",
						  "what devices write there is an interrupt"};
static const struct reserved_region ht_window = {
	UINT64_C(0xfd00000000), UINT64_C(0xffffffffff), "reserved",
	"HyperTransport's own addresses: not translated as memory"};

struct region_vec {
	struct reserved_region *at;
	size_t n, room;
};

/* Keeps the first state in which something is missing. */
static void note_state(enum datum_state *state, enum datum_state part)
{
	if (*state == DATUM_OK && part != DATUM_NONE && part != DATUM_ABSENT)
		*state = part;
}

static bool add_region(struct region_vec *regions, struct reserved_region region)
{
	struct reserved_region *slot = vec_push(regions);

	if (slot)
		*slot = region;
	return slot;
}

static bool add_unity_map(struct arena *arena, struct region_vec *regions,
			  const struct firmware_region *m, const struct device *device)
{
	const char *reason = arena_printf(
		arena,
		m->exclusion ? "the firmware wants it kept free (exclusion range) for %s"
			     : "the firmware wants it mapped one to one for %s",
		device->name);
	const struct reserved_region region = {m->start, m->end,
					       m->exclusion ? "reserved" : "direct", reason};

	return reason && add_region(regions, region);
}

static bool add_device_regions(struct snapshot *s, struct region_vec *regions,
			       const struct device *device, bool ht_is_free)
{
	bool ok = add_region(regions, msi_window);

	if (!ht_is_free)
		ok = add_region(regions, ht_window) && ok;
	for (uint32_t i = 0; i < s->n_regions; i++) {
		const struct firmware_region *m = &s->regions[i];

		if (m->segment == device->segment && device->devid >= m->first &&
		    device->devid <= m->last)
			ok = add_unity_map(&s->arena, regions, m, device) && ok;
	}
	return ok;
}

static int compare_regions(const void *a, const void *b)
{
	const struct reserved_region *ra = a, *rb = b;
	int types = strcmp(ra->type, rb->type);

	if (ra->start != rb->start)
		return ra->start < rb->start ? -1 : 1;
	return types ? types : (ra->end > rb->end) - (ra->end < rb->end);
}

/* iommu_insert_resv_region(): regions of one type that touch are one. */
static void join_regions(struct region_vec *regions)
{
	size_t n = 0;

	qsort(regions->at, regions->n, sizeof(*regions->at), compare_regions);
	for (size_t i = 0; i < regions->n; i++) {
		const struct reserved_region *r = &regions->at[i];
		struct reserved_region *last = NULL;

		for (size_t k = n; k-- && !last;)
			if (!strcmp(regions->at[k].type, r->type) &&
			    (r->start <= regions->at[k].end || r->start == regions->at[k].end + 1))
				last = &regions->at[k];
		if (!last)
			regions->at[n++] = *r;
		else if (r->end > last->end)
			last->end = r->end;
	}
	regions->n = n;
}

static struct error *group_regions(struct load *load, struct group *group)
{
	struct snapshot *s = load->snapshot;
	struct region_vec regions = {0};
	bool ok = true;

	group->reserved_state = s->regions_state;
	note_state(&group->reserved_state, group->members_state);
	for (uint32_t i = 0; i < group->n_devices; i++) {
		const struct device *device = &s->devices[group->devices[i]];
		struct datum features2 = device->iommu;

		if (device->iommu.state == DATUM_OK)
			features2 = s->iommus[device->iommu.value].features2;
		/* Without them the unity maps, or whether the HT window is free, can't be told. */
		if (!amd_segment(load->amd, device->segment))
			note_state(&group->reserved_state, amd_segment_state(load->amd));
		note_state(&group->reserved_state, features2.state);
		bool ht_is_free =
			features2.state == DATUM_OK && features2.value & EFR2_HT_RANGE_IGNORE;
		ok = add_device_regions(s, &regions, device, ht_is_free) && ok;
	}
	if (regions.n)
		join_regions(&regions);
	struct reserved_region *copy = arena_alloc(&s->arena, regions.n * sizeof(*copy));
	if (copy && regions.n)
		memcpy(copy, regions.at, regions.n * sizeof(*copy));
	group->reserved = copy;
	group->n_reserved = (uint32_t)regions.n;
	vec_free(&regions);
	return ok && copy ? NULL : error_no_memory;
}

struct error *load_regions(struct load *load)
{
	struct error *err = load_unity_maps(load);

	for (uint32_t i = 0; i < load->snapshot->n_groups && !err; i++)
		err = group_regions(load, &load->snapshot->groups[i]);
	return err;
}
