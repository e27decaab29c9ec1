/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running commands: from words to an exit status. The command line, -e, scripts, a pipe on standard
 * input and the prompt all come through here.
 */
#ifndef APP_RUN_H
#define APP_RUN_H

#include <stdio.h>

#include "app/opened.h"
#include "app/options.h"
#include "app/sink.h"
#include "cmd/command.h"

enum exit_status {
	EXIT_ANSWERED = 0,
	EXIT_PARTLY = 1, /* answered, but something could not be read */
	EXIT_USAGE = 2,
	EXIT_TARGET = 3, /* the target could not be opened */
	EXIT_INTERRUPTED = 130,
};

struct builtin;

struct app {
	struct settings settings;
	struct console console;
	struct opened *opened;
	struct sink sink;		/* of the command at work; without one, standard output */
	const char *pager;		/* of the prompt; NULL: none */
	/* Runs words in another process (app/worker.h); NULL: in this one. */
	int (*elsewhere)(struct app *app, const char *const *words, size_t n);
	const struct builtin *builtins; /* `open` and the like; NULL: none */
	bool is_prompt;			/* a person types */
	bool stdin_is_script;		/* command lines come from there */
	bool leaving;			/* quit was said */
};

/* Reports its errors on the console and returns the status. */
int run_words(struct app *app, const char *const *words, size_t n);

/* Reports an error that no answer goes with. Takes err. command: NULL, or whose it is. */
int run_failed(struct app *app, const char *command, struct error *err);

/* An error that ended a command, or the program's start. */
int status_of(const struct app *app, const struct error *err);

/* An emitter for an answer of `command` to where answers go. */
struct error *run_emit(struct app *app, const struct settings *settings, const char *command,
		       const struct table *table, const struct emit_target *target,
		       struct emit **ret);

#endif
