/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/vec.h"
#include "cmd/select.h"
#include "cmd/words.h"

enum domains_column {
	COL_ID,
	COL_TYPE,
	COL_FORMAT,
	COL_MODE,
	COL_ROOT,
	COL_DEVICES,
	COL_IOMMUS,
	COL_ADDRESS,
	COL_TABLES,
	COL_TABLE_BYTES,
	COL_MAPPED,
};

static const struct column columns[] = {
	[COL_ID] = {"id", "ID", VALUE_HEX, 0, "domain ID"},
	[COL_TYPE] = {"type", "TYPE", VALUE_TEXT, 0,
		      "dma, dma-fq, identity, unmanaged (a VM or user space), blocked"},
	[COL_FORMAT] = {"pt_format", "FORMAT", VALUE_TEXT, 0,
			"page-table format: v1 (host) or v2 (guest); none: no table"},
	[COL_MODE] = {"paging_mode", "MODE", VALUE_NUMBER, 0, "levels of the table, 0 for none"},
	[COL_ROOT] = {"pt_root", "ROOT", VALUE_HEX, 0, "physical address of the table"},
	[COL_DEVICES] = {"devices", "DEVICES", VALUE_TEXT, COLUMN_ARRAY, "devices attached to it"},
	[COL_IOMMUS] = {"iommus", "IOMMUS", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
			"IOMMUs that its devices are behind"},
	[COL_ADDRESS] = {"address", "ADDRESS", VALUE_HEX, COLUMN_EXTRA,
			 "the driver's object, struct protection_domain"},
	[COL_TABLES] = {"tables", "TABLES", VALUE_NUMBER, COLUMN_EXTRA,
			"page-table pages (with --usage)"},
	[COL_TABLE_BYTES] = {"table_bytes", "TABLE-BYTES", VALUE_SIZE, COLUMN_EXTRA,
			     "memory in page-table pages (with --usage)"},
	[COL_MAPPED] = {"mapped_bytes", "MAPPED", VALUE_SIZE, COLUMN_EXTRA,
			"memory that devices can reach through it (with --usage)"},
};

static const struct table domains_table = {"domains", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

static const struct command_option options[] = {
	{"usage", NULL, "walk the page tables: their pages and what they map"},
};

struct usage {
	struct command_call *call;
	const char *label;
	uint64_t tables, mapped;
	bool whole;
};

static struct error *count_leaf(void *arg, const struct leaf *leaf)
{
	((struct usage *)arg)->mapped += leaf->size;
	return NULL;
}

static struct error *count_leaves(void *arg, uint64_t size, unsigned n)
{
	((struct usage *)arg)->mapped += n * size;
	return NULL;
}

static struct error *count_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	(void)pa;
	(void)level;
	(void)iova;
	((struct usage *)arg)->tables++;
	return NULL;
}

static struct error *count_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct usage *usage = arg;

	(void)iova;
	(void)size;
	usage->whole = false;
	problems_add(usage->call->problems, err, "page table", "%s", usage->label);
	return NULL;
}

/* A table that could not be read whole has no usage: a part of the sum would pass for all of it. */
static struct error *emit_usage(struct command_call *call, const struct domain *d, const char *label)
{
	struct target *target;
	struct usage usage = {.call = call, .label = label, .whole = true};
	const struct page_table_visitor visitor = {
		.leaf = count_leaf,
		.leaves = count_leaves,
		.table = count_table,
		.unknown = count_unknown,
		.arg = &usage,
	};
	struct error *err = session_target(call->session, &target);

	if (!err && d->table.ops)
		err = d->table.ops->walk(target, &d->table, 0, UINT64_MAX, &visitor);
	if (err || !usage.whole || d->table_state != DATUM_OK)
		return err;
	emit_number(call->emit, COL_TABLES, usage.tables);
	emit_number(call->emit, COL_TABLE_BYTES, usage.tables * 4096);
	emit_number(call->emit, COL_MAPPED, usage.mapped);
	return NULL;
}

static struct error *emit_domain(struct command_call *call, const struct snapshot *s,
				 const struct domain *d)
{
	struct emit *e = call->emit;
	struct error *err = NULL;
	char label[40];

	domain_label(d, label, sizeof(label));
	call_problems_of_domain(call, s, d);
	emit_row_begin(e);
	emit_datum(e, COL_ID, d->id);
	emit_text_datum(e, COL_TYPE, domain_type_text(d));
	emit_text(e, COL_FORMAT, d->pt_format);
	if (d->table_state != DATUM_OK) {
		emit_datum(e, COL_MODE, (struct datum){.state = d->table_state});
		emit_datum(e, COL_ROOT, (struct datum){.state = d->table_state});
	} else {
		emit_number(e, COL_MODE, d->table.levels);
		emit_datum(e, COL_ROOT, d->table.ops ? datum_ok(d->table.root) : (struct datum){0});
	}
	if (!d->n_devices)
		emit_datum(e, COL_DEVICES, none_of(s));
	if (!d->n_iommus)
		emit_datum(e, COL_IOMMUS, none_of(s));
	for (uint32_t i = 0; i < d->n_devices; i++)
		emit_text(e, COL_DEVICES, s->devices[d->devices[i]].name);
	for (uint32_t i = 0; i < d->n_iommus; i++)
		emit_text_datum(e, COL_IOMMUS, s->iommus[d->iommus[i]].name);
	if (d->address || d->type.state == DATUM_OK)
		emit_number(e, COL_ADDRESS, d->address ? d->address : d->core_address);
	if (call_option(call, "usage"))
		err = emit_usage(call, d, label);
	emit_row_end(e);
	return err;
}

static struct error *domains_run(struct command_call *call)
{
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n_domains && !err && !call->n_operands; i++)
		err = emit_domain(call, s, &s->domains[i]);
	for (size_t n = 0; n < call->n_operands && !err; n++) {
		const struct domain *d;

		err = find_domain(s, call->operands[n], &d);
		if (!err)
			err = emit_domain(call, s, d);
	}
	return err;
}

const struct command command_domains = {
	.name = "domains",
	.operands = "[ID|ADDRESS|BDF...]",
	.summary = "protection domains: type, page table, and the devices in each",
	.topic = "Translation",
	.details = "Domains are those that a device or a group refers to, and the driver's static ones.\n"
		   "    domains\n"
		   "    domains 0x79\n"
		   "    domains --usage -o id,devices,table_bytes,mapped_bytes",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &domains_table,
	.max_operands = SIZE_MAX,
	.run = domains_run,
};
