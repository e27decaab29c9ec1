/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt remapping: whether it is on, the tables, and where their entries lead. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "check/rule.h"

static struct error *check_remapping(struct check *check);
static struct error *check_tables(struct check *check);

enum { OFF, TABLE, OFFLINE, ORPHAN };

static const struct rule rules[] = {
	[OFF] = {"intremap-off", "Interrupts of devices are remapped", SEVERITY_WARNING,
		 INPUT_DEVICES | INPUT_ENTRIES,
		 "A device, or the guest that drives it, can raise any interrupt on any CPU; VFIO calls "
		 "that unsafe and refuses the device unless told otherwise.",
		 "'info' has the command line (intremap=off), the log says why the kernel left it off: often "
		 "a firmware whose IVRS table lacks the IOAPIC.",
		 check_remapping},
	[TABLE] =
		{"irt-table", "Device table entries point to the driver's interrupt tables",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_ENTRIES | INPUT_INTERRUPTS,
		 "Hardware looks interrupts up in memory that is no table of the driver's, or beyond its "
		 "end: they are lost or go anywhere.",
		 "Compare 'dte BDF' with 'irt BDF'; suspect corruption of the device table entry.",
		 check_tables},
	[OFFLINE] =
		{"irt-offline-cpu", "Interrupts go to CPUs that are online", SEVERITY_WARNING,
		 INPUT_DEVICES | INPUT_ENTRIES | INPUT_INTERRUPTS,
		 "The interrupt is never handled: its device hangs or times out.",
		 "'irt BDF' shows the entry and its interrupt; look at /proc/irq/N/smp_affinity and for "
		 "when the CPU went offline.",
		 check_tables},
	[ORPHAN] =
		{"irt-orphan", "Every interrupt entry that is on belongs to an interrupt",
		 SEVERITY_WARNING, INPUT_DEVICES | INPUT_ENTRIES | INPUT_INTERRUPTS,
		 "The entry was left behind: a device that still uses it raises an interrupt that "
		 "is nobody's, or that has become someone else's.",
		 "'irt BDF' shows it; look for a driver that was unloaded or a device that was reset.",
		 check_tables},
};

static void entry_word(struct check *check, struct check_finding *f, const struct device *d)
{
	struct datum address = d->entry.address;

	if (address.state == DATUM_OK)
		address.value += 16;
	check_word(check, f, "device table entry, word 2", address, datum_ok(d->entry.words[2]));
}

static bool is_judged(const struct device *d)
{
	return d->entry.state == DATUM_OK && d->entry.writer != WRITER_CAPTURE &&
	       d->interrupts != INTERRUPTS_UNKNOWN;
}

/* One finding when it is off for all of them: that is one cause. */
static struct error *check_remapping(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	const struct device *first = NULL;
	uint32_t n = 0, n_judged = 0;

	for (uint32_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];

		check_known(check, &rules[OFF], d->name, "device table entry", d->entry.state);
		if (!is_judged(d))
			continue;
		n_judged++;
		if (d->interrupts == INTERRUPTS_UNMAPPED) {
			first = n++ ? first : d;
		}
	}
	if (n && n == n_judged) {
		struct check_finding *f = check_find(
			check, &rules[OFF], "interrupt remapping", NULL, CONFIDENCE_CERTAIN,
			"it is off: interrupts of all %" PRIu32 " devices pass unmapped", n);
		entry_word(check, f, first);
		return NULL;
	}
	for (uint32_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];

		if (!is_judged(d) || d->interrupts != INTERRUPTS_UNMAPPED)
			continue;
		struct check_finding *f =
			check_find(check, &rules[OFF], d->name, NULL, CONFIDENCE_CERTAIN,
				   "its interrupts pass unmapped");
		entry_word(check, f, d);
	}
	return NULL;
}

