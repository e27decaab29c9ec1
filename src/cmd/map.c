/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/route.h"
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

enum pasid_column { PASID_NUMBER, PASID_ROOT, PASID_LEVELS, PASID_DOMAIN, PASID_PLAIN };

static const struct column pasid_columns[] = {
	[PASID_NUMBER] = {"pasid", "PASID", VALUE_HEX, 0, "PASID that has a page table"},
	[PASID_ROOT] = {"pt_root", "ROOT", VALUE_HEX, 0,
			"address of that table; a guest's address where there are two stages"},
	[PASID_LEVELS] = {"paging_mode", "MODE", VALUE_NUMBER, 0, "levels of that table"},
	[PASID_DOMAIN] = {"domain_id", "DOMAIN", VALUE_HEX, 0,
			  "domain whose table it is; none: a process's, or a guest's own"},
	[PASID_PLAIN] = {"plain", "PLAIN", VALUE_BOOL, 0, "requests without a PASID go by it too"},
};

static const struct table pasid_list = {"map-pasids", VIEW_TABLE, pasid_columns,
					ARRAY_SIZE(pasid_columns)};

static const struct command_option options[] = {
	{"range", "A-B", "only IOVAs from A to B; also A+LENGTH"},
	{"leaves", NULL, "every page by itself, neighbours not joined"},
	{"summary", NULL, "totals only"},
	{"pasid", "N", "what the device's requests reach that bear this PASID"},
	{"pasids", NULL, "which PASIDs of the device have a page table"},
};

static const struct table *map_choose_table(const struct command_call *call)
{
	if (call_option(call, "pasids"))
		return &pasid_list;
	return call_option(call, "summary") ? &summary_table : &map_table;
}

static const struct table *map_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&map_table, &summary_table, &pasid_list};

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

static struct error *count_leaves(void *arg, uint64_t size, unsigned n)
{
	struct mapper *m = arg;
	unsigned shift = (unsigned)__builtin_ctzll(size);

	m->leaves[shift] += n;
	m->bytes[shift] += n * size;
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
		.leaves = summary ? count_leaves : NULL,
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
static struct error *untranslated(const struct snapshot *s, const struct domain *domain,
				  const char *label)
{
	const char *type = domain->type_name;

	if (type && !strcmp(type, "identity"))
		return error_new(ERROR_USAGE, "%s has no page table: the DMA of its devices passes "
					      "untranslated and reaches all of memory", label);
	if (!type || !strcmp(type, "blocked") || !strcmp(type, "nested"))
		return error_of_state(s, "%s (%s) has no page table of its own", label,
				      type ? type : "of unknown type");
	return NULL;
}

static struct error *map_domain(struct mapper *mapper, const struct snapshot *s,
				const struct domain *domain, struct range range)
{
	struct command_call *call = mapper->call;
	struct error *err = NULL;

	if (domain->table_state == DATUM_OK && domain->table.ops)
		return map_table_of(mapper, &domain->table, range);
	if (domain->table_state == DATUM_OK) {
		err = untranslated(s, domain, mapper->label);
		if (!err && call_option(call, "summary"))
			emit_summary(mapper);
		return err;
	}
	if (!call_problems_of_domain(call, s, domain))
		err = error_new(ERROR_CORRUPT, "cannot be read");
	problems_add(call->problems, err, "page table", "%s", mapper->label);
	return NULL;
}

/* Whose table is the device's own, and no domain's: by PASID, or of a guest. */
static struct error *map_device(struct mapper *mapper, const struct snapshot *s,
				const struct device *device, const uint32_t *pasid,
				struct range range)
{
	struct command_call *call = mapper->call;
	struct target *target;
	struct route route;
	struct error *err = session_target(call->session, &target);

