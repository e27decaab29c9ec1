/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target that runs: some pages of memory, physical and virtual addresses being the same, which a
 * test changes from under whoever reads them.
 */
#ifndef UNIT_FAKE_MOVING_H
#define UNIT_FAKE_MOVING_H

#include "target/memory.h"
#include "target/target.h"

#define MOVING_PAGES 16

struct moving {
	struct target base;
	uint8_t bytes[MOVING_PAGES * PAGE_SIZE];
	unsigned n_reads;
	/* Called before each read: what it changes, the read sees. NULL: nothing moves. */
	void (*before)(struct moving *m, uint64_t addr, size_t len);
	unsigned state; /* before's own */
};

/* The caller's; behind the last page there is no memory. */
void moving_init(struct moving *m);

void moving_put(struct moving *m, uint64_t addr, uint64_t word);
uint64_t moving_get(const struct moving *m, uint64_t addr);

#endif
