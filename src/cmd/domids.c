/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/select.h"
#include "model/domain_ids.h"

enum domids_column {
	COL_ALLOCATOR,
	COL_ALLOCATED,
	COL_HIGHEST,
	COL_FREE,
	COL_IDS,
	COL_LEAKED,
	COL_UNALLOCATED,
	COL_DUPLICATES,
};

static const struct column columns[] = {
	[COL_ALLOCATOR] = {"allocator", "Allocator", VALUE_TEXT, 0,
			   "bitmap (amd_iommu_pd_alloc_bitmap) or ida (pdom_ids)"},
	[COL_ALLOCATED] = {"allocated", "Allocated", VALUE_NUMBER, 0,
			   "IDs given out, the reserved 0 not counted"},
	[COL_HIGHEST] = {"highest", "Highest", VALUE_HEX, 0, "highest ID given out"},
	[COL_FREE] = {"free", "Free", VALUE_NUMBER, 0, "IDs that can still be given out"},
	[COL_IDS] = {"ids", "IDs", VALUE_HEX, COLUMN_ARRAY | COLUMN_RANGES, "the IDs given out"},
	[COL_LEAKED] = {"leaked", "Allocated, no user found", VALUE_HEX, COLUMN_ARRAY | COLUMN_RANGES,
			"given out, but no domain, device or device table entry bears them: leaked, or "
			"of a domain that nothing is attached to"},
	[COL_UNALLOCATED] = {"unallocated_in_use", "In use, not allocated", VALUE_HEX, COLUMN_ARRAY | COLUMN_RANGES,
			     "a domain or a valid device table entry bears them, but they are free"},
	[COL_DUPLICATES] = {"duplicates", "Borne by two domains", VALUE_HEX, COLUMN_ARRAY | COLUMN_RANGES,
			    "IDs that more than one live domain bears"},
};

static const struct table domids_table = {"domids", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

/* none: what it is that there is not one. */
static void emit_difference(struct emit *e, unsigned column, const uint64_t *set,
			    const uint64_t *without, struct datum none)
{
	uint32_t id = domain_id_next(set, without, 1);

	if (id == DOMAIN_IDS)
		emit_datum(e, column, none);
	for (; id < DOMAIN_IDS; id = domain_id_next(set, without, id + 1))
		emit_number(e, column, id);
}

static void emit_allocated(struct emit *e, const struct domain_ids *ids)
{
	uint32_t n = 0, highest = 0;

	for (uint32_t id = domain_id_next(ids->bitmap, NULL, 1); id < DOMAIN_IDS;
	     id = domain_id_next(ids->bitmap, NULL, id + 1)) {
		n++;
		highest = id;
	}
	emit_number(e, COL_ALLOCATED, n);
	emit_number(e, COL_FREE, DOMAIN_IDS - 1 - n);
	if (n)
		emit_number(e, COL_HIGHEST, highest);
	emit_difference(e, COL_IDS, ids->bitmap, NULL, (struct datum){0});
}

static struct error *domids_run(struct command_call *call)
{
	_cleanup_(freep) struct domain_id_use *use = calloc(1, sizeof(*use));
	struct emit *e = call->emit;
	struct snapshot *s;
	struct error *err = use ? call_snapshot(call, SNAPSHOT_IDS, &s) : error_no_memory;

	if (err)
		return err;
	domain_ids_collect(s, use);
	emit_row_begin(e);
	emit_text(e, COL_ALLOCATOR, s->ids.allocator);
	if (s->ids.state == DATUM_OK) {
		emit_allocated(e, &s->ids);
		/* With a user unread, an ID without a user is not yet a leaked one. */
		if (none_of(s).state == DATUM_NONE)
			emit_difference(e, COL_LEAKED, s->ids.bitmap, use->in_use,
					(struct datum){0});
		else
			emit_datum(e, COL_LEAKED, none_of(s));
		emit_difference(e, COL_UNALLOCATED, use->in_use, s->ids.bitmap, none_of(s));
	}
	emit_difference(e, COL_DUPLICATES, use->shared, NULL, none_of(s));
	emit_row_end(e);
	return NULL;
}

const struct command command_domids = {
	.name = "domids",
	.operands = "",
	.summary = "the domain-ID allocator, and where domains and device table disagree with it",
	.topic = "Translation",
	.details = "ID 0 is reserved and never given out.\n    domids\n    domids -j",
	.table = &domids_table,
	.run = domids_run,
};
