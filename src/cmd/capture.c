/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/select.h"
#include "kernel/iova.h"
#include "target/capture.h"
#include "target/spec.h"

enum capture_column { COL_FILE, COL_BYTES };

static const struct column columns[] = {
	[COL_FILE] = {"file", "Written", VALUE_TEXT, 0, "the capture"},
	[COL_BYTES] = {"bytes", "Size", VALUE_SIZE, 0, "its size"},
};

static const struct table capture_table = {"capture", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

extern const struct command command_summary, command_info, command_kernel, command_iommus,
	command_devices, command_groups, command_dte, command_domains, command_domids, command_rmap,
	command_page, command_irt, command_check, command_ivrs,
	command_owners;

/*
 * What is run so that a capture can answer it: every command that reads more than another one here.
 * `walk`, `map` and `rmap` read the tables that `domains --usage` has gone through. `page` of device memory
 * reads the resources and no struct page; `check` reads those of what devices map, of so many pages (check/page_class.c).
 */
static const struct pass {
	const struct command *command;
	const char *option;
	const char *operand;
	const char *value; /* of the option; NULL: it is a flag */
	bool is_extra; /* without it the capture is still worth having */
} passes[] = {
	{&command_summary, NULL},
	{&command_info, NULL},       {&command_kernel, NULL}, {&command_iommus, NULL},
	{&command_iommus, "fields"}, {&command_iommus, "driver"},
	{&command_devices, NULL},    {&command_groups, NULL}, {&command_dte, "all"},
	{&command_domains, "usage"}, {&command_domids, NULL}, {&command_irt, NULL},
	{&command_rmap, "kernel-text", NULL, NULL, true},
	{&command_page, NULL, "0xfee00000", NULL, true},
	{&command_check, "threshold", NULL, "notice", true},
	{&command_ivrs, NULL, NULL, NULL, true},
	{&command_owners, NULL, NULL, NULL, true},
};

#define OPTIONS_MAX 16

static struct error *run_pass(struct session *session, const struct pass *pass, FILE *nowhere)
{
	const struct emit_options options = {.format = EMIT_JSON_LINES};
	const struct command *command = pass->command;
	const char *values[OPTIONS_MAX] = {NULL};
	_cleanup_(arena_free) struct arena arena = {0};
	struct problems problems = {0};
	struct command_call call = {
		.command = command,
		.session = session,
		.problems = &problems,
		.arena = &arena,
		.values = values,
		.operands = &pass->operand,
		.n_operands = pass->operand ? 1 : 0,
	};

	for (size_t i = 0; i < command->n_options && i < OPTIONS_MAX; i++)
		if (pass->option && !strcmp(command->options[i].name, pass->option))
			values[i] = pass->value ? pass->value : "";
	struct error *err = emit_begin(nowhere, &options, command->name, NULL,
				       command->choose_table ? command->choose_table(&call)
							     : command->table,
				       &call.emit);
	if (err)
		return err;
	err = command->run(&call);
	struct error *end_err = emit_end(call.emit, NULL);
	problems_free(&problems);
	if (!err)
		return end_err;
	error_free(end_err);
	return err;
}

/* Rings lie in memory whether or not a command reads them yet; unreadable ones are noted as such. */
static struct error *read_rings(struct session *session)
{
	struct snapshot *s;
	struct target *target;
	struct error *err = session_snapshot(session, SNAPSHOT_RINGS, &s);

	if (!err)
		err = session_target(session, &target);
	for (uint32_t i = 0; !err && i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];
		const struct ring *rings[] = {&u->command_ring, &u->event_ring,
					      &u->page_request_ring, &u->guest_ring};

		for (size_t k = 0; !err && k < ARRAY_SIZE(rings); k++) {
			_cleanup_(freep) void *bytes = malloc(rings[k]->size);

			if (!bytes)
				return error_no_memory;
			if (rings[k]->address.state == DATUM_OK)
				error_free(target_read(target, SPACE_PHYS, rings[k]->address.value,
						       bytes, rings[k]->size));
			err = target_poll(target);
		}
	}
	return err;
}

static struct error *read_table_of_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	static const struct page_table_visitor nobody = {0};

	(void)pasid;
	return table->ops->walk(arg, table, 0, UINT64_MAX, &nobody);
}

static struct error *pass_over_pasids(void *arg, uint32_t first, uint32_t last, struct error *err)
{
	(void)arg;
	(void)first;
	(void)last;
	error_free(err);
	return NULL;
}

