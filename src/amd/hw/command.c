/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/command.h"

#include "amd/hw/rows.h"

static const struct field_value opcode_values[] = {
	{COMMAND_COMPLETION_WAIT, "COMPLETION_WAIT", "tell when all before it is done"},
	{COMMAND_INVALIDATE_DEVTAB_ENTRY, "INVALIDATE_DEVTAB_ENTRY", "forget a device table entry"},
	{COMMAND_INVALIDATE_IOMMU_PAGES, "INVALIDATE_IOMMU_PAGES",
	 "forget a domain's translations"},
	{COMMAND_INVALIDATE_IOTLB_PAGES, "INVALIDATE_IOTLB_PAGES",
	 "have a device forget translations"},
	{COMMAND_INVALIDATE_INTERRUPT_TABLE, "INVALIDATE_INTERRUPT_TABLE",
	 "forget a device's interrupt table"},
	{COMMAND_PREFETCH_IOMMU_PAGES, "PREFETCH_IOMMU_PAGES", "load translations ahead"},
	{COMMAND_COMPLETE_PPR_REQUEST, "COMPLETE_PPR_REQUEST", "answer a page request"},
	{COMMAND_INVALIDATE_IOMMU_ALL, "INVALIDATE_IOMMU_ALL", "forget everything"},
	{COMMAND_INSERT_GUEST_EVENT, "INSERT_GUEST_EVENT", "put an event into a guest's log"},
	{COMMAND_RESET_VMMIO, "RESET_VMMIO", "reset a guest's virtual registers"},
	{0},
};

static const struct field_value ppr_response_values[] = {
	{0, "success", "the page is there now"},
	{1, "invalid", "the page cannot be had"},
	{15, "failure", "page requests have ended for this device"},
	{0},
};

#define OPCODE ENUM(60, 4, "opcode", "Opcode", opcode_values, NULL, "Which command this is")
#define DEVICE_ID HEX(0, 16, "device_id", "Device ID", NULL, "Requester ID (BDF)")
#define SIZE_FLAG                                                                                  \
	FLAG(64, "s", "Sized", NULL,                                                               \
	     "The address encodes a size in its low ones, as a page table entry does; 0: 4 KiB")
#define GN                                                                                         \
	FLAG(66, "gn", "Guest", NULL, "The address is a guest's, of the PASID; 0: the host's")
#define PAGES_ADDRESS                                                                              \
	ADDRESS(76, 52, 12, "address", "Address", NULL, "First page, with its size code")

#define SPEC "AMD 48882 2.4"

static const struct field any_fields[] = {
	HEX(0, 60, "operand_1", "Operand 1", NULL, "As the opcode defines it"),
	OPCODE,
	HEX(64, 64, "operand_2", "Operand 2", NULL, "As the opcode defines it"),
};

#undef SPEC
#define SPEC "AMD 48882 2.4.1"

static const struct field completion_wait_fields[] = {
	FLAG(0, "s", "Store", NULL, "On completion the data is written to the address"),
	FLAG(1, "i", "Interrupt", NULL, "On completion an interrupt is raised"),
	FLAG(2, "f", "Flush", NULL, "Commands after this one wait for it"),
	ADDRESS(3, 49, 3, "store_address", "Store address", "s", "Physical address to write to"),
	RESERVED(52, 8),
	OPCODE,
	HEX(64, 64, "store_data", "Store data", "s", "What is written; Linux counts up"),
};

#undef SPEC
#define SPEC "AMD 48882 2.4.2"

static const struct field invalidate_devtab_entry_fields[] = {
	DEVICE_ID,
	RESERVED(16, 44),
	OPCODE,
	RESERVED(64, 64),
};

#undef SPEC
#define SPEC "AMD 48882 2.4.3"

