/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/iova.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/vec.h"
#include "kernel/iova.h"
#include "kernel/ram.h"

struct range_vec {
	struct range *at;
	size_t n, room;
};

/* A range of the allocator, or (RANGE_NONE) one beside it that is mapped. */
struct piece {
	uint64_t first, last, mapped;
	uint64_t
		direct; /* of the mapped bytes, those in regions that are to be mapped one to one */
	bool is_blurred; /* part of its page table can't be read */
	bool is_lost;	 /* ranges of the allocator that can't be read may lie in it */
};

struct comparison {
	struct kernel *kernel;
	struct problems *problems;
	const struct snapshot *s;
	const struct domain *domain;
	const char *label;
	iova_visit visit;
	void *arg;
	struct iova_totals *totals;
	struct iova_allocator allocator;
	struct range_vec reserved, direct; /* by address, joined */
	enum datum_state reserved_state;   /* DATUM_OK: these are all */
	struct piece current; /* the allocator's range at or behind the walk of the page table */
	bool has_current;
	struct piece outside; /* mapped beside all ranges, joined so far */
	bool has_outside;
	bool is_lost; /* ranges before the current one could not be read */
};

static struct error *add_range(struct range_vec *ranges, uint64_t first, uint64_t last)
{
	struct range *range = vec_push(ranges);

	if (range)
		*range = (struct range){first, last};
	return range ? NULL : error_no_memory;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return (ra->first > rb->first) - (ra->first < rb->first);
}

static void join_ranges(struct range_vec *ranges)
{
	size_t n = 0;

	if (ranges->n)
		qsort(ranges->at, ranges->n, sizeof(*ranges->at), compare_ranges);
	for (size_t i = 0; i < ranges->n; i++) {
		struct range *last = n ? &ranges->at[n - 1] : NULL;

		if (!last || (last->last != UINT64_MAX && ranges->at[i].first > last->last + 1))
			ranges->at[n++] = ranges->at[i];
		else if (ranges->at[i].last > last->last)
			last->last = ranges->at[i].last;
	}
	ranges->n = n;
}

static bool lies_in(const struct range_vec *ranges, const struct piece *p)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (ranges->at[i].first <= p->first && p->last <= ranges->at[i].last)
			return true;
	return false;
}

static bool is_domain(const struct comparison *c, struct datum index)
{
	return index.state == DATUM_OK && &c->s->domains[index.value] == c->domain;
}

/* What the kernel keeps out of use: regions of the domain's groups, and windows of PCI buses, where
   a device might take an IOVA for another device's address. */
static struct error *collect_reserved(struct comparison *c)
{
	struct reader reader = {.kernel = c->kernel, .problems = c->problems};
	struct ram_map ram = {0};
	struct error *err = NULL;

	c->reserved_state = c->s->groups_state;
	for (uint32_t g = 0; g < c->s->n_groups && !err; g++) {
		const struct group *group = &c->s->groups[g];

		if (!is_domain(c, group->domain) && !is_domain(c, group->default_domain))
			continue; /* neither has it, nor would have it again */
		if (group->reserved_state != DATUM_OK)
			c->reserved_state = group->reserved_state;
		if (group->members_state != DATUM_OK) /* its members' regions are the group's */
			c->reserved_state = group->members_state;
		for (uint32_t i = 0; i < group->n_reserved && !err; i++) {
			const struct reserved_region *r = &group->reserved[i];

			err = add_range(&c->reserved, r->start, r->end);
			if (!err && !strcmp(r->type, "direct"))
				err = add_range(&c->direct, r->start, r->end);
		}
	}
	if (c->reserved_state != DATUM_OK) /* a region hangs on objects of many kinds */
		problems_copy(c->problems, &c->s->problems, NULL);
	if (!err)
		err = ram_map_read(&reader, &ram);
	for (size_t i = 0; i < ram.n && !err; i++)
		if (ram.at[i].in_bus)
			err = add_range(&c->reserved, ram.at[i].first, ram.at[i].last);
		else if (ram.at[i].state != DATUM_OK && ram.at[i].state != DATUM_NONE)
			c->reserved_state = ram.at[i].state;
	ram_map_free(&ram);
	join_ranges(&c->reserved);
	join_ranges(&c->direct);
	return err;
}

