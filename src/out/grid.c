/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/grid.h"

#include <libsmartcols.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct grid {
	struct libscols_table *table;
	struct libscols_line *line; /* the last one; the table's */
	unsigned width;
	bool color;
};

struct grid *grid_new(bool color, unsigned width)
{
	struct grid *grid = calloc(1, sizeof(*grid));

	if (!grid)
		return NULL;
	grid->width = width;
	grid->color = color;
	grid->table = scols_new_table();
	if (!grid->table) {
		free(grid);
		return NULL;
	}
	/* What reaches it is escaped already, and it is told the width or that there is none. */
	scols_table_enable_noencoding(grid->table, 1);
	scols_table_enable_colors(grid->table, color);
	scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_NEVER);
	return grid;
}

void grid_free(struct grid *grid)
{
	if (!grid)
		return;
	scols_unref_table(grid->table);
	free(grid);
}

bool grid_add_column(struct grid *grid, const char *title, unsigned flags)
{
	struct libscols_column *column =
		scols_table_new_column(grid->table, title, 0,
				       (flags & GRID_RIGHT ? SCOLS_FL_RIGHT : 0) |
					       (flags & GRID_WIDE ? SCOLS_FL_TRUNC : 0));

	if (!column)
		return false;
	if (flags & GRID_WIDE && grid->width) {
		scols_table_set_termforce(grid->table, SCOLS_TERMFORCE_ALWAYS);
		scols_table_set_termwidth(grid->table, grid->width);
	}
	return !grid->color || !scols_cell_set_color(scols_column_get_header(column), "bold");
}

bool grid_add_line(struct grid *grid)
{
	grid->line = scols_table_new_line(grid->table, NULL);
	return grid->line != NULL;
}

bool grid_set(struct grid *grid, size_t column, const char *text)
{
	return !scols_line_set_data(grid->line, column, text);
}

bool grid_print(struct grid *grid, struct buffer *buffer, size_t indent)
{
	_cleanup_(freep) char *text = NULL;
	size_t end;

	if (!grid->line)
		return true;
	if (scols_print_table_to_string(grid->table, &text) || !text)
		return false;
	for (const char *line = text; *line; line += end + (line[end] != '\0')) {
		size_t length = end = strcspn(line, "\n");

		while (length && line[length - 1] == ' ')
			length--;
		if (length)
			buffer_pad(buffer, indent);
		buffer_put(buffer, line, length);
		buffer_char(buffer, '\n');
	}
	return true;
}
