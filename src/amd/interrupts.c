/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping: the driver's tables (struct irq_remap_table, one per requester ID in
 * irq_lookup_table, shared by aliases), and its record of each interrupt (struct amd_ir_data).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/dte.h"
#include "amd/hw/irte.h"
#include "amd/load.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/irq.h"

#define PAGE 4096

/* Where the driver notes for an interrupt which entry it has. To add a way: a row, newest first. */
static const struct route_variant {
	const char *name;
	enum amd_need devid, index;
	bool by_chip; /* kept by amd_ir_chip; else by the interrupt's only chip */
} route_variants[] = {
	{"struct amd_ir_data of amd_ir_chip", AMD_IR_DEVID, AMD_IR_INDEX, true},
	{"struct irq_cfg", AMD_OLD_CFG_DEVID, AMD_OLD_CFG_INDEX, false},
};

static const struct route_variant *find_variant(const struct amd *amd)
{
	for (size_t i = 0; i < ARRAY_SIZE(route_variants); i++)
		if (is_found(&amd->found[route_variants[i].devid]))
			return &route_variants[i];
	return NULL;
}

const char *interrupt_variant_name(const struct amd *amd)
{
	const struct route_variant *variant = find_variant(amd);

	return variant ? variant->name : NULL;
}

/* The driver's object for the table of a requester ID. */
static struct datum table_object(struct load *load, const struct amd_segment *segment,
				 uint16_t devid)
{
	if (!segment)
		return (struct datum){.state = amd_segment_state(load->amd)};
	if (segment->last_devid.state == DATUM_OK && devid > segment->last_devid.value)
		return (struct datum){0};
	struct datum object =
		table_element(load, segment->irq_lookup_table, devid, 8, "interrupt table");
	return datum_is(object, 0) ? (struct datum){0} : object;
}

/* Before Linux 6.0 the record does not name the IOMMU, and there is one segment. */
static struct datum route_segment(struct load *load, uint64_t data)
{
	const struct snapshot *s = load->snapshot;
	const struct found *iommu = &load->amd->found[AMD_IR_IOMMU];

	if (!is_found(iommu))
		return datum_ok(0);
	struct datum address = reader_pointer(&load->reader, data, iommu, "IOMMU");
	for (uint32_t i = 0; i < s->n_iommus && address.state == DATUM_OK; i++)
		if (s->iommus[i].address.value == address.value)
			return s->iommus[i].segment;
	return address.state == DATUM_OK ? (struct datum){.state = DATUM_CORRUPT} : address;
}

/* The driver's record of the interrupt. DATUM_NONE: it is not remapped. */
static struct datum route_data(struct load *load, const struct route_variant *variant,
			       const struct irq_line *line)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;

	if (variant->by_chip)
		return is_found(&f[AMD_IR_CHIP]) ? irq_chip_data(r, line, f[AMD_IR_CHIP].value)
						 : (struct datum){.state = DATUM_ABSENT};
	struct datum data = irq_chip_data(r, line, 0);
	if (data.state != DATUM_OK)
		return data;
	struct datum remapped = reader_member(r, data.value, &f[AMD_OLD_CFG_REMAPPED], "remapping");
	if (remapped.state != DATUM_OK)
		return remapped;
	return remapped.value ? data : (struct datum){0};
}

struct route_vec {
	struct irq_route *at;
	size_t n, room;
};

static struct error *read_route(struct load *load, const struct route_variant *variant,
				const struct irq_line *line, struct route_vec *routes)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;

	reader_object(r, "interrupt %" PRIu32, line->number);
	struct datum data = route_data(load, variant, line);
	if (data.state == DATUM_NONE)
		return NULL;
	if (data.state != DATUM_OK) { /* it may be one, of any device */
		load->snapshot->interrupts.state = data.state;
		return NULL;
	}
	struct irq_route *route = vec_push(routes);
	if (!route)
		return error_no_memory;
	route->irq = line->number;
	route->name = irq_line_name(r, &load->snapshot->arena, line);
	route->segment = route_segment(load, data.value);
	route->devid = reader_member(r, data.value, &f[variant->devid], "device");
	route->index = reader_member(r, data.value, &f[variant->index], "table index");
	route->guest_tag = reader_member(r, data.value, &f[AMD_IR_GA_TAG], "GA tag");
	route->guest_root = reader_member(r, data.value, &f[AMD_IR_GA_ROOT], "virtual APIC page");
	route->guest_root.value <<= 12; /* it is kept as a frame number */
	route->table = route->segment.state == DATUM_OK ? route->devid : route->segment;
	if (route->table.state == DATUM_OK)
		route->table =
			table_object(load, amd_segment(load->amd, (uint32_t)route->segment.value),
				     (uint16_t)route->devid.value);
	if (route->table.state != DATUM_OK || route->index.state != DATUM_OK)
		load->snapshot->interrupts.state = DATUM_CORRUPT;
	return NULL;
}

