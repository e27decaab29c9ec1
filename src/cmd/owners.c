/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"
#include "kernel/vfio.h"

enum owners_column {
	COL_PID,
	COL_NAME,
	COL_VM,
	COL_DEVICES,
	COL_GROUPS,
	COL_DOMAINS,
	COL_DRIVERS,
	COL_INTERFACES,
	COL_COMMAND,
	COL_CONTEXTS,
	COL_FILES,
	COL_TASK,
};

static const struct column columns[] = {
	[COL_PID] = {"pid", "PID", VALUE_NUMBER, 0,
		     "process that holds the devices; none: a driver of the kernel does"},
	[COL_NAME] = {"name", "PROCESS", VALUE_TEXT, 0, "its name"},
	[COL_VM] = {"vm", "VM", VALUE_TEXT, 0, "name of the VM, by -name in the command line"},
	[COL_DEVICES] = {"devices", "DEVICES", VALUE_TEXT, COLUMN_ARRAY,
			 "devices that it holds: all of the groups"},
	[COL_GROUPS] = {"groups", "GROUPS", VALUE_NUMBER, COLUMN_ARRAY, "their IOMMU groups"},
	[COL_DOMAINS] = {"domains", "DOMAINS", VALUE_HEX, COLUMN_ARRAY,
			 "IDs of the domains that these are in"},
	[COL_DRIVERS] = {"drivers", "DRIVERS", VALUE_TEXT, COLUMN_ARRAY, "drivers of the devices"},
	[COL_INTERFACES] = {"interfaces", "BY", VALUE_TEXT, COLUMN_ARRAY,
			    "container (VFIO's own) or iommufd: what maps memory for them; none: "
			    "devices are open, and nothing is mapped"},
	[COL_COMMAND] = {"command", "COMMAND", VALUE_TEXT, COLUMN_WIDE,
			 "its command line, where the dump has the process's memory"},
	[COL_CONTEXTS] = {"contexts", "CONTEXTS", VALUE_HEX, COLUMN_ARRAY | COLUMN_EXTRA,
			  "the kernel's objects behind these: struct vfio_container, iommufd_ctx"},
	[COL_FILES] = {"files", "FILES", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
		       "names of the files of VFIO and iommufd that it has open"},
	[COL_TASK] = {"task", "TASK", VALUE_HEX, COLUMN_EXTRA, "its struct task_struct"},
};

