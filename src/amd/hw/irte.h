/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping table entries (AMD 48882 2.2.5): 32 bits each, or 128 when guest virtual APIC
 * support is on. The index of an interrupt is the low 11 bits of its MSI data.
 */
#ifndef AMD_HW_IRTE_H
#define AMD_HW_IRTE_H

#include "base/layout.h"

extern const struct layout irte32_layout;
extern const struct layout irte128_layout;        /* guest_mode 0: remapped */
extern const struct layout irte128_posted_layout; /* guest_mode 1: posted to a virtual APIC */

#endif
