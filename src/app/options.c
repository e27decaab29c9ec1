/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/options.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/parse.h"

static struct error *take_core(struct settings *settings, const char *value)
{
	const char **core = vec_push(&settings->cores);

	if (!core)
		return error_no_memory;
	*core = value;
	return NULL;
}

static struct error *take_symbols(struct settings *settings, const char *value)
{
	if (settings->symbols)
		return error_new(ERROR_USAGE, "two files of kernel symbols: '%s' and '%s'",
				 settings->symbols, value);
	settings->symbols = value;
	return NULL;
}

static struct error *take_no_symbols(struct settings *settings, const char *value)
{
	(void)value;
	settings->no_symbols = true;
	return NULL;
}

static struct error *take_json(struct settings *settings, const char *value)
{
	(void)value;
	settings->format = EMIT_JSON;
	return NULL;
}

static struct error *take_json_lines(struct settings *settings, const char *value)
{
	(void)value;
	settings->format = EMIT_JSON_LINES;
	return NULL;
}

static struct error *take_columns(struct settings *settings, const char *value)
{
	settings->columns = value;
	return NULL;
}

static struct error *add_script(struct settings *settings, struct script script)
{
	struct script *slot = vec_push(&settings->scripts);

	if (!slot)
		return error_no_memory;
	*slot = script;
	return NULL;
}

static struct error *take_execute(struct settings *settings, const char *value)
{
	return add_script(settings, (struct script){.line = value});
}

static struct error *take_input(struct settings *settings, const char *value)
{
	return add_script(settings, (struct script){.path = value});
}

static struct error *take_no_cache(struct settings *settings, const char *value)
{
	(void)value;
	settings->no_cache = true;
	return NULL;
}

static struct error *take_no_sandbox(struct settings *settings, const char *value)
{
	(void)value;
	settings->no_sandbox = true;
	return NULL;
}

static struct error *take_stop_on_error(struct settings *settings, const char *value)
{
	(void)value;
	settings->stop_on_error = true;
	return NULL;
}

static struct error *take_color(struct settings *settings, const char *value)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto",
		[COLOR_ALWAYS] = "always",
		[COLOR_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			settings->color = (enum color_when)i;
			return NULL;
		}
	}
	return error_new(ERROR_USAGE, "--color is auto, always or never, not '%s'", value);
}

static struct error *take_quiet(struct settings *settings, const char *value)
{
	(void)value;
	settings->verbosity = QUIET;
	return NULL;
}

static struct error *take_verbose(struct settings *settings, const char *value)
{
	(void)value;
	settings->verbosity = VERBOSE;
	return NULL;
}

static struct error *take_debug(struct settings *settings, const char *value)
{
	(void)value;
	settings->verbosity = DEBUG;
	return NULL;
}

static struct error *take_help(struct settings *settings, const char *value)
{
	(void)value;
	settings->help = true;
	return NULL;
}

static struct error *take_version(struct settings *settings, const char *value)
{
	(void)value;
	settings->version = true;
	return NULL;
}

const struct option program_options[] = {
	{"c", "core", "FILE",
	 "dump to read; repeat it for a split dump (default: the running kernel)", false, take_core,
	 true},
	{"s", "symbols", "FILE",
	 "the kernel's vmlinux, System.map or export (default: a vmlinux found by its build ID, "
	 "else the kernel's own BTF and kallsyms)",
	 false, take_symbols, true},
	{NULL, "no-symbols", NULL, "look for no vmlinux: use the dump's own BTF and kallsyms",
	 false, take_no_symbols, true},
	{"j", "json", NULL, "answer in JSON", true, take_json},
	{NULL, "json-lines", NULL, "answer in JSON, one record per line", true, take_json_lines},
	{"o", "columns", "LIST",
	 "columns to show; +LIST adds to the usual ones, 'all' shows each, 'help' lists them", true,
	 take_columns},
	{"e", "execute", "LINE", "run a command line and exit; repeatable", false, take_execute,
	 true},
	{"i", "input", "FILE", "run the command lines of a file; - is standard input", false,
	 take_input, true},
	{NULL, "stop-on-error", NULL,
	 "end -e, -i and standard input with the first command whose status is not 0", false,
	 take_stop_on_error, true},
	{NULL, "no-cache", NULL, "neither read nor write the type-layout cache", false,
	 take_no_cache, true},
	{NULL, "no-sandbox", NULL,
	 "read the target in this process, with all its rights; for debuggers, and never for a "
	 "stranger's dump",
	 false, take_no_sandbox, true},
	{NULL, "color", "WHEN", "auto, always or never", false, take_color},
	{"q", "quiet", NULL, "no notes on standard error", false, take_quiet},
	{"v", "verbose", NULL, "more notes on standard error", false, take_verbose},
	{NULL, "debug", NULL, "still more: times and memory", false, take_debug},
	{"h", "help", NULL, "this help; behind a command, that command's", true, take_help},
	{"V", "version", NULL, "the version", false, take_version},
	{NULL},
};

