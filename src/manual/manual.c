/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manual/manual.h"

#include <stdlib.h>
#include <string.h>

#include "amd/hw/layouts.h"
#include "base/cleanup.h"

const struct manual_item manual_statuses[] = {
	{"0", "Answered in full."},
	{"1", "Answered, but something could not be read; the answer says what is missing."},
	{"2", "A usage error: no such command, option or device."},
	{"3", "The target could not be opened, or the process that reads it has died."},
	{"130", "Stopped by Ctrl-C."},
	{NULL},
};

const char manual_check_statuses[] = "'check' has statuses of its own: see there.";

const struct manual_item manual_variables[] = {
	{"DEBUGINFOD_CACHE_PATH", "Where debuginfod's clients keep vmlinux files, looked up by build ID; "
				  "default debuginfod_client in XDG_CACHE_HOME."},
	{"NO_COLOR", "When set and not empty: no colours, unless --color=always."},
	{"PAGER", "Takes at the prompt what does not fit the screen; default less -FRX. When empty, or cat: "
		  "nothing does."},
	{"TERM", "When dumb: no colours, unless --color=always, and no pager."},
	{"TMPDIR", "Where a flattened dump is written in full, a packed vmlinux unpacked; default /var/tmp."},
	{"XDG_CACHE_HOME", "Where the type-layout cache is; default ~/.cache."},
	{"XDG_STATE_HOME", "Where the prompt's history is; default ~/.local/state."},
	{NULL},
};

const struct manual_item manual_files[] = {
	{"/proc/kcore, /proc/kallsyms, /sys/kernel/btf/vmlinux", "The running kernel."},
	{"/usr/lib/debug, /boot, /lib/modules", "Where a dump's vmlinux is looked for."},
	{"~/.cache/iommuscope/BUILD-ID.layouts",
	 "Addresses and type layouts of a vmlinux that was used before; may be removed at any time."},
	{"~/.local/state/iommuscope/history", "Lines that were typed at the prompt."},
	{NULL},
};

const struct table *manual_table(const struct command *command, size_t i, struct arena *arena)
{
	if (command->list_tables)
		return command->list_tables(i, arena);
	return i ? NULL : command->table;
}

enum manual_operand manual_operand(const char *text)
{
	static const struct {
		const char *word;
		enum manual_operand operand;
	} operands[] = {
		{"COMMAND|STRUCTURE", OPERAND_HELP},
		{"FILE", OPERAND_FILE},
		{"BDF", OPERAND_BDF},
		{"COMMAND", OPERAND_COMMAND},
		{"STRUCTURE", OPERAND_STRUCTURE},
	};

	for (size_t i = 0; text && i < ARRAY_SIZE(operands); i++)
		if (strstr(text, operands[i].word))
			return operands[i].operand;
	return OPERAND_WORD;
}

static void each_structure(void (*put)(const char *word, void *arg), void *arg)
{
	const char *last = "";

	for (const struct layout_form *form = layout_forms; form->name; form++) {
		if (strcmp(form->name, last) != 0)
			put(form->name, arg);
		last = form->name;
	}
}

void manual_each_word(enum manual_operand operand, void (*put)(const char *word, void *arg),
		      void *arg)
{
	if (operand == OPERAND_COMMAND || operand == OPERAND_HELP)
		for (size_t i = 0; commands[i]; i++)
			put(commands[i]->name, arg);
	if (operand == OPERAND_STRUCTURE || operand == OPERAND_HELP)
		each_structure(put, arg);
}

static const struct manual_format {
	const char *name;
	void (*write)(FILE *out);
} formats[] = {
	{"man", manual_write_man}, {"markdown", manual_write_markdown}, {"bash", manual_write_bash},
	{"zsh", manual_write_zsh}, {"fish", manual_write_fish},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(argv[1], formats[i].name)) {
			formats[i].write(stdout);
			return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
		}
	}
	fputs("usage: manual man|markdown|bash|zsh|fish\n", stderr);
	return EXIT_FAILURE;
}
