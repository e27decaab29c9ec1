/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hardware logs: event log entries (AMD 48882 2.5) and page requests (2.6), 16 bytes each, and
 * guest virtual APIC log entries, 8 bytes. The code is in bits 63:60; an all-zero entry is empty.
 */
#ifndef AMD_HW_EVENT_H
#define AMD_HW_EVENT_H

#include "base/layout.h"

#define EVENT_BYTES 16
#define PPR_BYTES 16
#define GA_LOG_BYTES 8

enum event_code {
	EVENT_ILLEGAL_DEV_TABLE_ENTRY = 1,
	EVENT_IO_PAGE_FAULT = 2,
	EVENT_DEV_TAB_HARDWARE_ERROR = 3,
	EVENT_PAGE_TAB_HARDWARE_ERROR = 4,
	EVENT_ILLEGAL_COMMAND_ERROR = 5,
	EVENT_COMMAND_HARDWARE_ERROR = 6,
	EVENT_IOTLB_INV_TIMEOUT = 7,
	EVENT_INVALID_DEVICE_REQUEST = 8,
	EVENT_INVALID_PPR_REQUEST = 9,
	EVENT_COUNTER_ZERO = 10,
	EVENT_GUEST_EVENT_FAULT = 11,
	EVENT_VIOMMU_HARDWARE_ERROR = 12,
	EVENT_RMP_PAGE_FAULT = 13,
	EVENT_RMP_HARDWARE_ERROR = 14,
};

#define EVENT_GN (UINT64_C(1) << 48) /* in word 0: the IDs are a PASID, not a domain ID */

extern const struct layout event_layout; /* any code: the operands undecoded */
extern const struct layout event_illegal_dev_table_entry_layout;
extern const struct layout event_io_page_fault_layout;
extern const struct layout event_io_page_fault_pasid_layout; /* GN set */
extern const struct layout event_dev_tab_hardware_error_layout;
extern const struct layout event_page_tab_hardware_error_layout;
extern const struct layout event_page_tab_hardware_error_pasid_layout; /* GN set */
extern const struct layout event_illegal_command_error_layout;
extern const struct layout event_command_hardware_error_layout;
extern const struct layout event_iotlb_inv_timeout_layout;
extern const struct layout event_invalid_device_request_layout;
extern const struct layout event_invalid_ppr_request_layout;
extern const struct layout event_counter_zero_layout;
extern const struct layout event_rmp_page_fault_layout;
extern const struct layout event_rmp_hardware_error_layout;

extern const struct layout ppr_layout;
extern const struct layout ga_log_layout;

#endif
