/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/repl.h"

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
static int on_signal(void)
{
	interrupt_clear();
	fputc('\n', rl_outstream);
	rl_replace_line("", 0);
	rl_on_new_line();
	rl_redisplay();
	return 0;
}

/* Where a key follows at once, readline does not tell that there was a signal. */
static int get_key(FILE *in)
{
	int key = rl_getc(in);

	if (*interrupt_flag())
		on_signal();
	return key;
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
	rl_signal_event_hook = on_signal;
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