static int compare_routes(const void *a, const void *b)
{
	const struct irq_route *ra = a, *rb = b;

	if (ra->table.value != rb->table.value)
		return ra->table.value < rb->table.value ? -1 : 1;
	if (ra->index.value != rb->index.value)
		return ra->index.value < rb->index.value ? -1 : 1;
	return (ra->irq > rb->irq) - (ra->irq < rb->irq);
}

static struct error *keep_routes(struct load *load, const struct route_vec *routes)
{
	struct snapshot *s = load->snapshot;
	struct irq_route *at = arena_alloc(&s->arena, routes->n * sizeof(*at));

	if (!at)
		return error_no_memory;
	if (routes->n) {
		memcpy(at, routes->at, routes->n * sizeof(*at));
		qsort(at, routes->n, sizeof(*at), compare_routes);
	}
	s->interrupts.routes = at;
	s->interrupts.n_routes = (uint32_t)routes->n;
	return NULL;
}

/* Which table each known device has: aliases share one. */
static struct error *read_device_tables(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct datum *tables = arena_alloc(&s->arena, s->n_devices * sizeof(*tables));

	if (!tables)
		return error_no_memory;
	for (uint32_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];

		reader_object_name(&load->reader, d->name);
		tables[i] = table_object(load, amd_segment(load->amd, d->segment), d->devid);
	}
	s->interrupts.device_tables = tables;
	return NULL;
}

struct error *load_interrupts(struct load *load)
{
	struct snapshot *s = load->snapshot;
	const struct route_variant *variant = find_variant(load->amd);
	struct irq_lines lines = {0};
	struct route_vec routes = {0};
	struct error *err = load_segments(load);

	if (!err)
		err = apic_cpus_read(&load->reader, &s->arena, &s->interrupts.cpus);
	if (!err && variant)
		err = irq_lines_read(&load->reader, &lines);
	s->interrupts.state = variant ? lines.state : DATUM_ABSENT;
	for (size_t i = 0; i < lines.n && !err; i++) {
		err = target_poll(load->kernel->target);
		if (!err)
			err = read_route(load, variant, &lines.at[i], &routes);
	}
	if (!err)
		err = keep_routes(load, &routes);
	if (!err)
		err = read_device_tables(load);
	vec_free(&lines);
	vec_free(&routes);
	return err;
}

/* amd_iommu_guest_ir: AMD_IOMMU_GUEST_IR_LEGACY is 0, the others have entries of 128 bits. A kernel
   with neither that nor irte_ops has but those of 32. */
static struct datum entry_size(struct load *load)
{
	const struct found *f = load->amd->found;

	if (!is_found(&f[AMD_GUEST_IR]))
		return is_found(&f[AMD_IOMMU_IRTE_OPS]) ? (struct datum){.state = DATUM_ABSENT}
							: datum_ok(IRTE32_BYTES);
	struct datum mode =
		reader_symbol(&load->reader, &f[AMD_GUEST_IR], 4, "interrupt table mode");
	if (mode.state == DATUM_OK)
		mode.value = mode.value ? IRTE128_BYTES : IRTE32_BYTES;
	return mode;
}

/* How hardware has been told to use the table; entries 0: it has none. */
struct entry_view {
	enum datum_state state;
	uint64_t root;
	uint32_t entries;
};