static void check_table(struct check *check, const struct device *d,
			const struct interrupt_table *t)
{
	const struct rule *rule = &rules[TABLE];
	struct check_finding *f = NULL;

	if (t->entry_table.state != DATUM_OK || d->interrupts != INTERRUPTS_REMAPPED ||
	    !check_known(check, rule, d->name, "interrupt table", t->object.state) ||
	    !check_known(check, rule, d->name, "interrupt table", t->address.state))
		return;
	if (t->object.state == DATUM_NONE)
		f = check_find(check, rule, d->name, NULL, CONFIDENCE_CERTAIN,
			       "interrupts go through table 0x%" PRIx64
			       ", but the driver has none for it",
			       t->entry_table.value);
	else if (!datum_is(t->entry_table, t->address.value))
		f = check_find(check, rule, d->name, NULL, CONFIDENCE_CERTAIN,
			       "interrupt table 0x%" PRIx64 " in the entry, 0x%" PRIx64
			       " in the driver's data",
			       t->entry_table.value, t->address.value);
	entry_word(check, f, d);
}

static bool reaches_online(const struct apic_cpus *cpus, const struct table_interrupt *i,
			   bool *known)
{
	*known = cpus->state == DATUM_OK && (!i->logical || cpus->x2apic.state == DATUM_OK);
	for (uint32_t k = 0; k < cpus->n; k++) {
		const struct apic_cpu *cpu = &cpus->at[k];

		if (!apic_is_destination(cpus, cpu, i->destination, i->logical))
			continue;
		if (cpu->online.state != DATUM_OK)
			*known = false;
		else if (cpu->online.value)
			return true;
	}
	return false;
}

static void check_interrupt(struct check *check, const struct device *d,
			    const struct table_interrupt *i)
{
	const struct interrupts *all = &check->snapshot->interrupts;
	struct check_finding *f = NULL;
	bool known, posted = i->posted;

	if (i->use != INTERRUPT_ENABLED && i->use != INTERRUPT_STRAY)
		return;
	if (all->state == DATUM_OK && !i->route) {
		f = check_find(check, &rules[ORPHAN], d->name, NULL, CONFIDENCE_LIKELY,
			       "entry %" PRIu32 " is on (vector 0x%" PRIx32
			       "), and no interrupt of the kernel has it",
			       i->index, i->vector);
		check_word(check, f, "interrupt table entry", i->address, datum_ok(i->words[0]));
		return;
	}
	if (posted || reaches_online(&all->cpus, i, &known))
		return;
	if (!known) {
		check_unknown(check, &rules[OFFLINE], d->name, "which CPUs are online",
			      all->cpus.state == DATUM_OK ? DATUM_ABSENT : all->cpus.state,
			      "the CPUs, their APIC IDs or which are online can't be read");
		return;
	}
	f = check_find(check, &rules[OFFLINE], d->name, NULL, CONFIDENCE_CERTAIN,
		       "entry %" PRIu32 " (interrupt %" PRIu32 ") goes to APIC 0x%" PRIx32
		       ", which no CPU that is online has",
		       i->index, i->route ? i->route->irq : 0, i->destination);
	check_word(check, f, "interrupt table entry", i->address, datum_ok(i->words[0]));
}

/* Aliases share a table: it is told at the first device that has it. */
static bool is_first_user(const struct snapshot *s, uint32_t device, uint64_t object)
{
	for (uint32_t i = 0; i < device; i++)
		if (datum_is(s->interrupts.device_tables[i], object))
			return false;
	return true;
}

static void check_entries(struct check *check, const struct device *d,
			  const struct interrupt_table *t)
{
	if (t->state == DATUM_NONE)
		return;
	/* A wrong pointer is told by itself; what it leads to says nothing more. */
	if (t->entry_table.state == DATUM_OK && t->address.state == DATUM_OK &&
	    t->entry_table.value != t->address.value)
		return;
	check_known(check, &rules[OFFLINE], d->name, "interrupt table", t->state);
	check_known(check, &rules[ORPHAN], d->name, "interrupt table", t->state);
	for (uint32_t i = 0; i < t->n; i++)
		if (t->at[i].state == DATUM_OK)
			check_interrupt(check, d, &t->at[i]);
}

