/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the prompt and of scripts that are no commands: they change how commands are run. Here
 * is what they are, for `help` and completion; src/app/builtins.c does them. To add one: a row in
 * each.
 */
#ifndef CMD_PROMPT_H
#define CMD_PROMPT_H

#include <stddef.h>

#define PROMPT_TOPIC "At iommuscope's own prompt and in its scripts"

struct prompt_word {
	const char *name, *operands, *summary, *details;
};

/* A NULL name ends it. Those without a letter (| and >) are part of a line, not its first word. */
extern const struct prompt_word prompt_words[];

const struct prompt_word *prompt_word_find(const char *name);

#endif
