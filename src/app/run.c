/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/builtins.h"
#include "app/call.h"
#include "app/interrupt.h"
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
	bool has_failed =
		app->opened && app->opened->session && session_failed(app->opened->session);
	return has_failed ? EXIT_TARGET : EXIT_PARTLY;
}

/* A monitoring plug-in that can't do its work says "unknown", never "warning" or "critical". */
static int failure_status(const struct command *command, int status)
{
	bool is_verdict = command && command->has_verdict;

	return is_verdict && status != EXIT_INTERRUPTED ? EXIT_TARGET : status;
}

int run_failed(struct app *app, const char *name, struct error *err)
{
	const struct command *command = name ? command_find(name) : NULL;
	int status = failure_status(command, status_of(app, err));

	console_clear(&app->console);
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

static struct error *open_target(struct app *app, struct emit_target *ret)
{
	struct target *target;
	struct error *err = session_target(app->opened->session, &target);

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
		return run_failed(app, name, take_ptr(err));
	}
	if (err && !is_text)
		problems_add(problems, take_ptr(err), "answer", "%s", name);
	struct error *written = emit_end(call->command.emit, problems);
	if (written && sink_is_deaf(&app->sink)) {
		error_free(written);
		return EXIT_ANSWERED;
	}
	if (written)
		return run_failed(app, name, written);
	if (is_text)
		console_problems(&app->console, problems);
	if (err)
		return run_failed(app, name, take_ptr(err));
	if (call->command.command->has_verdict && !status)
		return call->command.verdict;
	return status				  ? failure_status(call->command.command, status)
	       : problems->n || problems->dropped ? EXIT_PARTLY
						  : EXIT_ANSWERED;
}

struct error *run_emit(struct app *app, const struct settings *settings, const char *command,
		       const struct table *table, const struct emit_target *target,
		       struct emit **ret)
{
	struct emit_options options = settings_emit_options(settings, app->sink.is_terminal);
	bool list_columns = options.columns && !strcmp(options.columns, "help");

	if (list_columns)
		options.columns = NULL;
	return emit_begin(app->sink.out, &options, command, target,
			  list_columns ? &table_columns : table, ret);
}

static int answer(struct app *app, struct call *call)
{
	const struct command *command = call->command.command;
	const struct table *table = command->table;
	bool list_columns = call_lists_columns(call);
	bool has_target = !list_columns && wants_target(&call->command);
	struct emit_target facts = {0};
	struct error *err = NULL;

	if (command->choose_table)
		table = command->choose_table(&call->command);
	if (has_target)
		err = open_target(app, &facts);
	if (!err)
		err = run_emit(app, &call->settings, command->name, table,
			       has_target ? &facts : NULL, &call->command.emit);
	if (err)
		return run_failed(app, command->name, err);
	if (list_columns)
		emit_columns(call->command.emit, table);
	else
		err = command->run(&call->command);
	session_note_lacks(call->command.session, command->name, call->command.problems);
	return finish(app, call, err);
}

const struct builtin *builtin_find(const struct builtin *table, const char *name)
{
	for (const struct builtin *b = table; b && b->name; b++)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
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
	console_begin(&app->console);
	const struct builtin *builtin = builtin_find(app->builtins, words[0]);
	if (app->elsewhere && (!builtin || builtin->on_target))
		return app->elsewhere(app, words, n);
	if (builtin)
		return builtin->run(app, words + 1, n - 1);
	session_refresh(app->opened->session);
	struct error *err = call_parse(&app->settings, words, n, &call);
	if (err) {
		status = run_failed(app, words[0], err);
	} else {
		call.command.session = app->opened->session;
		call.command.problems = &problems;
		call.command.arena = &arena;
		status = answer(app, &call);
	}
	problems_free(&problems);
	report_cost(app, words[0]);
	return status;
}
