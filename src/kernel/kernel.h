/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Linux kernel in a target: its need table resolved, and typed reads of members.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "base/arena.h"
#include "base/datum.h"
#include "kernel/need.h"

/* What any subsystem has. Offsets that C guarantees (list_head) are not asked for. */
#define CORE_NEEDS(X)                                                                              \
	X(CORE_PCI_ROOT_BUSES, SYMBOL, NULL, "pci_root_buses", REQUIRED, "the PCI devices")        \
	X(CORE_BUS_NODE, MEMBER, "struct pci_bus", "node", REQUIRED, "the PCI devices")            \
	X(CORE_BUS_CHILDREN, MEMBER, "struct pci_bus", "children", REQUIRED, "the PCI devices")    \
	X(CORE_BUS_DEVICES, MEMBER, "struct pci_bus", "devices", REQUIRED, "the PCI devices")      \
	X(CORE_BUS_NUMBER, MEMBER, "struct pci_bus", "number", REQUIRED, "the PCI devices")        \
	X(CORE_BUS_SYSDATA, MEMBER, "struct pci_bus", "sysdata", OPTIONAL, "PCI segments")         \
	X(CORE_SYSDATA_DOMAIN, MEMBER, "struct pci_sysdata", "domain", OPTIONAL, "PCI segments")   \
	X(CORE_PCI_BUS_LIST, MEMBER, "struct pci_dev", "bus_list", REQUIRED, "the PCI devices")    \
	X(CORE_PCI_DEVFN, MEMBER, "struct pci_dev", "devfn", REQUIRED, "the PCI devices")          \
	X(CORE_PCI_VENDOR, MEMBER, "struct pci_dev", "vendor", OPTIONAL, "PCI IDs")                \
	X(CORE_PCI_DEVICE, MEMBER, "struct pci_dev", "device", OPTIONAL, "PCI IDs")                \
	X(CORE_PCI_CLASS, MEMBER, "struct pci_dev", "class", OPTIONAL, "PCI classes")              \
	X(CORE_PCI_UNTRUSTED, MEMBER, "struct pci_dev", "untrusted", OPTIONAL,                     \
	  "which devices are external")                                                            \
	X(CORE_DEVICE_REMOVABLE, MEMBER, "struct device", "removable", OPTIONAL,                   \
	  "which devices are external")                                                            \
	X(CORE_PCI_BUS, MEMBER, "struct pci_dev", "bus", OPTIONAL, "requester IDs of devices")     \
	X(CORE_PCI_SUBORDINATE, MEMBER, "struct pci_dev", "subordinate", OPTIONAL,                 \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_PCI_PCIE_CAP, MEMBER, "struct pci_dev", "pcie_cap", OPTIONAL,                       \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_PCI_PCIE_FLAGS, MEMBER, "struct pci_dev", "pcie_flags_reg", OPTIONAL,               \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_PCI_DEV_FLAGS, MEMBER, "struct pci_dev", "dev_flags", OPTIONAL,                     \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_PCI_ALIAS_MASK, MEMBER, "struct pci_dev", "dma_alias_mask", OPTIONAL,               \
	  "requester IDs that quirks add")                                                         \
	X(CORE_PCI_ALIAS_DEVFN, MEMBER, "struct pci_dev", "dma_alias_devfn", OPTIONAL,             \
	  "requester IDs that quirks add, before Linux 4.7")                                       \
	X(CORE_BUS_PARENT, MEMBER, "struct pci_bus", "parent", OPTIONAL,                           \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_BUS_SELF, MEMBER, "struct pci_bus", "self", OPTIONAL,                               \
	  "requester IDs of devices behind bridges")                                               \
	X(CORE_PCI_DEV, MEMBER, "struct pci_dev", "dev", REQUIRED, "drivers and groups of devices") \
	X(CORE_DEVICE_DRIVER, MEMBER, "struct device", "driver", OPTIONAL, "drivers of devices")   \
	X(CORE_DEVICE_GROUP, MEMBER, "struct device", "iommu_group", OPTIONAL, "IOMMU groups")     \
	X(CORE_DEVICE_IOMMU, MEMBER, "struct device", "iommu", VARIANT, "the driver's device data") \
	X(CORE_DEVICE_ARCHDATA, MEMBER, "struct device", "archdata.iommu", VARIANT,                \
	  "the driver's device data")                                                              \
	X(CORE_DEV_IOMMU_PRIV, MEMBER, "struct dev_iommu", "priv", VARIANT,                        \
	  "the driver's device data")                                                              \
	X(CORE_DRIVER_NAME, MEMBER, "struct device_driver", "name", OPTIONAL, "drivers of devices") \
	X(CORE_GROUP_KSET, SYMBOL, NULL, "iommu_group_kset", OPTIONAL, "IOMMU groups")             \
	X(CORE_KSET_LIST, MEMBER, "struct kset", "list", OPTIONAL, "IOMMU groups")                 \
	X(CORE_KOBJECT_ENTRY, MEMBER, "struct kobject", "entry", OPTIONAL, "IOMMU groups")         \
	X(CORE_GROUP_KOBJ, MEMBER, "struct iommu_group", "kobj", OPTIONAL, "IOMMU groups")         \
	X(CORE_GROUP_DEVICES, MEMBER, "struct iommu_group", "devices", OPTIONAL, "group members")  \
	X(CORE_GROUP_ID, MEMBER, "struct iommu_group", "id", OPTIONAL, "group numbers")            \
	X(CORE_GROUP_NAME, MEMBER, "struct iommu_group", "name", OPTIONAL, "group names")          \
	X(CORE_GROUP_DEFAULT, MEMBER, "struct iommu_group", "default_domain", OPTIONAL,            \
	  "default domains of groups")                                                             \
	X(CORE_GROUP_DOMAIN, MEMBER, "struct iommu_group", "domain", OPTIONAL,                     \
	  "current domains of groups")                                                             \
	X(CORE_GROUP_OWNER_COUNT, MEMBER, "struct iommu_group", "owner_cnt", OPTIONAL,             \
	  "who has claimed a group")                                                               \
	X(CORE_GROUP_DEVICE_LIST, MEMBER, "struct group_device", "list", VARIANT, "group members") \
	X(CORE_GROUP_DEVICE_DEV, MEMBER, "struct group_device", "dev", VARIANT, "group members")   \
	X(CORE_OLD_GROUP_DEVICE_LIST, MEMBER, "struct iommu_device", "list", VARIANT,              \
	  "group members before Linux 4.11")                                                       \
	X(CORE_OLD_GROUP_DEVICE_DEV, MEMBER, "struct iommu_device", "dev", VARIANT,                \
	  "group members before Linux 4.11")                                                       \
	X(CORE_DOMAIN_TYPE, MEMBER, "struct iommu_domain", "type", OPTIONAL, "domain types")       \
	X(CORE_DOMAIN_PRIV, MEMBER, "struct iommu_domain", "priv", OPTIONAL,                       \
	  "the driver's domain before Linux 4.1")                                                  \
	X(CORE_DEF_DOMAIN_TYPE, SYMBOL, NULL, "iommu_def_domain_type", OPTIONAL,                   \
	  "the default DMA mode")                                                                  \
	X(CORE_PASS_THROUGH, SYMBOL, NULL, "iommu_pass_through", OPTIONAL,                         \
	  "the default DMA mode before Linux 5.4")                                                 \
	X(CORE_DMA_STRICT, SYMBOL, NULL, "iommu_dma_strict", OPTIONAL, "the flush mode")           \
	X(CORE_OPS_GET_ATTR, MEMBER, "struct iommu_ops", "domain_get_attr", OPTIONAL,              \
	  "who decides the flush mode")                                                            \
	X(CORE_AMD_STRICT, SYMBOL, NULL, "amd_iommu_unmap_flush", OPTIONAL,                        \
	  "the flush mode before Linux 5.13")                                                      \
	X(CORE_COMMAND_LINE, SYMBOL, NULL, "saved_command_line", OPTIONAL, "the command line")     \
	X(CORE_CRASH_RES, SYMBOL, NULL, "crashk_res", OPTIONAL,                                    \
	  "telling a capture kernel's entries apart")                                              \
	X(CORE_CRASH_LOW_RES, SYMBOL, NULL, "crashk_low_res", OPTIONAL,                            \
	  "telling a capture kernel's entries apart")                                              \
	X(CORE_RESOURCE_START, MEMBER, "struct resource", "start", OPTIONAL,                       \
	  "what lies at a physical address")                                                       \
	X(CORE_RESOURCE_END, MEMBER, "struct resource", "end", OPTIONAL,                           \
	  "what lies at a physical address")                                                       \
	X(CORE_ACPI_TABLES, SYMBOL, NULL, "acpi_gbl_root_table_list", OPTIONAL, "ACPI tables")     \
	X(CORE_ACPI_LIST_AT, MEMBER, "struct acpi_table_list", "tables", OPTIONAL, "ACPI tables")  \
	X(CORE_ACPI_LIST_N, MEMBER, "struct acpi_table_list", "current_table_count", OPTIONAL,     \
	  "ACPI tables")                                                                           \
	X(CORE_ACPI_DESC_SIZE, SIZE, "struct acpi_table_desc", NULL, OPTIONAL, "ACPI tables")      \
	X(CORE_ACPI_DESC_ADDRESS, MEMBER, "struct acpi_table_desc", "address", OPTIONAL,           \
	  "ACPI tables")                                                                           \
	X(CORE_ACPI_DESC_LENGTH, MEMBER, "struct acpi_table_desc", "length", OPTIONAL,             \
	  "ACPI tables")                                                                           \
	X(CORE_ACPI_DESC_SIGNATURE, MEMBER, "struct acpi_table_desc", "signature", OPTIONAL,       \
	  "ACPI tables")                                                                           \
	X(CORE_IDA_XA, MEMBER, "struct ida", "xa", OPTIONAL, "ID allocators")                      \
	X(CORE_XA_HEAD, MEMBER, "struct xarray", "xa_head", OPTIONAL, "ID allocators")             \
	X(CORE_XA_NODE_SHIFT, MEMBER, "struct xa_node", "shift", OPTIONAL, "ID allocators")        \
	X(CORE_XA_NODE_SLOTS, MEMBER, "struct xa_node", "slots", OPTIONAL, "ID allocators")       \
	X(CORE_HARDWARE_NAME, SYMBOL, NULL, "dump_stack_arch_desc_str", OPTIONAL, \
	  "the machine's name") \
	X(CORE_CPUS_ONLINE, SYMBOL, NULL, "__num_online_cpus", OPTIONAL, "the number of CPUs") \
	X(CORE_TOTAL_PAGES, SYMBOL, NULL, "_totalram_pages|totalram_pages", OPTIONAL, "the memory's size") \
	X(CORE_PRB, SYMBOL, NULL, "prb", VARIANT, "the kernel log") \
	X(CORE_PRB_COUNT_BITS, MEMBER, "struct printk_ringbuffer", "desc_ring.count_bits", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_DESCS, MEMBER, "struct printk_ringbuffer", "desc_ring.descs", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_INFOS, MEMBER, "struct printk_ringbuffer", "desc_ring.infos", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_HEAD_ID, MEMBER, "struct printk_ringbuffer", "desc_ring.head_id", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_TAIL_ID, MEMBER, "struct printk_ringbuffer", "desc_ring.tail_id", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_SIZE_BITS, MEMBER, "struct printk_ringbuffer", "text_data_ring.size_bits", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_DATA, MEMBER, "struct printk_ringbuffer", "text_data_ring.data", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_DESC_SIZE, SIZE, "struct prb_desc", NULL, VARIANT, "the kernel log") \
	X(CORE_PRB_DESC_STATE, MEMBER, "struct prb_desc", "state_var", VARIANT, "the kernel log") \
	X(CORE_PRB_DESC_BEGIN, MEMBER, "struct prb_desc", "text_blk_lpos.begin", VARIANT, \
	  "the kernel log") \
	X(CORE_PRB_DESC_NEXT, MEMBER, "struct prb_desc", "text_blk_lpos.next", VARIANT, \
	  "the kernel log") \
	X(CORE_PRINTK_INFO_SIZE, SIZE, "struct printk_info", NULL, VARIANT, "the kernel log") \
	X(CORE_PRINTK_INFO_SEQ, MEMBER, "struct printk_info", "seq", VARIANT, "the kernel log") \
	X(CORE_PRINTK_INFO_TIME, MEMBER, "struct printk_info", "ts_nsec", VARIANT, \
	  "the kernel log") \
	X(CORE_PRINTK_INFO_LENGTH, MEMBER, "struct printk_info", "text_len", VARIANT, \
	  "the kernel log") \
	X(CORE_PRINTK_INFO_LEVEL, MEMBER, "struct printk_info", "level", VARIANT, \
	  "the kernel log") \
	X(CORE_LOG_BUF, SYMBOL, NULL, "log_buf", VARIANT, "the kernel log before Linux 5.10") \
	X(CORE_LOG_BUF_LEN, SYMBOL, NULL, "log_buf_len", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_LOG_FIRST_IDX, SYMBOL, NULL, "log_first_idx", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_LOG_NEXT_IDX, SYMBOL, NULL, "log_next_idx", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_LOG_FIRST_SEQ, SYMBOL, NULL, "log_first_seq", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_PRINTK_LOG_SIZE, SIZE, "struct printk_log", NULL, VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_PRINTK_LOG_TIME, MEMBER, "struct printk_log", "ts_nsec", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_PRINTK_LOG_LENGTH, MEMBER, "struct printk_log", "len", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_PRINTK_LOG_TEXT_LENGTH, MEMBER, "struct printk_log", "text_len", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_PRINTK_LOG_LEVEL, MEMBER, "struct printk_log", "level", VARIANT, \
	  "the kernel log before Linux 5.10") \
	X(CORE_OLD_LOG_SIZE, SIZE, "struct log", NULL, VARIANT, \
	  "the kernel log before Linux 3.12") \
	X(CORE_OLD_LOG_TIME, MEMBER, "struct log", "ts_nsec", VARIANT, \
	  "the kernel log before Linux 3.12") \
	X(CORE_OLD_LOG_LENGTH, MEMBER, "struct log", "len", VARIANT, \
	  "the kernel log before Linux 3.12") \
	X(CORE_OLD_LOG_TEXT_LENGTH, MEMBER, "struct log", "text_len", VARIANT, \
	  "the kernel log before Linux 3.12") \
	X(CORE_OLD_LOG_LEVEL, MEMBER, "struct log", "level", VARIANT, \
	  "the kernel log before Linux 3.12") \
	X(CORE_IRQ_TREE, SYMBOL, NULL, "irq_desc_tree", VARIANT,                                   \
	  "interrupts by number, in an xarray")                                                    \
	X(CORE_SPARSE_IRQS, SYMBOL, NULL, "sparse_irqs", VARIANT,                                  \
	  "interrupts by number, in a maple tree")                                                 \
	X(CORE_MAPLE_ROOT, MEMBER, "struct maple_tree", "ma_root", VARIANT,                        \
	  "interrupts by number")                                                                  \
	X(CORE_MAPLE_RANGE_PIVOT, MEMBER, "struct maple_range_64", "pivot", VARIANT,               \
	  "interrupts by number")                                                                  \
	X(CORE_MAPLE_RANGE_SLOT, MEMBER, "struct maple_range_64", "slot", VARIANT,                 \
	  "interrupts by number")                                                                  \
	X(CORE_MAPLE_ARANGE_PIVOT, MEMBER, "struct maple_arange_64", "pivot", VARIANT,             \
	  "interrupts by number")                                                                  \
	X(CORE_MAPLE_ARANGE_SLOT, MEMBER, "struct maple_arange_64", "slot", VARIANT,               \
	  "interrupts by number")                                                                  \
	X(CORE_IRQ_DESC_DATA, MEMBER, "struct irq_desc", "irq_data", OPTIONAL,                     \
	  "interrupts of devices")                                                                 \
	X(CORE_IRQ_DESC_ACTION, MEMBER, "struct irq_desc", "action", OPTIONAL,                     \
	  "names of interrupts")                                                                   \
	X(CORE_IRQ_ACTION_NAME, MEMBER, "struct irqaction", "name", OPTIONAL,                      \
	  "names of interrupts")                                                                   \
	X(CORE_IRQ_ACTION_NEXT, MEMBER, "struct irqaction", "next", OPTIONAL,                      \
	  "names of interrupts")                                                                   \
	X(CORE_IRQ_DATA_CHIP, MEMBER, "struct irq_data", "chip", OPTIONAL,                         \
	  "interrupts of devices")                                                                 \
	X(CORE_IRQ_DATA_CHIP_DATA, MEMBER, "struct irq_data", "chip_data", OPTIONAL,               \
	  "interrupts of devices")                                                                 \
	X(CORE_IRQ_DATA_PARENT, MEMBER, "struct irq_data", "parent_data", OPTIONAL,                \
	  "interrupts of devices")                                                                 \
	X(CORE_CPU_APIC_IDS, SYMBOL, NULL, "cpuid_to_apicid", OPTIONAL,                            \
	  "the CPUs that interrupts go to")                                                        \
	X(CORE_CPU_COUNT, SYMBOL, NULL, "nr_cpu_ids", OPTIONAL, "the CPUs that interrupts go to")  \
	X(CORE_CPU_ACTIVE, SYMBOL, NULL, "__cpu_active_mask|cpu_active_bits", OPTIONAL,            \
	  "which CPUs a panic has stopped")                                                        \
	X(CORE_CPU_ONLINE, SYMBOL, NULL, "__cpu_online_mask|cpu_online_bits", OPTIONAL,            \
	  "which CPUs are online")                                                                 \
	X(CORE_X2APIC_MODE, SYMBOL, NULL, "x2apic_mode", OPTIONAL,                                 \
	  "the CPUs that interrupts go to")

