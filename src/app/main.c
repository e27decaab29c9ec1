/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/interrupt.h"
#include "app/repl.h"
#include "app/builtins.h"
#include "app/script.h"
#include "app/version.h"
#include "app/worker.h"
#include "base/cleanup.h"

/* A command wins over a file of its name; such a file is given as ./info. */
static bool is_target_file(const char *word)
{
	struct stat st;

	if (command_find(word) || builtin_find(builtins, word) || stat(word, &st))
		return false;
	return !S_ISDIR(st.st_mode) || strchr(word, '/');
}

/* Takes the options and the target's files; *ret_next: where the command is, argc when none. */
static struct error *take_arguments(struct app *app, int argc, char **argv, size_t *ret_next)
{
	struct arguments arguments = arguments_of((const char *const *)argv, (size_t)argc);
	struct argument argument;
	struct error *err = NULL;

	arguments.next = argc > 0;
	while (!err && arguments_next(&arguments, &argument)) {
		if (!argument.operand) {
			err = option_take(&arguments, &argument, false, &app->settings);
		} else if (is_target_file(argument.operand)) {
			err = settings_take_file(&app->settings, argument.operand);
		} else {
			arguments.next--;
			break;
		}
	}
	*ret_next = arguments.next;
	return err;
}

static int print_text(const char *text)
{
	if (!text || fputs(text, stdout) == EOF || fflush(stdout))
		return EXIT_PARTLY;
	return EXIT_ANSWERED;
}

static int print_help(struct app *app)
{
	static const char *const help[] = {"help"};
	_cleanup_(freep) char *text = options_help();
	int status = print_text(text);

	fputc('\n', stdout);
	app->settings.help = false;
	return status ? status : run_words(app, help, 1);
}

static int run(struct app *app, const char *const *words, size_t n)
{
	if (app->settings.version)
		return print_text("iommuscope " IOMMUSCOPE_VERSION "\n");
	if (app->settings.help && !n)
		return print_help(app);
	if (n && app->settings.scripts.n) {
		console_line(&app->console, QUIET, "-e and -i leave no room for the command '%s'",
			     words[0]);
		return EXIT_USAGE;
	}
	if (n && !command_find(words[0]) && !builtin_find(builtins, words[0]) && strpbrk(words[0], "/.")) {
		console_line(&app->console, QUIET, "no such file: '%s'", words[0]);
		return EXIT_TARGET;
	}
	if (n)
		return run_words(app, words, n);
	if (app->settings.scripts.n)
		return run_scripts(app);
	return isatty(STDIN_FILENO) ? repl_run(app) : run_file(app, "-");
}

/* So that no file or socket of ours gets the number of a standard stream that was closed. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct app app = {.sink = sink_of(stdout), .builtins = builtins};
	size_t next = 0;
	int status;

	open_standard_streams();
	setlocale(LC_CTYPE, "");
	interrupt_install();
	console_init(&app.console);
	struct error *err = take_arguments(&app, argc, argv, &next);
	app.console.verbosity = app.settings.verbosity;
	app.elsewhere = app.settings.no_sandbox ? NULL : worker_run;
	if (!err)
		err = opened_new(&app.settings, &app.console, &app.opened);
	if (err) {
		console_line(&app.console, QUIET, "%s", error_message(err));
		status = status_of(&app, err);
		error_free(err);
	} else {
		status = run(&app, (const char *const *)argv + next, (size_t)argc - next);
	}
	opened_free(app.opened);
	settings_free(&app.settings);
	return status;
}
