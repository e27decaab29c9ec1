/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI segments with their tables, and the IOMMUs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/dte.h"
#include "amd/load.h"
#include "base/vec.h"
#include "kernel/list.h"

/* Linux 6.0 and later, and kernels it was ported to. A struct without tables in it is not that. */
static bool has_segment_tables(const struct amd *amd)
{
	return is_found(&amd->found[AMD_SEG_LIST]) && is_found(&amd->found[AMD_SEG_DEV_TABLE]) &&
	       is_found(&amd->found[AMD_SEG_NEXT]);
}

const char *segment_variant_name(const struct amd *amd)
{
	if (has_segment_tables(amd))
		return "one table per PCI segment (struct amd_iommu_pci_seg)";
	return is_found(&amd->found[AMD_DEV_TABLE]) ? "one global table (amd_iommu_dev_table)" : NULL;
}

/* One whose number can't be read is not taken: its tables would pass for another's. */
static struct error *read_segment(struct load *load, uint64_t address,
				  struct amd_segments *segments)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;

	reader_object_number(r, "PCI segment object 0x%" PRIx64, address);
	struct datum id = reader_member(r, address, &f[AMD_SEG_ID], "number");
	if (id.state != DATUM_OK) {
		segments->state = id.state;
		return NULL;
	}
	struct amd_segment *segment = vec_push(segments);
	if (!segment)
		return error_no_memory;
	*segment = (struct amd_segment){
		.number = (uint32_t)id.value,
		.last_devid = reader_member(r, address, &f[AMD_SEG_LAST_BDF], "last devid"),
		.dev_table = reader_pointer(r, address, &f[AMD_SEG_DEV_TABLE], "device table"),
		.alias_table = reader_pointer(r, address, &f[AMD_SEG_ALIAS_TABLE], "alias table"),
		.rlookup_table = reader_pointer(r, address, &f[AMD_SEG_RLOOKUP], "lookup table"),
		.irq_lookup_table = reader_pointer(r, address, &f[AMD_SEG_IRQ_LOOKUP],
						   "interrupt lookup table"),
		.unity_map = is_found(&f[AMD_SEG_UNITY])
				     ? datum_ok(address + f[AMD_SEG_UNITY].value)
				     : (struct datum){.state = DATUM_ABSENT},
	};
	return NULL;
}

static struct error *read_segment_list(struct load *load, struct amd_segments *segments)
{
	const struct found *f = load->amd->found;
	struct list_walk walk = list_walk_begin(load->kernel, f[AMD_SEG_LIST].value);
	struct error *err;
	uint64_t node;

	while (!(err = list_walk_next(&walk, &node)) && node) {
		err = read_segment(load, node - f[AMD_SEG_NEXT].value, segments);
		if (err)
			return err;
	}
	if (err && !error_is_unreadable(err))
		return err;
	if (err)
		segments->state = problems_add(&load->snapshot->problems, err, "list",
					       "PCI segments");
	return NULL;
}

static struct error *read_global_tables(struct load *load, struct amd_segments *segments)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	struct amd_segment *segment;

	if (!is_found(&f[AMD_DEV_TABLE])) {
		struct error *err = error_new(ERROR_NOT_FOUND,
					      "this kernel has neither amd_iommu_dev_table nor "
					      "amd_iommu_pci_seg.dev_table");
		segments->state =
			problems_add(&load->snapshot->problems, err, "list", "device tables");
		return NULL;
	}
	segment = vec_push(segments);
	if (!segment)
		return error_no_memory;
	reader_object(r, "device table");
	*segment = (struct amd_segment){
		.last_devid = reader_symbol(r, &f[AMD_LAST_BDF], 2, "amd_iommu_last_bdf"),
		.dev_table = reader_symbol(r, &f[AMD_DEV_TABLE], 8, "amd_iommu_dev_table"),
		.alias_table = reader_symbol(r, &f[AMD_ALIAS_TABLE], 8, "amd_iommu_alias_table"),
		.rlookup_table = reader_symbol(r, &f[AMD_RLOOKUP], 8, "amd_iommu_rlookup_table"),
		.irq_lookup_table = reader_symbol(r, &f[AMD_IRQ_LOOKUP], 8, "irq_lookup_table"),
		.unity_map = is_found(&f[AMD_UNITY]) ? datum_ok(f[AMD_UNITY].value)
						     : (struct datum){.state = DATUM_ABSENT},
	};
	return NULL;
}

static int compare_segments(const void *a, const void *b)
{
	const struct amd_segment *sa = a, *sb = b;

	return (sa->number > sb->number) - (sa->number < sb->number);
}

struct error *load_segments(struct load *load)
{
	struct amd *amd = load->amd;
	struct amd_segments segments = {.state = DATUM_OK};

