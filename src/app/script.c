/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/interrupt.h"
#include "app/words.h"
#include "app/worker.h"
#include "base/cleanup.h"

/* `repeat` shows each round as it comes: no pager holds it back. */
static const char *pager_for(const struct app *app, const struct words *words)
{
	return !strcmp(words->at[0], "repeat") ? NULL : app->pager;
}

/* Ctrl-C was for the program that had the terminal; a script ends with it, the prompt goes on. */
static bool ends_script(const struct app *app)
{
	return !app->is_prompt && *interrupt_flag();
}

static int run_to_sink(struct app *app, const struct words *words)
{
	struct sink standard = app->sink;
	int ended;
	struct error *err = sink_open(words, &app->opened->spec, standard.out, pager_for(app, words),
				      &app->sink);

	if (err) {
		app->sink = standard;
		return run_failed(app, NULL, err);
	}
	bool is_shared = app->sink.pager || app->sink.process.pid;
	if (is_shared) {
		console_hold(&app->console);
		interrupt_shield(true);
	}
	int status = run_words(app, words->at, words->n);
	err = sink_close(&app->sink, &ended);
	app->sink = standard;
	if (is_shared) {
		interrupt_shield(false);
		worker_release(app);
	}
	if (is_shared && ends_script(app) && !err)
		return EXIT_INTERRUPTED;
	return err ? run_failed(app, NULL, err) : status;
}

static int run_shell(struct app *app, const char *line)
{
	struct process process;
	struct error *err = process_start(line, false, &process);

	if (err)
		return run_failed(app, NULL, err);
	interrupt_shield(true);
	int status = process_end(&process);
	interrupt_shield(false);
	if (ends_script(app))
		return EXIT_INTERRUPTED;
	interrupt_clear();
	return status ? EXIT_PARTLY : EXIT_ANSWERED;
}

int run_line(struct app *app, const char *line)
{
	_cleanup_(words_free) struct words words = {0};
	const char *begin = line + strspn(line, " \t");

	if (*begin == '!')
		return run_shell(app, begin + 1);
	struct error *err = words_split(line, &words);
	if (!err && !words.n && words.end != WORDS_END)
		err = error_new(ERROR_USAGE, "no command stands before %s",
				words.end == WORDS_PIPE ? "|" : ">");
	if (err)
		return run_failed(app, NULL, err);
	return words.n ? run_to_sink(app, &words) : EXIT_ANSWERED;
}

static bool goes_on(const struct app *app, int worst)
{
	return worst != EXIT_INTERRUPTED && !app->leaving &&
	       !(app->settings.stop_on_error && worst != EXIT_ANSWERED);
}

static int run_stream(struct app *app, FILE *in, const char *name)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	int worst = EXIT_ANSWERED;

	app->console.file = name;
	app->console.line = 0;
	while (goes_on(app, worst) && getline(&line, &room, in) >= 0) {
		app->console.line++;
		int status = run_line(app, line);

		if (status > worst)
			worst = status;
	}
	int read_errno = errno;
	app->console.file = NULL;
	app->leaving = false;
	if (!ferror(in))
		return worst;
	int status = run_failed(
		app, NULL, error_new(ERROR_USAGE, "can't read '%s': %s", name, strerror(read_errno)));
	return status > worst ? status : worst;
}

int run_file(struct app *app, const char *path)
{
	if (!strcmp(path, "-")) {
		app->stdin_is_script = true;
		int status = run_stream(app, stdin, "standard input");
		app->stdin_is_script = false;
		return status;
	}
	FILE *in = fopen(path, "re");
	if (!in)
		return run_failed(
			app, NULL,
			error_new(ERROR_USAGE, "can't open '%s': %s", path, strerror(errno)));
	int status = run_stream(app, in, path);
	fclose(in);
	return status;
}

int run_scripts(struct app *app)
{
	int worst = EXIT_ANSWERED;

	for (size_t i = 0; i < app->settings.scripts.n && goes_on(app, worst); i++) {
		const struct script *script = &app->settings.scripts.at[i];
		int status =
			script->line ? run_line(app, script->line) : run_file(app, script->path);

		if (status > worst)
			worst = status;
	}
	return worst;
}
