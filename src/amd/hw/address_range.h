/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of a device that are not memory, whatever the page tables hold: the interrupt window of
 * x86, and the top 12 GB of the 40-bit HyperTransport space (AMD 48882 2.1.2; with EFR2's
 * HTRangeIgnore those are ordinary).
 */
#ifndef AMD_HW_ADDRESS_RANGE_H
#define AMD_HW_ADDRESS_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct address_range {
	uint64_t first, last;
	const char *name;
	const char *meaning;
	bool hypertransport;
};

/* The special range that the address lies in; NULL: none. */
const struct address_range *address_range_find(uint64_t address);

#endif
