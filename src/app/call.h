/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the words of a command line to a call of its command. */
#ifndef APP_CALL_H
#define APP_CALL_H

#include "app/options.h"
#include "cmd/command.h"

struct call {
	struct command_call command; /* session, emit and problems are left for the caller */
	struct settings settings; /* the program's, with what stands behind the command; borrowed */
	const char **operands, **values;
};

/*
 * words[0] is the command's name; words live as long as the call. --help becomes a call of the help
 * command. ERROR_USAGE: no such command or option, too few or too many operands.
 */
struct error *call_parse(const struct settings *settings, const char *const *words, size_t n,
			 struct call *ret);
void call_free(struct call *call);

/* -o help: its columns are asked for, and nothing else; operands may be lacking. */
bool call_lists_columns(const struct call *call);

#endif
