/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver has taken from the firmware's IVRS table and kept in lists of its own. */
#include <string.h>

#include "amd/load.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/list.h"

/* struct unity_map_entry.prot, of which bit 2 (IOMMU_UNITY_MAP_FLAG_EXCL_RANGE) is: only kept free.
 */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXCLUSION = 4 };

struct regions {
	struct firmware_region *at;
	size_t n, room;
};

struct specials {
	struct special_device *at;
	size_t n, room;
};

/* Keeps the first state in which something is missing. */
static void note_state(enum datum_state *state, enum datum_state part)
{
	if (*state == DATUM_OK && part != DATUM_NONE && part != DATUM_OK)
		*state = part;
}

/* All of them are known; what is missing is noted. */
static bool are_known(const struct datum *all, size_t n, enum datum_state *state)
{
	bool known = true;

	for (size_t i = 0; i < n; i++) {
		note_state(state, all[i].state);
		known = known && all[i].state == DATUM_OK;
	}
	return known;
}

static struct error *end_of_list(struct reader *r, struct error *err, enum datum_state *state)
{
	if (err && error_is_unreadable(err))
		*state = problems_add(r->problems, err, "list", "%s", reader_object_text(r));
	else if (err)
		return err;
	return NULL;
}

static struct error *read_unity_map(struct load *load, uint32_t segment, uint64_t entry,
				    struct regions *regions)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	const struct datum all[] = {
		reader_member(r, entry, &f[AMD_UNITY_FIRST], "first devid"),
		reader_member(r, entry, &f[AMD_UNITY_LAST], "last devid"),
		reader_member(r, entry, &f[AMD_UNITY_START], "start"),
		reader_member(r, entry, &f[AMD_UNITY_END], "end"),
		reader_member(r, entry, &f[AMD_UNITY_PROT], "prot"),
	};

	if (!are_known(all, ARRAY_SIZE(all), &load->snapshot->regions_state))
		return NULL;
	if (all[3].value <= all[2].value) /* its end lies behind it; this one holds nothing */
		return NULL;
	struct firmware_region *region = vec_push(regions);
	if (!region)
		return error_no_memory;
	*region = (struct firmware_region){
		.segment = segment,
		.first = (uint16_t)all[0].value,
		.last = (uint16_t)all[1].value,
		.start = all[2].value,
		.end = all[3].value - 1,
		.read = all[4].value & PROT_READ,
		.write = all[4].value & PROT_WRITE,
		.exclusion = all[4].value & PROT_EXCLUSION,
	};
	return NULL;
}

static struct error *read_unity_maps(struct load *load, const struct amd_segment *segment,
				     struct regions *regions)
{
	const struct found *list = &load->amd->found[AMD_UNITY_LIST];
	struct reader *r = &load->reader;
	struct error *err;
	uint64_t node;

	if (segment->unity_map.state != DATUM_OK || !is_found(list)) {
		load->snapshot->regions_state = DATUM_ABSENT;
		return NULL;
	}
	reader_object(r, "unity maps of segment %04x", segment->number);
	struct list_walk walk = list_walk_begin(load->kernel, segment->unity_map.value);
	while (!(err = list_walk_next(&walk, &node)) && node) {
		err = read_unity_map(load, segment->number, node - list->value, regions);
		if (err)
			return err;
	}
	return end_of_list(r, err, &load->snapshot->regions_state);
}

struct error *load_unity_maps(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct regions regions = {0};
	struct error *err = NULL;

	s->regions_state = DATUM_OK;
	for (size_t i = 0; i < load->amd->segments.n && !err; i++)
		err = read_unity_maps(load, &load->amd->segments.at[i], &regions);
	s->regions = arena_alloc(&s->arena, regions.n * sizeof(*s->regions));
	if (!s->regions && !err)
		err = error_no_memory;
	if (!err && regions.n)
		memcpy(s->regions, regions.at, regions.n * sizeof(*s->regions));
	s->n_regions = err ? 0 : (uint32_t)regions.n;
	vec_free(&regions);
	return err;
}

