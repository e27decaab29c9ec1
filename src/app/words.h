/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as words, as a shell does it: blanks part them, '...' keeps everything, "..."
 * keeps everything but \" and \\, a backslash keeps the next character, # at a word's start ends
 * the line.
 */
#ifndef APP_WORDS_H
#define APP_WORDS_H

#include <stddef.h>

#include "base/error.h"

struct words {
	const char **at;
	size_t n, room;
	char *storage; /* what they point into */
};

/* No words is fine (a blank line). ERROR_USAGE: a quote that does not end. */
struct error *words_split(const char *line, struct words *ret);
void words_free(struct words *words);

#endif
