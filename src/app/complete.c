/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "app/builtins.h"
#include "app/call.h"
#include "app/words.h"
#include "app/worker.h"
#include "base/cleanup.h"
#include "cmd/candidates.h"
#include "cmd/prompt.h"
#include "out/buffer.h"

#define SHOWN_MAX 200 /* more than these nobody reads */

struct match {
	const char *word, *what; /* what: NULL: the word says it all */
};

/* readline has no argument for its callbacks. */
static struct completion {
	struct app *app;
	const char *text; /* what is to be completed */
	size_t head;	  /* of this so many bytes stay as they are: "bdf,dri" */
	struct arena arena;
	VEC(struct match) matches;
	size_t next;
	bool is_file;
} the;

static void offer(void *arg, const char *word, const char *what)
{
	const char *typed = the.text + the.head;
	const char *colon = strchr(word, ':');

	(void)arg;
	/* A PCI segment may be left out. */
	if (strncmp(word, typed, strlen(typed)) != 0 && colon && strchr(colon + 1, ':'))
		word = colon + 1;
	if (strncmp(word, typed, strlen(typed)) != 0)
		return;
	char *whole = arena_printf(&the.arena, "%.*s%s", (int)the.head, the.text, word);
	struct match *match = whole ? vec_push(&the.matches) : NULL;
	if (match)
		*match = (struct match){whole, what ? arena_strdup(&the.arena, what) : NULL};
}

static void offer_option(const char *name, const char *help)
{
	char option[OPTION_NAME_MAX + 3];

	snprintf(option, sizeof(option), "%s%s", name[1] ? "--" : "-", name);
	offer(NULL, option, help);
}

/* "a,b,c": the last one is being typed. */
static void take_list(const char *separators)
{
	for (const char *c = the.text; *c; c++)
		if (strchr(separators, *c))
			the.head = (size_t)(c + 1 - the.text);
}

static void offer_columns(const struct table *table)
{
	take_list(",+");
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];

		offer(NULL, c->key, c->help);
		for (size_t f = 0; c->layout && f < c->layout->n_fields; f++)
			if (!field_is_piece(&c->layout->fields[f]))
				offer(NULL, c->layout->fields[f].key, c->layout->fields[f].label);
	}
	if (!the.head)
		offer(NULL, "help", "lists the columns");
	rl_completion_append_character = '\0';
}

static void offer_operand(const char *usage, size_t nth)
{
	the.is_file = candidates_are_files(usage, nth);
	if (strchr(usage, ','))
		take_list(",");
	worker_candidates(the.app, usage, nth, offer, NULL);
}

static void offer_command_options(const struct command *command)
{
	for (size_t i = 0; i < command->n_options; i++)
		offer_option(command->options[i].name, command->options[i].help);
	for (const struct option *o = program_options; o->name; o++)
		if (o->behind_command)
			offer_option(o->name, o->help);
}

/* The argument that the option `word` takes: "LIST"; NULL: none, or it is no option. */
static const char *argument_of(const struct command *command, const char *word)
{
	const char *name = word + strspn(word, "-");

	if (name == word || strchr(word, '='))
		return NULL;
	for (size_t i = 0; command && i < command->n_options; i++)
		if (!strcmp(command->options[i].name, name))
			return command->options[i].argument;
	for (const struct option *o = program_options; o->name; o++)
		if (!strcmp(o->name, name) || (o->letter && !strcmp(o->letter, name)))
			return o->argument;
	return NULL;
}

/* The table that the command answers with, given the options that were typed. */
static const struct table *table_of(const struct words *words)
{
	const struct command *command = command_find(words->at[0]);
	_cleanup_(freep) const char **values = calloc(command->n_options + 1, sizeof(*values));
	struct command_call call = {.command = command, .values = values};

	for (size_t i = 0; values && i < command->n_options; i++)
		for (size_t w = 1; w < words->n; w++)
			if (!strcmp(words->at[w] + strspn(words->at[w], "-"),
				    command->options[i].name))
				values[i] = "";
	return values && command->choose_table ? command->choose_table(&call) : command->table;
}

/* How many operands stand among the words behind the first. */
static size_t count_operands(const struct command *command, const struct words *words)
{
	size_t n = 0;

	for (size_t i = 1; i < words->n; i++) {
		if (words->at[i][0] != '-')
			n++;
		else if (argument_of(command, words->at[i]))
			i++;
	}
	return n;
}

static void complete_command(const struct words *words)
{
	const struct command *command = command_find(words->at[0]);
	const char *argument = argument_of(command, words->at[words->n - 1]);

	if (!command)
		return;
	if (argument && !strcmp(argument, "LIST"))
		offer_columns(table_of(words));
	else if (argument)
		offer_operand(argument, 0);
	else if (*the.text == '-')
		offer_command_options(command);
	else if (command->operands)
		offer_operand(command->operands, count_operands(command, words));
}

