/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "amd/hw/domids.h"
#include "amd/hw/dte.h"
#include "amd/hw/layouts.h"
#include "amd/hw/pte.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/paste.h"
#include "cmd/verdict.h"

enum { COL_STRUCTURE, COL_TITLE, COL_RAW, COL_VERDICT, COL_FIELDS };

#define STRUCTURE_COLUMNS                                                                          \
	[COL_STRUCTURE] = {"structure", NULL, VALUE_TEXT, 0, "Name of the layout"},                \
	[COL_TITLE] = {"title", "Name", VALUE_TEXT, 0, "What the layout is of"},              \
	[COL_RAW] = {"raw", NULL, VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS, "The words, low first"}, \
	[COL_VERDICT] = {"verdict", NULL, VALUE_TEXT, 0,                                           \
			 "What it comes to, where that can be said"}

static const struct column plain_columns[] = {STRUCTURE_COLUMNS};
static const struct table plain_table = {"decode", VIEW_RECORD, plain_columns,
					 ARRAY_SIZE(plain_columns)};

enum {
	COL_SET = COL_VERDICT + 1,
	COL_DOMAINS,
	COL_RESERVED,
	COL_HIGHEST,
	COL_IDS,
};

static const struct column domids_columns[] = {
	STRUCTURE_COLUMNS,
	[COL_SET] = {"set", "Bits set", VALUE_NUMBER, 0, "IDs that are taken, ID 0 with them"},
	[COL_DOMAINS] = {"domains", NULL, VALUE_NUMBER, 0, "IDs that are taken, but for ID 0"},
	[COL_RESERVED] = {"reserved", "ID 0 reserved", VALUE_BOOL, 0,
			  "ID 0 is set, as the driver does first of all"},
	[COL_HIGHEST] = {"highest", "Highest ID", VALUE_HEX, 0, "Highest ID that is taken"},
	[COL_IDS] = {"ids", "IDs", VALUE_TEXT, COLUMN_ARRAY, "The IDs as ranges"},
};

static const struct table domids_table = {"decode-domids", VIEW_RECORD, domids_columns,
					  ARRAY_SIZE(domids_columns)};

/* The answer for one layout: its fields are keys. */
static const struct table *layout_table(struct arena *arena, const struct layout *layout)
{
	struct column *columns = arena_alloc(arena, (COL_FIELDS + 1) * sizeof(*columns));
	struct table *table = arena_alloc(arena, sizeof(*table));

	if (!columns || !table)
		return &plain_table;
	memcpy(columns, plain_columns, sizeof(plain_columns));
	columns[COL_FIELDS] = (struct column){
		.key = "fields",
		.type = VALUE_FIELDS,
		.help = "Its fields, which 'help STRUCTURE' tells; in JSON a key each",
		.layout = layout};
	*table = (struct table){layout->name, VIEW_RECORD, columns, COL_FIELDS + 1};
	return table;
}

static const struct table *decode_list_tables(size_t i, struct arena *arena)
{
	size_t n = 0;

	while (layouts[n])
		n++;
	if (i < n)
		return layout_table(arena, layouts[i]);
	return i == n ? &domids_table : NULL;
}

/* The words of the call, and the layout they have; NULL: none that fits. */
struct pasted {
	uint64_t *words;
	size_t n;
	const struct layout *layout;
};

static struct error *take_paste(const struct command_call *call, struct pasted *ret)
{
	struct error *err = paste_words(call->arena, call->operands + 1, call->n_operands - 1,
					&ret->words, &ret->n);

	if (!err && !ret->n)
		err = error_new(ERROR_USAGE, "no words to decode");
	if (!err)
		ret->layout = layout_choose(call->operands[0], ret->words, ret->n);
	return err;
}

static bool is_domids(const struct command_call *call)
{
	return !strcmp(call->operands[0], "domids");
}

static const struct table *decode_choose_table(const struct command_call *call)
{
	_cleanup_(error_freep) struct error *err = NULL;
	struct pasted pasted = {0};

	if (!call->n_operands) /* its columns are asked for */
		return &plain_table;
	if (is_domids(call))
		return &domids_table;
	err = take_paste(call, &pasted);
	return pasted.layout ? layout_table(call->arena, pasted.layout) : &plain_table;
}

static void emit_structure(struct command_call *call, const char *name, const char *title,
			   const struct pasted *pasted, const char *verdict)
{
	struct emit *e = call->emit;

	emit_text(e, COL_STRUCTURE, name);
	emit_text(e, COL_TITLE, title);
	for (size_t i = 0; i < pasted->n; i++)
		emit_number(e, COL_RAW, pasted->words[i]);
	emit_text(e, COL_VERDICT, verdict);
}

