/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VIEW_STREAM as text: a line per row at once, in columns of fixed widths. Millions of lines. */
#include "out/emit_private.h"

static void stream_header(struct emit *emit)
{
	struct buffer *buffer = &emit->buffer;
	const struct view *view = emit->view;

	if (emit->options.color)
		buffer_str(buffer, "\033[1m");
	for (size_t i = 0; i < view->n; i++) {
		const struct choice *c = &view->choices[i];
		size_t length = strlen(c->title);
		size_t pad = c->column->width > length ? c->column->width - length : 0;

		if (i)
			buffer_char(buffer, ' ');
		if (choice_is_right_aligned(c))
			buffer_pad(buffer, pad);
		buffer_str(buffer, c->title);
		if (!choice_is_right_aligned(c) && i + 1 < view->n)
			buffer_pad(buffer, pad);
	}
	if (emit->options.color)
		buffer_str(buffer, "\033[0m");
	buffer_char(buffer, '\n');
}

/* The common case, with no detour: a whole number of a plain column. */
static size_t format_number(char *to, const struct choice *choice, uint64_t value)
{
	switch (choice->type) {
	case VALUE_BOOL:
		memcpy(to, value ? "yes" : "no ", 3);
		return value ? 3 : 2;
	case VALUE_SIZE:
		return format_size(to, value);
	case VALUE_HEX:
		return choice->column->flags & COLUMN_WORDS ? format_word(to, value)
							    : format_hex(to, value);
	default:
		return format_decimal(to, value);
	}
}

/* So many and perhaps more: a few at once cost less than to count them. */
static void put_blanks(char *to, size_t n)
{
	memset(to, ' ', NUMBER_MAX);
	if (n > NUMBER_MAX)
		memset(to + NUMBER_MAX, ' ', n - NUMBER_MAX);
}

static void stream_number(struct buffer *buffer, const struct choice *choice, uint64_t value,
			  bool last)
{
	char digits[NUMBER_MAX];
	size_t length = format_number(digits, choice, value);
	size_t width = choice->column->width;
	size_t pad = width > length ? width - length : 0;
	char *to = buffer_room(buffer, BUFFER_PIECE);

	if (pad > BUFFER_PIECE - NUMBER_MAX)
		pad = BUFFER_PIECE - NUMBER_MAX;
	if (choice->type == VALUE_BOOL) {
		memcpy(to, digits, length);
		if (last)
			pad = 0;
		put_blanks(to + length, pad);
	} else {
		put_blanks(to, pad);
		memcpy(to + pad, digits, NUMBER_MAX);
	}
	buffer->n += pad + length;
}

/* Anything else; its width counts characters, not bytes. */
static void stream_cell(struct emit *emit, const struct choice *choice, struct cell cell, bool last)
{
	struct buffer text;
	size_t length = 0;

	if (!buffer_init(&text, NULL)) {
		emit_fail(emit, error_no_memory);
		return;
	}
	buffer_cell(&text, choice, cell, emit->options.ascii);
	for (size_t i = 0; i < text.n; i++)
		length += (text.at[i] & 0xc0) != 0x80;
	size_t pad = choice->column->width > length ? choice->column->width - length : 0;
	bool right = choice_is_right_aligned(choice);
	if (right)
		buffer_pad(&emit->buffer, pad);
	buffer_put(&emit->buffer, text.at, text.n);
	if (!right && !last)
		buffer_pad(&emit->buffer, pad);
	if (text.error)
		emit_fail(emit, error_no_memory);
	buffer_free(&text);
}

void stream_row(struct emit *emit, const struct row *row)
{
	struct buffer *buffer = &emit->buffer;
	const struct view *view = emit->view;

	if (!emit->top.n)
		stream_header(emit);
	for (size_t i = 0; i < view->n; i++) {
		const struct choice *choice = &view->choices[i];
		struct cell cell = choice_cell(choice, row);
		bool last = i + 1 == view->n;

		if (i)
			buffer_char(buffer, ' ');
		if (cell.kind == CELL_NUMBER && choice->field < 0)
			stream_number(buffer, choice, cell.number, last);
		else
			stream_cell(emit, choice, cell, last);
	}
	buffer_char(buffer, '\n');
}