/* Tables that are a device's and no domain's: of its PASIDs, and a guest's with the host's. */
static struct error *read_pasids(struct session *session)
{
	struct snapshot *s;
	struct target *target;
	struct error *err = session_snapshot(session, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = session_target(session, &target);
	for (uint32_t i = 0; !err && i < s->n_devices; i++) {
		const struct pasid_table *pasids = &s->devices[i].pasids;
		const struct pasid_visitor visitor = {read_table_of_pasid, pass_over_pasids, target};

		if (s->devices[i].pasids_state == DATUM_OK && pasids->ops)
			err = pasids->ops->each(target, pasids, &visitor);
	}
	return err;
}

/* The DMA API's allocators, for `iova`; what can't be read is noted as such. */
static struct error *read_allocator(struct kernel *kernel, const struct domain *domain)
{
	struct problems problems = {0};
	struct reader reader = {.kernel = kernel, .problems = &problems};
	struct iova_allocator allocator = {0};
	struct iova_range range;
	bool more = false;
	struct error *err = iova_allocator_open(&reader, domain->core_address, domain->iova_domain,
						&allocator);

	if (!err)
		more = allocator.address;
	while (more && (!err || error_is_unreadable(err))) {
		error_free(err);
		err = iova_allocator_next(&allocator, &range, &more);
	}
	iova_allocator_close(&allocator);
	problems_free(&problems);
	if (!err || (!error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND))
		return err;
	error_free(err);
	return NULL;
}

static struct error *read_allocators(struct session *session)
{
	struct snapshot *s;
	struct kernel *kernel;
	struct error *err = session_snapshot(session, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = session_kernel(session, &kernel);
	for (uint32_t i = 0; !err && i < s->n_domains; i++)
		if (s->domains[i].core_address)
			err = read_allocator(kernel, &s->domains[i]);
	return err;
}

static ssize_t swallow(void *cookie, const char *bytes, size_t n)
{
	(void)cookie;
	(void)bytes;
	return (ssize_t)n;
}

static struct error *record(struct session *session)
{
	FILE *nowhere = fopencookie(NULL, "w", (cookie_io_functions_t){.write = swallow});
	struct error *err = NULL;

	if (!nowhere)
		return error_no_memory;
	for (size_t i = 0; i < ARRAY_SIZE(passes) && !err; i++) {
		err = run_pass(session, &passes[i], nowhere);
		if (err && passes[i].is_extra && error_code(err) != ERROR_STOPPED &&
		    error_code(err) != ERROR_NO_MEMORY) {
			error_free(err);
			err = NULL;
		}
	}
	fclose(nowhere);
	if (!err)
		err = read_pasids(session);
	if (!err)
		err = read_allocators(session);
	return err ? err : read_rings(session);
}

/*
 * A session of its own: what the open one has read already would not be read, and noted, again. That one
 * is closed: a flattened dump would be put in order twice, in two temporary files.
 */
static struct error *capture_run(struct command_call *call)
{
	struct session *session;
	struct recorder recorder = {0};
	struct target *target;
	uint64_t size;
	struct error *err;

	err = spec_refuse_own(session_spec(call->session), call->operands[0]);
	if (err)
		return err;
	session_close(call->session);
	err = session_new(session_spec(call->session), &session);
	if (err)
		return err;
	err = session_target(session, &target);
	if (!err) {
		target->recorder = &recorder;
		err = record(session);
		target->recorder = NULL;
	}
	if (!err)
		err = capture_write(target, &recorder, call->operands[0], &size);
	session_free(session);
	recorder_free(&recorder);
	if (err)
		return err;
	emit_row_begin(call->emit);
	emit_text(call->emit, COL_FILE, call->operands[0]);
	emit_number(call->emit, COL_BYTES, size);
	emit_row_end(call->emit);
	return NULL;
}

const struct command command_capture = {
	.name = "capture",
	.operands = "FILE",
	.summary = "write an IOMMU-only dump: just what these commands read, fit to send",
	.topic = "The target",
	.details = "The file is a standard ELF core with the driver's objects, device tables, page tables, "
		   "rings and the kernel page tables that lead to them, and the symbols and type layouts that "
		   "were needed; of the kernel log only the lines about IOMMUs, VFIO and the kernel's death; no "
		   "memory that a device maps, of processes only what tells which hold "
		   "devices, with the names and command lines of those; and of each page only the bytes that were read. "
		   "Without a vmlinux it answers every command as the dump does, but for what was not recorded: other "
		   "memory and symbols ('rd', 'page', --use, --symbol), and when the log ends ('summary').\n"
		   "    capture iommu.elf\n"
		   "    iommuscope -c iommu.elf devices",
	.table = &capture_table,
	.min_operands = 1,
	.max_operands = 1,
	.writes_file = true,
	.run = capture_run,
};
