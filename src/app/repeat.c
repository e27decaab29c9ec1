/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/repeat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/highlight.h"
#include "app/interrupt.h"
#include "base/parse.h"
#include "cmd/prompt.h"

#define LIVE_INTERVAL 1.0 /* seconds */
#define INTERVAL_MAX 86400.0
#define WAIT_STEP 0.02 /* in which an interruption is seen */

struct repetition {
	double interval; /* seconds; negative: not said */
	uint64_t times;
};

static struct error *parse_interval(const char *word, double *ret)
{
	char *end;
	double seconds = strtod(word, &end);

	if (end == word || *end || !(seconds >= 0 && seconds <= INTERVAL_MAX))
		return error_new(ERROR_USAGE, "--interval wants seconds, not '%s'", word);
	*ret = seconds;
	return NULL;
}

/* *ret_next: where the command begins. */
static struct error *parse(const char *const *words, size_t n, struct repetition *ret,
			   size_t *ret_next)
{
	struct arguments arguments = arguments_of(words, n);
	struct argument argument;
	struct error *err = NULL;

	while (!err && arguments_next(&arguments, &argument) && !argument.operand) {
		const char *value;

		if (strcmp(argument.name, "interval") != 0)
			return error_new(ERROR_USAGE, "repeat has no option but --interval");
		err = argument_value(&arguments, &argument, &value);
		if (!err)
			err = parse_interval(value, &ret->interval);
	}
	if (!err && (!argument.operand || arguments.next >= n))
		err = error_new(ERROR_USAGE, "usage: repeat [--interval SECONDS] N COMMAND...");
	if (!err)
		err = parse_number(argument.operand, &ret->times);
	if (!err && prompt_word_find(words[arguments.next]))
		err = error_new(ERROR_USAGE, "repeat is for commands, not for '%s'",
				words[arguments.next]);
	if (!err)
		*ret_next = arguments.next;
	return err;
}

/* false: the user has interrupted, which may come to another process than this one. */
static bool wait_for(double seconds)
{
	for (; seconds > 0 && !*interrupt_flag(); seconds -= WAIT_STEP) {
		double step = seconds < WAIT_STEP ? seconds : WAIT_STEP;

		nanosleep(&(struct timespec){.tv_nsec = (long)(step * 1e9)}, NULL);
	}
	return !*interrupt_flag();
}

static double interval_of(const struct app *app, const struct repetition *repetition)
{
	struct target *target;
	struct error *err;

	if (repetition->interval >= 0)
		return repetition->interval;
	err = session_target(app->opened->session, &target);
	bool is_moving = !err && target->moving;
	error_free(err); /* the command says so */
	return is_moving ? LIVE_INTERVAL : 0;
}

static int rounds(struct app *app, const struct repetition *repetition, const char *const *words,
		  size_t n, FILE *out, struct highlight *highlight)
{
	int worst = EXIT_ANSWERED;
	double interval = 0;

	for (uint64_t i = 0; i < repetition->times && worst < EXIT_USAGE; i++) {
		if (i && !wait_for(interval))
			return EXIT_INTERRUPTED;
		if (i && app->settings.format == EMIT_TEXT)
			fputc('\n', out);
		int status = run_words(app, words, n);
		if (status > worst)
			worst = status;
		if (highlight)
			highlight_next(highlight);
		if (sink_is_deaf(&app->sink))
			break;
		if (!i)
			interval = interval_of(app, repetition);
	}
	return worst;
}

/* Only a terminal that has colours shows them. */
static struct highlight *highlight_for(struct app *app)
{
	struct emit_options options = settings_emit_options(&app->settings, app->sink.is_terminal);

	return options.color && options.format == EMIT_TEXT ? highlight_new(app->sink.out) : NULL;
}

int repeat_run(struct app *app, const char *const *words, size_t n)
{
	struct repetition repetition = {.interval = -1};
	enum color_when color = app->settings.color;
	FILE *out = app->sink.out;
	size_t next;
	struct error *err = parse(words, n, &repetition, &next);

	if (err)
		return run_failed(app, NULL, err);
	struct highlight *highlight = highlight_for(app);
	if (highlight) {
		app->settings.color = COLOR_NEVER;
		app->sink.out = highlight_stream(highlight);
	}
	int status = rounds(app, &repetition, words + next, n - next, out, highlight);
	app->sink.out = out;
	app->settings.color = color;
	highlight_free(highlight);
	return status;
}
