/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"
#include "cmd/system_differ.h"
#include "cmd/words.h"

enum groups_column {
	COL_GROUP,
	COL_TYPE,
	COL_DEFAULT_DOMAIN,
	COL_DOMAIN,
	COL_DOMAIN_TYPE,
	COL_OWNER,
	COL_DEVICES,
	COL_RESERVED,
};

enum region_column { REGION_START, REGION_END, REGION_TYPE, REGION_REASON };

static const struct column region_columns[] = {
	[REGION_START] = {"start", "START", VALUE_HEX, 0, "first IOVA"},
	[REGION_END] = {"end", "END", VALUE_HEX, 0, "last IOVA"},
	[REGION_TYPE] =
		{"type", "TYPE", VALUE_TEXT, 0,
		 "msi (interrupts), reserved (never usable), direct (unity-mapped for firmware)"},
	[REGION_REASON] = {"reason", "REASON", VALUE_TEXT, 0, "why"},
};

static const struct table region_table = {"reserved", VIEW_TABLE, region_columns,
					  ARRAY_SIZE(region_columns)};

static const struct column columns[] = {
	[COL_GROUP] = {"group", "Group", VALUE_NUMBER, 0, "number, as in /sys/kernel/iommu_groups"},
	[COL_TYPE] = {"type", "Type", VALUE_TEXT, 0, "type of its default domain, as sysfs has it"},
	[COL_DEFAULT_DOMAIN] = {"default_domain", "Default", VALUE_HEX, 0,
				"ID of the domain that the kernel's DMA API uses"},
	[COL_DOMAIN] = {"domain", "Domain", VALUE_HEX, 0, "ID of the domain that it is in now"},
	[COL_DOMAIN_TYPE] = {"domain_type", "Now", VALUE_TEXT, 0, "type of the domain it is in now"},
	[COL_OWNER] = {"owned", "Owned", VALUE_BOOL, 0,
		       "claimed by a driver or by user space (owner_cnt is not 0)"},
	[COL_DEVICES] = {"devices", "Devices", VALUE_TEXT, COLUMN_ARRAY, "its PCI functions"},
	[COL_RESERVED] = {"reserved", "Reserved", VALUE_ROWS, COLUMN_ARRAY | COLUMN_EXTRA,
			  "IOVAs that its devices must not be given", &region_table},
};

static const struct table groups_table = {"groups", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

/* One group, asked for by its number, has room for its regions. */
static const struct table group_table = {"group", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

static const struct table *groups_choose_table(const struct command_call *call)
{
	return call->n_operands ? &group_table : &groups_table;
}

/* They follow from the members: of a group that seems to have none, nothing is known. */
static void emit_regions(struct emit *e, const struct snapshot *s, const struct group *g)
{
	if (g->reserved_state != DATUM_OK || (s->problems.n && !g->n_devices))
		return;
	emit_rows_begin(e, COL_RESERVED);
	for (uint32_t i = 0; i < g->n_reserved; i++) {
		emit_row_begin(e);
		emit_number(e, REGION_START, g->reserved[i].start);
		emit_number(e, REGION_END, g->reserved[i].end);
		emit_text(e, REGION_TYPE, g->reserved[i].type);
		emit_text(e, REGION_REASON, g->reserved[i].reason);
		emit_row_end(e);
	}
	emit_rows_end(e);
}

static void emit_domain(struct emit *e, const struct snapshot *s, struct datum domain,
			unsigned id_column, unsigned type_column)
{
	if (domain.state != DATUM_OK) {
		emit_datum(e, id_column, domain);
		emit_datum(e, type_column, domain);
		return;
	}
	emit_datum(e, id_column, s->domains[domain.value].id);
	emit_text_datum(e, type_column, domain_type_text(&s->domains[domain.value]));
}

static void emit_group(struct emit *e, const struct snapshot *s, const struct group *g)
{
	emit_row_begin(e);
	emit_datum(e, COL_GROUP, g->id);
	emit_domain(e, s, g->default_domain, COL_DEFAULT_DOMAIN, COL_TYPE);
	emit_domain(e, s, g->domain, COL_DOMAIN, COL_DOMAIN_TYPE);
	emit_datum(e, COL_OWNER, g->owner_count.state == DATUM_OK
					 ? datum_ok(g->owner_count.value != 0)
					 : g->owner_count);
	if (!g->n_devices)
		emit_datum(e, COL_DEVICES, none_of(s));
	for (uint32_t i = 0; i < g->n_devices; i++)
		emit_text(e, COL_DEVICES, s->devices[g->devices[i]].name);
	emit_regions(e, s, g);
	emit_row_end(e);
}

static struct error *take_group(const char *word, uint64_t *ret)
{
	uint32_t bdf;
	struct error *err = parse_number(word, ret), *other = err ? parse_bdf(word, &bdf) : NULL;

	if (!err || other) {
		error_free(other);
		return err;
	}
	error_free(err);
	return error_new(ERROR_USAGE, "'%s' is a device, not a group: 'devices %s' says which it is in",
			 word, word);
}

static struct error *groups_run(struct command_call *call)
{
	struct snapshot *s;
	struct error *err = call_compared_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n_groups && !call->n_operands; i++)
		emit_group(call->emit, s, &s->groups[i]);
	for (size_t n = 0; n < call->n_operands && !err; n++) {
		uint64_t number;
		uint32_t i = 0;

		err = take_group(call->operands[n], &number);
		if (err)
			break;
		while (i < s->n_groups && !datum_is(s->groups[i].id, number))
			i++;
		if (i < s->n_groups) {
			char object[32];

			snprintf(object, sizeof(object), "group %" PRIu64, number);
			call_problems_of(call, s, object);
			emit_group(call->emit, s, &s->groups[i]);
			continue;
		}
		err = error_not_listed(s, "IOMMU group", call->operands[n], "groups");
	}
	return err;
}

const struct command command_groups = {
	.name = "groups",
	.operands = "[N...]",
	.summary = "IOMMU groups: what can only be given away together",
	.topic = "Devices",
	.details = "Of the running kernel, the groups found in its memory are held against "
		   "/sys/kernel/iommu_groups: what differs is told.\n"
		   "    groups\n    groups 12",
	.table = &groups_table,
	.choose_table = groups_choose_table,
	.max_operands = SIZE_MAX,
	.run = groups_run,
};
