/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/event.h"

#include "amd/hw/rows.h"

static const struct field_value code_values[] = {
	{EVENT_ILLEGAL_DEV_TABLE_ENTRY, "ILLEGAL_DEV_TABLE_ENTRY",
	 "the device's table entry has a value that hardware rejects"},
	{EVENT_IO_PAGE_FAULT, "IO_PAGE_FAULT", "the access is not mapped or not allowed"},
	{EVENT_DEV_TAB_HARDWARE_ERROR, "DEV_TAB_HARDWARE_ERROR", "the device table was unreadable"},
	{EVENT_PAGE_TAB_HARDWARE_ERROR, "PAGE_TAB_HARDWARE_ERROR", "a page table was unreadable"},
	{EVENT_ILLEGAL_COMMAND_ERROR, "ILLEGAL_COMMAND_ERROR",
	 "the command is not one; the command buffer has stopped"},
	{EVENT_COMMAND_HARDWARE_ERROR, "COMMAND_HARDWARE_ERROR",
	 "the command buffer was unreadable and has stopped"},
	{EVENT_IOTLB_INV_TIMEOUT, "IOTLB_INV_TIMEOUT", "the device did not answer an invalidation"},
	{EVENT_INVALID_DEVICE_REQUEST, "INVALID_DEVICE_REQUEST",
	 "the device sent what its table entry does not allow"},
	{EVENT_INVALID_PPR_REQUEST, "INVALID_PPR_REQUEST",
	 "the device sent a page request that is not one"},
	{EVENT_COUNTER_ZERO, "EVENT_COUNTER_ZERO", "a performance counter has wrapped"},
	{EVENT_GUEST_EVENT_FAULT, "GUEST_EVENT_FAULT",
	 "a guest's event log could not take an event"},
	{EVENT_VIOMMU_HARDWARE_ERROR, "VIOMMU_HARDWARE_ERROR", "a virtual IOMMU's tables failed"},
	{EVENT_RMP_PAGE_FAULT, "RMP_PAGE_FAULT", "the reverse map table (SNP) denies the access"},
	{EVENT_RMP_HARDWARE_ERROR, "RMP_HARDWARE_ERROR", "the reverse map table was unreadable"},
	{0},
};

static const struct field_value hardware_error_values[] = {
	{1, "master abort", NULL},
	{2, "target abort", NULL},
	{3, "data error", NULL},
	{0},
};

static const struct field_value ppr_code_values[] = {
	{1, "PAGE_SERVICE_REQUEST", "the device asks for a page"},
	{0},
};

static const struct field_value ga_code_values[] = {
	{1, "GUEST_NR", "an interrupt came for a virtual processor that is not running"},
	{0},
};

#define CODE ENUM(60, 4, "code", "Code", code_values, NULL, "Which event this is")
#define DEVICE_ID HEX(0, 16, "device_id", "Device ID", NULL, "Requester ID (BDF)")
#define DOMAIN_ID HEX(32, 16, "domain_id", "Domain ID", NULL, "From the device table entry")

/* 20 bits, the high 4 before the low 16. */
#define PASID_HIGH(gate)                                                                           \
	FIRST_PIECE(16, 4, FIELD_HEX, 16, "pasid", "PASID", gate, "Address space of the access")
#define PASID_LOW PIECE(32, 16, FIELD_HEX, 0, "pasid")

/* Which of a guest's virtual IOMMU buffers the access was for. */
#define VIRTUAL_FLAGS                                                                              \
	RESERVED(20, 7),                                                                           \
	FLAG(27, "vnr", "VNR", NULL, "Concerns a virtual IOMMU; not decoded"),                     \
	RESERVED(28, 1),                                                                           \
	FLAG(29, "vevent", "Virtual event log", NULL, "Access to a guest's event log"),            \
	FLAG(30, "vptr", "Virtual pointers", NULL, "Access to a guest's ring pointers"),           \
	FLAG(31, "vcmd", "Virtual commands", NULL, "Access to a guest's command buffer")

#define GN FLAG(48, "gn", "Guest", NULL, "The address is a guest's, of the PASID")
#define NX FLAG(49, "nx", "Execute", NULL, "The access was an instruction fetch")
#define US FLAG(50, "us", "User", NULL, "The access had user privilege")
#define INTERRUPT FLAG(51, "i", "Interrupt", NULL, "An interrupt request; 0: a memory request")
#define PR FLAG(52, "pr", "Present", NULL, "The page is mapped; 0: it is not")
#define RW FLAG(53, "rw", "Write", NULL, "A write; 0: a read")
#define PE FLAG(54, "pe", "Permission", NULL, "The tables do not allow the access")
#define RZ FLAG(55, "rz", "Reserved bit", NULL, "A reserved bit is set, or a level is illegal")
#define TR FLAG(56, "tr", "Translation", NULL, "A translation (ATS) request; 0: a transaction")
#define FAULT_FLAGS GN, NX, US, INTERRUPT, PR, RW, PE, RZ, TR, RESERVED(57, 3)
#define ERROR_TYPE                                                                                 \
	ENUM(57, 2, "type", "Error type", hardware_error_values, NULL, "How the access failed")