static void check_device(struct check *check, uint32_t device, const struct interrupt_table *table)
{
	const struct device *d = &check->snapshot->devices[device];

	check_table(check, d, table);
	if (table->object.state != DATUM_OK ||
	    is_first_user(check->snapshot, device, table->object.value))
		check_entries(check, d, table);
}

/* *length: of the device's table as its entry has it; untouched where that is no matter. */
static struct error *read_table(struct check *check, uint32_t device, struct datum *length)
{
	struct snapshot *s = check->snapshot;
	const struct device *d = &s->devices[device];
	_cleanup_(arena_free) struct arena arena = {0};
	struct interrupt_table table;
	struct error *err = target_poll(check->target);

	if (err || !is_judged(d) || d->interrupts == INTERRUPTS_UNMAPPED)
		return err; /* without remapping there may be no tables at all */
	err = check->driver->ops->read_interrupt_table(check->driver, s, d->segment, d->devid,
						       &arena, &table);
	if (err && error_is_unreadable(err)) {
		check_unknown(check, &rules[TABLE], d->name, "interrupt table", datum_state_of(err),
			      error_message(err));
		check_unknown(check, &rules[OFFLINE], d->name, "interrupt table",
			      datum_state_of(err), error_message(err));
		check_gap_of(check, &rules[ORPHAN], d->name, "interrupt table", err);
		return NULL;
	}
	if (err)
		return err;
	if (d->interrupts == INTERRUPTS_REMAPPED)
		*length = table.entry_length;
	check_device(check, device, &table);
	return NULL;
}

/* That of most tables. */
static uint64_t common_length(const struct datum *lengths, uint32_t n)
{
	uint64_t common = 0;
	uint32_t votes = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (lengths[i].state != DATUM_OK)
			continue;
		if (!votes)
			common = lengths[i].value;
		votes += lengths[i].value == common ? 1 : -1;
	}
	return common;
}

/*
 * The driver gives all tables one length, which depends on the hardware (iommu_get_int_tablen); but
 * one that it makes before it knows the device, as it does for an I/O APIC, has this one.
 */
#define LENGTH_UNKNOWN_DEVICE 512

static void check_lengths(struct check *check, const struct datum *lengths)
{
	const struct snapshot *s = check->snapshot;
	uint64_t common = common_length(lengths, s->n_devices);

	for (uint32_t i = 0; i < s->n_devices; i++) {
		if (lengths[i].state != DATUM_OK || lengths[i].value == common ||
		    (lengths[i].value == LENGTH_UNKNOWN_DEVICE && lengths[i].value < common))
			continue;
		struct check_finding *f = check_find(check, &rules[TABLE], s->devices[i].name, NULL,
						     CONFIDENCE_LIKELY,
						     "its interrupt table has %" PRIu64
						     " entries, those of other devices %" PRIu64,
						     lengths[i].value, common);
		entry_word(check, f, &s->devices[i]);
	}
}

static struct error *check_tables(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(freep) struct datum *lengths = calloc(s->n_devices + 1, sizeof(*lengths));
	struct error *err = lengths ? NULL : error_no_memory;

	for (uint32_t i = 0; i < s->n_devices; i++)
		for (unsigned k = TABLE; k <= ORPHAN; k++)
			check_known(check, &rules[k], s->devices[i].name, "device table entry",
				    s->devices[i].entry.state);
	for (uint32_t i = 0; i < s->n_devices && !err; i++)
		err = read_table(check, i, &lengths[i]);
	if (!err)
		check_lengths(check, lengths);
	return err;
}

const struct rule_set interrupt_rules = {"interrupts", "Interrupts", rules, ARRAY_SIZE(rules)};