	if (amd->segments.at)
		return NULL;
	struct error *err = has_segment_tables(amd) ? read_segment_list(load, &segments)
						     : read_global_tables(load, &segments);
	if (err) {
		vec_free(&segments);
		return err;
	}
	if (segments.n)
		qsort(segments.at, segments.n, sizeof(*segments.at), compare_segments);
	amd->segments = segments;
	return NULL;
}

const struct amd_segment *amd_segment(const struct amd *amd, uint32_t number)
{
	for (size_t i = 0; i < amd->segments.n; i++)
		if (amd->segments.at[i].number == number)
			return &amd->segments.at[i];
	return NULL;
}

enum datum_state amd_segment_state(const struct amd *amd)
{
	return amd->segments.state == DATUM_OK ? DATUM_NONE : amd->segments.state;
}

static struct datum device_table_size(struct datum last_devid)
{
	if (last_devid.state == DATUM_OK)
		last_devid.value = (last_devid.value + 1) * DTE_BYTES;
	return last_devid;
}

static struct error *show_segments(struct load *load)
{
	const struct amd_segments *segments = &load->amd->segments;
	struct snapshot *snapshot = load->snapshot;

	snapshot->segments = arena_alloc(&snapshot->arena, segments->n * sizeof(struct segment));
	if (!snapshot->segments)
		return error_no_memory;
	snapshot->n_segments = (uint32_t)segments->n;
	for (size_t i = 0; i < segments->n; i++)
		snapshot->segments[i] = (struct segment){
			.number = segments->at[i].number,
			.last_devid = segments->at[i].last_devid,
			.device_table = segments->at[i].dev_table,
			.device_table_size = device_table_size(segments->at[i].last_devid),
		};
	return NULL;
}

/* pci_seg is a number before Linux 6.0, from then on a pointer to the segment's object. */
static struct datum iommu_segment(struct load *load, uint64_t iommu)
{
	const struct found *f = load->amd->found;
	struct datum seg = reader_member(&load->reader, iommu, &f[AMD_IOMMU_SEG], "segment");

	if (seg.state == DATUM_OK && f[AMD_IOMMU_SEG].size == 8)
		seg = reader_member(&load->reader, seg.value, &f[AMD_SEG_ID], "segment");
	return seg.state == DATUM_ABSENT ? datum_ok(0) : seg; /* a kernel that knows but one */
}

/* amd_iommu_types.h: CMD_BUFFER_SIZE, EVT_BUFFER_SIZE, PPR_LOG_SIZE; GA_LOG_ENTRIES of 8 bytes. */
#define RING_SIZE 8192
#define RING_SIZE_MAX (UINT64_C(1) << 19) /* what the 4-bit size code of hardware can say */
#define GUEST_RING_SIZE 4096

/* Where the size is a variable of the kernel, its row; AMD_N: it is a constant. */
static struct ring read_ring(struct load *load, uint64_t iommu, enum amd_need member, uint64_t size,
			     enum amd_need size_symbol, const char *what)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	struct datum virt = reader_pointer(r, iommu, &f[member], what);
	struct ring ring = {.address = reader_translate(r, virt, what), .size = size};

	if (size_symbol < AMD_N && is_found(&f[size_symbol])) {
		struct datum read = reader_symbol(r, &f[size_symbol], 4, what);

		if (read.state == DATUM_OK && read.value && read.value <= RING_SIZE_MAX)
			ring.size = read.value;
	}
	return ring;
}

/* The register as the driver keeps it for this IOMMU, or where it has left that 0, for all of them. */
static struct datum read_feature(struct load *load, uint64_t iommu, enum amd_need member,
				 enum amd_need global, const char *what)
{
	const struct found *f = load->amd->found;
	struct datum own = reader_member(&load->reader, iommu, &f[member], what);

	bool is_left_out = own.state == DATUM_ABSENT || datum_is(own, 0);

	if (!is_left_out || !is_found(&f[global]))
		return own;
	return reader_symbol(&load->reader, &f[global], 8, what);
}

static struct datum iommu_device_table(struct load *load, struct datum number)
{
	const struct amd_segment *segment = NULL;

	if (number.state != DATUM_OK)
		return number;
	segment = amd_segment(load->amd, (uint32_t)number.value);
	if (!segment)
		return (struct datum){.state = amd_segment_state(load->amd)};
	return reader_translate(&load->reader, segment->dev_table, "device table");
}

/* amd_iommu.flags: AMD_IOMMU_FLAG_TRANS_PRE_ENABLED */
#define FLAG_PRE_ENABLED 1

