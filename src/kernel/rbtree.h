/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's red-black trees (include/linux/rbtree.h), walked in order with a bounded stack: a
 *tree that is deeper than a balanced one can be, or larger than RBTREE_NODES_MAX, is damaged. So is
 *one whose keys do not rise, which only the caller can see.
 *
 *	struct rb_walk walk = rb_walk_begin(kernel, root);
 *	while (!(err = rb_walk_next(&walk, &node)) && node) ...
 */
#ifndef KERNEL_RBTREE_H
#define KERNEL_RBTREE_H

#include "kernel/kernel.h"

#define RBTREE_NODES_MAX (UINT64_C(1) << 24)
#define RBTREE_DEPTH_MAX 64 /* twice the logarithm of more nodes than that */

struct rb_walk {
	struct kernel *kernel;
	uint64_t down; /* a subtree still to be gone through before what is on the stack */
	unsigned depth;
	uint64_t count;
	struct rb_pending {
		uint64_t node, right;
	} stack[RBTREE_DEPTH_MAX];
};

/* root: the word of a struct rb_root, the address of its topmost node or 0. */
struct rb_walk rb_walk_begin(struct kernel *kernel, uint64_t root);

/*
 * *ret = 0 at the end. After an error that says unreadable the next call goes on behind the part
 * that was lost; a damaged tree ends.
 */
struct error *rb_walk_next(struct rb_walk *walk, uint64_t *ret);

#endif