static void complete_set(const struct words *words)
{
	for (const struct setting *s = app_settings; s->name; s++) {
		if (words->n == 1)
			offer(NULL, s->name, s->help);
		else if (words->n == 2 && !strcmp(words->at[1], s->name))
			offer_operand(s->values, 0);
	}
}

static void complete_open(const struct words *words)
{
	static const char *const names[] = {"core", "symbols", "no-symbols", "no-cache"};

	(void)words;
	the.is_file = *the.text != '-';
	for (size_t i = 0; !the.is_file && i < ARRAY_SIZE(names); i++)
		offer_option(names[i], NULL);
}

static void complete_words(const struct words *words);

/* Behind the number it is as if the command stood alone. */
static void complete_repeat(const struct words *words)
{
	struct words rest = *words;

	for (size_t i = 1; i < words->n; i++) {
		if (!strcmp(words->at[i], "--interval")) {
			i++;
		} else if (words->at[i][0] != '-') {
			rest.at += i + 1;
			rest.n -= i + 1;
			complete_words(&rest);
			return;
		}
	}
	if (*the.text == '-')
		offer_option("interval", "seconds in between");
}

static void complete_words(const struct words *words)
{
	static const struct {
		const char *name;
		void (*complete)(const struct words *words);
	} builtin[] = {{"set", complete_set}, {"open", complete_open}, {"repeat", complete_repeat}};
	const struct prompt_word *prompt = words->n ? prompt_word_find(words->at[0]) : NULL;

	if (!words->n) {
		offer_operand("COMMAND", 0);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) {
		if (!strcmp(builtin[i].name, words->at[0])) {
			builtin[i].complete(words);
			return;
		}
	}
	if (prompt)
		offer_operand(prompt->operands, words->n - 1);
	else
		complete_command(words);
}

static char *next_match(const char *text, int again)
{
	(void)text;
	if (!again)
		the.next = 0;
	return the.next < the.matches.n ? strdup(the.matches.at[the.next++].word) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	_cleanup_(freep) char *before = strndup(rl_line_buffer, (size_t)start);
	_cleanup_(words_free) struct words words = {0};
	struct error *err = before ? words_split(before, &words) : error_no_memory;

	(void)end;
	arena_reset(&the.arena);
	the.matches.n = 0;
	the.text = text;
	the.head = 0;
	the.is_file = false;
	rl_attempted_completion_over = 1;
	if (err) {
		error_free(err);
		return NULL;
	}
	if (words.end != WORDS_END || before[strspn(before, " \t")] == '!')
		the.is_file = true;
	else
		complete_words(&words);
	if (the.is_file && !the.matches.n)
		rl_attempted_completion_over = 0; /* readline knows files */
	return the.matches.n ? rl_completion_matches(text, next_match) : NULL;
}

static const char *what_of(const char *word)
{
	for (size_t i = 0; i < the.matches.n; i++)
		if (!strcmp(the.matches.at[i].word, word))
			return the.matches.at[i].what;
	return NULL;
}

/* Each on a line of its own with what it is. matches[0] is what they have in common. */
static void show(char **matches, int n, int longest)
{
	struct buffer line;
	int rows, columns;

	if (the.is_file || !what_of(matches[1])) {
		rl_crlf();
		rl_display_match_list(matches, n, longest);
		rl_forced_update_display();
		return;
	}
	rl_get_screen_size(&rows, &columns);
	fputc('\n', rl_outstream);
	for (int i = 1; i <= n && i <= SHOWN_MAX; i++) {
		const char *what = what_of(matches[i]);

		if (!buffer_init(&line, NULL))
			break;
		buffer_escaped(&line, matches[i] + the.head, false);
		buffer_pad(&line, line.n < (size_t)longest ? (size_t)longest - line.n + 2 : 2);
		buffer_escaped(&line, what ? what : "", false);
		fprintf(rl_outstream, "%.*s\n", (int)line.n < columns ? (int)line.n : columns,
			line.at);
		buffer_free(&line);
	}
	if (n > SHOWN_MAX)
		fprintf(rl_outstream, "and %d more\n", n - SHOWN_MAX);
	rl_forced_update_display();
}

void complete_install(struct app *app)
{
	static char breaks[] = " \t\n\"'|>";

	the.app = app;
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = show;
	rl_completer_word_break_characters = breaks;
}

void complete_end(void)
{
	vec_free(&the.matches);
	arena_free(&the.arena);
	rl_attempted_completion_function = NULL;
	rl_completion_display_matches_hook = NULL;
}
