/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct maple_tree (Linux 6.1 and later), read defensively: the ranges of a node have to lie in
 * its parent's and to rise, so a damaged tree ends in ERROR_CORRUPT and never in a loop.
 */
#ifndef KERNEL_MAPLE_H
#define KERNEL_MAPLE_H

#include "kernel/kernel.h"

/* entry is stored for the indexes first to last, both included. Return an error to stop. */
typedef struct error *(*maple_visit)(void *arg, uint64_t first, uint64_t last, uint64_t entry);

/* Every present entry in index order; parts that can't be read are told to `unreadable` and passed
 * over. */
struct error *maple_walk(struct kernel *kernel, uint64_t tree, maple_visit visit,
			 void (*unreadable)(void *arg, struct error *err), void *arg);

#endif
