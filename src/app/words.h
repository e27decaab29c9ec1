/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command line as words, as a shell does it: blanks part them, '...' keeps everything, "..."
 * keeps everything but \" and \\, a backslash keeps the next character, # at a word's start ends
 * the line. The command ends where its answer is sent elsewhere: | > >>
 */
#ifndef APP_WORDS_H
#define APP_WORDS_H

#include <stddef.h>

#include "base/error.h"

enum words_end {
	WORDS_END,
	WORDS_PIPE,   /* | to a shell's command line */
	WORDS_WRITE,  /* > to a file, made anew */
	WORDS_APPEND, /* >> to a file's end */
};

struct words {
	const char **at;
	size_t n, room;
	char *storage; /* what they point into */
	enum words_end end;
	const char *rest; /* what stands behind the end; points into the line */
};

/* No words is fine (a blank line). ERROR_USAGE: a quote that does not end. */
struct error *words_split(const char *line, struct words *ret);
void words_free(struct words *words);

#endif
