/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON Schema of a command's answer, from the same tables that print it. */
#ifndef OUT_SCHEMA_H
#define OUT_SCHEMA_H

#include "base/arena.h"
#include "out/emit.h"

/*
 * The schema of the whole answer without -o, as text in arena; NULL: no memory. Items of `data` are
 * of `table`, or where list_tables is given of any of those (as in struct command).
 */
const char *schema_text(struct arena *arena, const char *command, const struct table *table,
			const struct table *(*list_tables)(size_t i, struct arena *arena));

#endif
