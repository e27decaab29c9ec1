/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/iova.h"

#include "base/cleanup.h"
#include "cmd/select.h"

enum iova_column { COL_IOVA, COL_SIZE, COL_STATE, COL_MAPPED, COL_DIFFERENCE, COL_DEVICES };

static const struct column columns[] = {
	[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "first address", .width = 18},
	[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes", .width = 8},
	[COL_STATE] =
		{"state", "STATE", VALUE_TEXT, 0,
		 "allocated; cached (free, kept by a CPU or the depot); queued (free, the IOTLB is to "
		 "be flushed first); reserved; none (not in the allocator)",
		 .width = 9},
	[COL_MAPPED] = {"mapped", "MAPPED", VALUE_SIZE, 0, "bytes of it that the page table maps",
			.width = 8},
	[COL_DIFFERENCE] = {"difference", "DIFFERENCE", VALUE_TEXT, 0,
			    "what allocator and page table do not agree on; none: they do",
			    .width = 31},
	[COL_DEVICES] = {"devices", "DEVICES", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
			 "devices of the domain", .width = 12},
};

static const struct table iova_table = {"iova", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

static const char *const state_names[IOVA_STATES] = {"allocated", "cached", "queued", "reserved",
						     "none"};

static const char *const difference_names[IOVA_DIFFERENCES] = {
	[IOVA_UNMAPPED] = "IOVA without a mapping",
	[IOVA_MAPPED_FREE] = "mapped though its IOVA is free",
	[IOVA_MAPPED_RESERVED] = "mapped in a reserved range",
	[IOVA_MAPPED_BESIDE] = "mapped without an IOVA",
};

enum summary_column {
	SUM_RANGES,
	SUM_ALLOCATED,
	SUM_CACHED,
	SUM_QUEUED,
	SUM_RESERVED,
	SUM_DIFFERENCES,
	SUM_DEVICES,
};

static const struct column summary_columns[] = {
	[SUM_RANGES] = {"ranges", "Ranges", VALUE_NUMBER, 0, "ranges in the allocator"},
	[SUM_ALLOCATED] = {"allocated", "Allocated", VALUE_SIZE, 0, "bytes in use"},
	[SUM_CACHED] = {"cached", "Cached", VALUE_SIZE, 0, "bytes that are free, in caches"},
	[SUM_QUEUED] = {"queued", "Queued", VALUE_SIZE, 0,
			"bytes that are free once the IOTLB is flushed"},
	[SUM_RESERVED] = {"reserved", "Reserved", VALUE_SIZE, 0, "bytes never given out"},
	[SUM_DIFFERENCES] = {"differences", "Differences", VALUE_NUMBER, 0,
			     "ranges on which allocator and page table do not agree"},
	[SUM_DEVICES] = {"devices", "Devices", VALUE_TEXT, COLUMN_ARRAY, "devices of the domain"},
};

static const struct table summary_table = {"iova-summary", VIEW_RECORD, summary_columns,
					   ARRAY_SIZE(summary_columns)};

static const struct command_option options[] = {
	{"differences", NULL, "only what allocator and page table do not agree on"},
	{"summary", NULL, "totals only"},
};

static const struct table *iova_choose_table(const struct command_call *call)
{
	return call_option(call, "summary") ? &summary_table : &iova_table;
}

static const struct table *iova_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&iova_table, &summary_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

struct answer {
	struct command_call *call;
	const struct snapshot *s;
	const struct domain *domain;
	bool differences, summary;
};

static void emit_devices(const struct answer *a, unsigned column)
{
	struct emit *e = a->call->emit;

	if (!a->domain->n_devices)
		emit_datum(e, column, none_of(a->s));
	for (uint32_t i = 0; i < a->domain->n_devices; i++)
		emit_text(e, column, a->s->devices[a->domain->devices[i]].name);
}

static struct error *put_piece(void *arg, const struct iova_piece *p)
{
	const struct answer *a = arg;
	struct emit *e = a->call->emit;

	if (a->summary || (a->differences && !p->difference && !p->is_unknown))
		return NULL;
	emit_row_begin(e);
	emit_number(e, COL_IOVA, p->first);
	emit_number(e, COL_SIZE, p->last - p->first + 1);
	if (p->known == DATUM_OK)
		emit_text(e, COL_STATE, state_names[p->state]);
	else
		emit_datum(e, COL_STATE, (struct datum){.state = p->known});
	if (p->mapped_is_known)
		emit_number(e, COL_MAPPED, p->mapped);
	if (p->is_unknown)
		emit_datum(e, COL_DIFFERENCE, (struct datum){.state = DATUM_ABSENT});
	else
		emit_text(e, COL_DIFFERENCE, difference_names[p->difference]);
	emit_devices(a, COL_DEVICES);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

/* What is only known in part has no totals. */
static void emit_summary(const struct answer *a, const struct iova_totals *totals)
{
	static const enum summary_column columns_of[IOVA_STATES] = {
		[IOVA_IS_ALLOCATED] = SUM_ALLOCATED,
		[IOVA_IS_CACHED] = SUM_CACHED,
		[IOVA_IS_QUEUED] = SUM_QUEUED,
		[IOVA_IS_RESERVED] = SUM_RESERVED,
	};
	struct emit *e = a->call->emit;

	emit_row_begin(e);
	if (totals->is_whole) {
		emit_number(e, SUM_RANGES, totals->n);
		for (enum iova_state i = IOVA_IS_ALLOCATED; i <= IOVA_IS_RESERVED; i++)
			emit_number(e, columns_of[i], totals->bytes[i]);
		emit_number(e, SUM_DIFFERENCES, totals->n_differences);
	}
	emit_devices(a, SUM_DEVICES);
	emit_row_end(e);
}

static struct error *compare(struct answer *a, const char *label)
{
	struct command_call *call = a->call;
	struct iova_totals totals;
	struct kernel *kernel;
	struct error *err = session_kernel(call->session, &kernel);

	if (err)
		return err;
	if (!a->domain->core_address)
		return error_new(ERROR_USAGE, "%s: this kernel keeps no allocator there", label);
	err = iova_compare(kernel, a->s, a->domain, label, call->problems, put_piece, a, &totals);
	if (err)
		return totals.has_allocator ? err : error_prepend(err, "%s: IOVA allocator", label);
	if (!totals.has_allocator)
		return error_new(ERROR_USAGE,
				 "%s has no IOVA allocator: the DMA API does not use it", label);
	if (a->summary)
		emit_summary(a, &totals);
	return NULL;
}

static struct error *iova_run(struct command_call *call)
{
	struct answer answer = {
		.call = call,
		.differences = call_option(call, "differences"),
		.summary = call_option(call, "summary"),
	};
	struct snapshot *s;
	char label[40];
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (!err)
		err = find_domain(s, call->operands[0], &answer.domain);
	if (err)
		return err;
	answer.s = s;
	domain_label(answer.domain, label, sizeof(label));
	call_problems_of_domain(call, s, answer.domain);
	return compare(&answer, label);
}

const struct command command_iova = {
	.name = "iova",
	.operands = "BDF|DOMAIN",
	.summary = "the DMA API's allocator of IOVAs against the page table",
	.topic = "Translation",
	.details =
		"Ranges that the allocator has given out or keeps, in order, and what is mapped beside them. "
		"An IOVA that is free but cached or queued has no mapping and is no leak. On a running machine "
		"a difference may be of the moment.\n"
		"    iova 0000:a1:00.0\n"
		"    iova 0000:a1:00.0 --differences\n"
		"    iova 0000:a1:00.0 --summary",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &iova_table,
	.choose_table = iova_choose_table,
	.list_tables = iova_list_tables,
	.min_operands = 1,
	.max_operands = 1,
	.run = iova_run,
};