/* DATUM_OK: *ret is its state; else why that is not known. */
static enum datum_state state_of(const struct comparison *c, const struct piece *p, bool is_outside,
				 enum iova_state *ret)
{
	int64_t idle = is_outside ? -1 : key_index_find(&c->allocator.idle, p->first);

	if (is_outside && p->is_lost)
		return DATUM_ABSENT;
	if (is_outside)
		*ret = IOVA_IS_NONE;
	else if (idle >= 0)
		*ret = idle == IOVA_QUEUED ? IOVA_IS_QUEUED : IOVA_IS_CACHED;
	else if (lies_in(&c->reserved, p))
		*ret = IOVA_IS_RESERVED;
	else if (!p->mapped && c->allocator.idle_state != DATUM_OK)
		return c->allocator.idle_state;
	else if (!p->mapped && c->reserved_state != DATUM_OK)
		return c->reserved_state;
	else
		*ret = IOVA_IS_ALLOCATED;
	return DATUM_OK;
}

static enum iova_difference difference_of(const struct comparison *c, const struct piece *p,
					  enum iova_state state)
{
	switch (state) {
	case IOVA_IS_ALLOCATED:
		return p->mapped ? IOVA_AGREES : IOVA_UNMAPPED;
	case IOVA_IS_CACHED:
	case IOVA_IS_QUEUED:
		return p->mapped ? IOVA_MAPPED_FREE : IOVA_AGREES;
	case IOVA_IS_RESERVED:
		return p->mapped > p->direct ? IOVA_MAPPED_RESERVED : IOVA_AGREES;
	case IOVA_IS_NONE:
		return lies_in(&c->direct, p) ? IOVA_AGREES : IOVA_MAPPED_BESIDE;
	case IOVA_STATES:
		break;
	}
	return IOVA_AGREES;
}

/* Of what is half known only what is there counts: a mapping, not that there is none. */
static struct error *put_piece(struct comparison *c, const struct piece *p, bool is_outside)
{
	struct iova_totals *totals = c->totals;
	struct iova_piece told = {.first = p->first, .last = p->last, .mapped = p->mapped};

	told.known = state_of(c, p, is_outside, &told.state);
	told.mapped_is_known = !p->is_blurred;
	told.is_unknown = told.known != DATUM_OK || (p->is_blurred && !p->mapped);
	if (!told.is_unknown)
		told.difference = difference_of(c, p, told.state);
	totals->n += !is_outside;
	totals->n_differences += told.difference != IOVA_AGREES;
	if (told.known == DATUM_OK)
		totals->bytes[told.state] += p->last - p->first + 1;
	totals->is_whole = totals->is_whole && !told.is_unknown;
	return c->visit ? c->visit(c->arg, &told) : NULL;
}

static struct error *flush_outside(struct comparison *c)
{
	if (!c->has_outside)
		return NULL;
	c->has_outside = false;
	return put_piece(c, &c->outside, true);
}

/* Takes the allocator's next range as the current one; of those that can't be read, notes that. */
static struct error *take_next(struct comparison *c)
{
	struct iova_range range;
	bool more;

	c->is_lost = false;
	for (;;) {
		struct error *err = iova_allocator_next(&c->allocator, &range, &more);

		if (!err)
			break;
		if (!error_is_unreadable(err))
			return err;
		problems_add(c->problems, err, "IOVA allocator", "%s", c->label);
		c->is_lost = true;
		c->totals->is_whole = false;
	}
	c->has_current = more;
	if (more)
		c->current = (struct piece){.first = range.first, .last = range.last};
	return NULL;
}

static struct error *finish_current(struct comparison *c)
{
	struct error *err = flush_outside(c);

	if (!err)
		err = put_piece(c, &c->current, false);
	return err ? err : take_next(c);
}

/* [first, last] is mapped (or blurred: it is not known whether) and in no range of the allocator.
 */
