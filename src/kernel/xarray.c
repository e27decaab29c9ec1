/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry tags: include/linux/xarray.h ("The bottom two bits of the entry determine..."). */
#include "kernel/xarray.h"

#include <inttypes.h>

#include "base/bytes.h"

#define SLOTS_MAX 64         /* XA_CHUNK_SIZE; 16 with CONFIG_BASE_SMALL */
#define INTERNAL_MAX 4096    /* internal entries up to here are markers, not nodes */
#define IDA_BITMAP_BITS 1024 /* struct ida_bitmap: 128 bytes */
#define VALUE_BITS 63        /* IDs that a value entry holds in the ida's first words */
#define NODES_MAX 65536      /* nodes that point to one another in a circle are endless */

struct xarray_walk_state {
	struct kernel *kernel;
	unsigned n_slots;
	xarray_visit visit;
	void (*unreadable)(void *arg, struct error *err);
	void *arg;
	unsigned n_nodes;
};

static bool entry_is_node(uint64_t entry)
{
	return (entry & 3) == 2 && entry > INTERNAL_MAX;
}

static bool entry_is_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

static struct error *walk_entry(struct xarray_walk_state *s, uint64_t index, uint64_t entry,
				unsigned shift_limit);

static struct error *walk_node(struct xarray_walk_state *s, uint64_t index, uint64_t node,
			       unsigned shift_limit)
{
	const struct found *core = s->kernel->core;
	uint8_t slots[SLOTS_MAX * 8];
	uint64_t shift;
	struct error *err = kernel_read_member(s->kernel, node, &core[CORE_XA_NODE_SHIFT], &shift);

	if (!err && ++s->n_nodes > NODES_MAX)
		return error_new(ERROR_CORRUPT, "xarray of more than %d nodes", NODES_MAX);
	if (!err && shift >= shift_limit)
		err = error_new(ERROR_CORRUPT, "xarray node 0x%" PRIx64 " has a shift of %" PRIu64
				", its parent's is %u", node, shift, shift_limit);
	if (!err)
		err = target_read(s->kernel->target, SPACE_VIRT,
				  node + core[CORE_XA_NODE_SLOTS].value, slots, s->n_slots * 8);
	for (unsigned i = 0; i < s->n_slots && !err; i++)
		err = walk_entry(s, index + ((uint64_t)i << shift), get_le64(slots + i * 8),
				 (unsigned)shift);
	return err;
}

static struct error *walk_entry(struct xarray_walk_state *s, uint64_t index, uint64_t entry,
				unsigned shift_limit)
{
	if (!entry || (entry_is_internal(entry) && !entry_is_node(entry)))
		return NULL;
	if (!entry_is_node(entry))
		return s->visit(s->arg, index, entry);
	struct error *err = target_poll(s->kernel->target);
	if (!err)
		err = walk_node(s, index, entry - 2, shift_limit);
	if (err && error_is_unreadable(err) && s->unreadable) {
		s->unreadable(s->arg, err);
		err = NULL;
	}
	return err;
}

struct error *xarray_walk(struct kernel *kernel, uint64_t xarray, xarray_visit visit,
			  void (*unreadable)(void *arg, struct error *err), void *arg)
{
	const struct found *core = kernel->core;
	struct xarray_walk_state s = {
		.kernel = kernel,
		.n_slots = core[CORE_XA_NODE_SLOTS].size / 8,
		.visit = visit,
		.unreadable = unreadable,
		.arg = arg,
	};
	uint64_t head;

	if (!is_found(&core[CORE_XA_NODE_SHIFT]) || !is_found(&core[CORE_XA_NODE_SLOTS]))
		return need_missing(&kernel->core_set, CORE_XA_NODE_SLOTS);
	if (s.n_slots < 2 || s.n_slots > SLOTS_MAX)
		return error_new(ERROR_CORRUPT, "struct xa_node has %u slots, not 2 to %u", s.n_slots,
				 SLOTS_MAX);
	struct error *err = kernel_read_member(kernel, xarray, &core[CORE_XA_HEAD], &head);
	return err ? err : walk_entry(&s, 0, head, 64);
}

struct ida_state {
	struct kernel *kernel;
	uint64_t *bitmap;
	size_t n_bits;
};

static struct error *ida_set(struct ida_state *s, uint64_t base, const uint64_t *words, unsigned n_words)
{
	for (unsigned w = 0; w < n_words; w++)
		for (uint64_t rest = words[w]; rest; rest &= rest - 1) {
			uint64_t id = base + w * 64 + (unsigned)__builtin_ctzll(rest);

			if (id >= s->n_bits)
				return error_new(ERROR_CORRUPT, "ida holds ID %" PRIu64
						 ", more than %zu", id, s->n_bits - 1);
			s->bitmap[id / 64] |= UINT64_C(1) << id % 64;
		}
	return NULL;
}

static struct error *ida_visit(void *arg, uint64_t index, uint64_t entry)
{
	struct ida_state *s = arg;
	uint8_t bytes[IDA_BITMAP_BITS / 8];
	uint64_t words[IDA_BITMAP_BITS / 64] = {entry >> 1 & bit_mask(VALUE_BITS)};
	unsigned n_words = 1;

	if (index >= UINT64_MAX / IDA_BITMAP_BITS)
		return error_new(ERROR_CORRUPT, "ida index 0x%" PRIx64 " is out of range", index);
	if (!(entry & 1)) {
		struct error *err = target_read(s->kernel->target, SPACE_VIRT, entry, bytes,
						sizeof(bytes));
		if (err)
			return err;
		n_words = IDA_BITMAP_BITS / 64;
		for (unsigned w = 0; w < n_words; w++)
			words[w] = get_le64(bytes + w * 8);
	}
	return ida_set(s, index * IDA_BITMAP_BITS, words, n_words);
}

struct error *ida_read(struct kernel *kernel, uint64_t ida, uint64_t *bitmap, size_t n_bits)
{
	struct ida_state s = {.kernel = kernel, .bitmap = bitmap, .n_bits = n_bits};

	if (!is_found(&kernel->core[CORE_IDA_XA]))
		return need_missing(&kernel->core_set, CORE_IDA_XA);
	return xarray_walk(kernel, ida + kernel->core[CORE_IDA_XA].value, ida_visit, NULL, &s);
}
