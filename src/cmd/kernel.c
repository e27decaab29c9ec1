/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/cleanup.h"
#include "cmd/select.h"
#include "kernel/ability.h"
#include "target/layout_file.h"
#include "target/spec.h"

enum kernel_column {
	COL_SET,
	COL_KIND,
	COL_NAME,
	COL_STATE,
	COL_VALUE,
	COL_SIZE,
	COL_NEED,
	COL_PURPOSE,
};

static const struct column columns[] = {
	[COL_SET] = {"set", "SET", VALUE_TEXT, COLUMN_EXTRA, "core, a part of it, or the driver"},
	[COL_KIND] = {"kind", "KIND", VALUE_TEXT, 0, "symbol, size, member, enumerator, variant"},
	[COL_NAME] = {"name", "NAME", VALUE_TEXT, 0, "what was looked for; found under this name"},
	[COL_STATE] = {"state", "STATE", VALUE_TEXT, 0,
		       "found, absent (this kernel has none), ambiguous, unanswered (no symbols or "
		       "types to ask)"},
	[COL_VALUE] = {"value", "VALUE", VALUE_HEX, 0, "address, byte offset, size or value"},
	[COL_SIZE] = {"size", "SIZE", VALUE_NUMBER, 0, "bytes of a member"},
	[COL_NEED] = {"need", "NEED", VALUE_TEXT, 0,
		      "required; variant (one of several ways); optional"},
	[COL_PURPOSE] = {"purpose", "FOR", VALUE_TEXT, COLUMN_WIDE, "what can't be had without it"},
};

