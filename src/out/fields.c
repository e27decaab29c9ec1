/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hardware structure in text, as a decoder shows it: bits, key, value, meaning. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "out/emit_private.h"
#include "out/grid.h"

static void grid_freep(struct grid **grid)
{
	grid_free(*grid);
}

/* Zero is worth a line where the field says something by it: not a flag, not without meaning. */
static bool field_is_shown(const struct layout *layout, const uint64_t *words, size_t row,
			   uint64_t value)
{
	enum field_format format = layout->fields[row].format;

	if (value)
		return true;
	return format != FIELD_FLAG && format != FIELD_RESERVED && format != FIELD_IGNORED &&
	       layout_field_is_valid(layout, words, row);
}

/* "11:9"; the pieces of a value that lies apart, high ones first: "98:96,63:58". */
static void buffer_bits(struct buffer *buffer, const struct layout *layout, size_t first)
{
	bool more = false;

	for (size_t r = layout->n_fields; r-- > first;) {
		const struct field *f = &layout->fields[r];

		if (r != first &&
		    (!field_is_piece(f) || strcmp(f->key, layout->fields[first].key) != 0))
			continue;
		if (more)
			buffer_char(buffer, ',');
		more = true;
		if (f->width > 1) {
			char *to = buffer_room(buffer, NUMBER_MAX);

			buffer->n += format_decimal(to, f->first + f->width - 1u);
			buffer_char(buffer, ':');
		}
		buffer->n += format_decimal(buffer_room(buffer, NUMBER_MAX), f->first);
	}
}

static void buffer_value(struct buffer *buffer, const struct field *field, uint64_t value)
{
	char *to = buffer_room(buffer, NUMBER_MAX);
	bool decimal = field->format == FIELD_FLAG || field->format == FIELD_NUMBER ||
		       field->format == FIELD_ENUM;

	buffer->n += decimal ? format_decimal(to, value) : format_hex(to, value);
}

static void buffer_meaning(struct buffer *buffer, const struct layout *layout,
			   const uint64_t *words, size_t row, uint64_t value)
{
	const struct field *field = &layout->fields[row];
	const struct field_value *named = field_value_find(field, value);

	buffer_str(buffer, field->label);
	if (named) {
		buffer_str(buffer, ": ");
		buffer_str(buffer, named->name);
		if (named->meaning) {
			buffer_str(buffer, ", ");
			buffer_str(buffer, named->meaning);
		}
	} else if (field->values) {
		buffer_str(buffer, ": not a defined value");
	}
	if (!layout_field_is_valid(layout, words, row)) {
		buffer_str(buffer, " (no effect: ");
		buffer_str(buffer, field->valid_when);
		buffer_str(buffer, " is 0)");
	}
}

static bool field_line(struct grid *grid, const struct layout *layout, const uint64_t *words,
		       size_t row, uint64_t value)
{
	struct buffer *text = grid_text(grid);

	buffer_bits(text, layout, row);
	bool fine = grid_cell_end(grid);
	buffer_str(text, layout->fields[row].key);
	fine &= grid_cell_end(grid);
	buffer_value(text, &layout->fields[row], value);
	fine &= grid_cell_end(grid);
	buffer_meaning(text, layout, words, row, value);
	return grid_cell_end(grid) && fine;
}

bool text_fields_print(struct emit *emit, const struct layout *layout, const uint64_t *words,
		       size_t indent)
{
	_cleanup_(grid_freep) struct grid *grid = grid_new(emit->options.color, 0);
	bool fine = grid && grid_add_column(grid, "BITS", GRID_RIGHT) &&
		    grid_add_column(grid, "FIELD", 0) &&
		    grid_add_column(grid, "VALUE", GRID_RIGHT) &&
		    grid_add_column(grid, "MEANING", 0);

	for (size_t row = 0; fine && row < layout->n_fields; row++) {
		if (field_is_piece(&layout->fields[row]))
			continue;
		uint64_t value = layout_get(layout, words, row);
		if (emit->view->all || field_is_shown(layout, words, row, value))
			fine = field_line(grid, layout, words, row, value);
	}
	return fine && grid_print(grid, &emit->buffer, indent);
}
