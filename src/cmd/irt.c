/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/vec.h"
#include "cmd/select.h"
#include "kernel/pci.h"

enum irt_column {
	COL_BDF,
	COL_INDEX,
	COL_IRQ,
	COL_STATE,
	COL_VECTOR,
	COL_DESTINATION,
	COL_MODE,
	COL_TYPE,
	COL_CPUS,
	COL_ONLINE,
	COL_NAME,
	COL_POSTED,
	COL_TAG,
	COL_VAPIC,
	COL_RUNNING,
	COL_LOG,
	COL_GAPPI,
	COL_QUIET,
	COL_EOI,
	COL_DRIVER_TAG,
	COL_DRIVER_ROOT,
	COL_RAW,
	COL_ADDRESS,
	COL_TABLE,
	COL_TABLE_ENTRIES,
	COL_ENTRY_SIZE,
	COL_ENTRY_TABLE,
	COL_SHARED,
};

static const struct column columns[] = {
	[COL_BDF] =
		{"bdf", "BDF", VALUE_TEXT, 0,
		 "requester ID that the interrupt was set up for; of an entry without one, that "
		 "the table was asked for"},
	[COL_INDEX] = {"index", "INDEX", VALUE_NUMBER, 0, "place in the table"},
	[COL_IRQ] = {"irq", "IRQ", VALUE_NUMBER, 0, "the kernel's number, as in /proc/interrupts"},
	[COL_STATE] =
		{"state", "STATE", VALUE_TEXT, 0,
		 "enabled; disabled (given out, delivers nothing); blank (an interrupt of the "
		 "kernel has it, but nothing is in it); stray (free, says the kernel, but "
		 "hardware delivers by it); with --all also free, and reserved (kept for an "
		 "IOAPIC's unused pins)"},
	[COL_VECTOR] = {"vector", "VECTOR", VALUE_HEX, 0,
			"interrupt vector at the CPU or in the guest"},
	[COL_DESTINATION] = {"destination", "DEST", VALUE_HEX, 0, "APIC ID"},
	[COL_MODE] = {"destination_mode", "MODE", VALUE_TEXT, 0,
		      "physical: the destination is an APIC ID; logical: a set of logical ones"},
	[COL_TYPE] = {"delivery", "DELIVERY", VALUE_TEXT, 0,
		      "fixed, or arbitrated (lowest priority)"},
	[COL_CPUS] = {"cpus", "CPUS", VALUE_NUMBER, COLUMN_ARRAY | COLUMN_RANGES,
		      "CPUs that the destination names"},
	[COL_ONLINE] = {"cpus_online", "ONLINE", VALUE_BOOL, 0, "all of these CPUs are online"},
	[COL_NAME] = {"name", "NAME", VALUE_TEXT, COLUMN_WIDE,
		      "its handlers, as in /proc/interrupts"},
	[COL_POSTED] = {"guest_mode", "POSTED", VALUE_BOOL, COLUMN_EXTRA,
			"posted to a guest's virtual APIC"},
	[COL_TAG] = {"ga_tag", "GA-TAG", VALUE_HEX, COLUMN_EXTRA,
		     "posted: names the virtual processor in the GA log"},
	[COL_VAPIC] = {"vapic_root", "VAPIC", VALUE_HEX, COLUMN_EXTRA,
		       "posted: physical address of the virtual APIC's backing page"},
	[COL_RUNNING] = {"is_run", "RUNNING", VALUE_BOOL, COLUMN_EXTRA,
			 "posted: the virtual processor is running"},
	[COL_LOG] = {"ga_log_intr", "LOGGED", VALUE_BOOL, COLUMN_EXTRA,
		     "posted: logged in the GA log when the virtual processor is not running"},
	[COL_GAPPI] = {"gappi_dis", "GAPPI-OFF", VALUE_BOOL, COLUMN_EXTRA,
		       "posted: no physical interrupt when the virtual processor is not running"},
	[COL_QUIET] = {"sup_iopf", "QUIET", VALUE_BOOL, COLUMN_EXTRA, "faults on it log no event"},
	[COL_EOI] = {"rq_eoi", "EOI", VALUE_BOOL, COLUMN_EXTRA, "an end of interrupt is asked for"},
	[COL_DRIVER_TAG] = {"driver_ga_tag", "DRIVER-TAG", VALUE_HEX, COLUMN_EXTRA,
			    "GA tag by the driver's own record"},
	[COL_DRIVER_ROOT] = {"driver_vapic_root", "DRIVER-VAPIC", VALUE_HEX, COLUMN_EXTRA,
			     "virtual APIC page by the driver's own record"},
	[COL_RAW] = {"raw", "WORDS", VALUE_HEX, COLUMN_ARRAY | COLUMN_EXTRA | COLUMN_WORDS,
		     "the entry: one word of 32 bits, or two of 64, low first"},
	[COL_ADDRESS] = {"entry_address", "ENTRY-AT", VALUE_HEX, COLUMN_EXTRA,
			 "its physical address"},
	[COL_TABLE] = {"table", "TABLE", VALUE_HEX, COLUMN_EXTRA, "physical address of the table"},
	[COL_TABLE_ENTRIES] = {"table_entries", "ENTRIES", VALUE_NUMBER, COLUMN_EXTRA,
			       "length of the table"},
	[COL_ENTRY_SIZE] = {"entry_size", "SIZE", VALUE_SIZE, COLUMN_EXTRA,
			    "bytes of an entry: 4 or 16"},
	[COL_ENTRY_TABLE] =
		{"dte_table", "DTE-TABLE", VALUE_HEX, COLUMN_EXTRA,
		 "table by the device table entry; it is another where a capture kernel "
		 "has written over that"},
	[COL_SHARED] = {"shared_with", "SHARED", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
			"other PCI functions with the same table"},
};