static void decode_domids(struct command_call *call, const struct pasted *pasted)
{
	struct domids ids = domids_count(pasted->words, pasted->n);
	struct emit *e = call->emit;
	struct domid_range range;

	emit_row_begin(e);
	emit_structure(call, "domids", "Domain-ID allocator's bitmap", pasted,
		       verdict_of_domids(call->arena, pasted->words, pasted->n));
	emit_number(e, COL_SET, ids.set);
	emit_number(e, COL_DOMAINS, ids.domains);
	emit_bool(e, COL_RESERVED, ids.reserved);
	if (ids.highest >= 0)
		emit_number(e, COL_HIGHEST, (unsigned)ids.highest);
	emit_empty(e, COL_IDS);
	for (unsigned id = 0; domids_next(pasted->words, pasted->n, id, &range);
	     id = range.last + 1)
		emit_textf(e, COL_IDS, range.first == range.last ? "0x%x" : "0x%x-0x%x",
			   range.first, range.last);
	emit_row_end(e);
}

/* There is no layout of that name, or not of so many words. */
static struct error *no_layout(const char *name, size_t n_words)
{
	struct suggestion suggestion = suggestion_for(name);
	const struct layout *sizes[2];
	size_t n = 0;

	suggestion_offer(&suggestion, "domids");
	for (const struct layout_form *form = layout_forms; form->name; form++) {
		suggestion_offer(&suggestion, form->name);
		if (!strcmp(form->name, name) && n < ARRAY_SIZE(sizes))
			sizes[n++] = form->layout;
	}
	if (!n && layout_by_name(name))
		sizes[n++] = layout_by_name(name);
	if (n == 2)
		return error_new(ERROR_USAGE, "'%s' takes %u or %u bits; got %zu 64-bit words",
				 name, sizes[0]->bits, sizes[1]->bits, n_words);
	if (n)
		return error_new(ERROR_USAGE,
				 "'%s' takes %u bits (64-bit words: %zu); got %zu words", name,
				 sizes[0]->bits, layout_words(sizes[0]), n_words);
	return suggestion_error(&suggestion, "structure", "; 'help decode' lists them");
}

static const char *verdict(struct command_call *call, const struct pasted *pasted, unsigned level)
{
	const struct layout *layout = pasted->layout;

	if (layout == &dte_layout)
		return verdict_of_dte(call->arena, pasted->words, 0);
	if (layout == &pte_layout || layout == &pde_layout)
		return verdict_of_pte(call->arena, pasted->words[0], level);
	if (layout == &pte_v2_layout || layout == &pde_v2_layout)
		return verdict_of_pte_v2(call->arena, pasted->words[0], level);
	return NULL;
}

static struct error *take_level(const struct command_call *call, unsigned *ret)
{
	uint64_t level = 0;
	struct error *err = call->values[0] ? parse_number(call->values[0], &level) : NULL;

	if (!err && call->values[0] && (level < 1 || level > PT_LEVEL_MAX))
		err = error_new(ERROR_USAGE, "--level is 1 to %d", PT_LEVEL_MAX);
	if (!err)
		*ret = (unsigned)level;
	return err;
}

static struct error *decode_run(struct command_call *call)
{
	struct pasted pasted = {0};
	unsigned level = 0;
	struct error *err = take_level(call, &level);

	if (!err)
		err = take_paste(call, &pasted);
	if (err)
		return err;
	if (is_domids(call)) {
		decode_domids(call, &pasted);
		return NULL;
	}
	if (!pasted.layout)
		return no_layout(call->operands[0], pasted.n);
	emit_row_begin(call->emit);
	emit_structure(call, pasted.layout->name, pasted.layout->title, &pasted,
		       verdict(call, &pasted, level));
	emit_fields(call->emit, COL_FIELDS, pasted.words);
	emit_row_end(call->emit);
	return NULL;
}

static const struct command_option options[] = {
	{"level", "N", "the level of the table that a pte is in, 1 to 6: tells its page's size"},
};

const struct command command_decode = {
	.name = "decode",
	.operands = "STRUCTURE WORD...",
	.summary = "decode pasted words of a hardware structure",
	.topic = "Without a target",
	.details =
		"STRUCTURE is dte, pte, irte, cmd, event, efr, ... ('help' lists them all) or "
		"domids, the domain-ID allocator's bitmap. Words are 64 bits wide, the low one first, "
		"written as in C (0x79). Commas between them do no harm, nor do the addresses that "
		"gdb prints in front of a line. Fields that are zero and say nothing by it are "
		"left out of the text; '-o all' shows them.\n"
		"    decode dte 0x6000000688294603 0x79 0x2000000819256011 0\n"
		"    decode pte 0x60000000fee00001 --level 1\n"
		"    decode domids 0xffffffffffffffff 0x01ffffffffffffff",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &plain_table,
	.choose_table = decode_choose_table,
	.list_tables = decode_list_tables,
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.no_target = true,
	.run = decode_run,
};