void settings_free(struct settings *settings)
{
	vec_free(&settings->cores);
	vec_free(&settings->scripts);
}

const struct option *option_find(const char *name)
{
	for (const struct option *o = program_options; o->name; o++)
		if (!strcmp(name, o->name) || (o->letter && !strcmp(name, o->letter)))
			return o;
	return NULL;
}

static struct error *unknown_option(const struct argument *argument, bool is_command)
{
	char name[OPTION_NAME_MAX + 2];
	struct suggestion suggestion = suggestion_for(argument->name);

	for (const struct option *o = program_options; o->name; o++)
		if (!is_command || o->behind_command)
			suggestion_offer(&suggestion, o->name);
	if (suggestion.nearest)
		return error_new(ERROR_USAGE, "no option %s; did you mean --%s?",
				 argument_name(argument, name), suggestion.nearest);
	return error_new(ERROR_USAGE, "no option %s; see --help", argument_name(argument, name));
}

struct error *option_take(struct arguments *arguments, const struct argument *argument,
			  bool is_command, struct settings *settings)
{
	const struct option *option = option_find(argument->name);
	char name[OPTION_NAME_MAX + 2];
	const char *value = NULL;
	struct error *err;

	if (!option)
		return unknown_option(argument, is_command);
	if (is_command && !option->behind_command)
		return error_new(ERROR_USAGE, "%s stands before the command",
				 argument_name(argument, name));
	err = option->argument ? argument_value(arguments, argument, &value)
			       : argument_flag(arguments, argument);
	return err ? err : option->take(settings, value);
}

/* Kernels are ELF executables, or compressed ones; whatever else is left to the dump readers. */
static bool is_symbols(const unsigned char *head, size_t length)
{
	static const unsigned char packed[][4] = {
		{0x1f, 0x8b, 8}, {0xfd, '7', 'z', 'X'}, {0x28, 0xb5, 0x2f, 0xfd}};

	if (length < EI_NIDENT + 2)
		return false;
	if (!memcmp(head, ELFMAG, SELFMAG)) {
		unsigned type = get_le16(head + EI_NIDENT);

		return type == ET_EXEC || type == ET_DYN;
	}
	return !memcmp(head, packed[0], 3) || !memcmp(head, packed[1], 4) ||
	       !memcmp(head, packed[2], 4);
}

struct error *settings_take_file(struct settings *settings, const char *path)
{
	unsigned char head[EI_NIDENT + 2];
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(errno, "can't open '%s'", path);
	ssize_t length = pread(fd, head, sizeof(head), 0);
	if (length > 0 && is_symbols(head, (size_t)length))
		return take_symbols(settings, path);
	return take_core(settings, path);
}

struct emit_options settings_emit_options(const struct settings *settings, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = {0};

	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		size.ws_col = 0;
	return (struct emit_options){
		.format = settings->format,
		.columns = settings->columns,
		.color = settings->color == COLOR_ALWAYS ||
			 (settings->color == COLOR_AUTO && terminal && !(no_color && *no_color) &&
			  !(term && !strcmp(term, "dumb"))),
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		.width = size.ws_col,
	};
}

static void print_option(FILE *out, const struct option *option)
{
	char words[64];

	snprintf(words, sizeof(words), "%s%s%s--%s%s%s", option->letter ? "-" : "  ",
		 option->letter ? option->letter : "", option->letter ? ", " : "  ", option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	fprintf(out, "  %-21s %s\n", words, option->help);
}

char *options_help(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fputs("Usage: iommuscope [OPTIONS] [COMMAND [ARGS...]]\n"
	      "       iommuscope [OPTIONS] [VMLINUX] DUMP... [COMMAND [ARGS...]]\n\n"
	      "Shows what the AMD IOMMU does, from a kernel dump or the running kernel.\n"
	      "Without a command: a prompt, or the commands on standard input.\n\nOptions:\n",
	      out);
	for (const struct option *o = program_options; o->name; o++)
		print_option(out, o);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
