/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/console.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "out/buffer.h"

#define PROGRESS_AFTER 1.0 /* seconds */
#define PROGRESS_EVERY 0.1
#define PROBLEMS_SHOWN 10

void console_init(struct console *console)
{
	*console = (struct console){.err = stderr, .is_terminal = isatty(STDERR_FILENO)};
	console_begin(console);
}

void console_begin(struct console *console)
{
	clock_gettime(CLOCK_MONOTONIC, &console->began);
}

double console_seconds(const struct console *console)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - console->began.tv_sec) +
	       (double)(now.tv_nsec - console->began.tv_nsec) / 1e9;
}

void console_clear(struct console *console)
{
	if (console->drawn > 0)
		fputs("\r\033[K", console->err);
	console->drawn = 0;
}

void console_line(struct console *console, enum verbosity from, const char *fmt, ...)
{
	_cleanup_(freep) char *line = NULL;
	struct buffer escaped;
	va_list ap;

	if (console->verbosity < from)
		return;
	console_clear(console);
	va_start(ap, fmt);
	int length = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (length < 0)
		line = NULL;
	if (!line || !buffer_init(&escaped, NULL))
		return;
	/* Messages quote what the dump holds. */
	buffer_escaped(&escaped, line, false);
	FILE *to = console->held ? console->held : console->err;
	fputs("iommuscope: ", to);
	if (console->file)
		fprintf(to, "%s:%u: ", console->file, console->line);
	fprintf(to, "%.*s\n", (int)escaped.n, escaped.at);
	buffer_free(&escaped);
}

void console_problems(struct console *console, const struct problems *problems)
{
	uint64_t all = problems->n + problems->dropped;
	size_t shown = problems->n < PROBLEMS_SHOWN ? problems->n : PROBLEMS_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		const struct problem *p = &problems->at[i];

		console_line(console, NORMAL, "%s: %s: %s (%s)", p->object, p->what, p->message,
			     datum_state_name(p->state));
	}
	if (all > shown)
		console_line(console, NORMAL, "and %ju more that could not be read (see --json)",
			     (uintmax_t)(all - shown));
}

void console_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct console *console = arg;
	double now = console_seconds(console);

	if (!console->is_terminal || console->held || console->verbosity < NORMAL ||
	    now < PROGRESS_AFTER || (console->drawn > 0 && now - console->drawn < PROGRESS_EVERY))
		return;
	console->drawn = now;
	if (total)
		fprintf(console->err, "\r%s %3.0f%%\033[K", what,
			100.0 * (double)done / (double)total);
	else
		fprintf(console->err, "\r%s\033[K", what);
	fflush(console->err);
}

void console_note(void *arg, const char *line)
{
	console_line(arg, NORMAL, "%s", line);
}

/* Without memory for it lines are shown at once. */
void console_hold(struct console *console)
{
	if (console->is_terminal && !console->held)
		console->held = open_memstream(&console->held_text, &console->held_length);
}

void console_release(struct console *console)
{
	if (!console->held)
		return;
	if (!fclose(console->held))
		fwrite(console->held_text, 1, console->held_length, console->err);
	free(console->held_text);
	console->held = NULL;
	console->held_text = NULL;
}
