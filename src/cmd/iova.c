/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/vec.h"
#include "cmd/select.h"
#include "kernel/iova.h"
#include "kernel/ram.h"

enum iova_column { COL_IOVA, COL_SIZE, COL_STATE, COL_MAPPED, COL_DIFFERENCE, COL_DEVICES };

static const struct column columns[] = {
	[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "first address", .width = 18},
	[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes", .width = 8},
	[COL_STATE] =
		{"state", "STATE", VALUE_TEXT, 0,
		 "allocated; cached (free, kept by a CPU or the depot); queued (free, the IOTLB is to "
		 "be flushed first); reserved; none (not in the allocator)",
		 .width = 9},
	[COL_MAPPED] = {"mapped", "MAPPED", VALUE_SIZE, 0, "bytes of it that the page table maps",
			.width = 8},
	[COL_DIFFERENCE] = {"difference", "DIFFERENCE", VALUE_TEXT, 0,
			    "what allocator and page table do not agree on; none: they do",
			    .width = 31},
	[COL_DEVICES] = {"devices", "DEVICES", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
			 "devices of the domain", .width = 12},
};

static const struct table iova_table = {"iova", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

enum range_state {
	RANGE_ALLOCATED,
	RANGE_CACHED,
	RANGE_QUEUED,
	RANGE_RESERVED,
	RANGE_NONE,
	RANGES
};

static const char *const range_names[RANGES] = {"allocated", "cached", "queued", "reserved",
						"none"};

enum summary_column {
	SUM_RANGES,
	SUM_ALLOCATED,
	SUM_CACHED,
	SUM_QUEUED,
	SUM_RESERVED,
	SUM_DIFFERENCES,
	SUM_DEVICES,
};

static const struct column summary_columns[] = {
	[SUM_RANGES] = {"ranges", "Ranges", VALUE_NUMBER, 0, "ranges in the allocator"},
	[SUM_ALLOCATED] = {"allocated", "Allocated", VALUE_SIZE, 0, "bytes in use"},
	[SUM_CACHED] = {"cached", "Cached", VALUE_SIZE, 0, "bytes that are free, in caches"},
	[SUM_QUEUED] = {"queued", "Queued", VALUE_SIZE, 0,
			"bytes that are free once the IOTLB is flushed"},
	[SUM_RESERVED] = {"reserved", "Reserved", VALUE_SIZE, 0, "bytes never given out"},
	[SUM_DIFFERENCES] = {"differences", "Differences", VALUE_NUMBER, 0,
			     "ranges on which allocator and page table do not agree"},
	[SUM_DEVICES] = {"devices", "Devices", VALUE_TEXT, COLUMN_ARRAY, "devices of the domain"},
};

static const struct table summary_table = {"iova-summary", VIEW_RECORD, summary_columns,
					   ARRAY_SIZE(summary_columns)};

static const struct command_option options[] = {
	{"differences", NULL, "only what allocator and page table do not agree on"},
	{"summary", NULL, "totals only"},
};

static const struct table *iova_choose_table(const struct command_call *call)
{
	return call_option(call, "summary") ? &summary_table : &iova_table;
}

static const struct table *iova_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&iova_table, &summary_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

struct range_vec {
	struct range *at;
	size_t n, room;
};

/* A range of the allocator, or (RANGE_NONE) one beside it that is mapped. */
struct piece {
	uint64_t first, last, mapped;
	bool is_blurred; /* part of its page table can't be read */
	bool is_lost;	 /* ranges of the allocator that can't be read may lie in it */
};

struct comparison {
	struct command_call *call;
	const struct snapshot *s;
	const struct domain *domain;
	char label[40];
	bool differences, summary;
	struct iova_allocator allocator;
	struct range_vec reserved, direct; /* by address, joined */
	enum datum_state reserved_state;   /* DATUM_OK: these are all */
	struct piece current; /* the allocator's range at or behind the walk of the page table */
	bool has_current;
	struct piece outside; /* mapped beside all ranges, joined so far */
	bool has_outside;
	bool is_lost; /* ranges before the current one could not be read */
	bool is_whole;
	uint64_t n, bytes[RANGES], n_differences;
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

/* What the kernel keeps out of use: regions of the domain's groups, and windows of PCI buses, where
   a device might take an IOVA for another device's address. */
static struct error *collect_reserved(struct comparison *c)
{
	struct reader reader = {.problems = c->call->problems};
	struct ram_map ram = {0};
	struct error *err = session_kernel(c->call->session, &reader.kernel);

	c->reserved_state = DATUM_OK;
	for (uint32_t g = 0; g < c->s->n_groups && !err; g++) {
		const struct group *group = &c->s->groups[g];

		if (group->domain.state != DATUM_OK ||
		    &c->s->domains[group->domain.value] != c->domain)
			continue;
		if (group->reserved_state != DATUM_OK)
			c->reserved_state = group->reserved_state;
		for (uint32_t i = 0; i < group->n_reserved && !err; i++) {
			const struct reserved_region *r = &group->reserved[i];

			err = add_range(&c->reserved, r->start, r->end);
			if (!err && !strcmp(r->type, "direct"))
				err = add_range(&c->direct, r->start, r->end);
		}
	}
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
				 enum range_state *ret)
{
	int64_t idle = is_outside ? -1 : key_index_find(&c->allocator.idle, p->first);

	if (is_outside && p->is_lost)
		return DATUM_ABSENT;
	if (is_outside)
		*ret = RANGE_NONE;
	else if (idle >= 0)
		*ret = idle == IOVA_QUEUED ? RANGE_QUEUED : RANGE_CACHED;
	else if (lies_in(&c->reserved, p))
		*ret = RANGE_RESERVED;
	else if (!p->mapped && c->allocator.idle_state != DATUM_OK)
		return c->allocator.idle_state;
	else if (!p->mapped && c->reserved_state != DATUM_OK)
		return c->reserved_state;
	else
		*ret = RANGE_ALLOCATED;
	return DATUM_OK;
}

static const char *difference_of(const struct comparison *c, const struct piece *p,
				 enum range_state state)
{
	switch (state) {
	case RANGE_ALLOCATED:
		return p->mapped ? NULL : "IOVA without a mapping";
	case RANGE_CACHED:
	case RANGE_QUEUED:
		return p->mapped ? "mapped though its IOVA is free" : NULL;
	case RANGE_RESERVED:
		return p->mapped && !lies_in(&c->direct, p) ? "mapped in a reserved range" : NULL;
	case RANGE_NONE:
		return lies_in(&c->direct, p) ? NULL : "mapped without an IOVA";
	case RANGES:
		break;
	}
	return NULL;
}

static void emit_devices(const struct comparison *c, unsigned column)
{
	struct emit *e = c->call->emit;

	if (!c->domain->n_devices)
		emit_datum(e, column, none_of(c->s));
	for (uint32_t i = 0; i < c->domain->n_devices; i++)
		emit_text(e, column, c->s->devices[c->domain->devices[i]].name);
}

static struct error *put_piece(struct comparison *c, const struct piece *p, bool is_outside)
{
	struct emit *e = c->call->emit;
	enum range_state state = RANGES;
	enum datum_state known = state_of(c, p, is_outside, &state);
	const char *difference = NULL;

	/* Of what is half known only what is there counts: a mapping, not that there is none. */
	if (known == DATUM_OK && (!p->is_blurred || p->mapped))
		difference = difference_of(c, p, state);
	bool is_unknown = known != DATUM_OK || (p->is_blurred && !p->mapped);
	c->n += !is_outside;
	c->n_differences += difference != NULL;
	if (known == DATUM_OK)
		c->bytes[state] += p->last - p->first + 1;
	c->is_whole = c->is_whole && !is_unknown;
	if (c->summary || (c->differences && !difference && !is_unknown))
		return NULL;
	emit_row_begin(e);
	emit_number(e, COL_IOVA, p->first);
	emit_number(e, COL_SIZE, p->last - p->first + 1);
	if (known == DATUM_OK)
		emit_text(e, COL_STATE, range_names[state]);
	else
		emit_datum(e, COL_STATE, (struct datum){.state = known});
	if (!p->is_blurred)
		emit_number(e, COL_MAPPED, p->mapped);
	if (is_unknown)
		emit_datum(e, COL_DIFFERENCE, (struct datum){.state = DATUM_ABSENT});
	else if (difference)
		emit_text(e, COL_DIFFERENCE, difference);
	else
		emit_datum(e, COL_DIFFERENCE, (struct datum){0});
	emit_devices(c, COL_DEVICES);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
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
		problems_add(c->call->problems, err, "IOVA allocator", "%s", c->label);
		c->is_lost = true;
		c->is_whole = false;
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
	*p = (struct piece){first, last, last - first + 1, false, c->is_lost};
	c->has_outside = true;
	return err;
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
		if (is_blurred)
			c->current.is_blurred = true;
		else
			c->current.mapped += end - first + 1;
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

	problems_add(c->call->problems, err, "page table", "%s IOVA 0x%" PRIx64 "-0x%" PRIx64,
		     c->label, iova, iova + (size - 1));
	c->is_whole = false;
	return take_mapped(c, iova, iova + (size - 1), true);
}

static struct error *compare(struct comparison *c)
{
	const struct page_table_visitor visitor = {
		.leaf = take_leaf, .unknown = take_unknown, .arg = c};
	const struct page_table *table = &c->domain->table;
	struct target *target;
	struct error *err = session_target(c->call->session, &target);

	c->is_whole = true;
	if (!err)
		err = take_next(c);
	if (!err && c->domain->table_state != DATUM_OK) {
		problems_add(
			c->call->problems,
			error_new(ERROR_CORRUPT, "it cannot be read, so what is mapped is unknown"),
			"page table", "%s", c->label);
		err = take_mapped(c, 0, UINT64_MAX, true);
	} else if (!err && table->ops) {
		err = table->ops->walk(target, table, 0, UINT64_MAX, &visitor);
	}
	while (!err && c->has_current)
		err = finish_current(c);
	return err ? err : flush_outside(c);
}

/* What is only known in part has no totals. */
static void emit_summary(const struct comparison *c)
{
	static const enum summary_column totals[] = {SUM_ALLOCATED, SUM_CACHED, SUM_QUEUED,
						     SUM_RESERVED};
	struct emit *e = c->call->emit;

	emit_row_begin(e);
	if (c->is_whole) {
		emit_number(e, SUM_RANGES, c->n);
		for (size_t i = 0; i < ARRAY_SIZE(totals); i++)
			emit_number(e, totals[i], c->bytes[i]);
		emit_number(e, SUM_DIFFERENCES, c->n_differences);
	}
	emit_devices(c, SUM_DEVICES);
	emit_row_end(e);
}

static struct error *open_allocator(struct comparison *c)
{
	struct reader reader = {.problems = c->call->problems};
	struct error *err = session_kernel(c->call->session, &reader.kernel);

	if (err)
		return err;
	reader_object(&reader, "%s", c->label);
	if (!c->domain->core_address)
		return error_new(ERROR_USAGE, "%s: this kernel keeps no allocator there", c->label);
	err = iova_allocator_open(&reader, c->domain->core_address, &c->allocator);
	if (err)
		return error_prepend(err, "%s: IOVA allocator", c->label);
	if (!c->allocator.address)
		return error_new(ERROR_USAGE,
				 "%s has no IOVA allocator: the DMA API does not use it", c->label);
	return NULL;
}

static struct error *iova_run(struct command_call *call)
{
	struct comparison c = {
		.call = call,
		.differences = call_option(call, "differences"),
		.summary = call_option(call, "summary"),
	};
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = find_domain(s, call->operands[0], &c.domain);
	if (err)
		return err;
	c.s = s;
	domain_label(c.domain, c.label, sizeof(c.label));
	call_problems_of_domain(call, s, c.domain);
	err = open_allocator(&c);
	if (err)
		return err;
	err = collect_reserved(&c);
	if (!err)
		err = compare(&c);
	if (!err && c.summary)
		emit_summary(&c);
	iova_allocator_close(&c.allocator);
	vec_free(&c.reserved);
	vec_free(&c.direct);
	return err;
}

const struct command command_iova = {
	.name = "iova",
	.operands = "BDF|DOMAIN",
	.summary = "the DMA API's allocator of IOVAs against the page table",
	.topic = "Translation",
	.details =
		"Ranges that the allocator has given out or keeps, in order, and what is mapped beside them. "
		"An IOVA that is free but cached or queued has no mapping and is no leak. On a running machine "
		"a difference may be of the moment.\n"
		"    iova 0000:a1:00.0\n"
		"    iova 0000:a1:00.0 --differences\n"
		"    iova 0x79 --summary",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &iova_table,
	.choose_table = iova_choose_table,
	.list_tables = iova_list_tables,
	.min_operands = 1,
	.max_operands = 1,
	.run = iova_run,
};
