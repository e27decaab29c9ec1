/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/call.h"
#include "app/interrupt.h"
#include "app/words.h"
#include "base/cleanup.h"
#include "out/columns.h"

int status_of(const struct app *app, const struct error *err)
{
	if (!err)
		return EXIT_ANSWERED;
	if (error_code(err) == ERROR_STOPPED)
		return EXIT_INTERRUPTED;
	if (error_code(err) == ERROR_USAGE)
		return EXIT_USAGE;
	return app->session && session_failed(app->session) ? EXIT_TARGET : EXIT_PARTLY;
}

/* A monitoring plug-in that can't do its work says "unknown", never "warning" or "critical". */
static int failure_status(const struct command *command, int status)
{
	bool is_verdict = command && command->has_verdict;

	return is_verdict && status != EXIT_INTERRUPTED ? EXIT_TARGET : status;
}

/* Ends the command with an error that it has not answered with. Takes err. */
static int fail(struct app *app, const char *name, struct error *err)
{
	const struct command *command = command_find(name);
	int status = failure_status(command, status_of(app, err));

	if (command)
		console_line(&app->console, QUIET, "%s: %s", name, error_message(err));
	else
		console_line(&app->console, QUIET, "%s", error_message(err));
	error_free(err);
	return status;
}

static bool wants_target(const struct command_call *call)
{
	const struct command *command = call->command;

	return command->wants_target ? command->wants_target(call) : !command->no_target;
}

static struct error *open_target(struct app *app, const struct command_call *call,
				 struct emit_target *ret)
{
	struct target *target;
	struct error *err = NULL;

	if (!wants_target(call))
		return NULL;
	err = session_target(app->session, &target);
	if (err)
		return err;
	struct target_facts facts = target_facts(target);
	*ret = (struct emit_target){facts.release, facts.build_id, facts.kind};
	console_line(&app->console, VERBOSE, "%s of kernel %s", facts.kind,
		     facts.release ? facts.release : "?");
	return NULL;
}

/*
 * A command's own error, once it has begun to answer, is one more thing that the answer lacks; a
 * JSON answer is whole in any case. The caller's mistakes and a target that can't be opened have
 * none.
 */
static bool is_part_of_answer(const struct call *call, int status)
{
	if (status == EXIT_USAGE || status == EXIT_TARGET)
		return false;
	return call->settings.format != EMIT_TEXT || emit_count(call->command.emit);
}

/* Takes the error that the command ended with. */
static int finish(struct app *app, struct call *call, struct error *failure)
{
	_cleanup_(error_freep) struct error *err = failure;
	const char *name = call->command.command->name;
	struct problems *problems = call->command.problems;
	bool is_text = call->settings.format == EMIT_TEXT;
	int status = status_of(app, err);

	console_clear(&app->console);
	if (err && !is_part_of_answer(call, status)) {
		emit_abandon(call->command.emit);
		return fail(app, name, take_ptr(err));
	}
	if (err && !is_text)
		problems_add(problems, take_ptr(err), "answer", "%s", name);
	struct error *written = emit_end(call->command.emit, problems);
	if (written)
		return fail(app, name, written);
	if (is_text)
		console_problems(&app->console, problems);
	if (err)
		return fail(app, name, take_ptr(err));
	if (call->command.command->has_verdict && !status)
		return call->command.verdict;
	return status ? failure_status(call->command.command, status)
	       : problems->n || problems->dropped ? EXIT_PARTLY : EXIT_ANSWERED;
}

static int answer(struct app *app, struct call *call)
{
	const struct command *command = call->command.command;
	const struct table *table = command->table;
	struct emit_options options = settings_emit_options(&call->settings, app->out);
	struct emit_target facts = {0};
	struct error *err = NULL;

	if (command->choose_table)
		table = command->choose_table(&call->command);
	bool list_columns = options.columns && !strcmp(options.columns, "help");
	if (list_columns)
		options.columns = NULL;
	else
		err = open_target(app, &call->command, &facts);
	if (!err)
		err = emit_begin(app->out, &options, command->name,
				 list_columns || !wants_target(&call->command) ? NULL : &facts,
				 list_columns ? &table_columns : table, &call->command.emit);
	if (err)
		return fail(app, command->name, err);
	if (list_columns)
		emit_columns(call->command.emit, table);
	else
		err = command->run(&call->command);
	return finish(app, call, err);
}

static void report_cost(struct app *app, const char *command)
{
	struct rusage usage;

	if (app->console.verbosity < DEBUG || getrusage(RUSAGE_SELF, &usage))
		return;
	console_line(&app->console, DEBUG, "%s: %.3f s, at most %ld MB of memory so far", command,
		     console_seconds(&app->console), usage.ru_maxrss / 1024);
}

int run_words(struct app *app, const char *const *words, size_t n)
{
	_cleanup_(call_free) struct call call = {0};
	_cleanup_(arena_free) struct arena arena = {0};
	struct problems problems = {0};
	int status;

	interrupt_clear();
	session_refresh(app->session);
	console_begin(&app->console);
	struct error *err = call_parse(&app->settings, words, n, &call);
	if (err) {
		status = fail(app, words[0], err);
	} else {
		call.command.session = app->session;
		call.command.problems = &problems;
		call.command.arena = &arena;
		status = answer(app, &call);
	}
	problems_free(&problems);
	report_cost(app, words[0]);
	return status;
}

int run_line(struct app *app, const char *line)
{
	struct words words = {0};
	struct error *err = words_split(line, &words);

	if (err) {
		console_line(&app->console, QUIET, "%s", error_message(err));
		error_free(err);
		return EXIT_USAGE;
	}
	int status = words.n ? run_words(app, words.at, words.n) : EXIT_ANSWERED;
	words_free(&words);
	return status;
}

bool is_quit(const char *line)
{
	static const char *const words[] = {"quit", "exit", "q"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i]);

		if (!strncmp(line, words[i], length) &&
		    !line[length + strspn(line + length, " \r\n")])
			return true;
	}
	return false;
}

static int run_stream(struct app *app, FILE *in)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	int worst = EXIT_ANSWERED;

	while (worst != EXIT_INTERRUPTED && getline(&line, &room, in) >= 0 && !is_quit(line)) {
		int status = run_line(app, line);

		if (status > worst)
			worst = status;
	}
	return worst;
}

int run_file(struct app *app, const char *path)
{
	if (!strcmp(path, "-"))
		return run_stream(app, stdin);
	FILE *in = fopen(path, "re");
	if (!in) {
		console_line(&app->console, QUIET, "can't open '%s': %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	int status = run_stream(app, in);
	fclose(in);
	return status;
}
