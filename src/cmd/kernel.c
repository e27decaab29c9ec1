/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "cmd/select.h"
#include "target/layout_file.h"

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

static const struct table kernel_table = {"kernel", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

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
	{"missing", NULL, "only what was not found"},
	{"export", "FILE", "write symbols and layouts to FILE, to be given elsewhere with -s"},
};

static const struct table *kernel_choose_table(const struct command_call *call)
{
	return call_option(call, "export") ? &export_table : &kernel_table;
}

static const struct table *kernel_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&kernel_table, &export_table};

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

static struct error *export(struct command_call *call, struct target *target, const char *path)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	struct emit *e = call->emit;
	struct error *err = target_export(target, &file);

	if (!err)
		err = layout_file_save(&file, path);
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

/* A kernel without the driver is still told about: that is when one asks. */
static struct error *kernel_run(struct command_call *call)
{
	struct kernel *kernel;
	struct iommu_driver *driver;
	const struct need_set *parts[PART_N];
	const char *path = call_option(call, "export");
	struct error *err = session_kernel(call->session, &kernel);

	if (err)
		return err;
	for (unsigned i = 0; i < PART_N && !err; i++)
		err = kernel_part(kernel, i, &parts[i]);
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
	return NULL;
}

const struct command command_kernel = {
	.name = "kernel",
	.operands = "",
	.summary = "which kernel structures were matched, which variant of each, what is missing",
	.topic = "The machine",
	.details = "An export holds what this program asks of the kernel, some KB, and stands in "
		   "for its vmlinux on another machine.\n"
		   "    kernel\n    kernel --missing\n    kernel --export vmcore.layouts",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &kernel_table,
	.choose_table = kernel_choose_table,
	.list_tables = kernel_list_tables,
	.run = kernel_run,
};
