/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text answers but for streams: tables, records, prose. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "out/emit_private.h"
#include "out/grid.h"

#define INDENT 2

static void grid_freep(struct grid **grid)
{
	grid_free(*grid);
}

static struct grid *view_grid(const struct view *view, const struct emit_options *options,
			      unsigned indent)
{
	unsigned width = options->width > indent ? options->width - indent : 0;
	_cleanup_(grid_freep) struct grid *grid = grid_new(options->color, width);
	bool fine = grid != NULL;

	for (size_t i = 0; fine && i < view->n; i++) {
		const struct choice *c = &view->choices[i];

		fine = grid_add_column(grid, c->title,
				       (choice_is_right_aligned(c) ? GRID_RIGHT : 0) |
					       (c->column->flags & COLUMN_WIDE ? GRID_WIDE : 0));
	}
	return fine ? take_ptr(grid) : NULL;
}

static bool view_grid_add(struct grid *grid, const struct view *view, const struct row *row,
			  bool ascii)
{
	for (size_t i = 0; i < view->n; i++) {
		const struct choice *c = &view->choices[i];

		buffer_cell(grid_text(grid), c, choice_cell(c, row), ascii);
		if (!grid_cell_end(grid))
			return false;
	}
	return true;
}

static void table_row(struct emit *emit, const struct row *row)
{
	if (!emit->grid)
		emit->grid = view_grid(emit->view, &emit->options, 0);
	if (!emit->grid || !view_grid_add(emit->grid, emit->view, row, emit->options.ascii))
		emit_fail(emit, error_no_memory);
}

/* Nested rows as a table of their own, indented. */
static bool nested_print(struct emit *emit, const struct view *view, const struct rows *rows)
{
	_cleanup_(grid_freep) struct grid *grid = view_grid(view, &emit->options, INDENT);

	if (!grid)
		return false;
	for (const struct row *row = rows->first; row; row = row->next)
		if (!view_grid_add(grid, view, row, emit->options.ascii))
			return false;
	return grid_print(grid, &emit->buffer, INDENT);
}

static void label_print(struct emit *emit, const char *label)
{
	if (emit->options.color)
		buffer_str(&emit->buffer, "\033[1m");
	buffer_str(&emit->buffer, label);
	buffer_char(&emit->buffer, ':');
	if (emit->options.color)
		buffer_str(&emit->buffer, "\033[0m");
}

static bool is_nested(struct cell cell)
{
	return (cell.kind == CELL_ROWS && cell.rows->first) || cell.kind == CELL_WORDS;
}

static bool record_line(struct emit *emit, const struct choice *choice, struct cell cell,
			size_t label_width)
{
	struct buffer *buffer = &emit->buffer;

	label_print(emit, choice->label);
	if (!is_nested(cell)) {
		buffer_pad(buffer, label_width - strlen(choice->label) + 2);
		buffer_cell(buffer, choice, cell, emit->options.ascii);
		buffer_char(buffer, '\n');
		return true;
	}
	buffer_char(buffer, '\n');
	if (cell.kind == CELL_ROWS)
		return nested_print(emit, choice->nested, cell.rows);
	return text_fields_print(emit, choice->column->layout, cell.words, INDENT);
}

static void record_row(struct emit *emit, const struct row *row)
{
	const struct view *view = emit->view;
	size_t width = 0;

	for (size_t i = 0; i < view->n; i++) {
		size_t length = strlen(view->choices[i].label);

		/* Nested tables stand below their label. */
		if (view->choices[i].type < VALUE_ROWS && length > width)
			width = length;
	}
	if (emit->top.n)
		buffer_char(&emit->buffer, '\n');
	for (size_t i = 0; i < view->n && !emit->error; i++) {
		const struct choice *choice = &view->choices[i];
		struct cell cell = choice_cell(choice, row);
		size_t length = strlen(choice->label);

		if (cell.kind == CELL_NONE && choice->column->flags & COLUMN_SPARSE)
			continue;
		if (!record_line(emit, choice, cell, length > width ? length : width))
			emit_fail(emit, error_no_memory);
	}
}

static void prose_print(struct emit *emit, const char *words)
{
	_cleanup_(freep) char *text = strdup(words);

	if (!text) {
		emit_fail(emit, error_no_memory);
		return;
	}
	if (emit->prose_begun)
		buffer_char(&emit->buffer, '\n');
	emit->prose_begun = true;
	for (char *rest = text, *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (!rest && !*line)
			break;
		buffer_escaped(&emit->buffer, line, emit->options.ascii);
		buffer_char(&emit->buffer, '\n');
	}
}

/* The caller's own words, line by line. */
static void prose_row(struct emit *emit, const struct row *row)
{
	struct cell cell = choice_cell(&emit->view->choices[0], row);

	if (cell.kind == CELL_TEXT)
		prose_print(emit, cell.text);
}

void emit_heading(struct emit *emit, const char *text)
{
	if (text && emit->options.format == EMIT_TEXT && emit->view->form == VIEW_PROSE)
		prose_print(emit, text);
}

void text_row(struct emit *emit, const struct row *row)
{
	switch (emit->view->form) {
	case VIEW_TABLE:
	case VIEW_STREAM: /* has its own writer */
		table_row(emit, row);
		break;
	case VIEW_RECORD:
		record_row(emit, row);
		break;
	case VIEW_PROSE:
		prose_row(emit, row);
		break;
	}
}

void text_end(struct emit *emit)
{
	if (emit->grid && !grid_print(emit->grid, &emit->buffer, 0))
		emit_fail(emit, error_no_memory);
}

void text_free(struct emit *emit)
{
	grid_free(emit->grid);
}