static struct error *take_outside(struct comparison *c, uint64_t first, uint64_t last,
				  bool is_blurred)
{
	struct piece *p = &c->outside;
	struct error *err = NULL;

	if (is_blurred) /* the problem says what is missing; there is no range to tell */
		return NULL;
	if (c->has_outside && p->last + 1 == first && p->is_lost == c->is_lost) {
		p->last = last;
		p->mapped += last - first + 1;
		return NULL;
	}
	err = flush_outside(c);
	*p = (struct piece){
		.first = first,
		.last = last,
		.mapped = last - first + 1,
		.is_lost = c->is_lost,
	};
	c->has_outside = true;
	return err;
}

static uint64_t overlap(const struct range_vec *ranges, uint64_t first, uint64_t last)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < ranges->n; i++) {
		const struct range *r = &ranges->at[i];
		uint64_t from = r->first > first ? r->first : first;
		uint64_t to = r->last < last ? r->last : last;

		bytes += from <= to ? to - from + 1 : 0;
	}
	return bytes;
}

/* [first, last], behind all told before, is mapped, or it can't be told whether. */
static struct error *take_mapped(struct comparison *c, uint64_t first, uint64_t last,
				 bool is_blurred)
{
	struct error *err = NULL;

	while (!err) {
		while (!err && c->has_current && c->current.last < first)
			err = finish_current(c);
		if (err)
			break;
		if (!c->has_current || c->current.first > last)
			return take_outside(c, first, last, is_blurred);
		if (c->current.first > first) {
			err = take_outside(c, first, c->current.first - 1, is_blurred);
			first = c->current.first;
			continue;
		}
		uint64_t end = c->current.last < last ? c->current.last : last;
		if (is_blurred) {
			c->current.is_blurred = true;
		} else {
			c->current.mapped += end - first + 1;
			c->current.direct += overlap(&c->direct, first, end);
		}
		if (end == last)
			break;
		first = end + 1;
	}
	return err;
}

static struct error *take_leaf(void *arg, const struct leaf *leaf)
{
	return take_mapped(arg, leaf->iova, leaf->iova + (leaf->size - 1), false);
}

static struct error *take_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct comparison *c = arg;

	problems_add(c->problems, err, "page table", "%s IOVA 0x%" PRIx64 "-0x%" PRIx64, c->label,
		     iova, iova + (size - 1));
	c->totals->is_whole = false;
	return take_mapped(c, iova, iova + (size - 1), true);
}

static struct error *compare(struct comparison *c)
{
	const struct page_table_visitor visitor = {
		.leaf = take_leaf, .unknown = take_unknown, .arg = c};
	const struct page_table *table = &c->domain->table;
	struct error *err;

	c->totals->is_whole = true;
	err = take_next(c);
	if (!err && c->domain->table_state != DATUM_OK) {
		problems_add(
			c->problems,
			error_new(ERROR_CORRUPT, "it cannot be read, so what is mapped is unknown"),
			"page table", "%s", c->label);
		err = take_mapped(c, 0, UINT64_MAX, true);
	} else if (!err && table->ops) {
		err = table->ops->walk(c->kernel->target, table, 0, UINT64_MAX, &visitor);
	}
	while (!err && c->has_current)
		err = finish_current(c);
	return err ? err : flush_outside(c);
}

struct error *iova_compare(struct kernel *kernel, const struct snapshot *snapshot,
			   const struct domain *domain, const char *label,
			   struct problems *problems, iova_visit visit, void *arg,
			   struct iova_totals *ret)
{
	struct comparison c = {
		.kernel = kernel,
		.problems = problems,
		.s = snapshot,
		.domain = domain,
		.label = label,
		.visit = visit,
		.arg = arg,
		.totals = ret,
	};
	struct reader reader = {.kernel = kernel, .problems = problems};

	*ret = (struct iova_totals){0};
	if (!domain->core_address)
		return NULL;
	reader_object_name(&reader, label);
	struct error *err = iova_allocator_open(&reader, domain->core_address, domain->iova_domain,
						&c.allocator);
	if (err || !c.allocator.address)
		return err;
	ret->has_allocator = true;
	ret->allocator = c.allocator.address;
	err = collect_reserved(&c);
	if (!err)
		err = compare(&c);
	iova_allocator_close(&c.allocator);
	vec_free(&c.reserved);
	vec_free(&c.direct);
	return err;
}
