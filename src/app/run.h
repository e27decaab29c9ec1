/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running command lines: from words to an exit status. */
#ifndef APP_RUN_H
#define APP_RUN_H

#include <stdio.h>

#include "app/options.h"
#include "cmd/command.h"
#include "cmd/session.h"

enum exit_status {
	EXIT_ANSWERED = 0,
	EXIT_PARTLY = 1, /* answered, but something could not be read */
	EXIT_USAGE = 2,
	EXIT_TARGET = 3, /* the target could not be opened */
	EXIT_INTERRUPTED = 130,
};

struct app {
	struct settings settings;
	struct console console;
	struct target_spec spec;
	struct session *session;
	FILE *out; /* the answers */
};

/* Each reports its errors on the console and returns the status; several commands: the highest. */
int run_words(struct app *app, const char *const *words, size_t n);
int run_line(struct app *app, const char *line);
int run_file(struct app *app, const char *path); /* "-": standard input */

/* A line that leaves the prompt or ends a script: quit, exit, q. */
bool is_quit(const char *line);

/* An error that ended a command, or the program's start. */
int status_of(const struct app *app, const struct error *err);

#endif
