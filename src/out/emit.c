/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/emit.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "out/emit_private.h"

void emit_fail(struct emit *emit, struct error *err)
{
	if (emit->error)
		error_free(err);
	else
		emit->error = err;
}

static void emit_free(struct emit *emit)
{
	if (!emit)
		return;
	text_free(emit);
	arena_free(&emit->row_arena);
	arena_free(&emit->lasting);
	buffer_free(&emit->buffer);
	error_free(emit->error);
	free(emit);
}

static void emit_freep(struct emit **emit)
{
	emit_free(*emit);
}

static struct row *row_new(struct arena *arena, const struct table *table)
{
	return arena_alloc(arena, sizeof(struct row) + table->n_columns * sizeof(struct cell));
}

struct error *emit_begin(FILE *out, const struct emit_options *options, const char *command,
			 const struct emit_target *target, const struct table *table,
			 struct emit **ret)
{
	_cleanup_(emit_freep) struct emit *emit = calloc(1, sizeof(*emit));

	if (!emit || !buffer_init(&emit->buffer, out))
		return error_no_memory;
	emit->options = *options;
	emit->table = table;
	emit->top.table = table;
	emit->rows = &emit->top;
	emit->top_row = row_new(&emit->lasting, table);
	if (!emit->top_row)
		return error_no_memory;
	struct error *err = view_new(emit, table, options->columns, &emit->view);
	if (err)
		return err;
	emit->is_shown = arena_alloc(&emit->lasting, table->n_columns);
	if (!emit->is_shown)
		return error_no_memory;
	for (size_t i = 0; i < emit->view->n; i++)
		emit->is_shown[emit->view->choices[i].index] = true;
	if (options->format == EMIT_JSON)
		json_begin(emit, command, target);
	*ret = take_ptr(emit);
	return NULL;
}

struct error *emit_end(struct emit *emit, const struct problems *problems)
{
	if (!emit->error) {
		if (emit->options.format == EMIT_TEXT)
			text_end(emit);
		else
			json_end(emit, problems);
	}
	buffer_flush(&emit->buffer);
	if (emit->buffer.error)
		emit_fail(emit, error_errno(emit->buffer.error, "can't write the answer"));
	struct error *err = take_ptr(emit->error);
	emit_free(emit);
	return err;
}

void emit_abandon(struct emit *emit)
{
	emit_free(emit);
}

bool emit_failed(const struct emit *emit)
{
	return emit->error || emit->buffer.error;
}

bool emit_shows(const struct emit *emit, unsigned column)
{
	return emit->is_shown[column];
}

uint64_t emit_count(const struct emit *emit)
{
	return emit->top.n;
}

void emit_row_begin(struct emit *emit)
{
	struct rows *rows = emit->rows;

	if (emit->error)
		return;
	assert(!rows->open);
	if (rows == &emit->top) {
		rows->open = emit->top_row;
		memset(rows->open->cells, 0, rows->table->n_columns * sizeof(struct cell));
		return;
	}
	rows->open = row_new(&emit->row_arena, rows->table);
	if (!rows->open)
		emit_fail(emit, error_no_memory);
}

static void top_row_print(struct emit *emit, const struct row *row)
{
	if (emit->options.format != EMIT_TEXT)
		json_row(emit, row);
	else if (emit->view->form == VIEW_STREAM)
		stream_row(emit, row);
	else
		text_row(emit, row);
	if (emit->row_arena.blocks)
		arena_reset(&emit->row_arena);
}

void emit_row_end(struct emit *emit)
{
	struct rows *rows = emit->rows;

	if (emit->error)
		return;
	assert(rows->open);
	if (rows == &emit->top) {
		if (!emit->buffer.error)
			top_row_print(emit, rows->open);
	} else {
		if (rows->last)
			rows->last->next = rows->open;
		else
			rows->first = rows->open;
		rows->last = rows->open;
	}
	rows->open = NULL;
	rows->n++;
}

/* What takes work to keep is kept only where it will be printed. */
static bool is_wanted(const struct emit *emit, unsigned column)
{
	return emit->rows != &emit->top || emit_shows(emit, column);
}

/* The cell that takes the next value of an array: a new one at its end. */
static struct cell *array_cell(struct emit *emit, unsigned index)
{
	struct cell *cell = &emit->rows->open->cells[index];

	if (!is_wanted(emit, index))
		return &emit->lost;
	if (cell->kind != CELL_LIST) {
		*cell = (struct cell){.kind = CELL_LIST};
		cell->list = arena_alloc(&emit->row_arena, sizeof(*cell->list));
	}
	struct list_cell *added = cell->list ? arena_alloc(&emit->row_arena, sizeof(*added)) : NULL;
	if (!added) {
		emit_fail(emit, error_no_memory);
		return &emit->lost;
	}
	if (cell->list->last)
		cell->list->last->next = added;
	else
		cell->list->first = added;
	cell->list->last = added;
	return &added->cell;
}