static const struct table rows_table = {"kernel-all", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

enum ability_column {
	ABL_WHAT,
	ABL_STATE,
	ABL_HOW,
	ABL_MISSING,
	ABL_COMMANDS,
};

static const struct column ability_columns[] = {
	[ABL_WHAT] = {"what", "WHAT", VALUE_TEXT, 0, "what answers are made of"},
	[ABL_STATE] =
		{"state", "STATE", VALUE_TEXT, 0,
		 "whole; partly or missing: in no way that is known; none: kernels of some eras "
		 "have none; unknown: no symbols or types to ask"},
	[ABL_HOW] = {"how", "HOW", VALUE_TEXT, COLUMN_WIDE, "the way in which this kernel has it"},
	[ABL_MISSING] = {"missing", "MISSING", VALUE_TEXT, COLUMN_ARRAY | COLUMN_WIDE,
			 "symbols, types and members that were looked for and not found"},
	[ABL_COMMANDS] = {"commands", "FOR", VALUE_TEXT, COLUMN_ARRAY,
			  "commands that can't answer in full without it"},
};

static const struct table ability_table = {"kernel", VIEW_TABLE, ability_columns,
					   ARRAY_SIZE(ability_columns)};

enum export_column {
	COL_FILE,
	COL_BUILD_ID,
	COL_RELEASE,
	COL_ROWS,
};

static const struct column export_columns[] = {
	[COL_FILE] = {"file", "File", VALUE_TEXT, 0, "what was written"},
	[COL_BUILD_ID] = {"build_id", "Build ID", VALUE_TEXT, 0,
			  "build ID of the kernel that it is of"},
	[COL_RELEASE] = {"release", "Kernel", VALUE_TEXT, 0, "its release"},
	[COL_ROWS] = {"rows", "Rows", VALUE_NUMBER, 0, "symbols, members, sizes and values in it"},
};

static const struct table export_table = {"kernel-export", VIEW_RECORD, export_columns,
					  ARRAY_SIZE(export_columns)};

static const struct command_option options[] = {
	{"all", NULL, "every symbol, member, size and value, and how it was found"},
	{"missing", NULL, "of these, what was not found"},
	{"export", "FILE", "write symbols and layouts to FILE, to be given elsewhere with -s"},
};

static const struct table *kernel_choose_table(const struct command_call *call)
{
	if (call_option(call, "export"))
		return &export_table;
	return call_option(call, "all") || call_option(call, "missing") ? &rows_table
									: &ability_table;
}

static const struct table *kernel_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&ability_table, &rows_table, &export_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

static const char *kind_name(enum lookup_kind kind)
{
	static const char *const names[] = {
		[LOOKUP_SYMBOL] = "symbol",
		[LOOKUP_SIZE] = "size",
		[LOOKUP_MEMBER] = "member",
		[LOOKUP_ENUMERATOR] = "enumerator",
	};

	return names[kind];
}

static const char *state_name(enum lookup_state state)
{
	static const char *const names[] = {
		[LOOKUP_UNANSWERED] = "unanswered",
		[LOOKUP_FOUND] = "found",
		[LOOKUP_ABSENT] = "absent",
		[LOOKUP_AMBIGUOUS] = "ambiguous",
	};

	return names[state];
}

static const char *level_name(enum need_level level)
{
	static const char *const names[] = {
		[NEED_REQUIRED] = "required",
		[NEED_VARIANT] = "variant",
		[NEED_OPTIONAL] = "optional",
	};

	return names[level];
}

static void emit_need(struct emit *e, const struct need_set *set, size_t i)
{
	const struct need *need = &set->rows[i];
	const struct found *found = &set->found[i];

	emit_row_begin(e);
	emit_text(e, COL_SET, set->title);
	emit_text(e, COL_KIND, kind_name(need->kind));
	if (need->kind == LOOKUP_SIZE)
		emit_text(e, COL_NAME, need->type);
	else if (need->type)
		emit_textf(e, COL_NAME, "%s.%s", need->type, found->name);
	else
		emit_text(e, COL_NAME, found->name);
	emit_text(e, COL_STATE, state_name(found->state));
	if (is_found(found))
		emit_number(e, COL_VALUE, found->value);
	if (is_found(found) && need->kind == LOOKUP_MEMBER)
		emit_number(e, COL_SIZE, found->size);
	emit_text(e, COL_NEED, level_name(need->level));
	emit_text(e, COL_PURPOSE, need->purpose);
	emit_row_end(e);
}

static void emit_set(struct command_call *call, const struct need_set *set)
{
	bool missing = call_option(call, "missing");

	for (size_t i = 0; i < set->n; i++)
		if (!missing || !is_found(&set->found[i]))
			emit_need(call->emit, set, i);
}

static void emit_variants(struct emit *e, const struct iommu_driver *driver)
{
	struct driver_variant variants[DRIVER_VARIANTS_MAX];
	size_t n = driver->ops->variants(driver, variants);

	for (size_t i = 0; i < n; i++) {
		emit_row_begin(e);
		emit_text(e, COL_SET, driver->ops->name);
		emit_text(e, COL_KIND, "variant");
		emit_textf(e, COL_NAME, "%s: %s", variants[i].what,
			   variants[i].variant ? variants[i].variant : "none that is known");
		emit_text(e, COL_STATE, variants[i].variant ? "found" : "absent");
		emit_row_end(e);
	}
}

static const char *ability_state_name(enum ability_state state)
{
	static const char *const names[] = {
		[ABILITY_WHOLE] = "whole",     [ABILITY_PARTLY] = "partly",
		[ABILITY_MISSING] = "missing", [ABILITY_NONE] = "none",
		[ABILITY_UNKNOWN] = "unknown",
	};

	return names[state];
}

#define WHOLE_TYPE                                                                                 \
	3 /* rows of a type of which none is found: the type is named, and not each row */

/* The type of a row, when all of its many rows are missing and this is the first; else NULL. */
static const char *missing_type(const struct need_set *set, const struct need_way *way, size_t row,
				bool *is_first)
{
	const char *type = set->rows[way->rows[row] - 1].type;
	size_t n = 0;

	*is_first = true;
	for (size_t i = 0; type && i < WAY_ROWS && way->rows[i]; i++) {
		const char *other = set->rows[way->rows[i] - 1].type;

		if (!other || strcmp(type, other) != 0)
			continue;
		if (is_found(&set->found[way->rows[i] - 1]))
			return NULL;
		*is_first &= i >= row;
		n++;
	}
	return n >= WHOLE_TYPE ? type : NULL;
}

static void emit_missing(struct emit *e, const struct need_set *set, const struct need_way *way)
{
	for (size_t i = 0; i < WAY_ROWS && way->rows[i]; i++) {
		const struct need *need = &set->rows[way->rows[i] - 1];
		const struct found *found = &set->found[way->rows[i] - 1];
		bool is_first;
		const char *type = missing_type(set, way, i, &is_first);

		if (is_found(found) || (type && !is_first))
			continue;
		if (type || (need->type && !need->names))
			emit_text(e, ABL_MISSING, need->type);
		else if (need->type)
			emit_textf(e, ABL_MISSING, "%s.%s", need->type, found->name);
		else
			emit_text(e, ABL_MISSING, found->name);
	}
}

static void emit_ability(struct emit *e, const struct need_set *set, const struct ability *ability,
			 enum ability_state state, const struct need_way *way)
{
	emit_row_begin(e);
	emit_text(e, ABL_WHAT, ability->what);
	emit_text(e, ABL_STATE, ability_state_name(state));
	emit_empty(e, ABL_MISSING);
	if (state == ABILITY_WHOLE || state == ABILITY_PARTLY)
		emit_text(e, ABL_HOW, way->name);
	if (!ability_is_in_order(state))
		emit_missing(e, set, way);
	for (size_t i = 0; i < ABILITY_COMMANDS && ability->commands[i]; i++)
		emit_text(e, ABL_COMMANDS, ability->commands[i]);
	emit_row_end(e);
}

static void emit_abilities(struct emit *e, const struct need_set *set, bool in_order)
{
	const struct need_way *way;

	for (size_t i = 0; i < set->n_abilities; i++) {
		enum ability_state state = ability_judge(set, &set->abilities[i], &way);

		if (ability_is_in_order(state) == in_order)
			emit_ability(e, set, &set->abilities[i], state, way);
	}
}

static struct error *export(struct command_call *call, struct target *target, const char *path)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	struct emit *e = call->emit;
	struct error *err = target_export(target, &file);

	if (!err)
		err = layout_file_save(&file, path, false);
	if (err)
		return error_prepend(err, "%s", path);
	emit_row_begin(e);
	emit_text(e, COL_FILE, path);
	emit_text(e, COL_BUILD_ID, file.build_id);
	emit_text(e, COL_RELEASE, file.release);
	emit_number(e, COL_ROWS, file.n);
	emit_row_end(e);
	return NULL;
}

