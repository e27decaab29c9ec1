/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "amd/hw/dte.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"
#include "cmd/verdict.h"
#include "cmd/words.h"
#include "kernel/pci.h"

enum dte_column {
	COL_BDF,
	COL_MEANING,
	COL_ADDRESS,
	COL_WRITER,
	COL_DRIVER_DOMAIN,
	COL_DRIVER_ROOT,
	COL_DRIVER_MODE,
	COL_RAW,
	COL_FIELDS,
};

static const struct column columns[] = {
	[COL_BDF] = {"bdf", "BDF", VALUE_TEXT, 0, "requester ID that the entry is for"},
	[COL_MEANING] = {"meaning", "Meaning", VALUE_TEXT, 0, "what hardware does by it"},
	[COL_ADDRESS] = {"entry_address", "Entry at", VALUE_HEX, 0, "its physical address"},
	[COL_WRITER] = {"entry_writer", "Written by", VALUE_TEXT, 0,
			"kernel: it is what the kernel's own objects ask for; capture: the capture "
			"kernel of this crash; unknown: it differs from the kernel's objects; none"},
	[COL_DRIVER_DOMAIN] = {"driver_domain_id", "Driver's domain", VALUE_HEX, 0,
			       "ID of the domain that the driver has attached"},
	[COL_DRIVER_ROOT] = {"driver_pt_root", "Driver's page table", VALUE_HEX, 0,
			     "physical address of that domain's page table"},
	[COL_DRIVER_MODE] = {"driver_paging_mode", "Driver's mode", VALUE_NUMBER, 0,
			     "levels of that domain's page table"},
	[COL_RAW] = {"raw", "Words", VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS, "four 64-bit words, low first"},
	[COL_FIELDS] = {"fields", NULL, VALUE_FIELDS, 0, "every field", .layout = &dte_layout},
};

