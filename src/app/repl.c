/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/repl.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <readline/readline.h>

#include "app/complete.h"
#include "app/interrupt.h"
#include "app/pager.h"
#include "app/past.h"
#include "app/script.h"

#define NAME_SHOWN 40 /* characters of a dump's name */

/* Ctrl-C at the prompt drops the line that was being typed. */
static void on_signal(void)
{
	interrupt_clear();
	fputc('\n', rl_outstream);
	rl_replace_line("", 0);
	rl_on_new_line();
	rl_redisplay();
}

/*
 * Waits for a key, or for a signal that readline or we have to do something about; true: a key can be
 * read. Signals wait outside of ppoll(), so that one that comes between the look for it and the wait
 * ends the wait.
 */
static bool wait_for_key(FILE *in)
{
	struct pollfd key = {.fd = fileno(in), .events = POLLIN};
	sigset_t all, before;
	int n = 0;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	bool has_signal = rl_pending_signal() || *interrupt_flag();
	if (!has_signal)
		n = ppoll(&key, 1, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n && !rl_pending_signal() && !*interrupt_flag();
}

static int get_key(FILE *in)
{
	do {
		rl_check_signals();
		if (*interrupt_flag())
			on_signal();
	} while (!wait_for_key(in));
	return rl_getc(in);
}

/* What is worth knowing first. Without a target there is still a prompt: `open` finds one. */
static void greet(struct app *app)
{
	if (app->console.verbosity < NORMAL)
		return;
	run_line(app, "summary");
	fputs("'help' lists the commands, Tab completes, 'quit' leaves\n", rl_outstream);
}

static char *read_line(const struct app *app)
{
	char prompt[NAME_SHOWN + 32];

	snprintf(prompt, sizeof(prompt), "iommuscope %.*s> ", NAME_SHOWN, app->opened->name);
	return readline(prompt);
}

int repl_run(struct app *app)
{
	char *line = NULL;

	rl_readline_name = "iommuscope";
	rl_outstream = stderr; /* standard output has the answers alone */
	rl_getc_function = get_key;
	app->is_prompt = true;
	app->pager = pager_of_environment();
	complete_install(app);
	past_load();
	greet(app);
	while (!app->leaving && (line = read_line(app)) != NULL) {
		past_add(line);
		run_line(app, line);
		free(line);
		interrupt_clear();
	}
	if (!app->leaving)
		fputc('\n', stderr);
	past_end();
	complete_end();
	return EXIT_ANSWERED;
}
