/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands. To add one: write src/cmd/NAME.c with a `const struct command command_NAME`, and add it
 * to the table in src/cmd/commands.c; --help, `help NAME`, completion, the man page and the JSON
 * schema come from the row.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "out/emit.h"

struct session;

struct command_option {
	const char *name;     /* "range", for --range */
	const char *argument; /* "A-B"; NULL: a flag */
	const char *help;
};

struct command_call {
	const struct command *command;
	struct session *session;
	struct emit *emit; /* begun with the command's table; the caller ends it */
	struct problems *problems;
	const char *const *operands;
	size_t n_operands;
	const char *const *values; /* one per row of command->options: NULL when not given; a flag: "" */
	struct arena *arena; /* for what must live until the answer is written */
	int verdict; /* the exit status, of a command that has_verdict */
};

struct command {
	const char *name;
	const char *operands; /* "[BDF...]" */
	const char *summary;  /* one line, no full stop */
	const char *topic;    /* heading in `help`: what one wants to know */
	const char *details;  /* paragraphs for `help NAME`; examples as lines starting with "    " */
	const struct command_option *options;
	size_t n_options;
	const struct table *table; /* of `data`'s items */
	/* When an option changes the shape of the answer (map --summary); NULL: always `table`. */
	const struct table *(*choose_table)(const struct command_call *call);
	/* With choose_table, for the JSON schema: the i-th table that it may return; NULL past them. */
	const struct table *(*list_tables)(size_t i, struct arena *arena);
	size_t min_operands, max_operands;
	bool writes_file; /* that an operand or option names */
	bool no_target; /* runs without a target */
	/* When an option makes one unnecessary (check --list); NULL: as no_target says. */
	bool (*wants_target)(const struct command_call *call);
	/* Its exit status is call->verdict, as of a monitoring plug-in; whatever keeps it from one is "unknown". */
	bool has_verdict;
	struct error *(*run)(struct command_call *call);
};

/* Ends with NULL. In the order in which help shows them. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);

#endif
