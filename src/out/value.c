/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell as one line of text. */
#include "out/emit_private.h"

struct cell choice_cell(const struct choice *choice, const struct row *row)
{
	struct cell cell = row->cells[choice->index];

	if (choice->field >= 0 && cell.kind == CELL_WORDS)
		cell = (struct cell){
			.kind = CELL_NUMBER,
			.number = layout_get(choice->column->layout, cell.words,
					     (size_t)choice->field),
		};
	return cell;
}

bool choice_is_right_aligned(const struct choice *choice)
{
	return choice->type >= VALUE_NUMBER && choice->type <= VALUE_HEX &&
	       !(choice->column->flags & COLUMN_ARRAY);
}

/* Hardware flags read as bits, and a numbered value by its name. */
static void buffer_field(struct buffer *buffer, const struct choice *choice, uint64_t value)
{
	const struct field *field = &choice->column->layout->fields[choice->field];
	const struct field_value *named = field_value_find(field, value);

	if (named)
		buffer_str(buffer, named->name);
	else if (choice->type == VALUE_HEX)
		buffer->n += format_hex(buffer_room(buffer, NUMBER_MAX), value);
	else
		buffer->n += format_decimal(buffer_room(buffer, NUMBER_MAX), value);
}

static void buffer_number(struct buffer *buffer, const struct choice *choice, uint64_t value)
{
	char *to = buffer_room(buffer, NUMBER_MAX);

	if (choice->field >= 0) {
		buffer_field(buffer, choice, value);
		return;
	}
	switch (choice->type) {
	case VALUE_BOOL:
		buffer_str(buffer, value ? "yes" : "no");
		break;
	case VALUE_SIZE:
		buffer->n += format_size(to, value);
		break;
	case VALUE_HEX:
		buffer->n += choice->column->flags & COLUMN_WORDS ? format_word(to, value)
								  : format_hex(to, value);
		break;
	default:
		buffer->n += format_decimal(to, value);
	}
}

/* The last of the numbers that follow first one by one; first itself when none does. */
static const struct list_cell *run_end(const struct choice *choice, const struct list_cell *first)
{
	const struct list_cell *last = first;

	if (!(choice->column->flags & COLUMN_RANGES))
		return first;
	while (last->next && last->cell.kind == CELL_NUMBER &&
	       last->next->cell.kind == CELL_NUMBER &&
	       last->next->cell.number == last->cell.number + 1)
		last = last->next;
	return last;
}

static void buffer_list(struct buffer *buffer, const struct choice *choice,
			const struct cell_list *list, bool ascii)
{
	if (!list->first)
		buffer_char(buffer, '-');
	for (const struct list_cell *c = list->first; c; c = c->next) {
		const struct list_cell *last = run_end(choice, c);

		if (c != list->first)
			buffer_char(buffer, choice->column->flags & COLUMN_WORDS ? ' ' : ',');
		buffer_cell(buffer, choice, c->cell, ascii);
		if (last == c)
			continue;
		buffer_char(buffer, '-');
		buffer_cell(buffer, choice, last->cell, ascii);
		c = last;
	}
}

/* Where there is no room for nested rows: the first column of each. */
static void buffer_rows(struct buffer *buffer, const struct choice *choice, const struct rows *rows,
			bool ascii)
{
	const struct choice *first = &choice->nested->choices[0];

	if (!rows->first)
		buffer_char(buffer, '-');
	for (const struct row *row = rows->first; row; row = row->next) {
		if (row != rows->first)
			buffer_char(buffer, ',');
		buffer_cell(buffer, first, choice_cell(first, row), ascii);
	}
}

void buffer_cell(struct buffer *buffer, const struct choice *choice, struct cell cell, bool ascii)
{
	switch (cell.kind) {
	case CELL_NONE:
		buffer_char(buffer, '-');
		break;
	case CELL_UNKNOWN:
		buffer_char(buffer, '?');
		break;
	case CELL_NUMBER:
		buffer_number(buffer, choice, cell.number);
		break;
	case CELL_TEXT:
		buffer_escaped(buffer, cell.text, ascii);
		break;
	case CELL_LIST:
		buffer_list(buffer, choice, cell.list, ascii);
		break;
	case CELL_ROWS:
		buffer_rows(buffer, choice, cell.rows, ascii);
		break;
	case CELL_WORDS: {
		size_t n = (choice->column->layout->bits + 63u) / 64;

		for (size_t i = 0; i < n; i++) {
			if (i)
				buffer_char(buffer, ' ');
			buffer->n += format_word(buffer_room(buffer, NUMBER_MAX), cell.words[i]);
		}
		break;
	}
	}
}
