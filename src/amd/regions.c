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
#include "kernel/list.h"

/* struct unity_map_entry.prot, IOMMU_UNITY_MAP_FLAG_EXCL_RANGE: no mapping, only kept free. */
#define PROT_EXCLUSION 4

static const struct reserved_region msi_window = {0xfee00000, 0xfeefffff, "msi"};
static const struct reserved_region ht_window = {UINT64_C(0xfd00000000), UINT64_C(0xffffffffff),
						 "reserved"};

struct unity_map {
	uint32_t segment;
	uint64_t first_devid, last_devid, prot;
	uint64_t start, end; /* end excluded */
};

struct unity_maps {
	struct unity_map *at;
	size_t n, room;
	enum datum_state state; /* the worst of the lists: DATUM_OK when all could be read */
};

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

static struct error *read_maps_of(struct load *load, const struct amd_segment *segment,
				  struct unity_maps *maps)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	struct error *err;
	uint64_t node;

	if (segment->unity_map.state != DATUM_OK || !is_found(&f[AMD_UNITY_LIST])) {
		maps->state = DATUM_ABSENT;
		return NULL;
	}
	reader_object(r, "unity maps of segment %04x", segment->number);
	struct list_walk walk = list_walk_begin(load->kernel, segment->unity_map.value);
	while (!(err = list_walk_next(&walk, &node)) && node) {
		uint64_t entry = node - f[AMD_UNITY_LIST].value;
		struct datum first = reader_member(r, entry, &f[AMD_UNITY_FIRST], "first devid");
		struct datum last = reader_member(r, entry, &f[AMD_UNITY_LAST], "last devid");
		struct datum start = reader_member(r, entry, &f[AMD_UNITY_START], "start");
		struct datum end = reader_member(r, entry, &f[AMD_UNITY_END], "end");
		struct datum prot = reader_member(r, entry, &f[AMD_UNITY_PROT], "prot");
		const struct datum all[] = {first, last, start, end, prot};
		bool is_known = true;

		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			note_state(&maps->state, all[i].state);
			is_known = is_known && all[i].state == DATUM_OK;
		}
		struct unity_map *map = is_known ? vec_push(maps) : NULL;
		if (map)
			*map = (struct unity_map){segment->number, first.value, last.value,
						  prot.value,      start.value, end.value};
		else if (is_known)
			return error_no_memory;
	}
	if (err && !error_is_unreadable(err))
		return err;
	if (err)
		maps->state = problems_add(r->problems, err, "list", "%s", r->object);
	return NULL;
}

static bool add_region(struct region_vec *regions, struct reserved_region region)
{
	struct reserved_region *slot = vec_push(regions);

	if (slot)
		*slot = region;
	return slot;
}

static bool add_device_regions(struct region_vec *regions, const struct unity_maps *maps,
			       const struct device *device, bool ht_is_free)
{
	bool ok = add_region(regions, msi_window);

	if (!ht_is_free)
		ok = add_region(regions, ht_window) && ok;
	for (size_t i = 0; i < maps->n; i++) {
		const struct unity_map *m = &maps->at[i];

		if (m->segment == device->segment && device->devid >= m->first_devid &&
		    device->devid <= m->last_devid && m->end > m->start)
			ok = add_region(regions, (struct reserved_region){
							 m->start, m->end - 1,
							 m->prot & PROT_EXCLUSION ? "reserved"
										  : "direct"}) &&
			     ok;
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

static struct error *group_regions(struct load *load, const struct unity_maps *maps,
				   struct group *group)
{
	struct snapshot *s = load->snapshot;
	struct region_vec regions = {0};
	bool ok = true;

	group->reserved_state = maps->state;
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
		bool ht_is_free = features2.state == DATUM_OK &&
				  features2.value & EFR2_HT_RANGE_IGNORE;
		ok = add_device_regions(&regions, maps, device, ht_is_free) && ok;
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
	struct unity_maps maps = {.state = DATUM_OK};
	struct error *err = NULL;

	for (size_t i = 0; i < load->amd->segments.n && !err; i++)
		err = read_maps_of(load, &load->amd->segments.at[i], &maps);
	for (uint32_t i = 0; i < load->snapshot->n_groups && !err; i++)
		err = group_regions(load, &maps, &load->snapshot->groups[i]);
	vec_free(&maps);
	return err;
}
