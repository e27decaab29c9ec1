/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which columns are shown: the defaults, or what -o chose. */
#include "out/columns.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "out/emit_private.h"

static enum value_type field_value_type(const struct field *field)
{
	switch ((enum field_format)field->format) {
	case FIELD_FLAG:
		return VALUE_BOOL;
	case FIELD_NUMBER:
	case FIELD_ENUM:
		return VALUE_NUMBER;
	case FIELD_HEX:
	case FIELD_ADDRESS:
	case FIELD_RESERVED:
	case FIELD_IGNORED:
		break;
	}
	return VALUE_HEX;
}

/* "domain_id" → "Domain id"; "Domain ID" → "DOMAIN-ID". */
static const char *title_from(struct arena *arena, const char *text, char blank, bool upper)
{
	char *title = arena_strdup(arena, text);

	for (char *c = title; c && *c; c++) {
		if (*c == '_' || *c == ' ')
			*c = blank;
		else if (upper || c == title)
			*c = (char)toupper((unsigned char)*c);
	}
	return title;
}

static bool view_has(const struct view *view, unsigned index, int field)
{
	for (unsigned i = 0; i < view->n; i++)
		if (view->choices[i].index == index && view->choices[i].field == field)
			return true;
	return false;
}

/* Each once, where it is named first: in JSON a key must not come twice. */
static struct error *view_add(struct emit *emit, struct view *view, unsigned index, int field)
{
	const struct column *column = &view->table->columns[index];
	const struct field *f = field < 0 ? NULL : &column->layout->fields[field];
	const char *key = f ? f->key : column->key;
	const char *title = f ? f->key : column->title ? column->title : key;

	if (view_has(view, index, field))
		return NULL;
	struct arena *arena = &emit->lasting;
	struct choice *choice = &view->choices[view->n];

	*choice = (struct choice){
		.column = column,
		.index = index,
		.field = field,
		.type = f ? field_value_type(f) : column->type,
		.key = key,
		.title = title_from(arena, title, '-', true),
		.label = f ? f->label : title_from(arena, title, ' ', false),
		.json = arena_printf(arena, "\"%s\":", key),
	};
	if (!choice->title || !choice->label || !choice->json)
		return error_no_memory;
	choice->json_length = strlen(choice->json);
	if (choice->type == VALUE_ROWS) {
		struct error *err = view_new(emit, column->rows, view->all ? "all" : NULL,
					     &choice->nested);
		if (err)
			return err;
	}
	view->n++;
	return NULL;
}

/* A column as a whole; in JSON a hardware structure is its fields. */
static struct error *view_add_column(struct emit *emit, struct view *view, unsigned index)
{
	const struct column *column = &view->table->columns[index];
	struct error *err = NULL;

	if (column->type != VALUE_FIELDS || emit->options.format == EMIT_TEXT)
		return view_add(emit, view, index, -1);
	for (int i = 0; !err && i < column->layout->n_fields; i++)
		if (!field_is_piece(&column->layout->fields[i]))
			err = view_add(emit, view, index, i);
	return err;
}

bool column_is_default(const struct table *table, const struct column *column)
{
	return table->view == VIEW_RECORD || !(column->flags & COLUMN_EXTRA);
}

bool table_has_fields(const struct table *table)
{
	return table->columns[table->n_columns - 1].type == VALUE_FIELDS;
}

static struct error *view_add_all(struct emit *emit, struct view *view, bool extra)
{
	struct error *err = NULL;

	bool is_text = emit->options.format == EMIT_TEXT;

	for (unsigned i = 0; !err && i < view->table->n_columns; i++) {
		const struct column *column = &view->table->columns[i];

		if (column->flags & COLUMN_PROSE && !is_text)
			continue;
		if (extra || column_is_default(view->table, column))
			err = view_add_column(emit, view, i);
	}
	return err;
}

/* As -o writes names: either case, "-" for "_". */
static bool is_key(const char *key, const char *word)
{
	for (; *key && *word; key++, word++)
		if (*key != (*word == '-' ? '_' : tolower((unsigned char)*word)))
			return false;
	return !*key && !*word;
}

static struct error *view_add_named(struct emit *emit, struct view *view, const char *word)
{
	struct suggestion suggestion = suggestion_for(word);
	const struct table *table = view->table;

	for (unsigned i = 0; i < table->n_columns; i++) {
		if (is_key(table->columns[i].key, word))
			return view_add_column(emit, view, i);
		suggestion_offer(&suggestion, table->columns[i].key);
	}
	for (unsigned i = 0; i < table->n_columns; i++) {
		const struct layout *layout = table->columns[i].layout;

		for (int f = 0; layout && f < layout->n_fields; f++) {
			if (field_is_piece(&layout->fields[f]))
				continue;
			if (is_key(layout->fields[f].key, word))
				return view_add(emit, view, i, f);
			suggestion_offer(&suggestion, layout->fields[f].key);
		}
	}
	return suggestion_error(&suggestion, "column", "; '-o help' lists them");
}