static struct entry_view read_entry_view(struct load *load, const struct amd_segment *segment,
					 uint16_t devid)
{
	struct hw_entry entry = {.state = amd_segment_state(load->amd)};
	struct entry_view view = {0};

	if (segment)
		entry_read(load, segment, devid, &entry);
	view.state = entry.state;
	if (entry.state != DATUM_OK)
		return view;
	struct dte_verdict v = dte_judge(entry.words, load->kernel->target->sme_mask);
	if (v.interrupts == DTE_INTERRUPTS_REMAPPED)
		view = (struct entry_view){DATUM_OK, v.irt_root, v.irt_entries};
	return view;
}

/*
 * The length is in the hardware's entry. Where a capture kernel has written over that, it is in the
 * driver's data of the device, from Linux 6.16 on.
 */
static struct datum table_length(struct load *load, const struct interrupt_table *table,
				 const struct entry_view *view)
{
	const struct device *device = snapshot_device(load->snapshot, table->segment, table->devid);
	struct datum length = {.state = DATUM_ABSENT};

	if (view->entries && datum_is(table->address, view->root))
		return datum_ok(view->entries);
	if (device && device->data)
		length = reader_member(&load->reader, device->data,
				       &load->amd->found[AMD_DATA_MAX_IRQS], "table length");
	if (length.state != DATUM_ABSENT && length.state != DATUM_OK)
		return length;
	if (length.state == DATUM_OK && length.value && length.value <= IRT_ENTRIES_MAX)
		return length;
	length.state = problems_add(
		load->reader.problems,
		error_new(ERROR_CORRUPT, "the device table entry is not for the driver's table, so "
					 "its length is not known; its interrupts are shown up to "
					 "the last that the kernel knows"),
		"interrupt table", "%s", reader_object_text(&load->reader));
	return length;
}

