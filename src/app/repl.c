/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/repl.h"

#include <stdio.h>
#include <stdlib.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "app/interrupt.h"

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

int repl_run(struct app *app)
{
	char *line;

	rl_outstream = stderr; /* standard output has the answers alone */
	rl_signal_event_hook = on_signal;
	fputs("iommuscope: 'help' lists the commands, 'quit' leaves\n", stderr);
	while ((line = readline("iommuscope> ")) && !is_quit(line)) {
		if (*line)
			add_history(line);
		run_line(app, line);
		free(line);
		interrupt_clear();
	}
	if (!line)
		fputc('\n', stderr);
	free(line);
	return EXIT_ANSWERED;
}
