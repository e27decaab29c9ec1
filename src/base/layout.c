/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/layout.h"

#include <string.h>

#include "base/bytes.h"

int layout_find(const struct layout *layout, const char *key)
{
	for (int i = 0; i < layout->n_fields; i++)
		if (!strcmp(layout->fields[i].key, key))
			return i;
	return -1;
}

/* The next row that holds bits of the value that starts at row `first`; n_fields: none. */
static size_t next_piece(const struct layout *layout, size_t first, size_t row)
{
	const char *key = layout->fields[first].key;

	if (!layout->fields[first].in_pieces)
		return layout->n_fields;
	for (row++; row < layout->n_fields; row++)
		if (field_is_piece(&layout->fields[row]) && !strcmp(layout->fields[row].key, key))
			break;
	return row;
}

uint64_t layout_get(const struct layout *layout, const uint64_t *words, size_t row)
{
	const struct field *f = &layout->fields[row];
	uint64_t value = bits(words[f->first / 64], f->first % 64, f->width) << f->shift;

	if (!f->in_pieces)
		return value;
	for (size_t r = next_piece(layout, row, row); r < layout->n_fields;
	     r = next_piece(layout, row, r)) {
		f = &layout->fields[r];
		value |= bits(words[f->first / 64], f->first % 64, f->width) << f->shift;
	}
	return value;
}

bool layout_set(const struct layout *layout, uint64_t *words, size_t row, uint64_t value)
{
	uint64_t room = 0;

	for (size_t r = row; r < layout->n_fields; r = next_piece(layout, row, r))
		room |= bit_mask(layout->fields[r].width) << layout->fields[r].shift;
	if (value & ~room)
		return false;
	for (size_t r = row; r < layout->n_fields; r = next_piece(layout, row, r)) {
		const struct field *f = &layout->fields[r];
		uint64_t mask = bit_mask(f->width);
		unsigned first = f->first % 64;
		uint64_t *word = &words[f->first / 64];

		*word = (*word & ~(mask << first)) | (value >> f->shift & mask) << first;
	}
	return true;
}

const struct field_value *field_value_find(const struct field *field, uint64_t value)
{
	for (const struct field_value *v = field->values; v && v->name; v++)
		if (v->value == value)
			return v;
	return NULL;
}

bool layout_field_is_valid(const struct layout *layout, const uint64_t *words, size_t row)
{
	const char *key = layout->fields[row].valid_when;
	int gate = key ? layout_find(layout, key) : -1;

	if (gate < 0)
		return true;
	/* Ends: gates form no circle (tests/unit holds this). */
	return layout_get(layout, words, (size_t)gate) &&
	       layout_field_is_valid(layout, words, (size_t)gate);
}