static bool names_all(const char *list)
{
	for (size_t n; *list; list += n) {
		list += strspn(list, "+, ");
		n = strcspn(list, ", ");
		if (n == 3 && !strncasecmp(list, "all", n))
			return true;
	}
	return false;
}

static struct error *view_add_list(struct emit *emit, struct view *view, const char *list)
{
	_cleanup_(freep) char *words = strdup(*list == '+' ? list + 1 : list);
	struct error *err = NULL;
	char *rest;

	if (!words)
		return error_no_memory;
	view->all = names_all(list); /* also of what stands before it */
	if (*list == '+')
		err = view_add_all(emit, view, emit->options.format != EMIT_TEXT);
	for (char *word = strtok_r(words, ", ", &rest); word && !err;
	     word = strtok_r(NULL, ", ", &rest)) {
		word += *word == '+';
		err = is_key("all", word) ? view_add_all(emit, view, true)
					  : view_add_named(emit, view, word);
	}
	if (!err && !view->n)
		err = error_new(ERROR_USAGE, "no columns in '%s'; '-o help' lists them", list);
	return err;
}

/*
 * A record whose chosen columns are plain values is easier to read as a table; prose has a place
 * for its own columns only.
 */
static enum table_view view_form(const struct view *view, const char *list)
{
	enum table_view form = view->table->view;

	if (!list || *list == '+' || form == VIEW_STREAM || form == VIEW_TABLE)
		return form;
	if (form == VIEW_PROSE)
		form = VIEW_RECORD;
	for (size_t i = 0; i < view->n; i++)
		if (view->choices[i].type >= VALUE_ROWS)
			return form;
	return VIEW_TABLE;
}

/* Names in a list, and so the most choices it can make of one table, fields counted. */
static size_t choices_room(const struct table *table, const char *list)
{
	size_t room = 0, names = 2;

	for (unsigned i = 0; i < table->n_columns; i++)
		room += table->columns[i].layout ? table->columns[i].layout->n_fields : 1;
	for (; list && *list; list++)
		names += *list == ',' || *list == ' ';
	return room * names;
}

struct error *view_new(struct emit *emit, const struct table *table, const char *list,
		       struct view **ret)
{
	struct view *view = arena_alloc(&emit->lasting, sizeof(*view));

	if (!view)
		return error_no_memory;
	view->table = table;
	view->choices =
		arena_alloc(&emit->lasting, choices_room(table, list) * sizeof(*view->choices));
	if (!view->choices)
		return error_no_memory;
	struct error *err = list ? view_add_list(emit, view, list)
				 : view_add_all(emit, view, emit->options.format != EMIT_TEXT);
	if (err)
		return err;
	view->form = view_form(view, list);
	*ret = view;
	return NULL;
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {
		[VALUE_BOOL] = "boolean",  [VALUE_NUMBER] = "number", [VALUE_SIZE] = "size",
		[VALUE_HEX] = "hex",	   [VALUE_TEXT] = "text",     [VALUE_ROWS] = "rows",
		[VALUE_FIELDS] = "fields",
	};

	return names[type];
}

enum { COLUMNS_NAME, COLUMNS_TYPE, COLUMNS_ARRAY, COLUMNS_DEFAULT, COLUMNS_HELP };

static const struct column columns_columns[] = {
	[COLUMNS_NAME] = {"name", NULL, VALUE_TEXT, 0, "Name for -o, and key in JSON"},
	[COLUMNS_TYPE] = {"type", NULL, VALUE_TEXT, 0, "Kind of its values"},
	[COLUMNS_ARRAY] = {"array", NULL, VALUE_BOOL, COLUMN_EXTRA, "It holds several values"},
	[COLUMNS_DEFAULT] = {"default", NULL, VALUE_BOOL, 0, "Text shows it without -o"},
	[COLUMNS_HELP] = {"help", NULL, VALUE_TEXT, 0, "What it says"},
};

const struct table table_columns = {
	.name = "columns",
	.view = VIEW_TABLE,
	.columns = columns_columns,
	.n_columns = ARRAY_SIZE(columns_columns),
};

static void emit_column(struct emit *emit, const char *name, enum value_type type, bool array,
			bool shown, const char *help)
{
	emit_row_begin(emit);
	emit_text(emit, COLUMNS_NAME, name);
	emit_text(emit, COLUMNS_TYPE, value_type_name(type));
	emit_bool(emit, COLUMNS_ARRAY, array);
	emit_bool(emit, COLUMNS_DEFAULT, shown);
	emit_text(emit, COLUMNS_HELP, help);
	emit_row_end(emit);
}

void emit_columns(struct emit *emit, const struct table *table)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];

		emit_column(emit, c->key, c->type, c->flags & COLUMN_ARRAY,
			    column_is_default(table, c), c->help);
		for (int f = 0; c->layout && f < c->layout->n_fields; f++) {
			const struct field *field = &c->layout->fields[f];

			if (!field_is_piece(field))
				emit_column(emit, field->key, field_value_type(field), false, false,
					    field->meaning ? field->meaning : field->label);
		}
	}
}