static const struct table owners_table = {"owners", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

struct owners {
	struct command_call *call;
	struct snapshot *snapshot;
	struct reader reader;
	struct vfio_holders holders;
	struct datum *group_owners; /* per group */
	bool *is_held;		    /* per group: by a process that was found */
	bool *is_chosen;	    /* per group: an operand names one of its devices */
};

static void owners_free(struct owners *o)
{
	vfio_holders_free(&o->holders);
	free(o->group_owners);
	free(o->is_held);
	free(o->is_chosen);
}

/* Somebody has taken it from the kernel's DMA API. */
static bool group_is_taken(const struct owners *o, size_t index)
{
	const struct group *g = &o->snapshot->groups[index];

	if (o->group_owners[index].state == DATUM_OK)
		return true;
	return g->domain.state == DATUM_OK && g->default_domain.state == DATUM_OK &&
	       g->domain.value != g->default_domain.value;
}

static bool holder_holds(const struct owners *o, const struct vfio_holder *holder, size_t index)
{
	const struct group *g = &o->snapshot->groups[index];

	for (size_t i = 0; i < holder->n_files; i++)
		if (vfio_file_holds(&o->holders.files.at[holder->first_file + i], g->id,
				    o->group_owners[index]))
			return true;
	return false;
}

static bool is_told_before(const struct snapshot *s, const bool *groups, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (groups[i] && s->groups[i].domain.state == DATUM_OK &&
		    s->groups[i].domain.value == s->groups[index].domain.value)
			return true;
	return false;
}

/* groups: which of them the row is about. */
static void emit_groups(struct emit *e, const struct snapshot *s, const bool *groups)
{
	const char *driver = NULL;
	bool any = false;

	for (size_t i = 0; i < s->n_groups; i++) {
		const struct group *g = &s->groups[i];

		if (!groups[i])
			continue;
		any = true;
		emit_datum(e, COL_GROUPS, g->id);
		if (g->domain.state != DATUM_OK)
			emit_datum(e, COL_DOMAINS, g->domain);
		else if (!is_told_before(s, groups, i))
			emit_datum(e, COL_DOMAINS, s->domains[g->domain.value].id);
		for (uint32_t k = 0; k < g->n_devices; k++) {
			const struct device *d = &s->devices[g->devices[k]];

			emit_text(e, COL_DEVICES, d->name);
			if (d->driver.state != DATUM_OK || !driver ||
			    strcmp(driver, d->driver.value)) {
				emit_text_datum(e, COL_DRIVERS, d->driver);
				driver = d->driver.state == DATUM_OK ? d->driver.value : driver;
			}
		}
	}
	if (any)
		return;
	emit_empty(e, COL_GROUPS);
	emit_empty(e, COL_DOMAINS);
	emit_empty(e, COL_DEVICES);
	emit_empty(e, COL_DRIVERS);
}

/* Descriptors of one file, or several files of one object, count once. */
static bool is_repeated(const struct vfio_file *files, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (files[i].kind == files[at].kind && files[i].object == files[at].object)
			return true;
	return false;
}

static void emit_files(struct emit *e, const struct vfio_file *files, size_t n)
{
	bool any[2] = {false};

	for (size_t i = 0; i < n; i++) {
		bool is_iommufd = files[i].kind == VFIO_IOMMUFD;

		emit_text(e, COL_FILES, files[i].name);
		if ((!is_iommufd && files[i].kind != VFIO_CONTAINER) || is_repeated(files, i))
			continue;
		emit_number(e, COL_CONTEXTS, files[i].object);
		if (!any[is_iommufd])
			emit_text(e, COL_INTERFACES, is_iommufd ? "iommufd" : "container");
		any[is_iommufd] = true;
	}
	if (!any[false] && !any[true]) {
		emit_empty(e, COL_INTERFACES);
		emit_empty(e, COL_CONTEXTS);
	}
}

/*
 * The value of QEMU's -name: "-name guest=web,debug-threads=on", "-name web". words: arguments with
 * a NUL each, and one more behind the last.
 */
static const char *vm_name(struct arena *arena, const char *words, size_t size)
{
	for (const char *word = words; word < words + size; word += strlen(word) + 1) {
		const char *value = word + strlen(word) + 1;

		if ((strcmp(word, "-name") && strcmp(word, "--name")) || value >= words + size)
			continue;
		const char *guest = strstr(value, "guest=");
		value = guest && (guest == value || guest[-1] == ',') ? guest + 6 : value;
		return arena_strndup(arena, value, strcspn(value, ","));
	}
	return NULL;
}

/* As `ps` shows it: the arguments with a blank between them. */
static const char *command_text(struct arena *arena, const char *words, size_t size)
{
	while (size && !words[size - 1])
		size--;
	if (!size)
		return NULL;
	char *text = arena_alloc(arena, size + 1);
	for (size_t i = 0; text && i < size; i++)
		text[i] = words[i] ? words[i] : ' ';
	return text;
}

static struct error *emit_command(struct owners *o, const struct vfio_holder *holder)
{
	struct emit *e = o->call->emit;
	struct arena *arena = o->call->arena;
	const char *words = NULL;
	size_t size = 0;
	struct error *err = task_command(&o->holders.tasks, arena, holder->task, &words, &size);

	if (!err) {
		emit_text(e, COL_VM, size ? vm_name(arena, words, size) : NULL);
		emit_text(e, COL_COMMAND, size ? command_text(arena, words, size) : NULL);
		return NULL;
	}
	if (!error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND)
		return err;
	struct text unknown = {.state = problems_add(o->call->problems, err, "command line",
						     "process %" PRIu64, holder->pid)};
	emit_text_datum(e, COL_VM, unknown);
	emit_text_datum(e, COL_COMMAND, unknown);
	return NULL;
}

static bool is_asked_for(const struct owners *o, const bool *groups, uint64_t pid)
{
	const struct command_call *call = o->call;
	uint64_t number;

	for (size_t i = 0; i < o->snapshot->n_groups; i++)
		if (groups[i] && o->is_chosen[i])
			return true;
	for (size_t i = 0; i < call->n_operands; i++) {
		struct error *err = parse_number(call->operands[i], &number);

		if (!err && pid && number == pid)
			return true;
		error_free(err);
	}
	return !call->n_operands;
}

static struct error *emit_holder(struct owners *o, const struct vfio_holder *holder, bool *groups)
{
	struct emit *e = o->call->emit;

	for (size_t i = 0; i < o->snapshot->n_groups; i++) {
		groups[i] = holder_holds(o, holder, i);
		o->is_held[i] |= groups[i];
	}
	if (!is_asked_for(o, groups, holder->pid))
		return NULL;
	emit_row_begin(e);
	emit_number(e, COL_PID, holder->pid);
	emit_text_datum(e, COL_NAME, holder->name);
	emit_groups(e, o->snapshot, groups);
	emit_files(e, &o->holders.files.at[holder->first_file], holder->n_files);
	emit_number(e, COL_TASK, holder->task);
	struct error *err = emit_command(o, holder);
	emit_row_end(e);
	return err;
}

/* A group that was taken, and no process has it open: a driver's, or of one that could not be read.
 */
static void emit_taken(struct owners *o, size_t index, bool *groups)
{
	struct emit *e = o->call->emit;
	enum datum_state state = o->holders.state == DATUM_OK ? DATUM_NONE : o->holders.state;

	memset(groups, 0, o->snapshot->n_groups * sizeof(*groups));
	groups[index] = true;
	if (!is_asked_for(o, groups, 0))
		return;
	emit_row_begin(e);
	for (unsigned column = COL_PID; column <= COL_TASK; column++)
		if (column != COL_DEVICES && column != COL_GROUPS && column != COL_DOMAINS &&
		    column != COL_DRIVERS)
			emit_datum(e, column, (struct datum){.state = state});
	emit_groups(e, o->snapshot, groups);
	emit_row_end(e);
}

static struct error *emit_owners(struct owners *o)
{
	_cleanup_(freep) bool *groups = calloc(o->snapshot->n_groups + 1, sizeof(*groups));
	struct error *err = NULL;

	if (!groups)
		return error_no_memory;
	for (size_t i = 0; i < o->holders.holders.n && !err; i++)
		err = emit_holder(o, &o->holders.holders.at[i], groups);
	for (size_t i = 0; i < o->snapshot->n_groups && !err; i++)
		if (!o->is_held[i] && group_is_taken(o, i))
			emit_taken(o, i, groups);
	return err;
}

/* A number is a PID, whatever process that is; else it is a device. */
static struct error *choose_groups(struct owners *o)
{
	struct error *err = NULL;

	for (size_t i = 0; i < o->call->n_operands && !err; i++) {
		const char *word = o->call->operands[i];
		const struct device *device;

		if (!word[strspn(word, "0123456789")])
			continue;
		err = find_device(o->snapshot, word, &device);
		if (!err && device->group.state == DATUM_OK)
			o->is_chosen[device->group.value] = true;
	}
	return err;
}

static struct error *owners_run(struct command_call *call)
{
	_cleanup_(owners_free) struct owners o = {.call = call};
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &o.snapshot);

	o.reader.problems = call->problems;
	if (!err)
		err = session_kernel(call->session, &o.reader.kernel);
	if (!err)
		err = vfio_holders_read(&o.reader, &o.holders);
	if (err)
		return err;
	size_t n = o.snapshot->n_groups + 1;
	o.group_owners = calloc(n, sizeof(*o.group_owners));
	o.is_held = calloc(n, sizeof(*o.is_held));
	o.is_chosen = calloc(n, sizeof(*o.is_chosen));
	if (!o.group_owners || !o.is_held || !o.is_chosen)
		return error_no_memory;
	for (size_t i = 0; i + 1 < n; i++) {
		const struct group *g = &o.snapshot->groups[i];

		reader_object_number(&o.reader, "group %" PRIu64, g->id.value);
		o.group_owners[i] = vfio_group_owner(&o.reader, &o.holders, g->address);
	}
	err = choose_groups(&o);
	return err ? err : emit_owners(&o);
}

const struct command command_owners = {
	.name = "owners",
	.operands = "[BDF|PID...]",
	.summary = "which processes (VMs) hold devices, through VFIO or iommufd",
	.topic = "Devices",
	.details =
		"Each process that has a file of VFIO or iommufd open, with the devices that it holds and its "
		"command line; then what drivers of the kernel have taken for themselves. A process's "
		"threads are not looked at by themselves. A dump without processes' memory, as "
		"makedumpfile -d 31 leaves it, has no command lines.\n"
		"    owners\n"
		"    owners 0000:a1:00.1\n"
		"    owners -o pid,vm,devices",
	.table = &owners_table,
	.max_operands = SIZE_MAX,
	.run = owners_run,
};
