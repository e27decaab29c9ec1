/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"

enum map_column { COL_IOVA, COL_PA, COL_SIZE, COL_PAGE_SIZE, COL_READ, COL_WRITE };

#define MAP_COLUMNS(largest_help)                                                                  \
	{                                                                                          \
		[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "first address that the device uses",  \
			      .width = 18},                                                        \
		[COL_PA] = {"pa", "PHYSICAL", VALUE_HEX, 0, "where it leads", .width = 18},        \
		[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes", .width = 8},                 \
		[COL_PAGE_SIZE] = {"page_size", "PAGE", VALUE_SIZE, 0, largest_help, .width = 8},  \
		[COL_READ] = {"read", "READ", VALUE_BOOL, 0, "the page tables let it read",        \
			      .width = 5},                                                         \
		[COL_WRITE] = {"write", "WRITE", VALUE_BOOL, 0, "the page tables let it write",    \
			       .width = 5},                                                        \
	}

static const struct column columns[] =
	MAP_COLUMNS("bytes of a page; of the smallest where they differ");

static const struct table map_table = {"map", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

enum size_column { SIZE_PAGE_SIZE, SIZE_LEAVES, SIZE_BYTES };

static const struct column size_columns[] = {
	[SIZE_PAGE_SIZE] = {"page_size", "PAGE", VALUE_SIZE, 0, "bytes of a page"},
	[SIZE_LEAVES] = {"leaves", "LEAVES", VALUE_NUMBER, 0, "pages of that size"},
	[SIZE_BYTES] = {"bytes", "MAPPED", VALUE_SIZE, 0, "bytes that they map"},
};

static const struct table size_table = {"by_page_size", VIEW_TABLE, size_columns,
					ARRAY_SIZE(size_columns)};

enum summary_column {
	SUM_LEAVES,
	SUM_BYTES,
	SUM_TABLES,
	SUM_TABLE_BYTES,
	SUM_BY_SIZE,
};

static const struct column summary_columns[] = {
	[SUM_LEAVES] = {"leaves", "Pages mapped", VALUE_NUMBER, 0, "pages, replicated entries as one"},
	[SUM_BYTES] = {"bytes", "Memory mapped", VALUE_SIZE, 0, "bytes that they map"},
	[SUM_TABLES] = {"tables", "Page tables", VALUE_NUMBER, 0, "table pages"},
	[SUM_TABLE_BYTES] = {"table_bytes", "Memory in page tables", VALUE_SIZE, 0,
			     "bytes of table pages"},
	[SUM_BY_SIZE] = {"by_page_size", "By page size", VALUE_ROWS, COLUMN_ARRAY,
			 "the same for each page size", &size_table},
};

static const struct table summary_table = {"map-summary", VIEW_RECORD, summary_columns,
					   ARRAY_SIZE(summary_columns)};

static const struct command_option options[] = {
	{"range", "A-B", "only IOVAs from A to B; also A+LENGTH"},
	{"leaves", NULL, "every page by itself, neighbours not joined"},
	{"summary", NULL, "totals only"},
};

static const struct table *map_choose_table(const struct command_call *call)
{
	return call_option(call, "summary") ? &summary_table : &map_table;
}

static const struct table *map_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&map_table, &summary_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

#define PAGE_SHIFTS 64

struct mapper {
	struct command_call *call;
	const char *label;
	struct leaf run; /* leaves joined so far; size 0: none */
	uint64_t page_size;
	uint64_t leaves[PAGE_SHIFTS], bytes[PAGE_SHIFTS];
	uint64_t tables;
	bool broken; /* some part could not be read: there are no totals */
};

static struct error *put_range(struct mapper *m, const struct leaf *leaf, uint64_t page_size)
{
	struct emit *e = m->call->emit;

	emit_row_begin(e);
	emit_number(e, COL_IOVA, leaf->iova);
	emit_number(e, COL_PA, leaf->pa);
	emit_number(e, COL_SIZE, leaf->size);
	emit_number(e, COL_PAGE_SIZE, page_size);
	emit_bool(e, COL_READ, leaf->read);
	emit_bool(e, COL_WRITE, leaf->write);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

static struct error *flush_run(struct mapper *m)
{
	struct error *err = m->run.size ? put_range(m, &m->run, m->page_size) : NULL;

	m->run.size = 0;
	return err;
}

static struct error *put_leaf(void *arg, const struct leaf *leaf)
{
	return put_range(arg, leaf, leaf->size);
}

static struct error *join_leaf(void *arg, const struct leaf *leaf)
{
	struct mapper *m = arg;
	struct leaf *run = &m->run;

	if (run->size && leaf->iova == run->iova + run->size && leaf->pa == run->pa + run->size &&
	    leaf->read == run->read && leaf->write == run->write) {
		run->size += leaf->size;
		if (leaf->size < m->page_size)
			m->page_size = leaf->size;
		return NULL;
	}
	struct error *err = flush_run(m);
	*run = *leaf;
	m->page_size = leaf->size;
	return err;
}

static struct error *count_leaf(void *arg, const struct leaf *leaf)
{
	struct mapper *m = arg;
	unsigned shift = (unsigned)__builtin_ctzll(leaf->size);

	m->leaves[shift]++;
	m->bytes[shift] += leaf->size;
	return NULL;
}

static struct error *count_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	(void)pa;
	(void)level;
	(void)iova;
	((struct mapper *)arg)->tables++;
	return NULL;
}

static struct error *note_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct mapper *m = arg;

	m->broken = true;
	problems_add(m->call->problems, err, "page table", "%s IOVA 0x%" PRIx64 "-0x%" PRIx64,
		     m->label, iova, iova + (size - 1));
	return NULL;
}

static void emit_summary(struct mapper *m)
{
	struct emit *e = m->call->emit;
	uint64_t leaves = 0, bytes = 0;

	emit_row_begin(e);
	emit_rows_begin(e, SUM_BY_SIZE);
	for (unsigned shift = 0; shift < PAGE_SHIFTS; shift++) {
		if (!m->leaves[shift])
			continue;
		emit_row_begin(e);
		emit_number(e, SIZE_PAGE_SIZE, UINT64_C(1) << shift);
		emit_number(e, SIZE_LEAVES, m->leaves[shift]);
		emit_number(e, SIZE_BYTES, m->bytes[shift]);
		emit_row_end(e);
		leaves += m->leaves[shift];
		bytes += m->bytes[shift];
	}
	emit_rows_end(e);
	if (!m->broken) {
		emit_number(e, SUM_LEAVES, leaves);
		emit_number(e, SUM_BYTES, bytes);
		emit_number(e, SUM_TABLES, m->tables);
		emit_number(e, SUM_TABLE_BYTES, m->tables * 4096);
	}
	emit_row_end(e);
}

static struct error *map_table_of(struct mapper *m, const struct page_table *table, struct range range)
{
	bool summary = call_option(m->call, "summary"), leaves = call_option(m->call, "leaves");
	const struct page_table_visitor visitor = {
		.leaf = summary ? count_leaf : leaves ? put_leaf : join_leaf,
		.table = summary ? count_table : NULL,
		.unknown = note_unknown,
		.arg = m,
	};
	struct target *target;
	struct error *err = session_target(m->call->session, &target);

	if (!err)
		err = table->ops->walk(target, table, range.first, range.last, &visitor);
	if (!err)
		err = flush_run(m);
	if (!err && summary)
		emit_summary(m);
	return err;
}

/* An empty answer would say that its devices reach nothing. */
static struct error *untranslated(const struct domain *domain, const char *label)
{
	const char *type = domain->type_name;

	if (type && !strcmp(type, "identity"))
		return error_new(ERROR_USAGE, "%s has no page table: the DMA of its devices passes "
					      "untranslated and reaches all of memory", label);
	if (!type || !strcmp(type, "blocked") || !strcmp(type, "nested"))
		return error_new(ERROR_USAGE, "%s (%s) has no page table of its own", label,
				 type ? type : "of unknown type");
	return NULL;
}

static struct error *map_run(struct command_call *call)
{
	struct range range = {0, UINT64_MAX};
	const char *range_text = call_option(call, "range");
	const struct domain *domain;
	struct snapshot *s;
	char label[40];
	struct error *err = range_text ? parse_range(range_text, &range) : NULL;

	if (!err)
		err = call_snapshot(call, SNAPSHOT_DEVICES, &s);
	if (!err)
		err = find_domain(s, call->operands[0], &domain);
	if (err)
		return err;
	domain_label(domain, label, sizeof(label));
	struct mapper mapper = {.call = call, .label = label};
	if (domain->table_state != DATUM_OK) {
		size_t n = call->problems->n;

		call_problems_of_domain(call, s, domain);
		if (domain->pt_format && !strcmp(domain->pt_format, "v2"))
			err = error_new(ERROR_NOT_FOUND, "is of the guest format (v2), which is not "
							 "walked yet");
		else if (call->problems->n == n)
			err = error_new(ERROR_CORRUPT, "cannot be read");
		problems_add(call->problems, err, "page table", "%s", label);
		return NULL;
	}
	if (domain->table.ops)
		return map_table_of(&mapper, &domain->table, range);
	err = untranslated(domain, label);
	if (!err && call_option(call, "summary"))
		emit_summary(&mapper);
	return err;
}

const struct command command_map = {
	.name = "map",
	.operands = "BDF|DOMAIN",
	.summary = "all that a domain maps: ranges, every page, or totals",
	.topic = "Translation",
	.details = "Neighbouring pages that lead to neighbouring memory with the same permissions are one "
		   "range. A domain is given by its ID, its address, or a device in it.\n"
		   "    map 0000:a1:00.1\n"
		   "    map 0x79 --range 0xfe000000+16M --leaves\n"
		   "    map 0x79 --summary",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &map_table,
	.choose_table = map_choose_table,
	.list_tables = map_list_tables,
	.min_operands = 1,
	.max_operands = 1,
	.run = map_run,
};
