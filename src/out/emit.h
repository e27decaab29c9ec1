/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emitter: a command describes its answer once, as a table of columns, and puts values in; text
 * tables, records, JSON, JSON lines and the JSON schema come from that. Commands hold no formats.
 *
 *	emit_row_begin(e);
 *	emit_text(e, COL_BDF, "0000:00:04.0");
 *	emit_datum(e, COL_DOMAIN_ID, dev->domain_id);	(null or "?" when it is not known)
 *	emit_rows_begin(e, COL_LEVELS);			(a nested table; rows in it as above)
 *	emit_rows_end(e);
 *	emit_row_end(e);
 *
 * A column that a row leaves out is null: the keys of an answer never vary. Values of a row may
 * come in any order; they leave in column order at emit_row_end. The first failure of the output is
 * kept and everything after it is dropped; emit_end returns it.
 */
#ifndef OUT_EMIT_H
#define OUT_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/datum.h"
#include "base/error.h"
#include "base/layout.h"

enum value_type {
	VALUE_BOOL,
	VALUE_NUMBER, /* a count: JSON number, decimal */
	VALUE_SIZE,   /* bytes: JSON number; in text 4K, 2M, 1.5G */
	VALUE_HEX,    /* an address, a raw word, an ID: JSON string "0x688294000" */
	VALUE_TEXT,
	VALUE_ROWS,   /* nested rows of column->rows */
	VALUE_FIELDS, /* a hardware structure: its layout's fields become keys of this very row */
};

enum column_flag {
	COLUMN_ARRAY = 1, /* several values: each emit call appends one; [] when none, null when
			     unknown */
	COLUMN_EXTRA = 2, /* not among a text table's default columns; records, -o and JSON have it */
	COLUMN_WIDE = 4,  /* may be cut to fit the terminal */
	COLUMN_WORDS = 8, /* VALUE_HEX: raw words, in text with all 16 digits; an array's are joined
			     by blanks, ready to paste into `decode` */
	COLUMN_RANGES = 16, /* an array of rising numbers: in text, neighbours are joined: 0x1-0x7 */
	COLUMN_SPARSE = 32, /* a record's text leaves the line out when there is none */
	COLUMN_PROSE = 64,  /* only for people: JSON and its schema leave it out */
};

struct column {
	const char *key;   /* snake_case: JSON key, and the name for -o */
	const char *title; /* a table's header, a record's label; NULL: from the key */
	enum value_type type;
	unsigned flags;
	const char *help;
	const struct table *rows;    /* VALUE_ROWS */
	const struct layout *layout; /* VALUE_FIELDS */
	unsigned width;              /* VIEW_STREAM: characters; elsewhere 0 */
};

enum table_view {
	VIEW_TABLE,  /* aligned columns, like lsblk; kept in memory until the end */
	VIEW_RECORD, /* "Label: value" lines per row, a blank line between rows */
	VIEW_STREAM, /* a line per row at once, fixed widths, any number of rows */
	VIEW_PROSE,  /* the first default column's text, as it is, newlines too; rows without are skipped */
};

struct table {
	const char *name; /* for schema files and -o help */
	enum table_view view;
	const struct column *columns;
	size_t n_columns;
};

enum emit_format { EMIT_TEXT, EMIT_JSON, EMIT_JSON_LINES };

struct emit_options {
	enum emit_format format;
	const char *columns; /* the -o list; NULL: the default */
	bool color;
	bool ascii;     /* no UTF-8 in text output */
	unsigned width; /* terminal columns; 0: no limit (not a terminal) */
};

/* What JSON's "target" object says, made once per session. */
struct emit_target {
	const char *release, *build_id, *kind;
};

struct emit;

/*
 * Begins the answer of one command. target may be NULL (decode). Fails on a bad -o list
 * (ERROR_USAGE, naming the nearest column). out stays the caller's.
 */
struct error *emit_begin(FILE *out, const struct emit_options *options, const char *command,
			 const struct emit_target *target, const struct table *table,
			 struct emit **ret);

/* Ends it: writes what is outstanding, the problems into JSON; frees the emitter. */
struct error *emit_end(struct emit *emit, const struct problems *problems);

/* Ends it with nothing more written: the command failed before it had an answer. */
void emit_abandon(struct emit *emit);

/* A line before the rows, for people only: VIEW_PROSE has it, nothing else. NULL: none. */
void emit_heading(struct emit *emit, const char *text);

/* The answer has this column of the top-level table: what only others need is not worth a read. */
bool emit_shows(const struct emit *emit, unsigned column);

/* Rows ended so far. */
uint64_t emit_count(const struct emit *emit);

void emit_row_begin(struct emit *emit);
void emit_row_end(struct emit *emit);
void emit_rows_begin(struct emit *emit, unsigned column);
void emit_rows_end(struct emit *emit);

void emit_bool(struct emit *emit, unsigned column, bool value);
void emit_number(struct emit *emit, unsigned column, uint64_t value); /* NUMBER, SIZE, HEX, BOOL */
void emit_text(struct emit *emit, unsigned column, const char *value); /* copied; NULL: null */
void emit_textf(struct emit *emit, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void emit_datum(struct emit *emit, unsigned column, struct datum value);
void emit_text_datum(struct emit *emit, unsigned column, struct text value);
void emit_fields(struct emit *emit, unsigned column, const uint64_t *words); /* NULL: unknown */
/* An array column that holds nothing, as against one that is not known (null). A datum that is
   DATUM_NONE does the same; a single unknown datum makes the array unknown. */
void emit_empty(struct emit *emit, unsigned column);

/* The rows so far can't be had by the reader any more (EPIPE, disk full): long loops may stop. */
bool emit_failed(const struct emit *emit);

#endif
