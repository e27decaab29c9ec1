/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/route.h"
#include "cmd/select.h"

enum step_column { STEP_LEVEL, STEP_ADDRESS, STEP_ENTRY, STEP_NEXT, STEP_MEANING, STEP_STAGE };

static const struct column step_columns[] = {
	[STEP_LEVEL] = {"level", "LEVEL", VALUE_NUMBER, 0, "level of the table"},
	[STEP_ADDRESS] = {"entry_address", "ENTRY AT", VALUE_HEX, 0, "physical address of the entry"},
	[STEP_ENTRY] = {"entry", "ENTRY", VALUE_HEX, 0, "the entry's word"},
	[STEP_NEXT] = {"next_level", "NEXT", VALUE_NUMBER, 0, "level of the next table, 0 for none"},
	[STEP_MEANING] = {"meaning", "MEANING", VALUE_TEXT, 0, "what the entry is"},
	[STEP_STAGE] = {"stage", "STAGE", VALUE_TEXT, COLUMN_EXTRA,
			"whose table it is: host, guest (also a process's), pasid (which leads to that)"},
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
	COL_PASID,
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
	[COL_PASID] = {"pasid", "PASID", VALUE_HEX, 0, "PASID of the requests (with --pasid)"},
};

static const struct table walk_table = {"walk", VIEW_RECORD, columns, COL_PASID};

/* --pasid: with that column. */
static const struct table pasid_table = {"walk-pasid", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

static const struct table *walk_choose_table(const struct command_call *call)
{
	return call_option(call, "pasid") ? &pasid_table : &walk_table;
}

static const struct table *walk_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&walk_table, &pasid_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

static void emit_steps(struct emit *e, const struct translation *t)
{
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct walk_step *step = &t->steps[i];

		emit_row_begin(e);
		emit_number(e, STEP_LEVEL, step->level);
		emit_number(e, STEP_ADDRESS, step->entry_address);
		emit_number(e, STEP_ENTRY, step->entry);
		emit_number(e, STEP_NEXT, step->next_level);
		emit_text(e, STEP_MEANING, step->meaning);
		emit_text(e, STEP_STAGE, step->stage);
		emit_row_end(e);
	}
}

/* known: nothing on the way was unreadable. */
static void emit_end_of_walk(struct emit *e, const struct route *r, const struct translation *t,
			     bool known)
{
	if (t->mapped) {
		emit_number(e, COL_PA, t->pa);
		if (t->page_size)
			emit_number(e, COL_PAGE_SIZE, t->page_size);
		emit_bool(e, COL_READ, t->read);
		emit_bool(e, COL_WRITE, t->write);
	} else if (known) {
		emit_text(e, COL_STOPPED, t->stopped ? t->stopped : r->reason);
		emit_bool(e, COL_READ, false);
		emit_bool(e, COL_WRITE, false);
	} else {
		/* That it stops here is not known either: the table may lead on. */
		for (unsigned column = COL_PA; column <= COL_WRITE; column++)
			emit_datum(e, column, (struct datum){.state = DATUM_ABSENT});
		emit_datum(e, COL_STOPPED, (struct datum){.state = DATUM_ABSENT});
	}
}

struct walk_from {
	const struct device *device;
	struct route route;
	uint32_t pasid;
	bool has_pasid;
};

static struct error *walk_one(struct command_call *call, struct target *target,
			      const struct walk_from *from, uint64_t iova)
{
	struct emit *e = call->emit;
	const struct route *r = &from->route;
	const struct device *d = from->device;
	struct translation t = {.mapped = r->through, .pa = iova, .read = true, .write = true};
	struct error *err = NULL;

	if (r->table.ops)
		err = r->table.ops->translate(target, &r->table, iova, &t);
	if (err && !error_is_unreadable(err))
		return err;
	emit_row_begin(e);
	emit_text(e, COL_BDF, d->name);
	if (from->has_pasid)
		emit_number(e, COL_PASID, from->pasid);
	emit_number(e, COL_IOVA, iova);
	emit_datum(e, COL_DOMAIN, r->domain_id);
	if (r->table.ops)
		emit_number(e, COL_ROOT, r->table.root);
	emit_end_of_walk(e, r, &t, r->known && !err);
	if (r->known || r->pasid.n_steps) {
		emit_rows_begin(e, COL_LEVELS);
		emit_steps(e, &r->pasid);
		emit_steps(e, &t);
		emit_rows_end(e);
	}
	emit_row_end(e);
	if (!err && !r->known && !call->problems->n)
		err = error_new(ERROR_NOT_FOUND, "%s", r->reason);
	problems_add(call->problems, err, "translation", "%s IOVA 0x%" PRIx64, d->name, iova);
	return NULL;
}

static struct error *walk_begin(struct command_call *call, struct target *target,
				const struct snapshot *s, struct walk_from *ret)
{
	struct error *err = find_device(s, call->operands[0], &ret->device);

	if (!err)
		err = route_pasid_option(call, &ret->pasid, &ret->has_pasid);
	if (err)
		return err;
	call_problems_of(call, s, ret->device->name);
	err = route_find(target, s, ret->device, ret->has_pasid ? &ret->pasid : NULL, &ret->route);
	if (err && !error_is_unreadable(err))
		return err;
	problems_add(call->problems, err, "PASID table", "%s", ret->device->name);
	if (ret->route.domain)
		call_problems_of_domain(call, s, ret->route.domain);
	return NULL;
}

static struct error *walk_run(struct command_call *call)
{
	struct walk_from from = {0};
	struct target *target;
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = session_target(call->session, &target);
	if (!err)
		err = walk_begin(call, target, s, &from);
	for (size_t i = 1; i < call->n_operands && !err; i++) {
		uint64_t iova;

		err = parse_number(call->operands[i], &iova);
		if (!err)
			err = walk_one(call, target, &from, iova);
	}
	return err;
}

static const struct command_option options[] = {
	{"pasid", "N", "the device's requests that bear this PASID"},
};

const struct command command_walk = {
	.name = "walk",
	.operands = "BDF IOVA...",
	.summary = "translate addresses of a device's DMA, level by level",
	.topic = "Translation",
	.details = "A guest-format table is found through the device's table of PASIDs; where the entry has a "
		   "guest's and a host's table, each address of the guest's is translated by the host's.\n"
		   "    walk 0000:a1:00.1 0xdf000000\n"
		   "    walk 0000:a1:00.1 0x7f0000000000 --pasid 5",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &walk_table,
	.choose_table = walk_choose_table,
	.list_tables = walk_list_tables,
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.run = walk_run,
};