static const struct irq_route *find_route(const struct interrupts *all, uint64_t object,
					  uint32_t index)
{
	const struct irq_route key = {.table = datum_ok(object), .index = datum_ok(index)};
	const struct irq_route *found = NULL;
	size_t low = 0, high = all->n_routes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_routes(&all->routes[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < all->n_routes)
		found = &all->routes[low];
	return found && datum_is(found->table, object) && datum_is(found->index, index) ? found
											: NULL;
}

/* kept: below the index from which on the driver looks for free entries. */
static enum interrupt_use judge_use(const struct table_interrupt *i, bool kept, unsigned size)
{
	bool enabled = irte_get(i->layout, i->words, "remap_en");

	if (irte_is_free(size, i->words)) {
		if (enabled)
			return INTERRUPT_STRAY;
		return i->route ? INTERRUPT_BLANK : kept ? INTERRUPT_RESERVED : INTERRUPT_FREE;
	}
	if (enabled)
		return INTERRUPT_ENABLED;
	return kept && !i->route ? INTERRUPT_RESERVED : INTERRUPT_DISABLED;
}

static void take_entry(struct load *load, const struct interrupt_table *table, uint64_t kept,
		       const uint8_t *bytes, struct table_interrupt *i)
{
	unsigned size = (unsigned)table->entry_size.value;

	i->words[0] = size == IRTE32_BYTES ? get_le32(bytes) : get_le64(bytes);
	if (size == IRTE128_BYTES)
		i->words[1] = get_le64(bytes + 8);
	i->layout = irte_layout(size, i->words);
	if (table->object.state == DATUM_OK)
		i->route = find_route(&load->snapshot->interrupts, table->object.value, i->index);
	i->use = judge_use(i, i->index < kept, size);
	i->posted = i->layout == &irte128_posted_layout;
	i->vector = (uint32_t)irte_get(i->layout, i->words, "vector");
	i->destination = (uint32_t)irte_get(i->layout, i->words, "destination");
	i->logical = irte_get(i->layout, i->words, "dm");
}

/* One read per page: a dump may lack one of them. Of a running machine, one per entry. */
static struct error *read_entries(struct load *load, struct interrupt_table *table, uint64_t kept,
				  struct table_interrupt *at)
{
	struct target *target = load->kernel->target;
	unsigned size = (unsigned)table->entry_size.value;
	unsigned step = target->moving ? 1 : PAGE / size;
	uint8_t bytes[PAGE];

	for (uint32_t i = 0; i < table->n; i++) {
		at[i].index = i;
		at[i].address = datum_ok(table->address.value + (uint64_t)i * size);
	}
	for (uint32_t first = 0; first < table->n; first += step) {
		uint32_t n = table->n - first < step ? table->n - first : step;
		uint64_t address = at[first].address.value;
		enum datum_state state = DATUM_OK;
		struct error *err =
			target->moving
				? target_read_stable(target, SPACE_PHYS, address, bytes, size)
				: target_read(target, SPACE_PHYS, address, bytes, (size_t)n * size);

		if (err && !error_is_unreadable(err))
			return err;
		if (err)
			state = table->state =
				problems_add(load->reader.problems, err, "interrupt table", "%s",
					     reader_object_text(&load->reader));
		for (uint32_t i = 0; i < n; i++) {
			at[first + i].state = state;
			if (state == DATUM_OK)
				take_entry(load, table, kept, bytes + (size_t)i * size,
					   &at[first + i]);
		}
	}
	return NULL;
}

/* Where the table is and how long. The driver's, or where it has none, the hardware's entry's. */
static void find_table(struct load *load, const struct amd_segment *segment,
		       struct interrupt_table *table)
{
	struct reader *r = &load->reader;
	struct entry_view view = read_entry_view(load, segment, table->devid);
	struct datum virt;

	table->object = table_object(load, segment, table->devid);
	table->entry_table = (struct datum){.state = view.state};
	if (view.state == DATUM_OK)
		table->entry_table = view.entries ? datum_ok(view.root) : (struct datum){0};
	table->entry_length = table->entry_table;
	if (table->entry_length.state == DATUM_OK)
		table->entry_length.value = view.entries;
	table->address = table->length = table->object;
	if (table->object.state == DATUM_OK) {
		virt = reader_pointer(r, table->object.value, &load->amd->found[AMD_IRT_TABLE],
				      "interrupt table");
		table->address = table->length = reader_translate(r, virt, "interrupt table");
		if (table->address.state == DATUM_OK)
			table->length = table_length(load, table, &view);
	} else if (table->object.state == DATUM_NONE || table->object.state == DATUM_ABSENT) {
		table->address = table->length = table->entry_table;
		if (view.entries)
			table->length = datum_ok(view.entries);
	}
}

/* Of a table whose length is not known, the part that is known to be there. */
static uint32_t known_length(const struct interrupts *all, const struct interrupt_table *table,
			     uint64_t kept)
{
	uint64_t n = kept;

	for (uint32_t i = 0; i < all->n_routes; i++)
		if (datum_is(all->routes[i].table, table->object.value) &&
		    all->routes[i].index.state == DATUM_OK && all->routes[i].index.value >= n)
			n = all->routes[i].index.value + 1;
	return n > IRT_ENTRIES_MAX ? IRT_ENTRIES_MAX : (uint32_t)n;
}

struct error *interrupt_table_read(struct load *load, uint32_t segment_number, uint16_t devid,
				   struct arena *arena, struct interrupt_table *ret)
{
	const struct amd_segment *segment = amd_segment(load->amd, segment_number);
	struct interrupt_table *table = ret;
	struct datum kept = {0};
	char name[PCI_NAME_SIZE];

	pci_name(name, segment_number, devid);
	reader_object_name(&load->reader, name);
	*table = (struct interrupt_table){.segment = segment_number, .devid = devid};
	find_table(load, segment, table);
	table->entry_size = entry_size(load);
	table->state = table->length.state;
	if (table->address.state != DATUM_OK || table->entry_size.state != DATUM_OK) {
		if (table->state == DATUM_OK)
			table->state = table->entry_size.state;
		return NULL;
	}
	if (table->object.state == DATUM_OK)
		kept = reader_member(&load->reader, table->object.value,
				     &load->amd->found[AMD_IRT_MIN_INDEX], "entries kept");
	if (kept.state != DATUM_OK)
		kept.value = 0;
	table->n = table->length.state == DATUM_OK
			   ? (uint32_t)table->length.value
			   : known_length(&load->snapshot->interrupts, table, kept.value);
	struct table_interrupt *at = arena_alloc(arena, table->n * sizeof(*at));
	if (!at)
		return error_no_memory;
	table->at = at;
	return read_entries(load, table, kept.value, at);
}
