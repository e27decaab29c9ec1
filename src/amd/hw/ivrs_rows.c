/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/ivrs.h"
#include "amd/hw/rows.h"

const struct field_value ivrs_block_names[] = {
	{IVHD_10, "IVHD", "an IOMMU, as of the first revision"},
	{IVHD_11, "IVHD", "an IOMMU with its feature registers"},
	{IVHD_40, "IVHD", "an IOMMU with its feature registers and ACPI devices"},
	{IVMD_ALL, "IVMD", "memory that all devices need"},
	{IVMD_ONE, "IVMD", "memory that one device needs"},
	{IVMD_RANGE, "IVMD", "memory that a range of devices needs"},
	{0},
};

const struct field_value ivrs_entry_names[] = {
	{ENTRY_PAD, "padding", NULL},
	{ENTRY_ALL, "all", NULL},
	{ENTRY_SELECT, "select", NULL},
	{ENTRY_RANGE, "range", NULL},
	{ENTRY_RANGE_END, "range end", NULL},
	{ENTRY_PAD_8, "padding", NULL},
	{ENTRY_ALIAS, "alias", NULL},
	{ENTRY_ALIAS_RANGE, "alias range", NULL},
	{ENTRY_EXTENDED, "extended", NULL},
	{ENTRY_EXTENDED_RANGE, "extended range", NULL},
	{ENTRY_SPECIAL, "special", NULL},
	{ENTRY_ACPI, "acpi", NULL},
	{0},
};

const struct field_value ivrs_variety_names[] = {
	{SPECIAL_IOAPIC, "ioapic", "an I/O APIC"},
	{SPECIAL_HPET, "hpet", "an HPET"},
	{0},
};

static const struct field_value address_size_values[] = {
	{2, "48 bits", NULL}, /* all others are reserved */
	{0},
};

static const struct field_value host_level_values[] = {
	{0, "4", "levels of the largest host table"},
	{1, "5", "levels of the largest host table"},
	{2, "6", "levels of the largest host table"},
	{0},
};

static const struct field_value guest_level_values[] = {
	{0, "4", "levels of the largest guest table"},
	{1, "5", "levels of the largest guest table"},
	{2, "6", "levels of the largest guest table"},
	{0},
};

static const struct field_value gcr3_level_values[] = {
	{0, "1", "levels of the largest GCR3 table"},
	{1, "2", "levels of the largest GCR3 table"},
	{2, "3", "levels of the largest GCR3 table"},
	{0},
};

static const struct field_value sysmgt_values[] = {
	{0, "blocked", "system management requests are aborted"},
	{1, "forwarded", "system management requests are passed on as they are"},
	{2, "intx only", "of system management requests only INTx messages are passed on"},
	{3, "translated", "system management requests are translated"},
	{0},
};

#define SPEC "AMD 48882 5.2.1, IVinfo"

static const struct field info_fields[] = {
	FLAG(0, "efr_sup", "Feature registers", NULL, "The IVHD blocks' features are valid"),
	FLAG(1, "dma_remap_sup", "DMA protection asked for", NULL,
	     "The firmware wants DMA remapping before the operating system runs"),
	RESERVED(2, 3),
	ENUM(5, 3, "gva_size", "Guest virtual addresses", address_size_values, NULL,
	     "Size of guest virtual addresses"),
	NUMBER(8, 7, "pa_size", "Physical address bits", NULL, "Size of physical addresses"),
	NUMBER(15, 7, "va_size", "Virtual address bits", NULL, "Size of I/O virtual addresses"),
	FLAG(22, "ht_ats_resv", "HT range reserved for ATS", NULL,
	     "ATS requests in the HyperTransport range are answered as reserved"),
	RESERVED(23, 9),
};

#undef SPEC
#define SPEC "AMD 48882 5.2.2, IOMMU info"

static const struct field ivhd_info_fields[] = {
	NUMBER(0, 5, "msi_number", "MSI number", NULL, "Message that the event log uses"),
	RESERVED(5, 3),
	HEX(8, 5, "unit_id", "Unit ID", NULL, "HyperTransport unit ID"),
	RESERVED(13, 19),
};

#undef SPEC
#define SPEC "AMD 48882 5.2.2.1, type 10h feature reporting"

