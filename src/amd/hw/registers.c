/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/registers.h"

#include "amd/hw/rows.h"

static const struct field_value levels_values[] = {
	{0, "4-level", NULL},
	{1, "5-level", NULL},
	{2, "6-level", NULL},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value guest_levels_values[] = {
	{0, "4-level", NULL},
	{1, "5-level", NULL},
	{2, "reserved", NULL},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value glx_values[] = {
	{0, "1-level", "9-bit PASIDs"},
	{1, "2-level", "18-bit PASIDs"},
	{2, "3-level", "20-bit PASIDs"},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value gam_values[] = {
	{0, "legacy", "no guest virtual APIC"},
	{1, "virtual APIC", "interrupts can be posted to guests"},
	{0},
};

static const struct field_value segments_values[] = {
	{0, "1 segment", NULL},
	{1, "2 segments", NULL},
	{2, "4 segments", NULL},
	{3, "8 segments", NULL},
	{0},
};

static const struct field_value int_remap_values[] = {
	{0, "512", "entries in a device's interrupt table"},
	{1, "2048", "entries in a device's interrupt table"},
	{0},
};

static const struct field_value inv_timeout_values[] = {
	{0, "none", "devices may take any time"}, {1, "1 ms", NULL},
	{2, "10 ms", NULL},                       {3, "100 ms", NULL},
	{4, "1 s", NULL},                         {5, "10 s", NULL},
	{6, "100 s", NULL},                       {7, "reserved", NULL},
	{0},
};

static const struct field_value dual_log_values[] = {
	{0, "log A", NULL},
	{1, "log B", NULL},
	{2, "swap", "the other log is taken when one is full"},
	{3, "reserved", NULL},
	{0},
};

#define SPEC "AMD 48882 MMIO 0030h"

static const struct field efr_fields[] = {
	FLAG(0, "pref_sup", "Prefetch", NULL, "The PREFETCH_IOMMU_PAGES command is there"),
	FLAG(1, "ppr_sup", "Page requests", NULL, "Devices can ask for pages (PPR, PRI)"),
	FLAG(2, "xt_sup", "x2APIC", NULL, "Interrupts reach 32-bit APIC IDs"),
	FLAG(3, "nx_sup", "No-execute", NULL, "Guest page tables can refuse execution"),
	FLAG(4, "gt_sup", "Guest translation", NULL, "Guest (v2) page tables are there"),
	FLAG(5, "gappi_sup", "GAPPI", NULL, "Guest APIC physical processor interrupts are there"),
	FLAG(6, "ia_sup", "Invalidate all", NULL, "The INVALIDATE_IOMMU_ALL command is there"),
	FLAG(7, "ga_sup", "Guest virtual APIC", NULL, "128-bit interrupt entries are there"),
	FLAG(8, "he_sup", "Hardware error registers", NULL,
	     "The hardware error registers are there"),
	FLAG(9, "pc_sup", "Performance counters", NULL, "Performance counters are there"),
	ENUM(10, 2, "hats", "Host page table levels", levels_values, NULL,
	     "The largest host (v1) page table"),
	ENUM(12, 2, "gats", "Guest page table levels", guest_levels_values, "gt_sup",
	     "The largest guest (v2) page table"),
	ENUM(14, 2, "glx_sup", "GCR3 table levels", glx_values, "gt_sup", "The largest GCR3 table"),
	HEX(16, 2, "smif_sup", "SMI filter", NULL,
	    "Whether system management interrupts are filtered"),
	HEX(18, 3, "smif_rc", "SMI filter registers", "smif_sup", "Log2 of their number"),
	ENUM(21, 3, "gam_sup", "Guest virtual APIC modes", gam_values, "ga_sup",
	     "The best interrupt posting mode"),
	HEX(24, 2, "dual_ppr_log_sup", "Dual PPR log", NULL,
	    "Whether there are two page request logs"),
	RESERVED(26, 2),
	HEX(28, 2, "dual_evt_log_sup", "Dual event log", NULL, "Whether there are two event logs"),
	RESERVED(30, 1),
	FLAG(31, "sats_sup", "Secure ATS", NULL, "Translated requests can be checked again"),
	NUMBER(32, 5, "pas_max", "PASID bits, less one", NULL, "How wide a PASID may be"),
	FLAG(37, "us_sup", "User/supervisor", NULL, "Guest page tables' privilege bit is honoured"),
	ENUM(38, 2, "dev_tbl_seg_sup", "Device table segments", segments_values, NULL,
	     "Into how many parts the device table can be split"),
	FLAG(40, "ppr_ovrflw_early_sup", "PPR early overflow", NULL,
	     "A nearly full page request log raises an interrupt"),
	FLAG(41, "ppr_auto_rsp_sup", "PPR auto response", NULL,
	     "Page requests are answered by hardware when the log is full"),
	HEX(42, 2, "marc_sup", "MARC apertures", NULL, "Memory access routing and control"),
	FLAG(44, "blk_stop_mrk_sup", "Block stop marks", NULL, "StopMark messages can be blocked"),
	FLAG(45, "perf_opt_sup", "Performance options", NULL, "The performance register is there"),
	FLAG(46, "msi_cap_mmio_sup", "MSI capability in MMIO", NULL,
	     "The MSI capability can be reached through MMIO"),
	FLAG(47, "snoop_attr_sup", "Snoop attributes", NULL,
	     "The device table's SnoopAttribute is honoured; reserved before Rev 3.11"),
	FLAG(48, "gio_sup", "Guest I/O protection", NULL,
	     "Requests without a PASID can use guest tables (DTE GIoV)"),
	FLAG(49, "ha_sup", "Host accessed", NULL, "Hardware can set A in host page tables"),
	FLAG(50, "eph_sup", "Enhanced PPR handling", NULL,
	     "Page requests are configured for each device (DTE PPR and GPRP)"),
	FLAG(51, "attr_fw_sup", "Attribute forward", NULL,
	     "The device table's attributes are honoured"),
	FLAG(52, "hd_sup", "Host dirty", NULL, "Hardware can set D in host page tables"),
	FLAG(53, "v2_hd_dis_sup", "Guest dirty updates off", NULL,
	     "Setting D in guest page tables can be switched off; reserved before Rev 3.11"),
	FLAG(54, "inv_iotlb_type_sup", "IOTLB invalidation type", NULL,
	     "The Type of INVALIDATE_IOTLB_PAGES is honoured"),
	FLAG(55, "viommu_sup", "Virtual IOMMU", NULL, "Hardware-assisted virtual IOMMUs are there"),
	FLAG(56, "vm_guard_io_sup", "VM guard I/O", NULL,
	     "Guests' private memory is guarded from I/O"),
	HEX(57, 4, "vm_table_size", "VM table size", "viommu_sup",
	    "Size of the guests' table; reserved in newer revisions"),
	FLAG(61, "v2_had_dis_sup", "Guest A/D updates off", NULL,
	     "Setting A and D in guest page tables can be switched off (GAUpdateDisSup)"),
	FLAG(62, "force_phy_dest_sup", "Forced physical destination", NULL,
	     "Remapped interrupts can only name physical APIC IDs"),
	FLAG(63, "snp_sup", "SNP", NULL, "Works with secure nested paging"),
};

#undef SPEC
#define SPEC "AMD 48882 MMIO 01A0h"

static const struct field efr2_fields[] = {
	RESERVED(0, 1),
	FLAG(1, "sev_snp_io_sup", "SEV-SNP trusted I/O", NULL,
	     "Trusted devices reach private memory"),
	FLAG(2, "tmpm_sup", "Tiered memory migration", NULL, "Pages under DMA can be migrated"),
	FLAG(3, "gcr3_trp_mode", "GCR3 root is a guest address", NULL,
	     "The GCR3 root of a device table entry can be a guest physical address"),
	FLAG(4, "gappi_dis", "GAPPI masking", NULL, "GAPPIs can be masked for each interrupt"),
	HEX(5, 3, "snp_avic_sup", "SNP virtual APIC", NULL, "Which posting modes work under SNP"),
	ENUM(8, 2, "num_int_remap_sup", "Interrupts per device", int_remap_values, NULL,
	     "The largest interrupt table"),
	RESERVED(10, 1),
	FLAG(11, "ht_range_ignore", "HyperTransport range free", NULL,
	     "Addresses of the HyperTransport range are ordinary ones"),
	RESERVED(12, 1),
	FLAG(13, "snp_page_mode_0", "SNP page mode 0", NULL, "Paging mode 0 under SNP"),
	RESERVED(14, 50),
};

#undef SPEC
#define SPEC "AMD 48882 MMIO 0018h"

static const struct field control_fields[] = {
	FLAG(0, "iommu_en", "IOMMU on", NULL, "Translation and checks are on"),
	FLAG(1, "ht_tun_en", "HyperTransport tunnel", NULL, "Tunnelled requests are translated"),
	FLAG(2, "event_log_en", "Event log on", NULL, "Events are logged"),
	FLAG(3, "event_int_en", "Event interrupt on", NULL, "An event raises an interrupt"),
	FLAG(4, "com_wait_int_en", "Completion interrupt on", NULL,
	     "COMPLETION_WAIT raises an interrupt where it asks for one"),
	ENUM(5, 3, "inv_timeout", "Invalidation timeout", inv_timeout_values, NULL,
	     "How long a device may take over an invalidation"),
	FLAG(8, "pass_pw", "PassPW", NULL, "PassPW bit of the IOMMU's HyperTransport requests"),
	FLAG(9, "res_pass_pw", "ResPassPW", NULL, "ResPassPW bit of its HyperTransport requests"),
	FLAG(10, "coherent", "Coherent", NULL, "Table walks snoop the processors' caches"),
	FLAG(11, "isoc", "Isochronous", NULL, "Table walks are isochronous"),
	FLAG(12, "cmd_buf_en", "Command buffer on", NULL, "Commands are taken"),
	FLAG(13, "ppr_log_en", "PPR log on", NULL, "Page requests are logged"),
	FLAG(14, "ppr_int_en", "PPR interrupt on", NULL, "A page request raises an interrupt"),
	FLAG(15, "ppr_en", "PPR on", NULL, "Page requests are taken"),
	FLAG(16, "gt_en", "Guest translation on", NULL, "Guest (v2) page tables may be used"),
	FLAG(17, "ga_en", "Guest virtual APIC on", NULL, "Interrupt entries are 128 bits wide"),
	HEX(18, 4, "crw", "CRW", NULL, "Not documented"),
	FLAG(22, "smif_en", "SMI filter on", NULL, "System management interrupts are filtered"),
	FLAG(23, "slf_wb_dis", "Self write-back off", NULL, "Self write-back is switched off"),
	FLAG(24, "smif_log_en", "SMI filter log on", NULL, "Filtered interrupts are logged"),
	ENUM(25, 3, "gam_en", "Guest virtual APIC mode", gam_values, "ga_en",
	     "How interrupts are posted"),
	FLAG(28, "ga_log_en", "GA log on", NULL,
	     "Interrupts for stopped virtual processors are logged"),
	FLAG(29, "ga_int_en", "GA interrupt on", NULL, "A GA log entry raises an interrupt"),
	ENUM(30, 2, "dual_ppr_log_en", "Dual PPR log", dual_log_values, NULL,
	     "Which log is written"),
	ENUM(32, 2, "dual_evt_log_en", "Dual event log", dual_log_values, NULL,
	     "Which log is written"),
	ENUM(34, 3, "dev_tbl_seg_en", "Device table segments", segments_values, NULL,
	     "Into how many parts the device table is split"),
	HEX(37, 2, "priv_abrt_en", "Privilege abort", NULL,
	    "Which privileged requests are aborted"),
	FLAG(39, "ppr_auto_rsp_en", "PPR auto response on", NULL,
	     "Hardware answers page requests when the log is full"),
	FLAG(40, "marc_en", "MARC on", NULL, "Memory access routing and control is on"),
	FLAG(41, "blk_stop_mrk_en", "Block stop marks", NULL, "StopMark messages are blocked"),
	FLAG(42, "ppr_auto_rsp_aon", "PPR auto response always", NULL,
	     "Hardware answers every page request"),
	ENUM(43, 2, "num_int_remap_mode", "Interrupts per device", int_remap_values, NULL,
	     "How long an interrupt table may be"),
	FLAG(45, "eph_en", "Enhanced PPR handling on", NULL,
	     "Page requests are configured for each device (DTE PPR and GPRP)"),
	HEX(46, 2, "had_update", "Host A/D updates", NULL,
	    "How A and D are set in host page tables"),
	FLAG(48, "gd_update_dis", "Guest dirty updates off", NULL,
	     "D is not set in guest page tables"),
	RESERVED(49, 1),
	FLAG(50, "xt_en", "x2APIC on", NULL, "Interrupts reach 32-bit APIC IDs"),
	FLAG(51, "int_cap_xt_en", "x2APIC for own interrupts", NULL,
	     "The IOMMU's own interrupts reach 32-bit APIC IDs"),
	FLAG(52, "vcmd_en", "Virtual command buffers on", NULL,
	     "Guests' command buffers are taken"),
	FLAG(53, "viommu_en", "Virtual IOMMUs on", NULL, "Hardware-assisted virtual IOMMUs are on"),
	FLAG(54, "ga_update_dis", "Guest accessed updates off", NULL,
	     "A is not set in guest page tables"),
	FLAG(55, "gappi_en", "GAPPI on", NULL, "Guest APIC physical processor interrupts are on"),
	FLAG(56, "tmpm_en", "Tiered memory migration on", NULL, "Pages under DMA can be migrated"),
	RESERVED(57, 1),
	FLAG(58, "gcr3_trp_mode", "GCR3 root is a guest address", NULL,
	     "The GCR3 root of a device table entry is a guest physical address"),
	FLAG(59, "irt_cache_dis", "Interrupt cache off", NULL, "Interrupt entries are not cached"),
	FLAG(60, "gst_buf_trp_mode", "Guest buffers by guest address", NULL,
	     "Guests' ring addresses are guest physical addresses"),
	HEX(61, 3, "snp_avic_en", "SNP virtual APIC", NULL, "Which posting mode is on under SNP"),
};

#undef SPEC
#define SPEC "AMD 48882 MMIO 2020h"

static const struct field status_fields[] = {
	FLAG(0, "event_overflow", "Event log overflow", NULL, "Events were lost"),
	FLAG(1, "event_log_int", "Event interrupt", NULL, "An event has been logged"),
	FLAG(2, "com_wait_int", "Completion interrupt", NULL, "A COMPLETION_WAIT is done"),
	FLAG(3, "event_log_run", "Event log running", NULL, "Events are being logged"),
	FLAG(4, "cmd_buf_run", "Command buffer running", NULL, "Commands are being taken"),
	FLAG(5, "ppr_overflow", "PPR log overflow", NULL, "Page requests were lost"),
	FLAG(6, "ppr_int", "PPR interrupt", NULL, "A page request has been logged"),
	FLAG(7, "ppr_log_run", "PPR log running", NULL, "Page requests are being logged"),
	FLAG(8, "ga_log_run", "GA log running", NULL, "The GA log is being written"),
	FLAG(9, "ga_log_overflow", "GA log overflow", NULL, "GA log entries were lost"),
	FLAG(10, "ga_int", "GA interrupt", NULL, "A GA log entry has been written"),
	FLAG(11, "ppr_overflow_b", "PPR log B overflow", NULL, "Page requests were lost"),
	FLAG(12, "ppr_log_active", "PPR log B active", NULL, "Log B is being written"),
	RESERVED(13, 2),
	FLAG(15, "event_overflow_b", "Event log B overflow", NULL, "Events were lost"),
	FLAG(16, "event_log_active", "Event log B active", NULL, "Log B is being written"),
	FLAG(17, "ppr_overflow_early_b", "PPR log B nearly full", NULL, "Early warning"),
	FLAG(18, "ppr_overflow_early", "PPR log nearly full", NULL, "Early warning"),
	RESERVED(19, 45),
};

#undef SPEC
#define SPEC "AMD 48882 capability offset 00h"

static const struct field capability_fields[] = {
	HEX(0, 8, "cap_id", "Capability ID", NULL, "0xf: secure device"),
	HEX(8, 8, "cap_ptr", "Next capability", NULL, "Its offset in configuration space"),
	HEX(16, 3, "cap_type", "Capability type", NULL, "3: IOMMU"),
	NUMBER(19, 5, "cap_rev", "Revision", NULL, "Of the capability's format"),
	FLAG(24, "iotlb_sup", "IOTLBs", NULL, "Devices may have IOTLBs (ATS)"),
	FLAG(25, "ht_tunnel", "HyperTransport tunnel", NULL, "The IOMMU is a tunnel"),
	FLAG(26, "np_cache", "Caches absent entries", NULL,
	     "New mappings need an invalidation as well (usual in virtual machines)"),
	FLAG(27, "efr_sup", "Extended features", NULL, "The extended feature register is there"),
	FLAG(28, "cap_ext", "Second information register", NULL,
	     "Miscellaneous information register 1 is there"),
	RESERVED(29, 3),
};

#undef SPEC
#define SPEC "AMD 48882 IVHD flags"

static const struct field ivhd_flags_fields[] = {
	FLAG(0, "ht_tun_en", "HyperTransport tunnel", NULL, "To be set in the control register"),
	FLAG(1, "pass_pw", "PassPW", NULL, "To be set in the control register"),
	FLAG(2, "res_pass_pw", "ResPassPW", NULL, "To be set in the control register"),
	FLAG(3, "isoc", "Isochronous", NULL, "To be set in the control register"),
	FLAG(4, "iotlb_sup", "IOTLBs", NULL, "Devices may have IOTLBs (ATS)"),
	FLAG(5, "coherent", "Coherent", NULL, "To be set in the control register"),
	FLAG(6, "pref_sup", "Prefetch", NULL, "The PREFETCH_IOMMU_PAGES command is there"),
	FLAG(7, "ppr_sup", "Page requests", NULL, "Devices can ask for pages (PPR, PRI)"),
	RESERVED(8, 24),
};

const struct layout efr_layout = LAYOUT("efr", "Extended feature register", 64, efr_fields);
const struct layout efr2_layout = LAYOUT("efr2", "Extended feature register 2", 64, efr2_fields);
const struct layout control_layout = LAYOUT("control", "Control register", 64, control_fields);
const struct layout status_layout = LAYOUT("status", "Status register", 64, status_fields);
const struct layout capability_layout =
	LAYOUT("capability", "PCI capability header", 32, capability_fields);
const struct layout ivhd_flags_layout =
	LAYOUT("ivhd_flags", "Flags of an IVHD block", 32, ivhd_flags_fields);
