/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/prompt.h"

#include <string.h>

const struct prompt_word prompt_words[] = {
	{"open", "[OPTION...] [FILE...]",
	 "look at another dump; at the running kernel without a file",
	 "Files and the options -c, -s, --no-symbols and --no-cache are those of the command line. When it "
	 "can't be opened, the target stays what it was.\n"
	 "    open vmcore\n"
	 "    open vmlinux vmcore\n"
	 "    open -c vmcore -s vmlinux"},
	{"json", "[on|off]", "answer in JSON from now on, or as text again", "    json on"},
	{"set", "[NAME [VALUE]]", "show the settings, or change one",
	 "    set\n"
	 "    set color never\n"
	 "    set pager off"},
	{"repeat", "[--interval SECONDS] N COMMAND...", "run a command N times",
	 "In between it waits what --interval says, else a second on a running kernel and not at all on a dump. "
	 "On a terminal, words that differ from the time before are highlighted.\n"
	 "    repeat 10 domids\n"
	 "    repeat --interval 0.5 100 devices -o bdf,domain_id"},
	{"quit", "", "leave the prompt, or end a script; also exit, q and Ctrl-D", ""},
	{"!", "COMMAND...", "run a command of the shell", "    ! ls -l /var/crash"},
	{"|", "COMMAND...", "behind a command: its answer goes to a command of the shell",
	 "    devices | grep vfio | wc -l"},
	{">", "FILE", "behind a command: its answer goes to a file; >> adds to one",
	 "    dte --all > dte.txt"},
	{NULL, NULL, NULL, NULL},
};

const struct prompt_word *prompt_word_find(const char *name)
{
	for (const struct prompt_word *word = prompt_words; word->name; word++)
		if (!strcmp(word->name, name))
			return word;
	return NULL;
}
