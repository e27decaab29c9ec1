/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/builtins.h"

#include <string.h>

#include "app/pager.h"
#include "app/repeat.h"
#include "app/worker.h"
#include "base/cleanup.h"
#include "base/parse.h"

/* open */

/* Of the program's options those that say which target. */
static const char *const open_options[] = {"c", "core", "s", "symbols", "no-symbols", "no-cache"};

static struct error *take_open_option(struct arguments *arguments, const struct argument *argument,
				      struct settings *settings)
{
	char name[OPTION_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(open_options); i++)
		if (!strcmp(open_options[i], argument->name))
			return option_take(arguments, argument, false, settings);
	return error_new(ERROR_USAGE, "open has no option %s; see 'help open'",
			 argument_name(argument, name));
}

static struct error *open_parse(const char *const *words, size_t n, struct settings *settings)
{
	struct arguments arguments = arguments_of(words, n);
	struct argument argument;
	struct error *err = NULL;

	while (!err && arguments_next(&arguments, &argument))
		err = argument.operand ? settings_take_file(settings, argument.operand)
				       : take_open_option(&arguments, &argument, settings);
	return err;
}

/* That of app->opened. */
static int open_target(struct app *app)
{
	struct target *target;

	if (app->elsewhere)
		return worker_open(app);
	struct error *err = session_target(app->opened->session, &target);
	return err ? run_failed(app, NULL, err) : EXIT_ANSWERED;
}

static int open_run(struct app *app, const char *const *words, size_t n)
{
	_cleanup_(settings_free) struct settings settings = {0};
	static const char *const summary[] = {"summary"};
	struct opened *before = app->opened;
	struct error *err = open_parse(words, n, &settings);

	if (!err)
		err = opened_new(&settings, &app->console, &app->opened);
	int status = err ? run_failed(app, NULL, err) : open_target(app);
	if (status != EXIT_ANSWERED) {
		if (app->opened != before)
			opened_free(app->opened);
		app->opened = before;
		return status == EXIT_PARTLY ? EXIT_TARGET : status;
	}
	opened_free(before);
	return app->is_prompt ? run_words(app, summary, 1) : EXIT_ANSWERED;
}

/* set, json */