/* The driver's lists of devices that have no PCI function; a row for each. */
static const struct special_list {
	const char *kind, *object;
	enum amd_need head, list, id, devid, cmd_line;
} special_lists[] = {
	{"ioapic", "ioapic_map", AMD_IOAPIC_MAP, AMD_MAP_LIST, AMD_MAP_ID, AMD_MAP_DEVID,
	 AMD_MAP_CMD_LINE},
	{"hpet", "hpet_map", AMD_HPET_MAP, AMD_MAP_LIST, AMD_MAP_ID, AMD_MAP_DEVID,
	 AMD_MAP_CMD_LINE},
	{"acpi", "acpihid_map", AMD_ACPI_MAP, AMD_HID_LIST, AMD_N, AMD_HID_DEVID, AMD_HID_CMD_LINE},
};

/* Text in an array of the object's own. */
static struct text read_array(struct load *load, uint64_t object, const struct found *member,
			      const char *what)
{
	struct reader *r = &load->reader;
	_cleanup_(freep) char *text = NULL;

	if (!is_found(member))
		return (struct text){.state = DATUM_ABSENT};
	struct error *err =
		target_read_string(r->kernel->target, SPACE_VIRT, object + member->value,
				   member->size ? member->size : 1, &text);
	if (err)
		return (struct text){
			.state = problems_add(r->problems, err, what, "%s", reader_object_text(r))};
	return text_ok(arena_strdup(&load->snapshot->arena, text));
}

static struct error *read_special(struct load *load, const struct special_list *l, uint64_t entry,
				  struct specials *specials)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	const struct datum all[] = {
		reader_member(r, entry, &f[l->devid], "devid"),
		reader_member(r, entry, &f[l->cmd_line], "cmd_line"),
		l->id == AMD_N ? datum_ok(0) : reader_member(r, entry, &f[l->id], "id"),
	};

	if (!are_known(all, ARRAY_SIZE(all), &load->snapshot->specials_state))
		return NULL;
	struct special_device *special = vec_push(specials);
	if (!special)
		return error_no_memory;
	*special = (struct special_device){
		.kind = l->kind,
		.id = (uint32_t)all[2].value,
		.segment = (uint32_t)(all[0].value >> 16), /* 16 bits only before Linux 6.0 */
		.devid = (uint16_t)all[0].value,
		.by_command_line = all[1].value,
	};
	if (l->id == AMD_N) {
		special->hid = read_array(load, entry, &f[AMD_HID_HID], "hid");
		special->uid = read_array(load, entry, &f[AMD_HID_UID], "uid");
	}
	return NULL;
}

static struct error *read_special_list(struct load *load, const struct special_list *l,
				       struct specials *specials)
{
	const struct found *f = load->amd->found;
	struct error *err;
	uint64_t node;

	if (!is_found(&f[l->head]) || !is_found(&f[l->list]))
		return NULL; /* older kernels know no such devices */
	reader_object_name(&load->reader, l->object);
	struct list_walk walk = list_walk_begin(load->kernel, f[l->head].value);
	while (!(err = list_walk_next(&walk, &node)) && node) {
		err = read_special(load, l, node - f[l->list].value, specials);
		if (err)
			return err;
	}
	return end_of_list(&load->reader, err, &load->snapshot->specials_state);
}

struct error *load_specials(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct specials specials = {0};
	struct error *err = NULL;

	s->specials_state = DATUM_OK;
	for (size_t i = 0; i < ARRAY_SIZE(special_lists) && !err; i++)
		err = read_special_list(load, &special_lists[i], &specials);
	s->specials = arena_alloc(&s->arena, specials.n * sizeof(*s->specials));
	if (!s->specials && !err)
		err = error_no_memory;
	if (!err && specials.n)
		memcpy(s->specials, specials.at, specials.n * sizeof(*s->specials));
	s->n_specials = err ? 0 : (uint32_t)specials.n;
	vec_free(&specials);
	return err;
}