static const struct table dte_table = {"dte", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

/* --raw: a line per entry. */
enum raw_column { RAW_BDF, RAW_RAW };

static const struct column raw_columns[] = {
	[RAW_BDF] = {"bdf", "BDF", VALUE_TEXT, 0, "requester ID that the entry is for"},
	[RAW_RAW] = {"raw", "WORDS", VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS, "four 64-bit words, low first"},
};

static const struct table raw_table = {"dte-raw", VIEW_TABLE, raw_columns, ARRAY_SIZE(raw_columns)};

static const struct command_option options[] = {
	{"all", NULL, "every entry of the device table that is not all zero, known device or not"},
	{"raw", NULL, "the words only"},
};

static const struct table *dte_choose_table(const struct command_call *call)
{
	return call_option(call, "raw") ? &raw_table : &dte_table;
}

static const struct table *dte_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&dte_table, &raw_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

static void emit_raw(struct emit *e, const char *name, const struct hw_entry *entry)
{
	emit_row_begin(e);
	emit_text(e, RAW_BDF, name);
	for (unsigned i = 0; i < DTE_WORDS && entry->state == DATUM_OK; i++)
		emit_number(e, RAW_RAW, entry->words[i]);
	emit_row_end(e);
}

static void emit_driver_view(struct emit *e, const struct snapshot *s, const struct device *device)
{
	const struct domain *domain = device ? device_domain(s, device) : NULL;

	if (!domain)
		return;
	emit_datum(e, COL_DRIVER_DOMAIN, domain->id);
	if (domain->table_state == DATUM_OK && domain->table.ops) {
		emit_number(e, COL_DRIVER_ROOT, domain->table.root);
		emit_number(e, COL_DRIVER_MODE, domain->table.levels);
	}
}

static void emit_entry(struct command_call *call, const struct snapshot *s, const char *name,
		       const struct hw_entry *entry, const struct device *device)
{
	struct emit *e = call->emit;
	_cleanup_(arena_free) struct arena arena = {0};
	struct target *target;

	if (call_option(call, "raw")) {
		emit_raw(e, name, entry);
		return;
	}
	emit_row_begin(e);
	emit_text(e, COL_BDF, name);
	emit_datum(e, COL_ADDRESS, entry->address);
	if (device)
		emit_text(e, COL_WRITER, entry_writer_name(entry->writer));
	emit_driver_view(e, s, device);
	if (entry->state == DATUM_OK && !session_target(call->session, &target)) {
		const char *meaning = verdict_of_dte(&arena, entry->words, target->sme_mask);

		emit_text(e, COL_MEANING, meaning);
		if (!meaning)
			problems_add(call->problems, error_no_memory, "meaning", "%s", name);
		for (unsigned i = 0; i < DTE_WORDS; i++)
			emit_number(e, COL_RAW, entry->words[i]);
		emit_fields(e, COL_FIELDS, entry->words);
	} else {
		emit_fields(e, COL_FIELDS, NULL);
	}
	emit_row_end(e);
}

/* A devid that the kernel knows no function of may still have an entry: an alias, a leftover. */
static struct error *show_one(struct command_call *call, struct snapshot *s, uint32_t segment,
			      uint16_t devid, bool skip_blank)
{
	const struct device *device = snapshot_device(s, segment, devid);
	struct iommu_driver *driver;
	struct hw_entry entry;
	char name[PCI_NAME_SIZE];

	pci_name(name, segment, devid);
	if (device) {
		entry = device->entry;
	} else {
		struct error *err = session_driver(call->session, &driver);

		if (!err)
			err = driver->ops->read_entry(driver, s, segment, devid, &entry);
		if (err)
			return err;
		problems_copy(call->problems, &s->problems, name); /* of this reading */
	}
	bool blank = entry.state == DATUM_NONE ||
		     (entry.state == DATUM_OK &&
		      !(entry.words[0] | entry.words[1] | entry.words[2] | entry.words[3]));
	if (skip_blank && blank)
		return NULL;
	if (!device && entry.state == DATUM_NONE)
		return error_new(ERROR_USAGE, "the device table has no entry for %s; 'dte --all' "
					      "shows those in use", name);
	if (device)
		call_problems_of(call, s, name);
	emit_entry(call, s, name, &entry, device);
	return NULL;
}

static struct error *show_all(struct command_call *call, struct snapshot *s)
{
	struct target *target;
	struct error *err = session_target(call->session, &target);

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n_segments; i++) {
		const struct segment *segment = &s->segments[i];
		uint64_t last = segment->last_devid.state == DATUM_OK ? segment->last_devid.value
								       : UINT16_MAX;

		for (uint64_t devid = 0; devid <= last && devid <= UINT16_MAX; devid++) {
			err = target_poll(target);
			if (!err)
				err = show_one(call, s, segment->number, (uint16_t)devid, true);
			if (err)
				return err;
			if (emit_failed(call->emit))
				return NULL;
		}
	}
	return NULL;
}

static struct error *dte_run(struct command_call *call)
{
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (err)
		return err;
	if (call_option(call, "all") && call->n_operands)
		return error_new(ERROR_USAGE, "--all shows every entry: give it without '%s'",
				 call->operands[0]);
	if (call_option(call, "all"))
		return show_all(call, s);
	for (uint32_t i = 0; i < s->n_devices && !err && !call->n_operands; i++)
		err = show_one(call, s, s->devices[i].segment, s->devices[i].devid, false);
	for (size_t i = 0; i < call->n_operands && !err; i++) {
		uint32_t bdf;

		err = parse_bdf(call->operands[i], &bdf);
		if (!err)
			err = show_one(call, s, bdf >> 16, (uint16_t)bdf, false);
	}
	return err;
}

const struct command command_dte = {
	.name = "dte",
	.operands = "[BDF...]",
	.summary = "device table entries, every field decoded",
	.topic = "Devices",
	.details = "Without a BDF: the entries of the PCI functions that the kernel knows.\n"
		   "    dte 0000:a1:00.1\n"
		   "    dte 0x20\n"
		   "    dte --all --raw",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &dte_table,
	.choose_table = dte_choose_table,
	.list_tables = dte_list_tables,
	.max_operands = SIZE_MAX,
	.run = dte_run,
};
