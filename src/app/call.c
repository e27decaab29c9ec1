/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/prompt.h"

static struct error *no_command(const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	if (prompt_word_find(name))
		return error_new(ERROR_USAGE, "'%s' is for iommuscope's own prompt and scripts",
				 name);
	for (size_t i = 0; commands[i]; i++)
		suggestion_offer(&suggestion, commands[i]->name);
	for (const struct prompt_word *word = prompt_words; word->name; word++)
		suggestion_offer(&suggestion, word->name);
	return suggestion_error(&suggestion, "command", "; 'help' lists them");
}

/* The command's options come before the program's: `rd -p`. */
static struct error *take_option(struct arguments *arguments, const struct argument *option,
				 struct call *call)
{
	const struct command *command = call->command.command;
	struct suggestion suggestion = suggestion_for(option->name);
	char name[OPTION_NAME_MAX + 2];
	const char *value = "";

	for (size_t i = 0; i < command->n_options; i++) {
		const struct command_option *o = &command->options[i];

		suggestion_offer(&suggestion, o->name);
		if (strcmp(o->name, option->name) != 0)
			continue;
		struct error *err = o->argument ? argument_value(arguments, option, &value)
						: argument_flag(arguments, option);
		if (!err)
			call->values[i] = value;
		return err;
	}
	struct error *err = option_take(arguments, option, true, &call->settings);
	if (err && suggestion.nearest) {
		error_free(err);
		err = error_new(ERROR_USAGE, "no option %s; did you mean %s%s?",
				argument_name(option, name), suggestion.nearest[1] ? "--" : "-",
				suggestion.nearest);
	}
	return err;
}

/* A range that stands where an operand is too many, as it is to be given; else nothing. */
static void hint_range(const struct command *command, const char *word, char *ret, size_t size)
{
	struct range range;
	_cleanup_(error_freep) struct error *err = parse_range(word, &range);

	for (size_t i = 0; i < command->n_options && !err; i++)
		if (command->options[i].argument && !strcmp(command->options[i].argument, "A-B"))
			snprintf(ret, size, "; a range is given as --%s %s",
				 command->options[i].name, word);
}

bool call_lists_columns(const struct call *call)
{
	return call->settings.columns && !strcmp(call->settings.columns, "help");
}

static struct error *check_operands(const struct call *call)
{
	const struct command *command = call->command.command;
	size_t n = call->command.n_operands;
	char hint[80] = "";

	if ((n >= command->min_operands || call_lists_columns(call)) && n <= command->max_operands)
		return NULL;
	if (n > command->max_operands)
		hint_range(command, call->operands[command->max_operands], hint, sizeof(hint));
	return error_new(ERROR_USAGE, "too %s operands; usage: %s%s%s%s",
			 n < command->min_operands ? "few" : "many", command->name,
			 command->operands ? " " : "", command->operands ? command->operands : "",
			 hint);
}

/* `devices --help` is `help devices`. */
static void become_help(struct call *call)
{
	call->operands[0] = call->command.command->name;
	call->command.n_operands = 1;
	call->command.command = command_find("help");
	memset(call->values, 0, call->command.command->n_options * sizeof(*call->values));
}

static struct error *take_words(struct call *call, const char *const *words, size_t n)
{
	struct arguments arguments = arguments_of(words, n);
	struct argument argument;
	struct error *err = NULL;

	while (!err && arguments_next(&arguments, &argument)) {
		if (argument.operand)
			call->operands[call->command.n_operands++] = argument.operand;
		else
			err = take_option(&arguments, &argument, call);
	}
	if (!err && call->settings.help)
		become_help(call);
	return err ? err : check_operands(call);
}

struct error *call_parse(const struct settings *settings, const char *const *words, size_t n,
			 struct call *ret)
{
	const struct command *command = command_find(words[0]);
	const struct command *help = command_find("help");

	if (!command)
		return no_command(words[0]);
	size_t n_values =
		command->n_options > help->n_options ? command->n_options : help->n_options;
	struct call call = {
		.command = {.command = command},
		.settings = *settings,
		.operands = calloc(n, sizeof(*call.operands)),
		.values = calloc(n_values + 1, sizeof(*call.values)),
	};
	struct error *err = call.operands && call.values ? take_words(&call, words + 1, n - 1)
							 : error_no_memory;
	if (err) {
		call_free(&call);
		return err;
	}
	call.command.operands = call.operands;
	call.command.values = call.values;
	*ret = call;
	return NULL;
}

void call_free(struct call *call)
{
	free(call->operands);
	free(call->values);
	*call = (struct call){0};
}