static const struct table irt_table = {"irt", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

static const struct command_option options[] = {
	{"all", NULL, "every entry of the tables, those that are free too"},
};

static const char *const use_names[INTERRUPT_USES] = {
	[INTERRUPT_FREE] = "free",	   [INTERRUPT_STRAY] = "stray",
	[INTERRUPT_RESERVED] = "reserved", [INTERRUPT_DISABLED] = "disabled",
	[INTERRUPT_ENABLED] = "enabled",   [INTERRUPT_BLANK] = "blank",
};

/* Fields of the entry as they are; of what this kind of entry lacks, nothing. */
static const enum irt_column field_columns[] = {
	COL_POSTED, COL_TAG, COL_VAPIC, COL_RUNNING, COL_LOG, COL_GAPPI, COL_QUIET, COL_EOI,
};

static const char *field_word(const struct table_interrupt *i, const char *key)
{
	int row = layout_find(i->layout, key);

	if (row < 0)
		return NULL;
	const struct field_value *value = field_value_find(
		&i->layout->fields[row], layout_get(i->layout, i->words, (size_t)row));
	return value ? value->name : "unknown";
}

/* The state of what is not known: where it goes hangs on more than the entry. */
static void emit_target(struct emit *e, const struct apic_cpus *cpus,
			const struct table_interrupt *i)
{
	struct datum online = datum_ok(true);
	enum datum_state state = cpus->x2apic.state == DATUM_OK ? cpus->state : cpus->x2apic.state;
	uint32_t n = 0;

	if (state != DATUM_OK) {
		emit_datum(e, COL_CPUS, (struct datum){.state = state});
		emit_datum(e, COL_ONLINE, (struct datum){.state = state});
		return;
	}
	emit_empty(e, COL_CPUS);
	for (uint32_t k = 0; k < cpus->n; k++) {
		const struct apic_cpu *cpu = &cpus->at[k];

		if (!apic_is_destination(cpus, cpu, i->destination, i->logical))
			continue;
		emit_number(e, COL_CPUS, cpu->number);
		if (cpu->online.state != DATUM_OK || !cpu->online.value)
			online = cpu->online;
		n++;
	}
	if (n)
		emit_datum(e, COL_ONLINE, online);
}

static void emit_words(struct emit *e, const struct table_interrupt *i)
{
	for (size_t k = 0; k < layout_words(i->layout); k++)
		emit_number(e, COL_RAW, i->words[k]);
	for (size_t k = 0; k < ARRAY_SIZE(field_columns); k++) {
		int row = layout_find(i->layout, columns[field_columns[k]].key);

		if (row >= 0)
			emit_number(e, field_columns[k],
				    layout_get(i->layout, i->words, (size_t)row));
	}
}

/* What the entry says; nothing of one that is free, unless hardware goes by it. */
static void emit_contents(struct emit *e, const struct apic_cpus *cpus,
			  const struct table_interrupt *i)
{
	emit_text(e, COL_STATE, use_names[i->use]);
	emit_words(e, i);
	if (i->use != INTERRUPT_ENABLED && i->use != INTERRUPT_STRAY)
		return;
	emit_number(e, COL_VECTOR, i->vector);
	emit_number(e, COL_DESTINATION, i->destination);
	emit_text(e, COL_MODE, field_word(i, "dm"));
	emit_text(e, COL_TYPE, field_word(i, "int_type"));
	emit_target(e, cpus, i);
}

static void emit_shared(struct emit *e, const struct snapshot *s, const struct interrupt_table *t,
			const char *name)
{
	if (t->object.state != DATUM_OK) {
		emit_datum(e, COL_SHARED, t->object);
		return;
	}
	emit_empty(e, COL_SHARED);
	for (uint32_t i = 0; i < s->n_devices; i++)
		if (datum_is(s->interrupts.device_tables[i], t->object.value) &&
		    strcmp(s->devices[i].name, name))
			emit_text(e, COL_SHARED, s->devices[i].name);
}

static void emit_table(struct emit *e, const struct snapshot *s, const struct interrupt_table *t,
		       const char *name)
{
	emit_datum(e, COL_TABLE, t->address);
	emit_datum(e, COL_TABLE_ENTRIES, t->length);
	emit_datum(e, COL_ENTRY_SIZE, t->entry_size);
	emit_datum(e, COL_ENTRY_TABLE, t->entry_table);
	emit_shared(e, s, t, name);
}

static void emit_interrupt(struct emit *e, const struct snapshot *s,
			   const struct interrupt_table *t, const struct table_interrupt *i)
{
	const struct irq_route *route = i->route;
	char name[PCI_NAME_SIZE];

	pci_name(name, t->segment, route ? (uint16_t)route->devid.value : t->devid);
	emit_row_begin(e);
	emit_text(e, COL_BDF, name);
	emit_number(e, COL_INDEX, i->index);
	emit_datum(e, COL_ADDRESS, i->address);
	if (route) {
		emit_number(e, COL_IRQ, route->irq);
		emit_text_datum(e, COL_NAME, route->name);
		emit_datum(e, COL_DRIVER_TAG, route->guest_tag);
		emit_datum(e, COL_DRIVER_ROOT, route->guest_root);
	} else { /* that none was found says something only when all were read */
		enum datum_state state =
			t->object.state == DATUM_OK ? s->interrupts.state : t->object.state;
		struct datum none = {.state = state == DATUM_OK ? DATUM_NONE : state};

		emit_datum(e, COL_IRQ, none);
		emit_datum(e, COL_NAME, none);
	}
	if (i->state == DATUM_OK)
		emit_contents(e, &s->interrupts.cpus, i);
	else
		emit_datum(e, COL_STATE, (struct datum){.state = i->state});
	emit_table(e, s, t, name);
	emit_row_end(e);
}

/* Of an entry that is blank: an interrupt without a handler needs none. */
static bool is_shown(const struct command_call *call, const struct table_interrupt *i)
{
	if (call_option(call, "all"))
		return true;
	if (i->use == INTERRUPT_BLANK)
		return i->route->name.state != DATUM_NONE;
	return i->use != INTERRUPT_FREE && i->use != INTERRUPT_RESERVED;
}

/* A table that can't be read is a row that says so. */
static void emit_unread(struct emit *e, const struct snapshot *s, const struct interrupt_table *t)
{
	char name[PCI_NAME_SIZE];

	pci_name(name, t->segment, t->devid);
	emit_row_begin(e);
	emit_text(e, COL_BDF, name);
	emit_datum(e, COL_STATE, (struct datum){.state = t->state});
	emit_table(e, s, t, name);
	emit_row_end(e);
}

static struct error *show_table(struct command_call *call, struct snapshot *s, uint32_t segment,
				uint16_t devid, struct interrupt_table *ret)
{
	_cleanup_(arena_free) struct arena arena = {0};
	struct iommu_driver *driver;
	struct error *err = session_driver(call->session, &driver);

	if (!err)
		err = driver->ops->read_interrupt_table(driver, s, segment, devid, &arena, ret);
	if (err)
		return err;
	if (ret->state != DATUM_OK && !ret->n) {
		if (ret->state != DATUM_NONE)
			emit_unread(call->emit, s, ret);
		return NULL;
	}
	for (uint32_t i = 0; i < ret->n && !emit_failed(call->emit); i++)
		if (is_shown(call, &ret->at[i]))
			emit_interrupt(call->emit, s, ret, &ret->at[i]);
	ret->at = NULL;
	return NULL;
}

/* Which interrupt an entry is hangs on all that could be read of them. */
static void add_problems(struct command_call *call, const struct snapshot *s, const char *name)
{
	static const char prefix[] = "interrupt";

	if (!call->n_operands) {
		problems_copy(call->problems, &s->problems, NULL);
		return;
	}
	call_problems_of(call, s, name);
	call_problems_of(call, s, "processors");
	for (size_t i = 0; i < s->problems.n && s->interrupts.state != DATUM_OK; i++)
		if (!strncmp(s->problems.at[i].object, prefix, strlen(prefix)))
			call_problems_of(call, s, s->problems.at[i].object);
}

static struct error *show_one(struct command_call *call, struct snapshot *s, const char *word)
{
	struct interrupt_table table;
	char name[PCI_NAME_SIZE];
	uint32_t bdf;
	struct error *err = parse_bdf(word, &bdf);

	if (!err)
		err = show_table(call, s, bdf >> 16, (uint16_t)bdf, &table);
	if (err)
		return err;
	pci_name(name, bdf >> 16, (uint16_t)bdf);
	if (table.state == DATUM_NONE)
		return error_new(ERROR_USAGE,
				 "%s has no interrupt remapping table; 'irt' shows those "
				 "there are",
				 name);
	add_problems(call, s, name);
	return NULL;
}

/* A requester ID that may have a table: a PCI function, or what else has interrupts (IOAPIC, HPET).
 */
struct requester {
	uint32_t segment;
	uint16_t devid;
	struct datum table; /* as irq_route.table */
	bool again;	    /* a requester before it has the same table */
};

struct requesters {
	struct requester *at;
	size_t n, room;
};

static int compare_ids(const void *a, const void *b)
{
	const struct requester *ra = a, *rb = b;

	if (ra->segment != rb->segment)
		return ra->segment < rb->segment ? -1 : 1;
	return (ra->devid > rb->devid) - (ra->devid < rb->devid);
}

static int compare_tables(const void *a, const void *b)
{
	const struct requester *ra = a, *rb = b;

	if (ra->table.value != rb->table.value)
		return ra->table.value < rb->table.value ? -1 : 1;
	return compare_ids(a, b);
}

static bool add_requester(struct requesters *all, uint32_t segment, uint16_t devid,
			  struct datum table)
{
	struct requester *r = vec_push(all);

	if (r)
		*r = (struct requester){segment, devid, table, false};
	return r;
}

/* Each table once, by the lowest ID that has it. */
static struct error *list_requesters(const struct snapshot *s, struct requesters *ret)
{
	bool added = true;

	for (uint32_t i = 0; i < s->n_devices && added; i++)
		added = add_requester(ret, s->devices[i].segment, s->devices[i].devid,
				      s->interrupts.device_tables[i]);
	for (uint32_t i = 0; i < s->interrupts.n_routes && added; i++) {
		const struct irq_route *route = &s->interrupts.routes[i];

		if (route->table.state == DATUM_OK)
			added = add_requester(ret, (uint32_t)route->segment.value,
					      (uint16_t)route->devid.value, route->table);
	}
	if (!added)
		return error_no_memory;
	if (!ret->n)
		return NULL;
	qsort(ret->at, ret->n, sizeof(*ret->at), compare_tables);
	for (size_t i = 1; i < ret->n; i++)
		ret->at[i].again = ret->at[i].table.state == DATUM_OK &&
				   datum_is(ret->at[i - 1].table, ret->at[i].table.value);
	qsort(ret->at, ret->n, sizeof(*ret->at), compare_ids);
	return NULL;
}

static struct error *show_all(struct command_call *call, struct snapshot *s)
{
	struct requesters all = {0};
	struct interrupt_table table;
	struct error *err = list_requesters(s, &all);

	for (size_t i = 0; i < all.n && !err; i++)
		if (!all.at[i].again)
			err = show_table(call, s, all.at[i].segment, all.at[i].devid, &table);
	free(all.at);
	if (!err)
		add_problems(call, s, NULL);
	return err;
}

static struct error *irt_run(struct command_call *call)
{
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_INTERRUPTS, &s);

	if (!err && !call->n_operands)
		err = show_all(call, s);
	for (size_t i = 0; i < call->n_operands && !err; i++)
		err = show_one(call, s, call->operands[i]);
	return err;
}

const struct command command_irt = {
	.name = "irt",
	.operands = "[BDF...]",
	.summary = "interrupt remapping: each interrupt down to vector, CPU and handler",
	.topic = "Devices",
	.details =
		"The entries in use of the tables that the driver has set up, with the kernel's "
		"interrupt that each is. Several requester IDs may share a table: an alias and what is "
		"behind it; then it is shown once. -o +shared_with says which.\n"
		"Without a BDF: all tables, those of IOAPICs and HPETs too. The words of an entry can be "
		"given to 'decode irte'.\n"
		"    irt 0000:a1:00.1\n"
		"    irt -o bdf,irq,name,cpus,cpus_online\n"
		"    irt --all 0xa0",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &irt_table,
	.max_operands = SIZE_MAX,
	.run = irt_run,
};
