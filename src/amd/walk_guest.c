/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest table's leaves are to a device: where there are two stages, each is translated by
 * the host's table and may fall into parts; and the upper half of a sign-extended table lies at the
 * top of the 64-bit addresses. Both are visitors that stand between the walk of the one table and
 * the caller's.
 */
#include "amd/walk_private.h"

struct outer {
	struct target *target;
	const struct page_table *table;
	const struct page_table_visitor *visitor;
	uint64_t first, last; /* in the table's addresses */
	uint64_t high; /* the bits above the table's own, of all its addresses in this walk */
};

/* A guest leaf on its way through the host's table. */
struct inner {
	const struct outer *outer;
	struct leaf guest;
};

static struct error *tell_leaf(const struct outer *o, struct leaf leaf)
{
	leaf.iova |= o->high;
	return o->visitor->leaf ? o->visitor->leaf(o->visitor->arg, &leaf) : NULL;
}

static struct error *tell_unknown(const struct outer *o, uint64_t iova, uint64_t size,
				  struct error *err)
{
	if (o->visitor->unknown)
		return o->visitor->unknown(o->visitor->arg, iova | o->high, size, err);
	error_free(err);
	return NULL;
}

/* Both are powers of two at multiples of themselves: one lies within the other. */
static struct error *host_leaf(void *arg, const struct leaf *host)
{
	const struct inner *in = arg;
	const struct leaf *guest = &in->guest;
	uint64_t start = host->iova > guest->pa ? host->iova : guest->pa;
	const struct leaf leaf = {
		.iova = guest->iova + (start - guest->pa),
		.pa = host->pa + (start - host->iova),
		.size = host->size < guest->size ? host->size : guest->size,
		.read = guest->read && host->read,
		.write = guest->write && host->write,
	};

	return tell_leaf(in->outer, leaf);
}

static struct error *host_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	const struct inner *in = arg;
	const struct leaf *guest = &in->guest;
	uint64_t end = guest->pa + (guest->size - 1), unknown_end = iova + (size - 1);
	uint64_t start = iova > guest->pa ? iova : guest->pa;

	if (unknown_end < end)
		end = unknown_end;
	return tell_unknown(in->outer, guest->iova + (start - guest->pa), end - start + 1, err);
}

/* Only of the part that was asked for: a big guest page may be very many of the host's. */
static struct error *through_host(const struct outer *o, const struct leaf *leaf)
{
	const struct page_table *host = o->table->host;
	struct inner inner = {o, *leaf};
	const struct page_table_visitor visitor = {
		.leaf = host_leaf,
		.unknown = host_unknown,
		.arg = &inner,
	};
	uint64_t skip = o->first > leaf->iova ? o->first - leaf->iova : 0;
	uint64_t rest = o->last - leaf->iova;
	uint64_t end = rest < leaf->size - 1 ? rest : leaf->size - 1;

	return host->ops->walk(o->target, host, leaf->pa + skip, leaf->pa + end, &visitor);
}

static struct error *outer_leaf(void *arg, const struct leaf *leaf)
{
	const struct outer *o = arg;

	return o->table->host ? through_host(o, leaf) : tell_leaf(o, *leaf);
}

static struct error *outer_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	const struct outer *o = arg;

	return o->visitor->table(o->visitor->arg, pa, level, iova | o->high);
}

static struct error *outer_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	return tell_unknown(arg, iova, size, err);
}

static struct error *walk_part(struct target *target, const struct page_table *table, uint64_t high,
			       uint64_t first, uint64_t last,
			       const struct page_table_visitor *visitor)
{
	struct outer outer = {target, table, visitor, first, last, high};
	const struct page_table_visitor between = {
		.leaf = outer_leaf,
		.table = visitor->table ? outer_table : NULL,
		.tables_only = visitor->tables_only,
		.unknown = outer_unknown,
		.arg = &outer,
	};

	return walk_guest_stage(target, table, first, last, &between);
}

struct error *walk_guest(struct target *target, const struct page_table *table, uint64_t first,
			 uint64_t last, const struct page_table_visitor *visitor)
{
	uint64_t end = pt_max_iova(table->levels), half = end / 2;
	struct error *err = NULL;

	if (!table->sign_extended)
		return first > end ? NULL
				   : walk_part(target, table, 0, first, last < end ? last : end,
					       visitor);
	if (first <= half)
		err = walk_part(target, table, 0, first, last < half ? last : half, visitor);
	if (err || last <= ~half - 1)
		return err;
	return walk_part(target, table, ~end, first > ~half ? first & end : half + 1, last & end,
			 visitor);
}
