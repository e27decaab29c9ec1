/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping table entries (AMD 48882 2.2.5): 32 bits each, or 128 when guest virtual APIC
 * support is on. The index of an interrupt is the low 11 bits of its MSI data.
 */
#ifndef AMD_HW_IRTE_H
#define AMD_HW_IRTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/layout.h"

#define IRTE32_BYTES 4
#define IRTE128_BYTES 16
#define IRTE_WORDS 2
#define IRT_ENTRIES_MAX 2048

extern const struct layout irte32_layout;
extern const struct layout irte128_layout;        /* guest_mode 0: remapped */
extern const struct layout irte128_posted_layout; /* guest_mode 1: posted to a virtual APIC */

/* What the words of an entry of so many bytes are. */
const struct layout *irte_layout(unsigned bytes, const uint64_t words[IRTE_WORDS]);

/* The value of the layout's field; 0: the layout has none of that name. */
uint64_t irte_get(const struct layout *layout, const uint64_t words[IRTE_WORDS], const char *key);

/*
 * How the amd_iommu driver marks an entry as nobody's: all zero, or of 128 bits, without a vector
 * (irte_is_allocated(), irte_ga_is_allocated()).
 */
bool irte_is_free(unsigned bytes, const uint64_t words[IRTE_WORDS]);

#endif
