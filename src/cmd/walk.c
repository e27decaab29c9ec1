/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"

enum step_column { STEP_LEVEL, STEP_ADDRESS, STEP_ENTRY, STEP_NEXT, STEP_MEANING };

static const struct column step_columns[] = {
	[STEP_LEVEL] = {"level", "LEVEL", VALUE_NUMBER, 0, "level of the table"},
	[STEP_ADDRESS] = {"entry_address", "ENTRY AT", VALUE_HEX, 0, "physical address of the entry"},
	[STEP_ENTRY] = {"entry", "ENTRY", VALUE_HEX, 0, "the entry's word"},
	[STEP_NEXT] = {"next_level", "NEXT", VALUE_NUMBER, 0, "level of the next table, 0 for none"},
	[STEP_MEANING] = {"meaning", "MEANING", VALUE_TEXT, 0, "what the entry is"},
};

static const struct table step_table = {"levels", VIEW_TABLE, step_columns,
					ARRAY_SIZE(step_columns)};

enum walk_column {
	COL_BDF,
	COL_IOVA,
	COL_PA,
	COL_PAGE_SIZE,
	COL_READ,
	COL_WRITE,
	COL_DOMAIN,
	COL_ROOT,
	COL_STOPPED,
	COL_LEVELS,
};

static const struct column columns[] = {
	[COL_BDF] = {"bdf", "Device", VALUE_TEXT, 0, "device whose DMA it is"},
	[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "the address that the device uses"},
	[COL_PA] = {"pa", "Physical address", VALUE_HEX, 0, "where it ends; none: it is not mapped"},
	[COL_PAGE_SIZE] = {"page_size", "Page size", VALUE_SIZE, 0, "size of the page that maps it"},
	[COL_READ] = {"read", "Read", VALUE_BOOL, 0, "the device may read there"},
	[COL_WRITE] = {"write", "Write", VALUE_BOOL, 0, "the device may write there"},
	[COL_DOMAIN] = {"domain_id", "Domain", VALUE_HEX, 0, "domain whose table is walked"},
	[COL_ROOT] = {"pt_root", "Page table", VALUE_HEX, 0, "physical address of that table"},
	[COL_STOPPED] = {"stopped", "Stopped", VALUE_TEXT, 0, "why it has no translation"},
	[COL_LEVELS] = {"levels", "Levels", VALUE_ROWS, COLUMN_ARRAY, "the entry of each level",
			&step_table},
};

static const struct table walk_table = {"walk", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

/* Where a device's DMA goes: a table, straight through, nowhere, or we can't tell. */
struct route {
	const struct domain *domain;
	const struct page_table *table; /* NULL: none */
	bool known, through, read, write;
	const char *reason;
};

/*
 * The driver's domain is what was meant when the machine stopped, and equals the entry unless a capture
 * kernel or a fault has changed that; permissions are the entry's.
 */
static struct route find_route(const struct snapshot *s, const struct device *d)
{
	struct route r = {.domain = device_domain(s, d), .read = true, .write = true};

	if (d->dma == DMA_BLOCKED || d->dma == DMA_ILLEGAL) {
		r.known = true;
		r.reason = "the device table entry blocks the device's DMA";
	} else if (d->dma == DMA_PASSTHROUGH || d->dma == DMA_UNCHECKED) {
		r.known = r.through = true;
	} else if (r.domain && r.domain->table_state == DATUM_OK && r.domain->table.ops) {
		r.known = true;
		r.table = &r.domain->table;
	} else {
		r.reason = "the page table of the device's domain is not known";
	}
	return r;
}

static void emit_steps(struct emit *e, const struct translation *t)
{
	emit_rows_begin(e, COL_LEVELS);
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct walk_step *step = &t->steps[i];

		emit_row_begin(e);
		emit_number(e, STEP_LEVEL, step->level);
		emit_number(e, STEP_ADDRESS, step->entry_address);
		emit_number(e, STEP_ENTRY, step->entry);
		emit_number(e, STEP_NEXT, step->next_level);
		emit_text(e, STEP_MEANING, step->meaning);
		emit_row_end(e);
	}
	emit_rows_end(e);
}

/* known: nothing on the way was unreadable. */
static void emit_end_of_walk(struct emit *e, const struct route *r, const struct translation *t,
			     bool known)
{
	if (t->mapped) {
		emit_number(e, COL_PA, t->pa);
		if (t->page_size)
			emit_number(e, COL_PAGE_SIZE, t->page_size);
		emit_bool(e, COL_READ, t->read && r->read);
		emit_bool(e, COL_WRITE, t->write && r->write);
	} else {
		emit_text(e, COL_STOPPED, t->stopped ? t->stopped : r->reason);
		if (known) {
			emit_bool(e, COL_READ, false);
			emit_bool(e, COL_WRITE, false);
		}
	}
}

static struct error *walk_one(struct command_call *call, struct target *target,
			      const struct device *d, const struct route *r, uint64_t iova)
{
	struct emit *e = call->emit;
	struct translation t = {.mapped = r->through, .pa = iova, .read = true, .write = true};
	struct error *err = NULL;

	if (r->table)
		err = r->table->ops->translate(target, r->table, iova, &t);
	if (err && !error_is_unreadable(err))
		return err;
	emit_row_begin(e);
	emit_text(e, COL_BDF, d->name);
	emit_number(e, COL_IOVA, iova);
	emit_datum(e, COL_DOMAIN, r->table ? r->domain->id : d->domain_id);
	if (r->table)
		emit_number(e, COL_ROOT, r->table->root);
	emit_end_of_walk(e, r, &t, r->known && !err);
	emit_steps(e, &t);
	emit_row_end(e);
	problems_add(call->problems, err, "translation", "%s IOVA 0x%" PRIx64, d->name, iova);
	return NULL;
}

static struct error *walk_run(struct command_call *call)
{
	const struct device *device;
	struct target *target;
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = session_target(call->session, &target);
	if (!err)
		err = find_device(s, call->operands[0], &device);
	if (err)
		return err;
	call_problems_of(call, s, device->name);
	struct route route = find_route(s, device);
	if (route.domain)
		call_problems_of_domain(call, s, route.domain);
	for (size_t i = 1; i < call->n_operands && !err; i++) {
		uint64_t iova;

		err = parse_number(call->operands[i], &iova);
		if (!err)
			err = walk_one(call, target, device, &route, iova);
	}
	return err;
}

const struct command command_walk = {
	.name = "walk",
	.operands = "BDF IOVA...",
	.summary = "translate addresses of a device's DMA, level by level",
	.topic = "Translation",
	.details = "    walk 0000:a1:00.1 0xdf000000",
	.table = &walk_table,
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.run = walk_run,
};
