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

/* So many and perhaps more: a few at once cost less than to count them. */
static inline void put_blanks(char *to, size_t n)
{
	memset(to, ' ', NUMBER_MAX);
	if (n > NUMBER_MAX)
		memset(to + NUMBER_MAX, ' ', n - NUMBER_MAX);
}

/* What is left of a column's width, as far as a piece has room for it. */
static inline size_t pad_of(const struct choice *choice, size_t length)
{
	size_t width = choice->column->width, pad = width > length ? width - length : 0;

	return pad < BUFFER_PIECE - 2 * NUMBER_MAX ? pad : BUFFER_PIECE - 2 * NUMBER_MAX;
}

static inline size_t put_bool(char *to, const struct choice *choice, bool value, bool last)
{
	size_t length = value ? 3 : 2, pad = last ? 0 : pad_of(choice, length);

	memcpy(to, value ? "yes" : "no ", 3);
	put_blanks(to + length, pad);
	return length + pad;
}

/* Its length is known before it is there, so it is written where it belongs. */
static inline size_t put_hex(char *to, const struct choice *choice, uint64_t value)
{
	bool is_word = choice->column->flags & COLUMN_WORDS;
	size_t pad = pad_of(choice, is_word ? WORD_LENGTH : hex_length(value));

	put_blanks(to, pad);
	return pad + (is_word ? format_word(to + pad, value) : format_hex(to + pad, value));
}

static inline size_t put_decimal(char *to, const struct choice *choice, uint64_t value)
{
	char digits[NUMBER_MAX];
	size_t length = choice->type == VALUE_SIZE ? format_size(digits, value)
						   : format_decimal(digits, value);
	size_t pad = pad_of(choice, length);

	put_blanks(to, pad);
	memcpy(to + pad, digits, NUMBER_MAX);
	return pad + length;
}

/* Copied, where it is what it was a line above. */
static inline size_t put_again(char *to, struct choice *choice, uint64_t value, bool last)
{
	struct stream_cell *cell = &choice->last;

	if (cell->length && cell->value == value) {
		memcpy(to, cell->text, sizeof(cell->text));
		return cell->length;
	}
	size_t length = choice->type == VALUE_BOOL ? put_bool(to, choice, value, last)
						   : put_decimal(to, choice, value);
	if (length <= sizeof(cell->text)) {
		memcpy(cell->text, to, sizeof(cell->text));
		cell->length = length;
		cell->value = value;
	}
	return length;
}

/* The common case, with no detour: a whole number of a plain column, behind a blank or not. */
static inline void stream_number(struct buffer *buffer, struct choice *choice, uint64_t value,
				 bool blank, bool last)
{
	char *to = buffer_room(buffer, BUFFER_PIECE);

	*to = ' ';
	to += blank;
	to += choice->type == VALUE_HEX ? put_hex(to, choice, value)
					: put_again(to, choice, value, last);
	buffer->n = (size_t)(to - buffer->at);
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
		struct choice *choice = &view->choices[i];
		const struct cell *cell = &row->cells[choice->index];
		bool last = i + 1 == view->n;

		if (choice->field < 0 && cell->kind == CELL_NUMBER) {
			stream_number(buffer, choice, cell->number, i, last);
			continue;
		}
		if (i)
			buffer_char(buffer, ' ');
		stream_cell(emit, choice, choice_cell(choice, row), last);
	}
	buffer_char(buffer, '\n');
}
