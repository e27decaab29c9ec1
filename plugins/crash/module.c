/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crash extension: a command `iommu` with all commands of iommuscope, on what crash has open.
 *
 * crash ends a command that it gives up on with longjmp(). It gets no chance to in here: its
 * functions are called so that they return (crash.h), signals only set a flag (signals.h). Were it
 * to happen all the same, the next command finds `at_work` set and starts with a new session.
 */
#include "crash.h"
#include "signals.h"

#include <locale.h>
#include <string.h>

#include "app/interrupt.h"
#include "app/run.h"
#include "app/version.h"
#include "base/cleanup.h"
#include "cmd/help_text.h"

static struct module {
	struct app app;
	struct opened opened; /* the session is made by the first command */
	locale_t locale; /* the user's; crash may have left the C library at "C" */
	struct arena help;
	bool at_work;
} module;

/* Options in front of the command. *ret_next: where the command is, n when there is none. */
static struct error *take_options(struct app *app, const char *const *words, size_t n,
				  size_t *ret_next)
{
	struct arguments arguments = arguments_of(words, n);
	struct argument argument;
	struct error *err = NULL;

	while (!err && arguments_next(&arguments, &argument)) {
		const struct option *option;

		if (argument.operand) {
			arguments.next--;
			break;
		}
		option = option_find(argument.name);
		if (option && option->opens)
			err = error_new(ERROR_USAGE,
					"--%s is of no use here: crash has opened the "
					"target, and runs scripts itself",
					option->name);
		else
			err = option_take(&arguments, &argument, false, &app->settings);
	}
	*ret_next = arguments.next;
	return err;
}

static void run(struct app *app, const char *const *words, size_t n)
{
	static const char *const help[] = {"help"};
	size_t next = 0;
	struct error *err = take_options(app, words, n, &next);

	app->console.verbosity = app->settings.verbosity;
	if (!err && !app->opened->session)
		err = session_new(&app->opened->spec, &app->opened->session);
	if (err) {
		console_line(&app->console, QUIET, "%s", error_message(err));
		error_free(err);
	} else if (app->settings.version) {
		fprintf(app->sink.out, "iommuscope %s\n", IOMMUSCOPE_VERSION);
	} else if (next == n || app->settings.help) {
		app->settings.help = false;
		run_words(app, help, ARRAY_SIZE(help));
	} else {
		run_words(app, words + next, n - next);
	}
}

static void iommu_command(void)
{
	struct app *app = &module.app;

	if (module.at_work) {
		session_free(app->opened->session);
		app->opened->session = NULL;
	}
	module.at_work = true;
	signals_take();
	locale_t theirs = uselocale(module.locale);
	app->sink = sink_of(fp);
	app->settings = (struct settings){0};
	console_init(&app->console);
	run(app, (const char *const *)args + 1, argcnt > 0 ? (size_t)argcnt - 1 : 0);
	fflush(fp);
	settings_free(&app->settings);
	uselocale(theirs);
	module.at_work = false;
	signals_give_back();
}

/* `help iommu`: name, summary, arguments, text. */
#define HELP_MAX 32

static const char *help_data[HELP_MAX] = {
	"iommu",
	"state of the AMD IOMMU",
	"[OPTIONS] [COMMAND [ARGS...]]",
};

/* crash takes a text with %s in it for a format, and any other for a text. */
static const char *fit_for_crash(const char *text)
{
	const char *fit = text;

	if (text && strstr(text, "%s")) {
		fit = "";
		for (; fit && *text; text++)
			fit = arena_printf(&module.help, *text == '%' ? "%s%%%%" : "%s%c", fit,
					   *text);
	}
	return fit;
}

static bool is_topic_told(size_t command)
{
	for (size_t i = 0; i < command; i++)
		if (!strcmp(commands[i]->topic, commands[command]->topic))
			return true;
	return false;
}

static void make_help(void)
{
	size_t n = 3;

	help_data[n++] = "  Shows what the AMD IOMMU does, on the dump or live system at hand.\n"
			 "  The answers go where crash's do: to a pipe, or a file.\n";
	for (size_t i = 0; commands[i] && n < HELP_MAX - 2; i++)
		if (!is_topic_told(i))
			help_data[n++] =
				fit_for_crash(help_text_of_topic(&module.help, commands[i]->topic));
	help_data[n++] = "'iommu help NAME' tells more of a command or a hardware structure.\n\n"
			 "EXAMPLES\n"
			 "  iommu devices\n"
			 "  iommu dte 0000:01:00.0\n"
			 "  iommu --json devices > devices.json\n"
			 "  iommu map 0000:01:00.0 | less\n";
	help_data[n] = NULL;
}

static struct command_table_entry command_table[] = {
	{"iommu", iommu_command, help_data, CRASH_IN_MINIMAL},
	{NULL},
};

__attribute__((constructor)) static void module_load(void)
{
	module.locale = newlocale(LC_ALL_MASK, "", NULL);
	module.app.opened = &module.opened;
	module.opened.spec = (struct target_spec){
		.interrupt = interrupt_flag(),
		.progress = console_progress,
		.progress_arg = &module.app.console,
		.note = console_note,
		.note_arg = &module.app.console,
		.sandbox = "off (crash reads it)",
	};
	make_help();
	register_extension(command_table);
}

__attribute__((destructor)) static void module_unload(void)
{
	session_free(module.opened.session);
	arena_free(&module.help);
	if (module.locale)
		freelocale(module.locale);
}
