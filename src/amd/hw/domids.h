/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of domain IDs as bitmaps of 64-bit words, low IDs first: the form of the driver's allocator
 * before it was an IDA. The driver takes ID 0 out of use before it hands out any.
 */
#ifndef AMD_HW_DOMIDS_H
#define AMD_HW_DOMIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOMIDS_MAX 65536 /* IDs are 16 bits wide */
#define DOMIDS_WORDS (DOMIDS_MAX / 64)

struct domids {
	unsigned set;     /* bits that are set: domains, and the reserved 0 when it is set */
	unsigned domains; /* set bits but for ID 0 */
	bool reserved;    /* ID 0 is set, as the driver does first of all */
	int highest;      /* highest ID that is set; -1: none */
};

struct domid_range {
	unsigned first, last;
};

/* n_words at most DOMIDS_WORDS; what lies beyond is not looked at. */
struct domids domids_count(const uint64_t *words, size_t n_words);

/*
 * The first run of set IDs at or above `from`; false: there is none. To list all:
 *
 *	for (unsigned id = 0; domids_next(words, n, id, &range); id = range.last + 1)
 */
bool domids_next(const uint64_t *words, size_t n_words, unsigned from, struct domid_range *ret);

#endif
