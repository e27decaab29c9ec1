/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two page tables, IOVA by IOVA, in constant memory: each is walked once into a file without a
 * name, neighbouring leaves joined, and the two files are gone through side by side.
 */
#ifndef CMD_DIFF_MAPS_H
#define CMD_DIFF_MAPS_H

#include "model/page_table.h"

/* What one table holds for some IOVAs. */
struct map_state {
	bool mapped, read, write;
	bool unknown; /* the table can't be read there */
	uint64_t pa;  /* of the first IOVA */
};

struct map_side {
	struct target *target;
	const struct page_table *table; /* ops NULL: nothing is mapped */
};

struct map_change {
	uint64_t iova, size;
	struct map_state before, after;
};

/*
 * by_address: also the physical addresses are compared. Neighbouring changes of one sort come as
 * one; pages that are new or gone also when they are scattered over memory. unreadable: once for each part that could not be read; takes err; side is 0 or 1.
 */
struct error *diff_maps(const struct map_side sides[2], bool by_address,
			struct error *(*change)(void *arg, const struct map_change *change),
			void (*unreadable)(void *arg, int side, uint64_t iova, struct error *err),
			void *arg);

#endif