	if (!err)
		err = route_find(target, s, device, pasid, &route);
	mapper->label = device->name;
	call_problems_of(call, s, device->name);
	if (!err && route.table.ops)
		return map_table_of(mapper, &route.table, range);
	if (!err && !route.known)
		err = error_new(ERROR_CORRUPT, "%s", route.reason);
	else if (!err)
		return error_new(ERROR_USAGE, "%s: %s", device->name,
				 route.through ? "its DMA is not translated and reaches all of memory"
					       : route.reason);
	if (!error_is_unreadable(err))
		return err;
	problems_add(call->problems, err, "page table", "%s", device->name);
	return NULL;
}

struct pasid_lister {
	struct command_call *call;
	const struct snapshot *s;
	const struct device *device;
};

/* PASID 0 of plain requests is its domain's; others may be a process's, and no domain's. */
static void put_domain(const struct pasid_lister *l, uint32_t pasid, const struct page_table *table)
{
	bool is_found = table->host || pasid || !l->device->pasids.serves_plain;

	for (uint32_t i = 0; i < l->s->n_domains && !table->host; i++) {
		if (!l->s->domains[i].table.ops || l->s->domains[i].table.root != table->root)
			continue;
		emit_datum(l->call->emit, PASID_DOMAIN, l->s->domains[i].id);
		is_found |= l->s->domains[i].id.state == DATUM_OK;
	}
	if (!is_found && l->s->problems.n)
		problems_add(l->call->problems,
			     error_new(ERROR_NOT_FOUND, "not among what could be read; "
							"'domains' says what could not"),
			     "domain ID", "%s PASID 0x%" PRIx32, l->device->name, pasid);
}

static struct error *put_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	const struct pasid_lister *l = arg;
	struct emit *e = l->call->emit;

	emit_row_begin(e);
	emit_number(e, PASID_NUMBER, pasid);
	emit_number(e, PASID_ROOT, table->root);
	emit_number(e, PASID_LEVELS, table->levels);
	put_domain(l, pasid, table);
	emit_bool(e, PASID_PLAIN, !pasid && l->device->pasids.serves_plain);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

static struct error *miss_pasids(void *arg, uint32_t first, uint32_t last, struct error *err)
{
	const struct pasid_lister *l = arg;

	problems_add(l->call->problems, err, "PASID table", "%s PASID 0x%" PRIx32 "-0x%" PRIx32,
		     l->device->name, first, last);
	return NULL;
}

static struct error *list_pasids(struct command_call *call, const struct snapshot *s,
				 const struct device *device)
{
	struct pasid_lister lister = {call, s, device};
	const struct pasid_visitor visitor = {put_pasid, miss_pasids, &lister};
	struct target *target;
	struct error *err = session_target(call->session, &target);

	if (err)
		return err;
	call_problems_of(call, s, device->name);
	if (device->pasids_state == DATUM_OK && device->pasids.ops)
		return device->pasids.ops->each(target, &device->pasids, &visitor);
	if (device->pasids_state != DATUM_OK)
		err = error_new(ERROR_CORRUPT, "whether it has one is not known");
	problems_add(call->problems, err, "PASID table", "%s", device->name);
	return NULL;
}

static struct error *map_run(struct command_call *call)
{
	struct range range = {0, UINT64_MAX};
	const char *range_text = call_option(call, "range"), *word = call->operands[0];
	const struct domain *domain;
	const struct device *device = NULL;
	struct snapshot *s;
	uint32_t pasid;
	bool has_pasid;
	char label[40];
	struct error *err = range_text ? parse_range(range_text, &range) : NULL;

	if (!err)
		err = route_pasid_option(call, &pasid, &has_pasid);
	if (!err)
		err = call_snapshot(call, SNAPSHOT_DEVICES, &s);
	if (!err && (has_pasid || call_option(call, "pasids") || strchr(word, ':')))
		err = find_device(s, word, &device);
	if (err)
		return err;
	struct mapper mapper = {.call = call, .label = label};
	if (call_option(call, "pasids"))
		return list_pasids(call, s, device);
	if (device && (has_pasid || route_is_by_pasids(device)))
		return map_device(&mapper, s, device, has_pasid ? &pasid : NULL, range);
	err = find_domain(s, word, &domain);
	if (err)
		return err;
	domain_label(domain, label, sizeof(label));
	return map_domain(&mapper, s, domain, range);
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
		   "    map 0x79 --summary\n"
		   "    map 0000:a1:00.1 --pasids\n"
		   "    map 0000:a1:00.1 --pasid 5",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &map_table,
	.choose_table = map_choose_table,
	.list_tables = map_list_tables,
	.min_operands = 1,
	.max_operands = 1,
	.run = map_run,
};
