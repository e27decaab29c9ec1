/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Within the emitter: emit.c collects a row's values as cells; when a top-level row is whole, the
 * one of the writers that fits (emit_json.c, emit_text.c, emit_stream.c) prints it through a view,
 * which is a table's columns as chosen. Rows live until the top-level row is printed.
 */
#ifndef OUT_EMIT_PRIVATE_H
#define OUT_EMIT_PRIVATE_H

#include "base/arena.h"
#include "out/buffer.h"
#include "out/emit.h"

enum cell_kind {
	CELL_NONE,    /* null: left out, or there is none */
	CELL_UNKNOWN, /* null: not known */
	CELL_NUMBER,  /* also sizes, addresses and booleans, as the column says */
	CELL_TEXT,
	CELL_LIST,  /* COLUMN_ARRAY */
	CELL_ROWS,  /* VALUE_ROWS */
	CELL_WORDS, /* VALUE_FIELDS */
};

struct cell {
	enum cell_kind kind;
	union {
		uint64_t number;
		const char *text;
		struct cell_list *list;
		struct rows *rows;
		const uint64_t *words;
	};
};

struct cell_list {
	struct list_cell {
		struct cell cell;
		struct list_cell *next;
	} * first, *last;
};

struct row {
	struct row *next;
	struct cell cells[]; /* one per column of the table */
};

struct rows {
	const struct table *table;
	struct row *first, *last, *open;
	struct rows *parent;
	size_t n;
};

/* A column as it is printed, or one field of a VALUE_FIELDS column. */
struct choice {
	const struct column *column;
	unsigned index; /* of the column in its table */
	int field;	/* row of column->layout; -1: the column as a whole */
	enum value_type type;
	const char *key;   /* as in JSON and for -o */
	const char *title; /* for tables: upper case, no blanks */
	const char *label; /* for records */
	const char *json;  /* ready to print: "key": */
	size_t json_length;
	struct view *nested; /* VALUE_ROWS */
	struct stream_cell {
		uint64_t value;
		size_t length; /* 0: none yet */
		char text[32]; /* with what pads it */
	} last; /* emit_stream.c: sizes and flags are the same line after line */
};

struct view {
	const struct table *table;
	enum table_view form; /* of the text */
	struct choice *choices;
	size_t n;
	bool all; /* -o all: zero and reserved fields too, and all columns of nested rows */
};

struct emit {
	struct emit_options options;
	const struct table *table;
	struct buffer buffer;
	struct error *error; /* the first one; from then on nothing is taken or written */
	struct arena lasting, row_arena;
	struct view *view;
	struct rows top, *rows; /* the innermost open rows */
	struct row *top_row;	/* used again for every row */
	bool *is_shown;		/* the top-level table's columns that the view has */
	struct cell lost;	/* takes the values that come after an error */
	bool prose_begun;	/* something stands above, a blank line is due */
	struct grid *grid;	/* rows of a VIEW_TABLE, kept until the end; NULL: none yet */
};

/* columns.c. A -o list becomes the choices of the top-level table. */
struct error *view_new(struct emit *emit, const struct table *table, const char *list,
		       struct view **ret);

/* value.c. What a choice shows of a row; list cells are of the choice's type as well. */
struct cell choice_cell(const struct choice *choice, const struct row *row);
/* One line of text, lists joined. */
void buffer_cell(struct buffer *buffer, const struct choice *choice, struct cell cell, bool ascii);
bool choice_is_right_aligned(const struct choice *choice);

/* emit_json.c */
void json_begin(struct emit *emit, const char *command, const struct emit_target *target);
void json_row(struct emit *emit, const struct row *row);
void json_end(struct emit *emit, const struct problems *problems);

/* emit_text.c */
void text_row(struct emit *emit, const struct row *row);
void text_end(struct emit *emit);
void text_free(struct emit *emit);

/* emit_stream.c */
void stream_row(struct emit *emit, const struct row *row);

/* fields.c: a hardware structure as a decoder shows it. */
bool text_fields_print(struct emit *emit, const struct layout *layout, const uint64_t *words,
		       size_t indent);

void emit_fail(struct emit *emit, struct error *err); /* takes err */

#endif
