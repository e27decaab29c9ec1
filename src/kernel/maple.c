/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Node pointers and kinds of node: include/linux/maple_tree.h ("Allocated nodes are..."). */
#include "kernel/maple.h"

#include <inttypes.h>

#include "base/bytes.h"

#define NODE_BYTES 256	 /* and node pointers are aligned to it */
#define SPECIAL_MAX 4096 /* internal entries up to here are markers, not nodes */
#define DEPTH_MAX 32	 /* MAPLE_HEIGHT_MAX */
#define NODES_MAX 65536
#define SLOTS_MAX 31 /* of the smallest kind of node */

enum maple_type { MAPLE_DENSE, MAPLE_LEAF, MAPLE_RANGE, MAPLE_ARANGE, MAPLE_TYPES };

struct maple_state {
	struct kernel *kernel;
	maple_visit visit;
	void (*unreadable)(void *arg, struct error *err);
	void *arg;
	unsigned n_nodes;
};

/* Indexes that a node is for, both included. */
struct maple_range {
	uint64_t first, last;
};

/* The bottom two bits are 2: a node, or one of the tree's own markers. */
static bool entry_is_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

static struct error *walk_node(struct maple_state *s, uint64_t pointer, struct maple_range range,
			       unsigned depth);

static struct error *take_slot(struct maple_state *s, enum maple_type type, uint64_t slot,
			       struct maple_range range, unsigned depth)
{
	if (!slot)
		return NULL;
	if (type == MAPLE_LEAF)
		return entry_is_internal(slot) ? NULL
					       : s->visit(s->arg, range.first, range.last, slot);
	struct error *err = walk_node(s, slot, range, depth + 1);
	if (err && error_is_unreadable(err) && s->unreadable) {
		s->unreadable(s->arg, err);
		err = NULL;
	}
	return err;
}

static struct error *walk_slots(struct maple_state *s, enum maple_type type, const uint8_t *node,
				struct maple_range range, unsigned depth)
{
	const struct found *core = s->kernel->core;
	bool arange = type == MAPLE_ARANGE;
	const struct found *pivots =
		&core[arange ? CORE_MAPLE_ARANGE_PIVOT : CORE_MAPLE_RANGE_PIVOT];
	const struct found *slots = &core[arange ? CORE_MAPLE_ARANGE_SLOT : CORE_MAPLE_RANGE_SLOT];
	unsigned n_pivots = pivots->size / 8, n_slots = slots->size / 8;
	uint64_t first = range.first;

	if (n_slots < 2 || n_slots > SLOTS_MAX || n_pivots + 1 != n_slots ||
	    !range_within(pivots->value, pivots->size, NODE_BYTES) ||
	    !range_within(slots->value, slots->size, NODE_BYTES))
		return error_new(ERROR_CORRUPT, "maple tree nodes of %u slots and %u pivots",
				 n_slots, n_pivots);
	for (unsigned i = 0; i < n_slots; i++) {
		uint64_t pivot = i < n_pivots ? get_le64(node + pivots->value + i * 8) : 0;
		uint64_t last = pivot || !i ? pivot : range.last; /* behind the last one: zeros */

		if (i == n_pivots)
			last = range.last;
		if (last < first || last > range.last)
			return error_new(ERROR_CORRUPT,
					 "maple tree pivot 0x%" PRIx64 " is not from 0x%" PRIx64
					 " to 0x%" PRIx64,
					 last, first, range.last);
		struct error *err = take_slot(s, type, get_le64(node + slots->value + i * 8),
					      (struct maple_range){first, last}, depth);
		if (err || last == range.last)
			return err;
		first = last + 1;
	}
	return NULL;
}

static struct error *walk_node(struct maple_state *s, uint64_t pointer, struct maple_range range,
			       unsigned depth)
{
	enum maple_type type = pointer >> 3 & 0xf;
	uint64_t address = pointer & ~(uint64_t)(NODE_BYTES - 1);
	uint8_t node[NODE_BYTES];
	struct error *err = target_poll(s->kernel->target);

	if (!err && (++s->n_nodes > NODES_MAX || depth > DEPTH_MAX))
		err = error_new(ERROR_CORRUPT, "maple tree deeper than %d or of more than %d nodes",
				DEPTH_MAX, NODES_MAX);
	if (!err && (type < MAPLE_LEAF || type >= MAPLE_TYPES))
		err = error_new(ERROR_CORRUPT,
				"maple tree node 0x%" PRIx64 " is of unknown type %d", address,
				(int)type);
	if (!err)
		err = target_read(s->kernel->target, SPACE_VIRT, address, node, sizeof(node));
	return err ? err : walk_slots(s, type, node, range, depth);
}

struct error *maple_walk(struct kernel *kernel, uint64_t tree, maple_visit visit,
			 void (*unreadable)(void *arg, struct error *err), void *arg)
{
	const struct found *core = kernel->core;
	struct maple_state s = {kernel, visit, unreadable, arg, 0};
	uint64_t root;

	for (int row = CORE_MAPLE_ROOT; row <= CORE_MAPLE_ARANGE_SLOT; row++)
		if (!is_found(&core[row]))
			return need_missing(&kernel->core_set, (size_t)row);
	struct error *err = kernel_read_member(kernel, tree, &core[CORE_MAPLE_ROOT], &root);
	if (err || !root)
		return err;
	if (!entry_is_internal(root))
		return visit(arg, 0, 0, root);
	if (root <= SPECIAL_MAX)
		return NULL;
	return walk_node(&s, root, (struct maple_range){0, UINT64_MAX}, 0);
}