enum core_need { CORE_NEEDS(NEED_ENUMERATOR) CORE_N };

/*
 * What only some commands read has sets of its own, resolved when the first of them asks: the others pay
 * nothing for it. To add one: an enumerator here, its rows as a struct need_table, a row in need_parts[].
 */
enum need_part { PART_PAGES, PART_IOVA, PART_TASKS, PART_N };

struct need_table {
	const char *title;
	const struct need *rows;
	size_t n;
};

extern const struct need_table *const need_parts[PART_N];

struct kernel {
	struct target *target;
	struct arena arena;
	struct found core[CORE_N];
	struct need_set core_set;
	struct need_set parts[PART_N]; /* found: NULL until resolved */
};

/* Resolves the core's rows and those of `sets` in one batch. target stays the caller's. */
struct error *kernel_open(struct target *target, struct need_set *const *sets, size_t n_sets,
			  struct kernel **ret);
void kernel_close(struct kernel *kernel); /* NULL is fine */

/*
 * Resolves the rows of a table into *set, once: a set that has been resolved stays as it is. Zeroed it is not
 * yet. What it refers to lives as long as the kernel.
 */
struct error *need_table_resolve(struct kernel *kernel, const struct need_table *table,
				 struct need_set *set);

/* The set of that part, resolved; the kernel's. */
struct error *kernel_part(struct kernel *kernel, enum need_part part, const struct need_set **ret);