#define ACCESS_ADDRESS ADDRESS(64, 64, 0, "address", "Address", NULL, "Address that was accessed")

/* The physical address of something 16 or 8 bytes long. */
#define ADDRESS_16(meaning) RESERVED(64, 4), ADDRESS(68, 60, 4, "address", "Address", NULL, meaning)
#define ADDRESS_8(meaning) RESERVED(64, 3), ADDRESS(67, 61, 3, "address", "Address", NULL, meaning)

#define SPEC "AMD 48882 2.5"

static const struct field any_fields[] = {
	HEX(0, 60, "operand_1", "Operand 1", NULL, "As the code defines it"),
	CODE,
	HEX(64, 64, "operand_2", "Operand 2", NULL, "As the code defines it"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.2"

static const struct field illegal_dev_table_entry_fields[] = {
	DEVICE_ID,
	PASID_HIGH("gn"),
	VIRTUAL_FLAGS,
	PASID_LOW,
	GN,
	RESERVED(49, 2),
	INTERRUPT,
	RESERVED(52, 1),
	RW,
	RESERVED(54, 1),
	RZ,
	TR,
	RESERVED(57, 3),
	CODE,
	ACCESS_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.5.3"

static const struct field io_page_fault_fields[] = {
	DEVICE_ID,
	RESERVED(16, 4),
	VIRTUAL_FLAGS,
	DOMAIN_ID,
	FAULT_FLAGS,
	CODE,
	ACCESS_ADDRESS,
};

static const struct field io_page_fault_pasid_fields[] = {
	DEVICE_ID,
	PASID_HIGH(NULL),
	VIRTUAL_FLAGS,
	PASID_LOW,
	FAULT_FLAGS,
	CODE,
	ACCESS_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.5.4"

static const struct field dev_tab_hardware_error_fields[] = {
	DEVICE_ID,
	RESERVED(16, 35),
	INTERRUPT,
	RESERVED(52, 1),
	RW,
	RESERVED(54, 2),
	TR,
	ERROR_TYPE,
	RESERVED(59, 1),
	CODE,
	ADDRESS_16("Physical address of the device table entry"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.5"

static const struct field page_tab_hardware_error_fields[] = {
	DEVICE_ID,
	RESERVED(16, 16),
	DOMAIN_ID,
	GN,
	RESERVED(49, 2),
	INTERRUPT,
	RESERVED(52, 1),
	RW,
	RESERVED(54, 2),
	TR,
	ERROR_TYPE,
	RESERVED(59, 1),
	CODE,
	ADDRESS_8("Physical address of the page table entry"),
};

static const struct field page_tab_hardware_error_pasid_fields[] = {
	DEVICE_ID,
	PASID_HIGH(NULL),
	RESERVED(20, 12),
	PASID_LOW,
	GN,
	RESERVED(49, 2),
	INTERRUPT,
	RESERVED(52, 1),
	RW,
	RESERVED(54, 2),
	TR,
	ERROR_TYPE,
	RESERVED(59, 1),
	CODE,
	ADDRESS_8("Physical address of the page table entry"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.6"

static const struct field illegal_command_error_fields[] = {
	RESERVED(0, 60),
	CODE,
	ADDRESS_16("Physical address of the command"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.7"

static const struct field command_hardware_error_fields[] = {
	RESERVED(0, 57),
	ERROR_TYPE,
	RESERVED(59, 1),
	CODE,
	ADDRESS_16("Physical address of the command"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.8"

static const struct field iotlb_inv_timeout_fields[] = {
	DEVICE_ID,
	RESERVED(16, 44),
	CODE,
	ADDRESS_16("Physical address of the invalidation command"),
};

#undef SPEC
#define SPEC "AMD 48882 2.5.9"

static const struct field invalid_device_request_fields[] = {
	DEVICE_ID,
	PASID_HIGH("gn"),
	RESERVED(20, 12),
	PASID_LOW,
	GN,
	RESERVED(49, 1),
	US,
	RESERVED(51, 5),
	TR,
	HEX(57, 3, "type", "Request type", NULL, "What was wrong with it; read together with TR"),
	CODE,
	ACCESS_ADDRESS,
};

#undef SPEC
#define SPEC "AMD 48882 2.5"

static const struct field invalid_ppr_request_fields[] = {
	DEVICE_ID,
	FIRST_PIECE(16, 16, FIELD_HEX, 0, "pasid", "PASID", NULL, "Address space of the page"),
	HEX(32, 10, "tag", "Tag", NULL, "Page request group"),
	PIECE(42, 4, FIELD_HEX, 16, "pasid"),
	RESERVED(46, 2),
	FLAG(48, "rx", "RX", NULL, "Not decoded"),
	HEX(49, 8, "flags", "Flags", NULL, "Not decoded"),
	FLAG(57, "gn", "Guest", NULL, "The request has a PASID"),
	HEX(58, 2, "flags_58", "Flags 59:58", NULL, "Not decoded"),
	CODE,
	ACCESS_ADDRESS,
};

static const struct field counter_zero_fields[] = {
	RESERVED(0, 60),
	CODE,
	FIRST_PIECE(64, 20, FIELD_HEX, 32, "counter_note", "Counter note", NULL,
		    "Bank and counter that wrapped"),
	RESERVED(84, 12),
	PIECE(96, 32, FIELD_HEX, 0, "counter_note"),
};

#undef SPEC
#define SPEC "Linux drivers/iommu/amd/iommu.c"

#define RMP_IDS                                                                                    \
	DEVICE_ID,                                                                                 \
	HEX(16, 8, "rmp_flags", "RMP flags", NULL, "What the RMP check found"),                    \
	RESERVED(24, 8),                                                                           \
	HEX(32, 16, "vmg_tag", "VM guard tag", NULL, "Which guest's memory is guarded")

static const struct field rmp_page_fault_fields[] = {
	RMP_IDS,
	FAULT_FLAGS,
	CODE,
	ADDRESS(64, 64, 0, "address", "Guest address", NULL,
		"Guest physical address of the access"),
};

static const struct field rmp_hardware_error_fields[] = {
	RMP_IDS,
	FAULT_FLAGS,
	CODE,
	ADDRESS_8("Physical address of the access"),
};

#undef SPEC
#define SPEC "AMD 48882 2.6"

static const struct field ppr_fields[] = {
	DEVICE_ID,
	FIRST_PIECE(16, 16, FIELD_HEX, 0, "pasid", "PASID", "gn", "Address space of the page"),
	HEX(32, 9, "tag", "Tag", NULL, "Page request group"),
	FLAG(41, "last", "Last", NULL, "The last request of its group"),
	PIECE(42, 4, FIELD_HEX, 16, "pasid"),
	RESERVED(46, 3),
	FLAG(49, "execute", "Execute", NULL, "Execute permission is asked for"),
	FLAG(50, "read", "Read", NULL, "Read permission is asked for"),
	RESERVED(51, 2),
	FLAG(53, "write", "Write", NULL, "Write permission is asked for"),
	FLAG(54, "us", "User", NULL, "The access has user privilege"),
	FLAG(55, "rz", "Reserved bit", NULL, "A reserved bit of the request is set"),
	FLAG(56, "gn", "Guest", NULL, "The address is a guest's, of the PASID"),
	RESERVED(57, 3),
	ENUM(60, 4, "code", "Code", ppr_code_values, NULL, "Which request this is"),
	ADDRESS(64, 64, 0, "address", "Address", NULL, "Page that is asked for"),
};

#undef SPEC
#define SPEC "AMD 48882, guest virtual APIC log"

static const struct field ga_log_fields[] = {
	HEX(0, 32, "ga_tag", "GA tag", NULL, "The virtual processor, from the interrupt's entry"),
	HEX(32, 16, "device_id", "Device ID", NULL, "Requester ID (BDF)"),
	RESERVED(48, 12),
	ENUM(60, 4, "code", "Code", ga_code_values, NULL, "Which entry this is"),
};

#define EVENT(id, NAME)                                                                            \
	const struct layout event_##id##_layout = LAYOUT("event_" #id, NAME, 128, id##_fields)

const struct layout event_layout = LAYOUT("event", "Event log entry", 128, any_fields);

EVENT(illegal_dev_table_entry, "ILLEGAL_DEV_TABLE_ENTRY");
EVENT(io_page_fault, "IO_PAGE_FAULT");
EVENT(io_page_fault_pasid, "IO_PAGE_FAULT with a PASID");
EVENT(dev_tab_hardware_error, "DEV_TAB_HARDWARE_ERROR");
EVENT(page_tab_hardware_error, "PAGE_TAB_HARDWARE_ERROR");
EVENT(page_tab_hardware_error_pasid, "PAGE_TAB_HARDWARE_ERROR with a PASID");
EVENT(illegal_command_error, "ILLEGAL_COMMAND_ERROR");
EVENT(command_hardware_error, "COMMAND_HARDWARE_ERROR");
EVENT(iotlb_inv_timeout, "IOTLB_INV_TIMEOUT");
EVENT(invalid_device_request, "INVALID_DEVICE_REQUEST");
EVENT(invalid_ppr_request, "INVALID_PPR_REQUEST");
EVENT(counter_zero, "EVENT_COUNTER_ZERO");
EVENT(rmp_page_fault, "RMP_PAGE_FAULT");
EVENT(rmp_hardware_error, "RMP_HARDWARE_ERROR");

const struct layout ppr_layout = LAYOUT("ppr", "Page request log entry", 128, ppr_fields);
const struct layout ga_log_layout = LAYOUT("ga", "Guest virtual APIC log entry", 64, ga_log_fields);
