/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include <string.h>

#include "base/cleanup.h"
#include "cmd/physical.h"
#include "cmd/select.h"
#include "kernel/page.h"
#include "target/memory.h"

enum page_column {
	COL_PA,
	COL_SIZE,
	COL_USE,
	COL_RESOURCE,
	COL_FUNCTION,
	COL_HELD,
	COL_REFERENCES,
	COL_FLAGS,
	COL_HEAD,
};

static const struct column columns[] = {
	[COL_PA] = {"pa", "PHYSICAL", VALUE_HEX, 0, "first address", .width = 18},
	[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes", .width = 8},
	[COL_USE] =
		{"use", "USE", VALUE_TEXT, 0,
		 "free, unreferenced (on a CPU's list of free pages), slab, CPU page table, "
		 "anonymous, page cache, hugetlb, kernel (held by it otherwise), reserved, offline, "
		 "memory error, not RAM",
		 .width = 14},
	[COL_RESOURCE] = {"resource", "RESOURCE", VALUE_TEXT, 0,
			  "what lies there as /proc/iomem has it", .width = 20},
	[COL_FUNCTION] = {"function", "FUNCTION", VALUE_TEXT, 0,
			  "the PCI function whose memory it is", .width = 12},
	[COL_HELD] = {"held", "HELD", VALUE_BOOL, 0,
		      "the target holds its bytes; a dump may be without them", .width = 4},
	[COL_REFERENCES] = {"references", "REFERENCES", VALUE_NUMBER, COLUMN_EXTRA,
			    "struct page._refcount; of a compound page its first page's",
			    .width = 10},
	[COL_FLAGS] = {"flags", "FLAGS", VALUE_HEX, COLUMN_EXTRA, "struct page.flags", .width = 18},
	[COL_HEAD] = {"head", "HEAD", VALUE_HEX, COLUMN_EXTRA,
		      "first page of the compound page that it is part of", .width = 18},
};

static const struct table page_table_ = {"page", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

static const struct command_option options[] = {PHYSICAL_OPTIONS};

/* Pages alike in all columns, side by side. */
struct page_run {
	struct page_facts facts; /* of the first */
	enum datum_state held;
	uint64_t size; /* 0: none yet */
};

static void emit_unknown(struct emit *e, unsigned column, enum datum_state state)
{
	emit_datum(e, column, (struct datum){.state = state});
}

/* The page is in the dump, or not; else reading it failed. */
static bool is_held_known(enum datum_state held)
{
	return held == DATUM_OK || held == DATUM_EXCLUDED || held == DATUM_FAULT;
}

static struct error *emit_run(struct emit *e, const struct page_run *run)
{
	const struct page_facts *f = &run->facts;
	bool has_struct = f->flags.state == DATUM_OK;

	emit_row_begin(e);
	emit_number(e, COL_PA, f->address);
	emit_number(e, COL_SIZE, run->size);
	if (f->use == PAGE_UNKNOWN)
		emit_unknown(e, COL_USE, f->state);
	else
		emit_text(e, COL_USE, page_use_name(f->use));
	emit_text_datum(e, COL_RESOURCE, f->span->name);
	if (f->span->function)
		emit_text(e, COL_FUNCTION, f->span->function);
	else if (f->span->name.state == DATUM_OK)
		emit_unknown(e, COL_FUNCTION, DATUM_NONE);
	if (is_held_known(run->held))
		emit_bool(e, COL_HELD, run->held == DATUM_OK);
	emit_datum(e, COL_REFERENCES, f->references);
	emit_datum(e, COL_FLAGS, f->flags);
	if (has_struct && f->head != f->address)
		emit_number(e, COL_HEAD, f->head);
	else if (has_struct)
		emit_unknown(e, COL_HEAD, DATUM_NONE);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

static bool datum_equal(struct datum a, struct datum b)
{
	return a.state == b.state && (a.state != DATUM_OK || a.value == b.value);
}

static bool is_tail(const struct page_facts *f)
{
	return f->head != f->address;
}

static bool is_alike(const struct page_run *run, const struct page_facts *f, enum datum_state held)
{
	const struct page_facts *r = &run->facts;

	return r->address + run->size == f->address && r->use == f->use && r->state == f->state &&
	       r->span == f->span && run->held == held &&
	       datum_equal(r->references, f->references) && datum_equal(r->flags, f->flags) &&
	       is_tail(r) == is_tail(f) && (!is_tail(r) || r->head == f->head);
}

static struct error *emit_range(struct command_call *call, struct page_map *map, struct range range)
{
	struct page_run run = {.size = 0};
	struct target *target;
	struct error *err = session_target(call->session, &target);

	for (uint64_t pa = range.first; pa <= range.last && !err; pa += PAGE_SIZE) {
		struct page_facts facts = page_facts_read(map, pa);
		enum datum_state held = page_is_held(map, pa);

		err = target_poll(target);
		if (run.size && is_alike(&run, &facts, held)) {
			run.size += PAGE_SIZE;
			continue;
		}
		if (!err && run.size)
			err = emit_run(call->emit, &run);
		run = (struct page_run){facts, held, PAGE_SIZE};
		if (!is_held_known(held))
			problems_add(call->problems,
				     error_new(ERROR_IO, "reading it failed: %s",
					       datum_state_name(held)),
				     "page", "0x%" PRIx64, pa);
	}
	return err ? err : emit_run(call->emit, &run);
}

static struct error *page_run(struct command_call *call)
{
	_cleanup_(physical_free) struct physical physical = {0};
	_cleanup_(page_map_closep) struct page_map *map = NULL;
	struct reader reader = {.problems = call->problems};
	struct error *err = physical_of_call(call, &physical);

	if (!err)
		err = session_kernel(call->session, &reader.kernel);
	if (!err)
		err = page_map_open(&reader, &map);
	for (size_t i = 0; i < physical.n && !err; i++)
		err = emit_range(call, map, physical.at[i]);
	return err;
}

const struct command command_page = {
	.name = "page",
	.operands = "[PA[-PA]...]",
	.summary = "what physical memory is used for, as the kernel has it",
	.topic = "Translation",
	.details = "Neighbouring pages that are alike in all columns are one row.\n"
		   "    page 0x688294000\n"
		   "    page 0x100000-0x1fffff\n"
		   "    page --symbol init_task -o +flags,references",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &page_table_,
	.max_operands = SIZE_MAX,
	.run = page_run,
};