/* The cell that takes a value of `column`. */
static inline struct cell *cell_for(struct emit *emit, unsigned index)
{
	const struct rows *rows = emit->rows;

	if (emit->error)
		return &emit->lost;
	assert(rows->open && index < rows->table->n_columns);
	if (rows->table->columns[index].flags & COLUMN_ARRAY)
		return array_cell(emit, index);
	return &rows->open->cells[index];
}

void emit_number(struct emit *emit, unsigned column, uint64_t value)
{
	assert(emit->error || emit->rows->table->columns[column].type <= VALUE_HEX);
	*cell_for(emit, column) = (struct cell){.kind = CELL_NUMBER, .number = value};
}

void emit_bool(struct emit *emit, unsigned column, bool value)
{
	emit_number(emit, column, value);
}

static void emit_null(struct emit *emit, unsigned column, enum cell_kind kind)
{
	cell_for(emit, column)->kind = kind;
}

void emit_text(struct emit *emit, unsigned column, const char *value)
{
	assert(emit->error || emit->rows->table->columns[column].type == VALUE_TEXT);
	if (!is_wanted(emit, column))
		return;
	if (!value) {
		emit_null(emit, column, CELL_NONE);
		return;
	}
	const char *copy = arena_strdup(&emit->row_arena, value);
	if (!copy)
		emit_fail(emit, error_no_memory);
	*cell_for(emit, column) = (struct cell){.kind = CELL_TEXT, .text = copy};
}

void emit_textf(struct emit *emit, unsigned column, const char *fmt, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	if (!is_wanted(emit, column))
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		emit_fail(emit, error_no_memory);
	}
	va_end(ap);
	emit_text(emit, column, text);
}

/* A datum that holds no value; none of an array is an empty array. */
static void emit_missing(struct emit *emit, unsigned column, enum datum_state state)
{
	if (state != DATUM_NONE)
		emit_null(emit, column, CELL_UNKNOWN);
	else
		emit_empty(emit, column);
}

void emit_datum(struct emit *emit, unsigned column, struct datum value)
{
	if (value.state == DATUM_OK)
		emit_number(emit, column, value.value);
	else
		emit_missing(emit, column, value.state);
}

void emit_text_datum(struct emit *emit, unsigned column, struct text value)
{
	if (value.state == DATUM_OK)
		emit_text(emit, column, value.value);
	else
		emit_missing(emit, column, value.state);
}

void emit_fields(struct emit *emit, unsigned column, const uint64_t *words)
{
	if (emit->error)
		return;
	const struct column *c = &emit->rows->table->columns[column];
	assert(c->type == VALUE_FIELDS);
	if (!words) {
		emit_null(emit, column, CELL_UNKNOWN);
		return;
	}
	size_t size = (c->layout->bits + 63u) / 64 * sizeof(*words);
	uint64_t *copy = arena_alloc(&emit->row_arena, size);
	if (!copy) {
		emit_fail(emit, error_no_memory);
		return;
	}
	memcpy(copy, words, size);
	*cell_for(emit, column) = (struct cell){.kind = CELL_WORDS, .words = copy};
}

void emit_empty(struct emit *emit, unsigned column)
{
	if (emit->error)
		return;
	const struct column *c = &emit->rows->table->columns[column];
	struct cell *cell = &emit->rows->open->cells[column];
	if (cell->kind != CELL_NONE || !(c->flags & COLUMN_ARRAY || c->type == VALUE_ROWS))
		return;
	*cell = (struct cell){.kind = CELL_LIST};
	cell->list = arena_alloc(&emit->row_arena, sizeof(*cell->list));
	if (!cell->list)
		emit_fail(emit, error_no_memory);
}

void emit_rows_begin(struct emit *emit, unsigned column)
{
	if (emit->error)
		return;
	const struct column *c = &emit->rows->table->columns[column];
	assert(emit->rows->open && c->type == VALUE_ROWS);
	struct rows *rows = arena_alloc(&emit->row_arena, sizeof(*rows));
	if (!rows) {
		emit_fail(emit, error_no_memory);
		return;
	}
	*rows = (struct rows){.table = c->rows, .parent = emit->rows};
	emit->rows->open->cells[column] = (struct cell){.kind = CELL_ROWS, .rows = rows};
	emit->rows = rows;
}

void emit_rows_end(struct emit *emit)
{
	if (emit->error)
		return;
	assert(!emit->rows->open && emit->rows->parent);
	emit->rows = emit->rows->parent;
}
