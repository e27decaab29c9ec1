/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-o help`: a table's columns, as an answer of its own. */
#ifndef OUT_COLUMNS_H
#define OUT_COLUMNS_H

#include "out/emit.h"

/* Text shows it without -o: every column of a record, those of other tables that are not extra. */
bool column_is_default(const struct table *table, const struct column *column);

/* It ends with the fields of a hardware structure: of many such tables the rest is alike. */
bool table_has_fields(const struct table *table);

/* "boolean", "number", "size", ...: what the values of a column are. */
const char *value_type_name(enum value_type type);

extern const struct table table_columns;

/* The rows of table_columns that describe `table`, into an emitter begun with table_columns. */
void emit_columns(struct emit *emit, const struct table *table);

#endif
