/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's own options. To add one: a row in options.c; parsing and --help come from it.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdio.h>

#include "app/arguments.h"
#include "app/console.h"
#include "base/vec.h"
#include "out/emit.h"

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Command lines to run: one of -e, or a file of -i. */
struct script {
	const char *line; /* NULL: a file */
	const char *path; /* "-": standard input */
};

struct settings {
	VEC(const char *) cores;
	VEC(struct script) scripts;
	const char *symbols;
	bool no_symbols, no_cache, no_sandbox;
	/* These may also stand behind a command, for it alone. */
	enum emit_format format;
	const char *columns;
	enum color_when color;
	enum verbosity verbosity;
	bool stop_on_error;
	bool help, version;
};

void settings_free(struct settings *settings);

/* One of the program's options. */
struct option {
	const char *letter; /* NULL: none */
	const char *name;
	const char *argument; /* NULL: a flag */
	const char *help;
	bool behind_command;
	struct error *(*take)(struct settings *settings, const char *value);
	bool opens; /* says what to open or to run: inside crash there are none of these */
};

extern const struct option program_options[]; /* a NULL name ends it */

const struct option *option_find(const char *name); /* letter or name; NULL: there is none */

/* Takes an option of the program; is_command: it stands behind a command, where few may. */
struct error *option_take(struct arguments *arguments, const struct argument *option,
			  bool is_command, struct settings *settings);

/* An existing file that is named in front of the command: kernel symbols or a dump. */
struct error *settings_take_file(struct settings *settings, const char *path);

/* What the terminal (or none) and the environment add. */
struct emit_options settings_emit_options(const struct settings *settings, bool terminal);

/* "iommuscope [OPTIONS] [COMMAND [ARGS...]]" and the options, for --help; NULL: no memory. */
char *options_help(void);

#endif