static const struct field feature_fields[] = {
	FLAG(0, "xt_sup", "x2APIC", NULL, "Interrupts can reach 32-bit APIC IDs"),
	FLAG(1, "nx_sup", "No execute", NULL, "Guest tables' no-execute bit is kept to"),
	FLAG(2, "gt_sup", "Guest translation", NULL, "Guest tables are walked"),
	ENUM(3, 2, "glx_sup", "GCR3 levels", gcr3_level_values, NULL, "Of the largest GCR3 table"),
	FLAG(5, "ia_sup", "INVALIDATE_IOMMU_ALL", NULL, "The command is there"),
	FLAG(6, "ga_sup", "Guest APIC", NULL, "Interrupts can be posted to guests"),
	FLAG(7, "he_sup", "Hardware error registers", NULL, "The registers are there"),
	NUMBER(8, 5, "pas_max", "PASID bits less one", NULL, "PASIDs have one bit more"),
	NUMBER(13, 4, "pn_counters", "Counters per bank", NULL,
	       "Performance counters of each bank"),
	NUMBER(17, 6, "pn_banks", "Counter banks", NULL, "Banks of performance counters"),
	NUMBER(23, 5, "msi_num_ppr", "PPR's MSI number", NULL, "Message that the PPR log uses"),
	ENUM(28, 2, "gats", "Guest levels", guest_level_values, NULL, "Of the largest guest table"),
	ENUM(30, 2, "hats", "Host levels", host_level_values, NULL, "Of the largest host table"),
};

#undef SPEC
#define SPEC "AMD 48882 5.2.2.2, types 11h and 40h attributes"

static const struct field attributes_fields[] = {
	FLAG(0, "hat_dis", "No host translation", NULL,
	     "Host tables are not to be used (the driver then takes guest tables)"),
	RESERVED(1, 12),
	NUMBER(13, 4, "pn_counters", "Counters per bank", NULL,
	       "Performance counters of each bank"),
	NUMBER(17, 6, "pn_banks", "Counter banks", NULL, "Banks of performance counters"),
	NUMBER(23, 5, "msi_num_ppr", "PPR's MSI number", NULL, "Message that the PPR log uses"),
	RESERVED(28, 4),
};

#undef SPEC
#define SPEC "AMD 48882 5.2.2.5, DTE setting"

static const struct field setting_fields[] = {
	FLAG(0, "init_pass", "INIT passes", NULL, "INIT interrupts pass unmapped"),
	FLAG(1, "eint_pass", "ExtInt passes", NULL, "External interrupts pass unmapped"),
	FLAG(2, "nmi_pass", "NMI passes", NULL, "Non-maskable interrupts pass unmapped"),
	RESERVED(3, 1),
	ENUM(4, 2, "sys_mgt", "System management", sysmgt_values, NULL,
	     "What becomes of system management requests"),
	FLAG(6, "lint0_pass", "LINT0 passes", NULL, "LINT0 interrupts pass unmapped"),
	FLAG(7, "lint1_pass", "LINT1 passes", NULL, "LINT1 interrupts pass unmapped"),
	RESERVED(8, 24),
};

#undef SPEC
#define SPEC "AMD 48882 5.2.2.8, IVMD flags"

static const struct field ivmd_fields[] = {
	FLAG(0, "unity", "Mapped one to one", NULL, "The devices need it mapped one to one"),
	FLAG(1, "ir", "Read", NULL, "They read from it"),
	FLAG(2, "iw", "Write", NULL, "They write to it"),
	FLAG(3, "exclusion", "Exclusion range", NULL, "They are to reach it untranslated"),
	RESERVED(4, 28),
};

const struct layout ivrs_info_layout = LAYOUT("ivrs_info", "IVRS table's IVinfo", 32, info_fields);
const struct layout ivhd_info_layout =
	LAYOUT("ivhd_info", "IVHD block's info", 32, ivhd_info_fields);
const struct layout ivhd_feature_layout =
	LAYOUT("ivhd_feature", "IVHD block's features (10h)", 32, feature_fields);
const struct layout ivhd_attributes_layout =
	LAYOUT("ivhd_attributes", "IVHD block's attributes (11h, 40h)", 32, attributes_fields);
const struct layout ivhd_setting_layout =
	LAYOUT("ivhd_setting", "IVHD device entry's data", 32, setting_fields);
const struct layout ivmd_flags_layout = LAYOUT("ivmd_flags", "IVMD block's flags", 32, ivmd_fields);