static const struct field invalidate_iommu_pages_fields[] = {
	HEX(0, 20, "pasid", "PASID", "gn", "Whose guest translations"),
	RESERVED(20, 12),
	HEX(32, 16, "domain_id", "Domain ID", NULL, "Whose translations"),
	RESERVED(48, 12),
	OPCODE,
	SIZE_FLAG,
	FLAG(65, "pde", "Directories too", NULL, "Cached page directory entries go as well"),
	GN,
	RESERVED(67, 9),
	PAGES_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.4.4"

static const struct field invalidate_iotlb_pages_fields[] = {
	DEVICE_ID,
	FIRST_PIECE(16, 8, FIELD_HEX, 8, "pasid", "PASID", "gn", "Whose guest translations"),
	NUMBER(24, 8, "max_pend", "Most pending", NULL,
	       "How many invalidations the device can have outstanding"),
	HEX(32, 16, "queue_id", "Queue ID", NULL, "Which of the device's invalidation queues"),
	PIECE(48, 8, FIELD_HEX, 0, "pasid"),
	PIECE(56, 4, FIELD_HEX, 16, "pasid"),
	OPCODE,
	SIZE_FLAG,
	RESERVED(65, 1),
	GN,
	RESERVED(67, 1),
	HEX(68, 2, "type", "Type", NULL, "Which kind of invalidation the device is sent"),
	RESERVED(70, 6),
	PAGES_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.4.5"

static const struct field invalidate_interrupt_table_fields[] = {
	DEVICE_ID,
	RESERVED(16, 44),
	OPCODE,
	RESERVED(64, 64),
};

#undef SPEC
#define SPEC "AMD 48882 2.4.6"

static const struct field prefetch_iommu_pages_fields[] = {
	DEVICE_ID,
	RESERVED(16, 8),
	NUMBER(24, 8, "pf_count", "Count", NULL, "How many pages to load"),
	HEX(32, 20, "pasid", "PASID", "gn", "Whose guest translations"),
	RESERVED(52, 8),
	OPCODE,
	SIZE_FLAG,
	RESERVED(65, 1),
	GN,
	RESERVED(67, 1),
	FLAG(68, "inval", "Invalidate first", NULL,
	     "What is cached of the pages is forgotten first"),
	RESERVED(69, 7),
	PAGES_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.4.7"

static const struct field complete_ppr_request_fields[] = {
	DEVICE_ID,
	RESERVED(16, 16),
	HEX(32, 20, "pasid", "PASID", "gn", "Whose page was asked for"),
	RESERVED(52, 8),
	OPCODE,
	RESERVED(64, 2),
	GN,
	RESERVED(67, 29),
	HEX(96, 9, "tag", "Tag", NULL, "Page request group that this answers"),
	RESERVED(105, 3),
	ENUM(108, 4, "response", "Response", ppr_response_values, NULL, "The answer to the device"),
	RESERVED(112, 16),
};

#undef SPEC
#define SPEC "AMD 48882 2.4.8"

static const struct field invalidate_iommu_all_fields[] = {
	RESERVED(0, 60),
	OPCODE,
	RESERVED(64, 64),
};

#undef SPEC
#define SPEC "AMD 48882 2.4"

static const struct field insert_guest_event_fields[] = {
	RESERVED(0, 32),
	HEX(32, 16, "guest_id", "Guest ID", NULL, "Whose virtual IOMMU"),
	RESERVED(48, 12),
	OPCODE,
	HEX(64, 64, "operand_2", "Operand 2", NULL, "Not decoded"),
};

static const struct field reset_vmmio_fields[] = {
	HEX(0, 16, "guest_id", "Guest ID", NULL, "Whose virtual IOMMU"),
	RESERVED(16, 11),
	FLAG(27, "all", "All", NULL, "All of the guest's virtual registers"),
	RESERVED(28, 3),
	FLAG(31, "vcmd", "Command buffer", NULL, "The guest's command buffer registers"),
	RESERVED(32, 28),
	OPCODE,
	RESERVED(64, 64),
};

const struct layout command_layout = LAYOUT("cmd", "Command buffer entry", 128, any_fields);

#define COMMAND(OP, name, fields) [COMMAND_##OP] = LAYOUT("cmd_" name, #OP, 128, fields)

const struct layout command_layouts[COMMAND_OPCODES] = {
	COMMAND(COMPLETION_WAIT, "completion_wait", completion_wait_fields),
	COMMAND(INVALIDATE_DEVTAB_ENTRY, "invalidate_devtab_entry", invalidate_devtab_entry_fields),
	COMMAND(INVALIDATE_IOMMU_PAGES, "invalidate_iommu_pages", invalidate_iommu_pages_fields),
	COMMAND(INVALIDATE_IOTLB_PAGES, "invalidate_iotlb_pages", invalidate_iotlb_pages_fields),
	COMMAND(INVALIDATE_INTERRUPT_TABLE, "invalidate_interrupt_table",
		invalidate_interrupt_table_fields),
	COMMAND(PREFETCH_IOMMU_PAGES, "prefetch_iommu_pages", prefetch_iommu_pages_fields),
	COMMAND(COMPLETE_PPR_REQUEST, "complete_ppr_request", complete_ppr_request_fields),
	COMMAND(INVALIDATE_IOMMU_ALL, "invalidate_iommu_all", invalidate_iommu_all_fields),
	COMMAND(INSERT_GUEST_EVENT, "insert_guest_event", insert_guest_event_fields),
	COMMAND(RESET_VMMIO, "reset_vmmio", reset_vmmio_fields),
};