static const char *const color_names[] = {
	[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
static const char *const verbosity_names[] = {"quiet", "normal", "verbose", "debug"};

static struct error *choose(const char *const *names, size_t n, const char *value, unsigned *ret)
{
	struct suggestion suggestion = suggestion_for(value);

	for (size_t i = 0; i < n; i++) {
		suggestion_offer(&suggestion, names[i]);
		if (!strcmp(names[i], value)) {
			*ret = (unsigned)i;
			return NULL;
		}
	}
	return suggestion_error(&suggestion, "value", "; 'set' shows which there are");
}

static struct error *choose_switch(const char *value, bool *ret)
{
	static const char *const names[] = {"off", "on"};
	unsigned chosen = 0;
	struct error *err = choose(names, ARRAY_SIZE(names), value, &chosen);

	if (!err)
		*ret = chosen;
	return err;
}

static const char *get_color(const struct app *app)
{
	return color_names[app->settings.color];
}

static struct error *set_color(struct app *app, const char *value)
{
	unsigned chosen = 0;
	struct error *err = choose(color_names, ARRAY_SIZE(color_names), value, &chosen);

	if (!err)
		app->settings.color = chosen;
	return err;
}

static const char *get_json(const struct app *app)
{
	return app->settings.format == EMIT_TEXT ? "off" : "on";
}

static struct error *set_json(struct app *app, const char *value)
{
	bool on = false;
	struct error *err = choose_switch(value, &on);

	if (!err)
		app->settings.format = on ? EMIT_JSON : EMIT_TEXT;
	return err;
}

static const char *get_pager(const struct app *app)
{
	return app->pager ? "on" : "off";
}

static struct error *set_pager(struct app *app, const char *value)
{
	bool on = false;
	struct error *err = choose_switch(value, &on);

	if (!err)
		app->pager = on ? pager_of_environment() : NULL;
	return err;
}

static const char *get_stop(const struct app *app)
{
	return app->settings.stop_on_error ? "on" : "off";
}

static struct error *set_stop(struct app *app, const char *value)
{
	return choose_switch(value, &app->settings.stop_on_error);
}

static const char *get_verbosity(const struct app *app)
{
	return verbosity_names[app->console.verbosity - QUIET];
}

static struct error *set_verbosity(struct app *app, const char *value)
{
	unsigned chosen = 0;
	struct error *err = choose(verbosity_names, ARRAY_SIZE(verbosity_names), value, &chosen);

	if (!err)
		app->console.verbosity = (enum verbosity)((int)chosen + QUIET);
	return err;
}

const struct setting app_settings[] = {
	{"color", "auto|always|never", "colours; auto: on a terminal that has them", get_color,
	 set_color},
	{"json", "on|off", "answers in JSON", get_json, set_json},
	{"pager", "on|off", "$PAGER, or less, for what does not fit the screen", get_pager,
	 set_pager},
	{"stop-on-error", "on|off", "end a script with the first command whose status is not 0",
	 get_stop, set_stop},
	{"verbosity", "quiet|normal|verbose|debug", "notes on standard error", get_verbosity,
	 set_verbosity},
	{NULL, NULL, NULL, NULL, NULL},
};

enum { SET_NAME, SET_VALUE, SET_VALUES, SET_HELP };

static const struct column set_columns[] = {
	[SET_NAME] = {"name", NULL, VALUE_TEXT, 0, "the setting"},
	[SET_VALUE] = {"value", NULL, VALUE_TEXT, 0, "what it is now"},
	[SET_VALUES] = {"values", NULL, VALUE_TEXT, 0, "what it can be"},
	[SET_HELP] = {"help", NULL, VALUE_TEXT, COLUMN_WIDE, "what it does"},
};

static const struct table set_table = {"set", VIEW_TABLE, set_columns, ARRAY_SIZE(set_columns)};

static struct error *show_settings(struct app *app, const char *only)
{
	struct emit *emit;
	struct error *err = run_emit(app, &app->settings, "set", &set_table, NULL, &emit);

	if (err)
		return err;
	for (const struct setting *s = app_settings; s->name; s++) {
		if (only && strcmp(only, s->name) != 0)
			continue;
		emit_row_begin(emit);
		emit_text(emit, SET_NAME, s->name);
		emit_text(emit, SET_VALUE, s->get(app));
		emit_text(emit, SET_VALUES, s->values);
		emit_text(emit, SET_HELP, s->help);
		emit_row_end(emit);
	}
	return emit_end(emit, NULL);
}

static struct error *change_setting(struct app *app, const char *name, const char *value)
{
	struct suggestion suggestion = suggestion_for(name);

	for (const struct setting *s = app_settings; s->name; s++) {
		suggestion_offer(&suggestion, s->name);
		if (!strcmp(s->name, name))
			return value ? s->set(app, value) : show_settings(app, name);
	}
	return suggestion_error(&suggestion, "setting", "; 'set' lists them");
}

static int set_run(struct app *app, const char *const *words, size_t n)
{
	struct error *err;

	if (n > 2)
		err = error_new(ERROR_USAGE, "usage: set [NAME [VALUE]]");
	else
		err = n ? change_setting(app, words[0], n > 1 ? words[1] : NULL)
			: show_settings(app, NULL);
	return err ? run_failed(app, NULL, err) : EXIT_ANSWERED;
}

static int json_run(struct app *app, const char *const *words, size_t n)
{
	struct error *err = n > 1 ? error_new(ERROR_USAGE, "usage: json [on|off]")
				  : change_setting(app, "json", n ? words[0] : "on");

	return err ? run_failed(app, NULL, err) : EXIT_ANSWERED;
}

static int quit_run(struct app *app, const char *const *words, size_t n)
{
	(void)words;
	if (n)
		return run_failed(app, NULL, error_new(ERROR_USAGE, "quit stands alone"));
	app->leaving = true;
	return EXIT_ANSWERED;
}

const struct builtin builtins[] = {
	{"open", open_run}, {"json", json_run}, {"set", set_run}, {"repeat", repeat_run, true},
	{"quit", quit_run}, {"exit", quit_run}, {"q", quit_run},  {NULL, NULL},
};
