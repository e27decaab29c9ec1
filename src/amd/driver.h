/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The amd_iommu driver's objects (drivers/iommu/amd/, before Linux 5.8 drivers/iommu/amd_iommu*.c)
 * read into the snapshot. Which of a driver's shapes a kernel has is settled by the rows found.
 */
#ifndef AMD_DRIVER_H
#define AMD_DRIVER_H

#include "kernel/ability.h"
#include "kernel/kernel.h"
#include "model/driver.h"

#define AMD_NEEDS(X)                                                                               \
	X(AMD_LIST, SYMBOL, NULL, "amd_iommu_list", REQUIRED, "the IOMMUs")                        \
	X(AMD_IOMMU_LIST, MEMBER, "struct amd_iommu", "list", REQUIRED, "the IOMMUs")              \
	X(AMD_IOMMU_INDEX, MEMBER, "struct amd_iommu", "index", OPTIONAL, "names of IOMMUs")       \
	X(AMD_IOMMU_DEVID, MEMBER, "struct amd_iommu", "devid", OPTIONAL, "BDFs of IOMMUs")        \
	X(AMD_IOMMU_SEG, MEMBER, "struct amd_iommu", "pci_seg", OPTIONAL, "segments of IOMMUs")    \
	X(AMD_IOMMU_MMIO, MEMBER, "struct amd_iommu", "mmio_phys", OPTIONAL, "MMIO addresses")     \
	X(AMD_IOMMU_MMIO_END, MEMBER, "struct amd_iommu", "mmio_phys_end", OPTIONAL, "MMIO sizes") \
	X(AMD_IOMMU_CAP, MEMBER, "struct amd_iommu", "cap", OPTIONAL, "PCI capabilities")          \
	X(AMD_IOMMU_ACPI_FLAGS, MEMBER, "struct amd_iommu", "acpi_flags", OPTIONAL, "IVHD flags")  \
	X(AMD_IOMMU_FEATURES, MEMBER, "struct amd_iommu", "features", OPTIONAL,                    \
	  "extended features")                                                                     \
	X(AMD_IOMMU_FEATURES2, MEMBER, "struct amd_iommu", "features2", OPTIONAL,                  \
	  "extended features 2")                                                                   \
	X(AMD_EFR, SYMBOL, NULL, "amd_iommu_efr", OPTIONAL, "extended features")                   \
	X(AMD_EFR2, SYMBOL, NULL, "amd_iommu_efr2", OPTIONAL, "extended features 2")               \
	X(AMD_IOMMU_EXCL_START, MEMBER, "struct amd_iommu", "exclusion_start", OPTIONAL,           \
	  "exclusion ranges")                                                                      \
	X(AMD_IOMMU_EXCL_LENGTH, MEMBER, "struct amd_iommu", "exclusion_length", OPTIONAL,         \
	  "exclusion ranges")                                                                      \
	X(AMD_IOMMU_CMD_BUF, MEMBER, "struct amd_iommu", "cmd_buf", OPTIONAL, "command buffers")   \
	X(AMD_IOMMU_EVT_BUF, MEMBER, "struct amd_iommu", "evt_buf", OPTIONAL, "event logs")        \
	X(AMD_IOMMU_PPR_LOG, MEMBER, "struct amd_iommu", "ppr_log", OPTIONAL, "PPR logs")          \
	X(AMD_IOMMU_GA_LOG, MEMBER, "struct amd_iommu", "ga_log", OPTIONAL, "guest vAPIC logs")    \
	X(AMD_IOMMU_CMD_HEAD, MEMBER, "struct amd_iommu", "cmd_buf_head", OPTIONAL,                \
	  "what is known of commands")                                                             \
	X(AMD_IOMMU_CMD_TAIL, MEMBER, "struct amd_iommu", "cmd_buf_tail", OPTIONAL,                \
	  "what is known of commands")                                                             \
	X(AMD_IOMMU_CMD_SEM, MEMBER, "struct amd_iommu", "cmd_sem", OPTIONAL,                      \
	  "which commands are done")                                                               \
	X(AMD_IOMMU_CMD_SEM_VAL, MEMBER, "struct amd_iommu", "cmd_sem_val", OPTIONAL,              \
	  "which commands are done")                                                               \
	X(AMD_IOMMU_NEED_SYNC, MEMBER, "struct amd_iommu", "need_sync", OPTIONAL,                  \
	  "which commands are done")                                                               \
	X(AMD_IOMMU_GA_LOG_TAIL, MEMBER, "struct amd_iommu", "ga_log_tail", OPTIONAL,              \
	  "the tail of the guest vAPIC log")                                                       \
	X(AMD_SNP_EN, SYMBOL, NULL, "amd_iommu_snp_en", OPTIONAL, "whether logs are blanked")      \
	X(AMD_EVTLOG_SIZE, SYMBOL, NULL, "amd_iommu_evtlog_size", OPTIONAL,                        \
	  "event logs of another size than 8 KiB")                                                 \
	X(AMD_PPRLOG_SIZE, SYMBOL, NULL, "amd_iommu_pprlog_size", OPTIONAL,                        \
	  "PPR logs of another size than 8 KiB")                                                   \
	X(AMD_IOMMU_INT_ENABLED, MEMBER, "struct amd_iommu", "int_enabled", OPTIONAL,              \
	  "interrupt state")                                                                       \
	X(AMD_IOMMU_FLAGS, MEMBER, "struct amd_iommu", "flags", OPTIONAL,                          \
	  "whether translation was on before this kernel")                                         \
	X(AMD_SEG_LIST, SYMBOL, NULL, "amd_iommu_pci_seg_list", VARIANT, "PCI segments")           \
	X(AMD_SEG_NEXT, MEMBER, "struct amd_iommu_pci_seg", "list", VARIANT, "PCI segments")       \
	X(AMD_SEG_ID, MEMBER, "struct amd_iommu_pci_seg", "id", VARIANT, "PCI segments")           \
	X(AMD_SEG_LAST_BDF, MEMBER, "struct amd_iommu_pci_seg", "last_bdf", VARIANT,               \
	  "device tables")                                                                         \
	X(AMD_SEG_DEV_TABLE, MEMBER, "struct amd_iommu_pci_seg", "dev_table", VARIANT,             \
	  "device tables")                                                                         \
	X(AMD_SEG_ALIAS_TABLE, MEMBER, "struct amd_iommu_pci_seg", "alias_table", VARIANT,         \
	  "alias tables")                                                                          \
	X(AMD_SEG_RLOOKUP, MEMBER, "struct amd_iommu_pci_seg", "rlookup_table", VARIANT,           \
	  "which IOMMU a device has")                                                              \
	X(AMD_DEV_TABLE, SYMBOL, NULL, "amd_iommu_dev_table", VARIANT, "device tables")            \
	X(AMD_ALIAS_TABLE, SYMBOL, NULL, "amd_iommu_alias_table", VARIANT, "alias tables")         \
	X(AMD_RLOOKUP, SYMBOL, NULL, "amd_iommu_rlookup_table", VARIANT,                           \
	  "which IOMMU a device has")                                                              \
	X(AMD_LAST_BDF, SYMBOL, NULL, "amd_iommu_last_bdf", VARIANT, "device tables")              \
	X(AMD_SEG_UNITY, MEMBER, "struct amd_iommu_pci_seg", "unity_map", VARIANT,                 \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY, SYMBOL, NULL, "amd_iommu_unity_map", VARIANT, "unity-mapped regions")         \
	X(AMD_UNITY_LIST, MEMBER, "struct unity_map_entry", "list", OPTIONAL,                      \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY_FIRST, MEMBER, "struct unity_map_entry", "devid_start", OPTIONAL,              \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY_LAST, MEMBER, "struct unity_map_entry", "devid_end", OPTIONAL,                 \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY_START, MEMBER, "struct unity_map_entry", "address_start", OPTIONAL,            \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY_END, MEMBER, "struct unity_map_entry", "address_end", OPTIONAL,                \
	  "unity-mapped regions")                                                                  \
	X(AMD_UNITY_PROT, MEMBER, "struct unity_map_entry", "prot", OPTIONAL,                      \
	  "unity-mapped regions")                                                                  \
	X(AMD_IOAPIC_MAP, SYMBOL, NULL, "ioapic_map", OPTIONAL,                                    \
	  "I/O APICs, as the firmware has them")                                                   \
	X(AMD_HPET_MAP, SYMBOL, NULL, "hpet_map", OPTIONAL, "HPETs, as the firmware has them")     \
	X(AMD_ACPI_MAP, SYMBOL, NULL, "acpihid_map", OPTIONAL,                                     \
	  "ACPI devices, as the firmware has them")                                                \
	X(AMD_MAP_LIST, MEMBER, "struct devid_map", "list", OPTIONAL, "I/O APICs and HPETs")       \
	X(AMD_MAP_ID, MEMBER, "struct devid_map", "id", OPTIONAL, "I/O APICs and HPETs")           \
	X(AMD_MAP_DEVID, MEMBER, "struct devid_map", "devid", OPTIONAL, "I/O APICs and HPETs")     \
	X(AMD_MAP_CMD_LINE, MEMBER, "struct devid_map", "cmd_line", OPTIONAL,                      \
	  "I/O APICs and HPETs of the command line")                                               \
	X(AMD_HID_LIST, MEMBER, "struct acpihid_map_entry", "list", OPTIONAL, "ACPI devices")      \
	X(AMD_HID_HID, MEMBER, "struct acpihid_map_entry", "hid", OPTIONAL, "ACPI devices")        \
	X(AMD_HID_UID, MEMBER, "struct acpihid_map_entry", "uid", OPTIONAL, "ACPI devices")        \
	X(AMD_HID_DEVID, MEMBER, "struct acpihid_map_entry", "devid", OPTIONAL, "ACPI devices")    \
	X(AMD_HID_CMD_LINE, MEMBER, "struct acpihid_map_entry", "cmd_line", OPTIONAL,              \
	  "ACPI devices of the command line")                                                      \
	X(AMD_DATA_DOMAIN, MEMBER, "struct iommu_dev_data", "domain", REQUIRED,                    \
	  "domains of devices")                                                                    \
	X(AMD_DATA_GCR3, MEMBER, "struct iommu_dev_data", "gcr3_info.gcr3_tbl", VARIANT,           \
	  "PASID tables, one of each device")                                                      \
	X(AMD_DATA_GLX, MEMBER, "struct iommu_dev_data", "gcr3_info.glx", OPTIONAL,                \
	  "levels of PASID tables")                                                                \
	X(AMD_DATA_GCR3_ID, MEMBER, "struct iommu_dev_data", "gcr3_info.domid", OPTIONAL,          \
	  "domain IDs of devices with PASID tables")                                               \
	X(AMD_PD_GCR3, MEMBER, "struct protection_domain", "gcr3_tbl", VARIANT,                    \
	  "PASID tables, one of each domain")                                                      \
	X(AMD_PD_GLX, MEMBER, "struct protection_domain", "glx", OPTIONAL,                         \
	  "levels of PASID tables")                                                                \
	X(AMD_GPT_LEVEL, SYMBOL, NULL, "amd_iommu_gpt_level", OPTIONAL,                            \
	  "guest-format tables of other than 4 levels")                                            \
	X(AMD_PD_AMDV2_TOP, MEMBER, "struct protection_domain",                                    \
	  "amdv2.x86_64_pt.common.top_of_table", VARIANT,                                          \
	  "guest-format tables, as generic_pt has them")                                           \
	X(AMD_PD_IOP_PGD, MEMBER, "struct protection_domain", "iop.pgd", VARIANT,                  \
	  "guest-format tables, as io_pgtable has them")                                           \
	X(AMD_PD_CORE, MEMBER, "struct protection_domain", "domain", VARIANT,                      \
	  "domains of groups")                                                                     \
	X(AMD_PD_OLD_CORE, MEMBER, "struct protection_domain", "iommu_domain", VARIANT,            \
	  "domains of groups before Linux 4.1")                                                    \
	X(AMD_DMA_OPS_DOMAIN, MEMBER, "struct dma_ops_domain", "domain", VARIANT,                  \
	  "IOVA allocators before Linux 5.5")                                                      \
	X(AMD_DMA_OPS_IOVAD, MEMBER, "struct dma_ops_domain", "iovad", VARIANT,                    \
	  "IOVA allocators before Linux 5.5")                                                      \
	X(AMD_PD_ID, MEMBER, "struct protection_domain", "id", REQUIRED, "domain IDs")             \
	X(AMD_PD_MODE, MEMBER, "struct protection_domain", "pd_mode", VARIANT,                     \
	  "page-table formats of domains")                                                         \
	X(AMD_PD_FLAGS, MEMBER, "struct protection_domain", "flags", VARIANT,                      \
	  "page-table formats of domains")                                                         \
	X(AMD_MODE_V2, ENUMERATOR, "enum protection_domain_mode", "PD_MODE_V2", VARIANT,           \
	  "page-table formats of domains")                                                         \
	X(AMD_PD_AMDV1_TOP, MEMBER, "struct protection_domain",                                    \
	  "amdv1.amdpt.common.top_of_table", VARIANT, "page tables, as generic_pt has them")       \
	X(AMD_PD_IOP_ROOT, MEMBER, "struct protection_domain", "iop.root", VARIANT,                \
	  "page tables, as io_pgtable has them")                                                   \
	X(AMD_PD_IOP_MODE, MEMBER, "struct protection_domain", "iop.mode", VARIANT,                \
	  "page tables, as io_pgtable has them")                                                   \
	X(AMD_PD_PACKED_ROOT, MEMBER, "struct protection_domain", "pt_root.counter", VARIANT,      \
	  "page tables, root and mode in one word")                                                \
	X(AMD_PD_PT_ROOT, MEMBER, "struct protection_domain", "pt_root", VARIANT,                  \
	  "page tables, root and mode apart")                                                      \
	X(AMD_PD_PT_MODE, MEMBER, "struct protection_domain", "mode", VARIANT,                     \
	  "page tables, root and mode apart")                                                      \
	X(AMD_PD_LIST, SYMBOL, NULL, "amd_iommu_pd_list", OPTIONAL,                                \
	  "domains without devices before Linux 5.4")                                              \
	X(AMD_PD_LIST_NODE, MEMBER, "struct protection_domain", "list", OPTIONAL,                  \
	  "domains without devices before Linux 5.4")                                              \
	X(AMD_PDOM_IDS, SYMBOL, NULL, "pdom_ids", VARIANT, "the domain-ID allocator")              \
	X(AMD_PD_BITMAP, SYMBOL, NULL, "amd_iommu_pd_alloc_bitmap", VARIANT,                       \
	  "the domain-ID allocator")                                                               \
	X(AMD_OPS, SYMBOL, NULL, "amd_iommu_ops", OPTIONAL, "static domains")                      \
	X(AMD_OPS_IDENTITY, MEMBER, "struct iommu_ops", "identity_domain", OPTIONAL,               \
	  "static domains")                                                                        \
	X(AMD_OPS_BLOCKED, MEMBER, "struct iommu_ops", "blocked_domain", OPTIONAL,                 \
	  "static domains")                                                                        \
	X(AMD_OPS_RELEASE, MEMBER, "struct iommu_ops", "release_domain", OPTIONAL,                 \
	  "static domains")                                                                        \
	X(AMD_SEG_IRQ_LOOKUP, MEMBER, "struct amd_iommu_pci_seg", "irq_lookup_table", VARIANT,     \
	  "interrupt tables")                                                                      \
	X(AMD_IRQ_LOOKUP, SYMBOL, NULL, "irq_lookup_table", VARIANT, "interrupt tables")           \
	X(AMD_IRT_TABLE, MEMBER, "struct irq_remap_table", "table", OPTIONAL, "interrupt tables")  \
	X(AMD_IRT_MIN_INDEX, MEMBER, "struct irq_remap_table", "min_index", OPTIONAL,              \
	  "entries kept for an IOAPIC")                                                            \
	X(AMD_GUEST_IR, SYMBOL, NULL, "amd_iommu_guest_ir", OPTIONAL,                              \
	  "interrupt entries of 128 bits")                                                         \
	X(AMD_IOMMU_IRTE_OPS, MEMBER, "struct amd_iommu", "irte_ops", OPTIONAL,                    \
	  "interrupt entries of 128 bits")                                                         \
	X(AMD_DATA_MAX_IRQS, MEMBER, "struct iommu_dev_data", "max_irqs", OPTIONAL,                \
	  "lengths of interrupt tables")                                                           \
	X(AMD_IR_CHIP, SYMBOL, NULL, "amd_ir_chip", OPTIONAL, "interrupts of devices")             \
	X(AMD_IR_DEVID, MEMBER, "struct amd_ir_data", "irq_2_irte.devid", VARIANT,                 \
	  "interrupts of devices")                                                                 \
	X(AMD_IR_INDEX, MEMBER, "struct amd_ir_data", "irq_2_irte.index", VARIANT,                 \
	  "interrupts of devices")                                                                 \
	X(AMD_IR_IOMMU, MEMBER, "struct amd_ir_data", "iommu", OPTIONAL,                           \
	  "segments of interrupts")                                                                \
	X(AMD_IR_GA_TAG, MEMBER, "struct amd_ir_data", "ga_tag", OPTIONAL, "posted interrupts")    \
	X(AMD_IR_GA_ROOT, MEMBER, "struct amd_ir_data", "ga_root_ptr", OPTIONAL,                   \
	  "posted interrupts")                                                                     \
	X(AMD_OLD_CFG_REMAPPED, MEMBER, "struct irq_cfg", "remapped", VARIANT,                     \
	  "interrupts of devices before Linux 4.3")                                                \
	X(AMD_OLD_CFG_DEVID, MEMBER, "struct irq_cfg", "irq_2_irte.devid", VARIANT,                \
	  "interrupts of devices before Linux 4.3")                                                \
	X(AMD_OLD_CFG_INDEX, MEMBER, "struct irq_cfg", "irq_2_irte.index", VARIANT,                \
	  "interrupts of devices before Linux 4.3")

/* What answers need of these rows (kernel/ability.h). */
extern const struct ability amd_abilities[];
extern const size_t n_amd_abilities;

enum amd_need { AMD_NEEDS(NEED_ENUMERATOR) AMD_N };

/* The tables of one PCI segment: before Linux 6.0 the globals make one, number 0. */
struct amd_segment {
	uint32_t number;
	struct datum last_devid;
	/* Kernel virtual addresses of the tables; each index is a devid. */
	struct datum dev_table, alias_table, rlookup_table, irq_lookup_table;
	struct datum unity_map; /* address of the list's head */
};

struct amd {
	struct iommu_driver base;
	struct found found[AMD_N];
	struct amd_segments {
		struct amd_segment *at; /* by number; NULL: not read yet */
		size_t n, room;
		enum datum_state state; /* DATUM_OK: these are all, else there may be more */
	} segments;
};

extern const struct iommu_driver_ops amd_driver;

#endif
