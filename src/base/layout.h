/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit layouts of hardware structures as data. One row per bit field; the text and JSON printers,
 * the JSON schema, `help STRUCTURE`, completion, the reference pages and the encoder of the tests
 * all come from that row.
 *
 * Words are 64-bit, word 0 first; bit n of the structure is bit n % 64 of word n / 64. A row never
 * crosses a word. A value whose bits lie apart has several rows with one key: its pieces, each with
 * its own place (`shift`) in the value; all but the first have label NULL. Rows stand in bit order and
 * cover every bit exactly once (tests/unit holds this).
 */
#ifndef BASE_LAYOUT_H
#define BASE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_format {
	FIELD_FLAG,     /* one bit: a boolean */
	FIELD_NUMBER,   /* a count: decimal */
	FIELD_HEX,      /* an ID or raw bits: hexadecimal */
	FIELD_ADDRESS,  /* an address, after `shift`; hexadecimal */
	FIELD_ENUM,     /* a number whose values have names */
	FIELD_RESERVED, /* must be zero; not shown unless it is not */
	FIELD_IGNORED,  /* free for software or undefined: shown only when not zero */
};

struct field_value {
	uint64_t value;
	const char *name;    /* short: "3-level"; NULL ends the array */
	const char *meaning; /* a phrase, or NULL */
};

struct field {
	const char *key;   /* snake_case, unique but for pieces; reserved rows: "reserved_<first>" */
	const char *label; /* a few words; NULL: a further piece of the value above */
	uint16_t first;    /* lowest bit, counted over the whole structure */
	uint8_t width;     /* bits, 1 to 64 */
	uint8_t format;    /* enum field_format */
	uint8_t shift;     /* value |= bits << shift; 12 for bits 51:12 of an address */
	const struct field_value *values;
	const char *valid_when; /* key of the field that gives this one meaning when set; NULL: always */
	const char *meaning;    /* one line */
	const char *spec;       /* "AMD 48882 Table 7", or where else it is known from */
	bool in_pieces;         /* more rows with this key hold bits of the value */
};

struct layout {
	const char *name;  /* "dte": as in `decode dte` and `help dte` */
	const char *title; /* "Device table entry" */
	uint16_t bits;     /* a multiple of 32; words = (bits + 63) / 64 */
	uint16_t n_fields;
	const struct field *fields;
};

#define LAYOUT_WORDS_MAX 8

static inline size_t layout_words(const struct layout *layout)
{
	return (layout->bits + 63u) / 64;
}

/* Row index of key's first piece; -1: there is none. */
int layout_find(const struct layout *layout, const char *key);

/* The value of the field at row `row` (a first piece), its pieces put together. */
uint64_t layout_get(const struct layout *layout, const uint64_t *words, size_t row);

/* Puts value in; false: it does not fit the field's bits (words untouched). */
bool layout_set(const struct layout *layout, uint64_t *words, size_t row, uint64_t value);

/* The name of a FIELD_ENUM value, NULL when it has none. */
const struct field_value *field_value_find(const struct field *field, uint64_t value);

/* Row `row`'s field has meaning, as far as `valid_when` says: its gate is set, and the gate's gate. */
bool layout_field_is_valid(const struct layout *layout, const uint64_t *words, size_t row);

/* A further piece of the value in an earlier row. */
static inline bool field_is_piece(const struct field *field)
{
	return !field->label;
}

#endif
