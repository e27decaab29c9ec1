/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard error: errors, notes, problems and progress; standard output has the answers alone. */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/datum.h"

enum verbosity { QUIET = -1, NORMAL, VERBOSE, DEBUG };

struct console {
	FILE *err; /* stderr, but in tests */
	enum verbosity verbosity;
	bool is_terminal;
	struct timespec began; /* the command at work */
	double drawn;	       /* seconds after `began` when progress was last drawn; 0: not */
	const char *file;      /* the script that the command is in; NULL: none */
	unsigned line;	       /* its line in there */
	FILE *held;	       /* lines wait here while another program has the terminal */
	char *held_text;
	size_t held_length;
};

void console_init(struct console *console);
void console_begin(struct console *console); /* a command begins: progress waits a second */

/* "iommuscope: ", in a script its name and the line's number, and the line; nothing when verbosity
 * is below `from`. Errors: QUIET. */
void console_line(struct console *console, enum verbosity from, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What is missing from the answer, the first ones of it. */
void console_problems(struct console *console, const struct problems *problems);

/* For struct target_spec; arg is the console. */
void console_progress(void *arg, const char *what, uint64_t done, uint64_t total);
void console_note(void *arg, const char *line);

/* Takes the progress off the terminal, before anything else is written there. */
void console_clear(struct console *console);

/* Until it is released, nothing is drawn, and lines are kept for then. */
void console_hold(struct console *console);
void console_release(struct console *console);

double console_seconds(const struct console *console); /* since console_begin() */

#endif
