/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers and flag words that describe an IOMMU. The kernel keeps copies of the feature
 * registers, of the capability header and of the IVRS flags; the others are in MMIO only.
 */
#ifndef AMD_HW_REGISTERS_H
#define AMD_HW_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/layout.h"

extern const struct layout efr_layout;        /* extended features, MMIO 0x30 */
extern const struct layout efr2_layout;       /* extended features 2, MMIO 0x1a0 */
extern const struct layout control_layout;    /* MMIO 0x18 */
extern const struct layout status_layout;     /* MMIO 0x2020 */
extern const struct layout capability_layout; /* PCI capability header, 32 bits */
extern const struct layout ivhd_flags_layout; /* flags of an IVHD block, 8 bits, kept as 32 */

/* EFR2: where there are two stages, a GCR3 table lies in guest memory, all levels. */
#define EFR2_GCR3_IN_GUEST (UINT64_C(1) << 3)

/* EFR2: the HyperTransport address range is ordinary memory to this IOMMU. */
#define EFR2_HT_RANGE_IGNORE (UINT64_C(1) << 11)

/* Levels of the largest host (v1) page table the IOMMU walks, 4 to 6; 0: the field is reserved. */
static inline unsigned efr_host_levels(uint64_t efr)
{
	unsigned hats = efr >> 10 & 3;

	return hats == 3 ? 0 : hats + 4;
}

/* GTSup: there are guest (v2) page tables. */
static inline bool efr_has_guest(uint64_t efr)
{
	return efr >> 4 & 1;
}

/* GATS: levels of the largest guest page table; reserved values count as the most there can be. */
static inline unsigned efr_guest_levels(uint64_t efr)
{
	return (efr >> 12 & 3) + 4;
}

/* GLXSup: levels of the largest GCR3 table. */
static inline unsigned efr_gcr3_levels(uint64_t efr)
{
	return (efr >> 14 & 3) + 1;
}

#endif