/* What is not in order first: that is what one looks for on a kernel that is new. */
static struct error *report(struct command_call *call, struct kernel *kernel)
{
	const struct need_set *set;
	struct iommu_driver *driver;

	for (int in_order = 0; in_order < 2; in_order++) {
		emit_abilities(call->emit, &kernel->core_set, in_order);
		for (size_t i = 0; (set = session_needs(call->session, i)); i++)
			emit_abilities(call->emit, set, in_order);
	}
	return session_driver(call->session, &driver);
}

/* A kernel without the driver is still told about: that is when one asks. */
static struct error *kernel_run(struct command_call *call)
{
	struct kernel *kernel;
	struct iommu_driver *driver;
	const struct need_set *parts[PART_N];
	const char *path = call_option(call, "export");
	struct error *err = path ? spec_refuse_own(session_spec(call->session), path) : NULL;

	if (!err)
		err = session_kernel(call->session, &kernel);
	if (err)
		return err;
	if (kernel_choose_table(call) == &ability_table)
		return report(call, kernel);
	for (unsigned i = 0; i < PART_N && !err; i++)
		err = kernel_part(kernel, i, &parts[i]);
	for (size_t i = 0; !err && session_needs(call->session, i); i++)
		err = session_resolve_extra(call->session, i);
	if (err)
		return err;
	if (path)
		return export(call, kernel->target, path);
	emit_set(call, &kernel->core_set);
	for (unsigned i = 0; i < PART_N; i++)
		emit_set(call, parts[i]);
	err = session_driver(call->session, &driver);
	if (err)
		return err;
	emit_variants(call->emit, driver);
	emit_set(call, &driver->needs);
	emit_set(call, &driver->extra);
	return NULL;
}

const struct command command_kernel = {
	.name = "kernel",
	.operands = "",
	.summary = "which kernel structures were matched, which variant of each, what is missing",
	.topic = "The machine",
	.details =
		"One line for each thing that answers are made of; what this kernel does not have "
		"in any way that is known comes first, with the commands that can't answer in "
		"full. An export holds what this program asks of the kernel, some KB, and stands in "
		"for its vmlinux on another machine.\n"
		"    kernel\n    kernel --all\n    kernel --export vmcore.layouts",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &ability_table,
	.choose_table = kernel_choose_table,
	.list_tables = kernel_list_tables,
	.writes_file = true,
	.run = kernel_run,
};
