/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables of drivers/iommu/amd/init.c by which the driver goes. Those that are freed behind
 * the boot
 * (__initdata) are left out: other things lie there by now.
 */
#include <inttypes.h>

#include "amd/load.h"
#include "base/cleanup.h"

enum setting_kind { KIND_FLAG, KIND_NUMBER, KIND_WORD, KIND_CHOICE, KIND_FORMAT };

/* X(symbol, bytes, kind, names of values from 0 on, meaning) */
#define AMD_SETTINGS(X)                                                                            \
	X(amd_iommu_pgtable, 4, FORMAT, NULL, "page-table format of new DMA domains")              \
	X(amd_iommu_gpt_level, 4, NUMBER, NULL, "levels of v2 page tables")                        \
	X(amd_iommu_hpt_level, 1, NUMBER, NULL, "most levels of v1 page tables")                   \
	X(amd_iommu_hpt_vasize, 1, NUMBER, NULL, "bits of the IOVAs of v1 page tables")            \
	X(amd_iommu_hatdis, 1, FLAG, NULL, "the firmware says that there are no v1 tables")        \
	X(amd_iommu_v2_present, 1, FLAG, NULL, "some IOMMU has guest translation")                 \
	X(amd_iommu_max_glx_val, 4, NUMBER, NULL,                                                  \
	  "most levels of PASID tables less one that all IOMMUs have")                             \
	X(amd_iommu_max_pasid, 4, WORD, NULL, "largest PASID that all IOMMUs have")                \
	X(amd_iommu_pgsize_bitmap, 8, WORD, NULL, "page sizes of page tables, a bit for each")  \
	X(amd_iommu_guest_ir, 4, CHOICE, guest_ir_names,                                           \
	  "interrupt entries: legacy 32 bits, legacy-ga 128 bits, vapic these with posted ones")   \
	X(amd_iommu_xt_mode, 4, CHOICE, xt_mode_names, "APIC IDs that interrupts can go to")       \
	X(amd_iommu_irq_remap, 1, FLAG, NULL, "interrupts are remapped")                           \
	X(amd_iommu_irtcachedis, 1, FLAG, NULL, "asked for: interrupt entries are not cached")     \
	X(amd_iommu_snp_en, 1, FLAG, NULL, "set up for SEV-SNP")                                   \
	X(amd_iommu_np_cache, 1, FLAG, NULL,                                                       \
	  "some IOMMU caches that a page is not mapped: mapping flushes too")                      \
	X(amd_iommu_iotlb_sup, 1, FLAG, NULL, "all IOMMUs serve devices that cache (ATS)")         \
	X(amd_iommu_force_isolation, 1, FLAG, NULL, "amd_iommu=force_isolation")                   \
	X(amd_iommu_unmap_flush, 1, FLAG, NULL, "each unmap flushes (amd_iommu=fullflush)")        \
	X(amd_iommu_pre_enabled, 1, FLAG, NULL,                                                    \
	  "translation was on before this kernel (kdump, kexec)")                                  \
	X(amd_iommu_pc_present, 1, FLAG, NULL, "there are performance counters")                   \
	X(amd_iommu_efr, 8, WORD, NULL, "features that all IOMMUs have; 'decode efr' names them")  \
	X(amd_iommu_efr2, 8, WORD, NULL, "likewise, of the second register")                       \
	X(amd_iommu_evtlog_size, 4, NUMBER, NULL, "bytes of event logs")                           \
	X(amd_iommu_pprlog_size, 4, NUMBER, NULL, "bytes of PPR logs")                             \
	X(amd_iommu_target_ivhd_type, 4, WORD, NULL, "kind of the IVHD blocks that were used")     \
	X(amd_iommus_present, 4, NUMBER, NULL, "IOMMUs that the firmware's table lists")

/* enum amd_iommu_intr_mode_type, include/linux/amd-iommu.h */
static const char *const guest_ir_names[] = {"legacy", "legacy-ga", "vapic", NULL};
/* drivers/iommu/irq_remapping.h and amd_iommu_types.h: IRQ_REMAP_XAPIC_MODE and the next */
static const char *const xt_mode_names[] = {"xapic", "x2apic", NULL};

