/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/grid.h"

#include <libsmartcols.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vec.h"

struct grid_column {
	const char *title;
	unsigned flags;
	size_t width; /* of the longest cell, in bytes */
};

struct grid {
	VEC(struct grid_column) columns;
	struct buffer cells; /* NUL-terminated, line by line */
	size_t cell;	     /* where the one that is being put in begins */
	size_t n;	     /* cells that are whole */
	unsigned width;
	bool color;
	bool plain; /* so far: every byte is a character of width 1 */
};

struct grid *grid_new(bool color, unsigned width)
{
	struct grid *grid = calloc(1, sizeof(*grid));

	if (!grid)
		return NULL;
	grid->width = width;
	grid->color = color;
	grid->plain = true;
	if (!buffer_init(&grid->cells, NULL)) {
		free(grid);
		return NULL;
	}
	return grid;
}

void grid_free(struct grid *grid)
{
	if (!grid)
		return;
	vec_free(&grid->columns);
	buffer_free(&grid->cells);
	free(grid);
}

bool grid_add_column(struct grid *grid, const char *title, unsigned flags)
{
	struct grid_column *column = vec_push(&grid->columns);

	if (column)
		*column = (struct grid_column){title, flags, strlen(title)};
	return column;
}

struct buffer *grid_text(struct grid *grid)
{
	return &grid->cells;
}

bool grid_cell_end(struct grid *grid)
{
	struct grid_column *column = &grid->columns.at[grid->n % grid->columns.n];

	if (grid->cells.error)
		return false;
	size_t length = grid->cells.n - grid->cell;
	for (size_t i = grid->cell; i < grid->cells.n && grid->plain; i++)
		grid->plain = grid->cells.at[i] >= ' ' && grid->cells.at[i] < 0x7f;
	if (length > column->width)
		column->width = length;
	buffer_char(&grid->cells, '\0');
	grid->cell = grid->cells.n;
	grid->n++;
	return !grid->cells.error;
}

static const char *next_cell(const char *cell)
{
	return cell + strlen(cell) + 1;
}

/* With no column that may be cut, lines are as long as they come. */
static bool has_room(const struct grid *grid)
{
	size_t width = grid->columns.n - 1;
	bool limited = false;

	for (size_t i = 0; i < grid->columns.n; i++) {
		width += grid->columns.at[i].width;
		limited |= grid->columns.at[i].flags & GRID_WIDE;
	}
	return !limited || !grid->width || width <= grid->width;
}

/* Blanks are put only before something else, so that none ends a line. */
static void put_text(struct buffer *buffer, const char *text, size_t length, size_t *blanks)
{
	size_t end = length;

	while (end && text[end - 1] == ' ')
		end--;
	if (end) {
		buffer_pad(buffer, *blanks);
		buffer_put(buffer, text, end);
		*blanks = 0;
	}
	*blanks += length - end;
}

static void put_cell(struct buffer *buffer, const struct grid_column *column, const char *text,
		     size_t *blanks)
{
	size_t length = strlen(text), room = column->width - length;
	bool right = column->flags & GRID_RIGHT;

	*blanks += right ? room : 0;
	put_text(buffer, text, length, blanks);
	*blanks += (right ? 0 : room) + 1;
}

/* Coloured are the titles with the blanks that align them; behind the last there are none. */
static void put_colored_titles(const struct grid *grid, struct buffer *buffer, size_t indent)
{
	buffer_pad(buffer, indent);
	for (size_t i = 0; i < grid->columns.n; i++) {
		const struct grid_column *column = &grid->columns.at[i];
		size_t room = column->width - strlen(column->title);

		if (i)
			buffer_char(buffer, ' ');
		buffer_str(buffer, "\033[1m");
		if (column->flags & GRID_RIGHT)
			buffer_pad(buffer, room);
		buffer_str(buffer, column->title);
		if (!(column->flags & GRID_RIGHT) && i + 1 < grid->columns.n)
			buffer_pad(buffer, room);
		buffer_str(buffer, "\033[0m");
	}
	buffer_char(buffer, '\n');
}

static void put_titles(const struct grid *grid, struct buffer *buffer, size_t indent)
{
	size_t blanks = indent;

	if (grid->color) {
		put_colored_titles(grid, buffer, indent);
		return;
	}
	for (size_t i = 0; i < grid->columns.n; i++)
		put_cell(buffer, &grid->columns.at[i], grid->columns.at[i].title, &blanks);
	buffer_char(buffer, '\n');
}

static void print_plain(const struct grid *grid, struct buffer *buffer, size_t indent)
{
	const char *cell = grid->cells.at;

	put_titles(grid, buffer, indent);
	for (size_t n = 0; n < grid->n; n += grid->columns.n) {
		size_t blanks = indent;

		for (size_t i = 0; i < grid->columns.n; i++, cell = next_cell(cell))
			put_cell(buffer, &grid->columns.at[i], cell, &blanks);
		buffer_char(buffer, '\n');
	}
}

static void table_unrefp(struct libscols_table **table)
{
	scols_unref_table(*table);
}

static bool table_add_column(struct libscols_table *table, const struct grid *grid,
			     const struct grid_column *column)
{
	bool right = column->flags & GRID_RIGHT, wide = column->flags & GRID_WIDE;
	struct libscols_column *added =
		scols_table_new_column(table, column->title, 0,
				       (right ? SCOLS_FL_RIGHT : 0) | (wide ? SCOLS_FL_TRUNC : 0));

	if (!added)
		return false;
	if (wide && grid->width) {
		scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(table, grid->width);
	}
	return !grid->color || !scols_cell_set_color(scols_column_get_header(added), "bold");
}

static bool table_fill(struct libscols_table *table, const struct grid *grid)
{
	const char *cell = grid->cells.at;
	bool fine = true;

	/* What reaches it is escaped already, and it is told the width or that there is none. */
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_colors(table, grid->color);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; i < grid->columns.n && fine; i++)
		fine = table_add_column(table, grid, &grid->columns.at[i]);
	for (size_t n = 0; n < grid->n && fine; n += grid->columns.n) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		fine = line;
		for (size_t i = 0; i < grid->columns.n && fine; i++, cell = next_cell(cell))
			fine = !scols_line_set_data(line, i, cell);
	}
	return fine;
}

static bool print_by_library(const struct grid *grid, struct buffer *buffer, size_t indent)
{
	_cleanup_(table_unrefp) struct libscols_table *table = scols_new_table();
	_cleanup_(freep) char *text = NULL;
	size_t end;

	if (!table || !table_fill(table, grid) || scols_print_table_to_string(table, &text) || !text)
		return false;
	for (const char *line = text; *line; line += end + (line[end] != '\0')) {
		size_t blanks = indent;

		end = strcspn(line, "\n");
		put_text(buffer, line, end, &blanks);
		buffer_char(buffer, '\n');
	}
	return true;
}

bool grid_print(struct grid *grid, struct buffer *buffer, size_t indent)
{
	if (!grid->n)
		return true;
	if (!grid->plain || !has_room(grid))
		return print_by_library(grid, buffer, indent);
	print_plain(grid, buffer, indent);
	return true;
}
