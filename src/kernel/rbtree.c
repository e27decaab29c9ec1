/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rbtree.h"

#include <inttypes.h>

#include "base/bytes.h"

/* struct rb_node: parent and color, right, left; no kernel has had it otherwise. */
#define NODE_RIGHT 8
#define NODE_LEFT 16
#define NODE_SIZE 24

struct rb_walk rb_walk_begin(struct kernel *kernel, uint64_t root)
{
	return (struct rb_walk){.kernel = kernel, .down = root};
}

static struct error *end_damaged(struct rb_walk *walk, const char *what)
{
	uint64_t at = walk->down;

	walk->down = 0;
	walk->depth = 0;
	return error_new(ERROR_CORRUPT, "tree: %s at node 0x%" PRIx64, what, at);
}

/* Goes down to the leftmost node of the subtree. */
static struct error *descend(struct rb_walk *walk)
{
	while (walk->down) {
		uint8_t node[NODE_SIZE];

		if (walk->depth == RBTREE_DEPTH_MAX)
			return end_damaged(walk, "it is deeper than a balanced one is");
		struct error *err = target_read(walk->kernel->target, SPACE_VIRT, walk->down, node,
						sizeof(node));
		if (err) {
			walk->down = 0;
			return error_prepend(err, "tree");
		}
		walk->stack[walk->depth++] =
			(struct rb_pending){walk->down, get_le64(node + NODE_RIGHT)};
		walk->down = get_le64(node + NODE_LEFT);
	}
	return NULL;
}

struct error *rb_walk_next(struct rb_walk *walk, uint64_t *ret)
{
	struct error *err = target_poll(walk->kernel->target);

	if (!err)
		err = descend(walk);
	if (err)
		return err;
	if (!walk->depth) {
		*ret = 0;
		return NULL;
	}
	if (++walk->count > RBTREE_NODES_MAX)
		return end_damaged(walk, "it has too many nodes");
	const struct rb_pending *top = &walk->stack[--walk->depth];
	walk->down = top->right;
	*ret = top->node;
	return NULL;
}