static void read_iommu(struct load *load, uint64_t address, struct iommu_unit *ret)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	struct iommu_unit *u = ret;

	reader_object_number(r, "IOMMU 0x%" PRIx64, address);
	u->address = datum_ok(address);
	u->index = reader_member(r, address, &f[AMD_IOMMU_INDEX], "index");
	u->name.state = u->index.state;
	if (u->index.state == DATUM_OK) {
		/* iommu_device_sysfs_add(..., "ivhd%d", iommu->index) */
		reader_object(r, "ivhd%u", (unsigned)u->index.value);
		u->name = text_ok(arena_strdup(&load->snapshot->arena, reader_object_text(r)));
	}
	u->segment = iommu_segment(load, address);
	u->devid = reader_member(r, address, &f[AMD_IOMMU_DEVID], "devid");
	u->mmio = reader_member(r, address, &f[AMD_IOMMU_MMIO], "MMIO address");
	/* Named an end, but set to the length: MMIO_REG_END_OFFSET or MMIO_CNTR_CONF_OFFSET. */
	u->mmio_size = reader_member(r, address, &f[AMD_IOMMU_MMIO_END], "MMIO size");
	u->features = read_feature(load, address, AMD_IOMMU_FEATURES, AMD_EFR, "features");
	u->features2 = read_feature(load, address, AMD_IOMMU_FEATURES2, AMD_EFR2, "features 2");
	u->capability = reader_member(r, address, &f[AMD_IOMMU_CAP], "capability");
	u->acpi_flags = reader_member(r, address, &f[AMD_IOMMU_ACPI_FLAGS], "IVHD flags");
	u->exclusion_start = reader_member(r, address, &f[AMD_IOMMU_EXCL_START], "exclusion start");
	u->exclusion_size = reader_member(r, address, &f[AMD_IOMMU_EXCL_LENGTH], "exclusion size");
	u->command_ring = read_ring(load, address, AMD_IOMMU_CMD_BUF, RING_SIZE, AMD_N,
				    "command buffer");
	u->event_ring = read_ring(load, address, AMD_IOMMU_EVT_BUF, RING_SIZE, AMD_EVTLOG_SIZE,
				  "event log");
	u->page_request_ring = read_ring(load, address, AMD_IOMMU_PPR_LOG, RING_SIZE,
					 AMD_PPRLOG_SIZE, "PPR log");
	u->guest_ring = read_ring(load, address, AMD_IOMMU_GA_LOG, GUEST_RING_SIZE, AMD_N,
				  "guest vAPIC log");
	u->interrupts_enabled = reader_member(r, address, &f[AMD_IOMMU_INT_ENABLED],
					      "interrupts enabled");
	u->taken_over = reader_member(r, address, &f[AMD_IOMMU_FLAGS], "flags");
	u->taken_over.value &= FLAG_PRE_ENABLED;
	u->device_table = iommu_device_table(load, u->segment);
}

static int compare_iommus(const void *a, const void *b)
{
	const struct iommu_unit *ua = a, *ub = b;

	if (ua->index.value != ub->index.value)
		return ua->index.value < ub->index.value ? -1 : 1;
	return (ua->address.value > ub->address.value) - (ua->address.value < ub->address.value);
}

struct unit_vec {
	struct iommu_unit *at;
	size_t n, room;
};

/* Sorted, and each once: a damaged list may have told some twice. */
static void sort_units(struct unit_vec *units)
{
	size_t n = 0;

	if (units->n)
		qsort(units->at, units->n, sizeof(*units->at), compare_iommus);
	for (size_t i = 0; i < units->n; i++)
		if (!n || compare_iommus(&units->at[n - 1], &units->at[i]))
			units->at[n++] = units->at[i];
	units->n = n;
}

struct error *load_iommus(struct load *load)
{
	const struct found *f = load->amd->found;
	struct snapshot *snapshot = load->snapshot;
	struct list_walk walk = list_walk_begin(load->kernel, f[AMD_LIST].value);
	struct unit_vec units = {0};
	struct error *err;
	uint64_t node;

	if (!is_found(&f[AMD_IOMMU_LIST]))
		return need_missing(&load->amd->base.needs, AMD_IOMMU_LIST);
	while (!(err = list_walk_next(&walk, &node)) && node) {
		struct iommu_unit *unit = vec_push(&units);

		if (!unit) {
			err = error_no_memory;
			break;
		}
		read_iommu(load, node - f[AMD_IOMMU_LIST].value, unit);
		if (unit->name.state != unit->index.state) {
			err = error_no_memory;
			break;
		}
	}
	if (!err || error_is_unreadable(err)) {
		snapshot->iommus_state =
			err ? problems_add(&snapshot->problems, err, "list", "IOMMUs") : DATUM_OK;
		err = NULL;
		sort_units(&units);
		snapshot->iommus = arena_alloc(&snapshot->arena, units.n * sizeof(*units.at));
		if (snapshot->iommus && units.n)
			memcpy(snapshot->iommus, units.at, units.n * sizeof(*units.at));
		snapshot->n_iommus = (uint32_t)units.n;
		if (!snapshot->iommus)
			err = error_no_memory;
	}
	vec_free(&units);
	return err ? err : show_segments(load);
}
