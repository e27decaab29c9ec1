/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "cmd/select.h"

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
	[COL_SET] = {"set", "SET", VALUE_TEXT, COLUMN_EXTRA, "core, or the driver"},
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

static const struct command_option options[] = {
	{"missing", NULL, "only what was not found"},
};

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
	if (need->type)
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

/* A kernel without the driver is still told about: that is when one asks. */
static struct error *kernel_run(struct command_call *call)
{
	struct kernel *kernel;
	struct iommu_driver *driver;
	struct error *err = session_kernel(call->session, &kernel);

	if (err)
		return err;
	emit_set(call, &kernel->core_set);
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
	.details = "    kernel\n    kernel --missing",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &kernel_table,
	.run = kernel_run,
};