/* error_not_found's code with a line that names the row, for a row that is not found. */
struct error *need_missing(const struct need_set *set, size_t row) __attribute__((returns_nonnull));

/*
 * Reads a member of the object at `base`: up to 8 bytes, little endian, bit fields shifted down;
 * signed members are not extended. ERROR_NOT_FOUND when this kernel has no such member.
 */
struct error *kernel_read_member(struct kernel *kernel, uint64_t base, const struct found *member,
				 uint64_t *ret);

/* The value of a symbol that is an object of `size` bytes (1 to 8). */
struct error *kernel_read_symbol(struct kernel *kernel, const struct found *symbol, unsigned size,
				 uint64_t *ret);

/*
 * Reads for people: what fails becomes a datum with its state and a problem of `object`. A member
 * that this kernel lacks is DATUM_ABSENT and no problem: `kernel` lists it.
 */
struct reader {
	struct kernel *kernel;
	struct problems *problems;
	char object[64];	   /* "0000:00:04.0"; by reader_object_text() */
	const char *object_format; /* what it is still to be made of, and `object_value`; NULL: it
				      is made */
	uint64_t object_value;
};

void reader_object(struct reader *reader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void reader_object_name(struct reader *reader, const char *name); /* copied */
/* The same as reader_object() with one uint64_t, but put into words only for a problem: for what is
 * read by the thousand. format is static. */
void reader_object_number(struct reader *reader, const char *format, uint64_t value);
const char *reader_object_text(struct reader *reader); /* the reader's, until it is set anew */

struct datum reader_member(struct reader *reader, uint64_t base, const struct found *member,
			   const char *what);
struct datum reader_symbol(struct reader *reader, const struct found *symbol, unsigned size,
			   const char *what);
/* A pointer member: NULL is DATUM_NONE. */
struct datum reader_pointer(struct reader *reader, uint64_t base, const struct found *member,
			    const char *what);
/* The string at a `char *` member, in arena; at most 255 bytes. NULL is DATUM_NONE. */
struct text reader_string(struct reader *reader, struct arena *arena, uint64_t base,
			  const struct found *member, const char *what);
struct datum reader_translate(struct reader *reader, struct datum virt, const char *what);

#endif
