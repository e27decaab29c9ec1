/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's linked lists, walked with a guard against loops and runaway lengths. A damaged list
 * is walked from its head up to the damage, then from its other end back to it; the error comes
 * after the last entry that can be had. An entry whose page the dump lacks is told, one at an address
 * where no memory is, is none. Where a list loops, some entries are told more than once.
 *
 *	struct list_walk walk = list_walk_begin(kernel, head);
 *	while (!(err = list_walk_next(&walk, &entry)) && entry) ...
 */
#ifndef KERNEL_LIST_H
#define KERNEL_LIST_H

#include "kernel/kernel.h"

/* More than any list here has: a PCI segment has 65536 functions. */
#define LIST_LENGTH_MAX (UINT64_C(1) << 20)

struct list_walk {
	struct kernel *kernel;
	uint64_t head;
	uint64_t at; /* the entry told last, at first the head */
	uint64_t count;
	/* Brent's cycle detection: an entry seen before, and when to move it on. */
	uint64_t seen, seen_limit;
	/* Once the way forward has ended in damage: the state in which it did. */
	bool backward;
	uint64_t damage_at, damage_count, damage_seen;
};

/* A circular struct list_head at `head`. Entries are addresses of the embedded list_head. */
struct list_walk list_walk_begin(struct kernel *kernel, uint64_t head);

/* *ret = 0 at the end. */
struct error *list_walk_next(struct list_walk *walk, uint64_t *ret);

#endif
