/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command buffer entries: 16 bytes, written by the kernel, with the opcode in bits 63:60
 * (AMD 48882 2.4).
 */
#ifndef AMD_HW_COMMAND_H
#define AMD_HW_COMMAND_H

#include "base/layout.h"

#define COMMAND_BYTES 16
#define COMMAND_WORDS 2

enum command_opcode {
	COMMAND_COMPLETION_WAIT = 1,
	COMMAND_INVALIDATE_DEVTAB_ENTRY = 2,
	COMMAND_INVALIDATE_IOMMU_PAGES = 3,
	COMMAND_INVALIDATE_IOTLB_PAGES = 4,
	COMMAND_INVALIDATE_INTERRUPT_TABLE = 5,
	COMMAND_PREFETCH_IOMMU_PAGES = 6,
	COMMAND_COMPLETE_PPR_REQUEST = 7,
	COMMAND_INVALIDATE_IOMMU_ALL = 8,
	COMMAND_INSERT_GUEST_EVENT = 9,
	COMMAND_RESET_VMMIO = 10,
	COMMAND_OPCODES,
};

extern const struct layout command_layout; /* any opcode: the operands undecoded */
extern const struct layout command_layouts[COMMAND_OPCODES]; /* by opcode; 0 has no fields */

#endif