#define SETTING_ROW(symbol, size, kind, names, meaning)                                            \
	{#symbol, size, KIND_##kind, names, meaning},
#define SETTING_NEED(symbol, ...)                                                                  \
	{LOOKUP_SYMBOL, NULL, #symbol, NEED_OPTIONAL, "the driver's settings"},
#define SETTING_ENUMERATOR(symbol, ...) SETTING_##symbol,

/* What follows the settings among the rows that are looked for. */
#define UNIT_NEEDS(X)                                                                              \
	X(NEED_V2, MEMBER, "struct amd_iommu", "is_iommu_v2", OPTIONAL, "settings of IOMMUs")      \
	X(NEED_IRT_CACHE, MEMBER, "struct amd_iommu", "irtcachedis_enabled", OPTIONAL,             \
	  "settings of IOMMUs")                                                                    \
	X(NEED_BANKS, MEMBER, "struct amd_iommu", "max_banks", OPTIONAL, "settings of IOMMUs")     \
	X(NEED_COUNTERS, MEMBER, "struct amd_iommu", "max_counters", OPTIONAL,                     \
	  "settings of IOMMUs")                                                                    \
	X(NEED_ROOT, MEMBER, "struct amd_iommu", "root_pdev", OPTIONAL, "settings of IOMMUs")      \
	X(NEED_STORED, MEMBER, "struct amd_iommu", "stored_addr_lo", OPTIONAL,                     \
	  "settings of IOMMUs")                                                                    \
	X(NEED_FMT_V1, ENUMERATOR, "enum io_pgtable_fmt", "AMD_IOMMU_V1", OPTIONAL,                \
	  "the default page-table format")                                                         \
	X(NEED_FMT_V2, ENUMERATOR, "enum io_pgtable_fmt", "AMD_IOMMU_V2", OPTIONAL,                \
	  "the default page-table format")                                                         \
	X(NEED_MODE_V1, ENUMERATOR, "enum protection_domain_mode", "PD_MODE_V1", OPTIONAL,         \
	  "the default page-table format")                                                         \
	X(NEED_MODE_V2, ENUMERATOR, "enum protection_domain_mode", "PD_MODE_V2", OPTIONAL,         \
	  "the default page-table format")

enum setting_need { AMD_SETTINGS(SETTING_ENUMERATOR) N_SETTINGS };
enum unit_need { UNIT_NEEDS_BEGIN = N_SETTINGS - 1, UNIT_NEEDS(NEED_ENUMERATOR) };

static const struct setting_row {
	const char *symbol;
	unsigned size;
	enum setting_kind kind;
	const char *const *names;
	const char *meaning;
} setting_rows[] = {AMD_SETTINGS(SETTING_ROW)};

static const struct need rows[] = {AMD_SETTINGS(SETTING_NEED) UNIT_NEEDS(NEED_ROW)};

const struct need_table setting_needs = {"amd_iommu settings", rows, ARRAY_SIZE(rows)};

/* Linux 6.13 has the driver's own names for formats, before it had io-pgtable's; their values
 * differ. */
static const char *format_word(const struct found *f, uint64_t value)
{
	static const struct {
		enum unit_need row;
		const char *word;
	} formats[] = {{NEED_MODE_V1, "v1"},
		       {NEED_MODE_V2, "v2"},
		       {NEED_FMT_V1, "v1"},
		       {NEED_FMT_V2, "v2"}};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (is_found(&f[formats[i].row]) && f[formats[i].row].value == value)
			return formats[i].word;
	return NULL;
}

static const char *choice_word(const char *const *names, uint64_t value)
{
	for (uint64_t i = 0; names[i]; i++)
		if (i == value)
			return names[i];
	return NULL;
}

static const char *word_of(struct load *load, const struct found *f, const struct setting_row *row,
			   uint64_t value)
{
	switch (row->kind) {
	case KIND_FLAG:
		return value > 1 ? NULL : value ? "on" : "off";
	case KIND_NUMBER: /* an int, where -1 says that there is none */
		return row->size == 4 && value == UINT32_MAX
			       ? "none"
			       : arena_printf(&load->snapshot->arena, "%" PRIu64, value);
	case KIND_CHOICE:
		return choice_word(row->names, value);
	case KIND_FORMAT:
		return format_word(f, value);
	case KIND_WORD:
		break;
	}
	return NULL;
}

static struct unit_settings read_unit(struct load *load, const struct found *f, uint64_t iommu)
{
	struct reader *r = &load->reader;

	return (struct unit_settings){
		.guest_tables = reader_member(r, iommu, &f[NEED_V2], "is_iommu_v2"),
		.irt_cache_off = reader_member(r, iommu, &f[NEED_IRT_CACHE], "irtcachedis_enabled"),
		.counter_banks = reader_member(r, iommu, &f[NEED_BANKS], "max_banks"),
		.counters = reader_member(r, iommu, &f[NEED_COUNTERS], "max_counters"),
		.root = reader_pointer(r, iommu, &f[NEED_ROOT], "root_pdev"),
		.erratum_bar = reader_member(r, iommu, &f[NEED_STORED], "stored_addr_lo"),
	};
}

struct error *load_settings(struct load *load)
{
	struct iommu_driver *driver = &load->amd->base;
	struct snapshot *s = load->snapshot;
	struct driver_setting *settings = arena_alloc(&s->arena, N_SETTINGS * sizeof(*settings));
	struct unit_settings *units = arena_alloc(&s->arena, s->n_iommus * sizeof(*units));
	struct error *err = need_table_resolve(load->kernel, &setting_needs, &driver->extra);

	if (err)
		return err;
	if (!settings || !units)
		return error_no_memory;
	const struct found *f = driver->extra.found;
	reader_object(&load->reader, "driver");
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const struct setting_row *row = &setting_rows[i];
		struct datum value = reader_symbol(&load->reader, &f[i], row->size, row->symbol);

		settings[i] = (struct driver_setting){row->symbol, value, NULL, row->meaning};
		if (value.state == DATUM_OK)
			settings[i].word = word_of(load, f, row, value.value);
	}
	for (uint32_t i = 0; i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];

		reader_object_name(&load->reader,
				   u->name.state == DATUM_OK ? u->name.value : "IOMMU");
		units[i] = read_unit(load, f, u->address.value);
	}
	s->settings = settings;
	s->n_settings = N_SETTINGS;
	s->unit_settings = units;
	return NULL;
}
