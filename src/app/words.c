/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

#define BLANKS " \t\r\n"
#define ENDS "|>"

/*
 * Copies the word at *from to *to and leaves both behind it; the quote that does not end, or 0. The
 * word never grows, and there is room for its NUL where the line's blank, | or end was.
 */
static char take_word(const char **from, char **to)
{
	const char *s = *from;
	char *d = *to;
	char quote = 0;

	for (; *s && (quote || !strchr(BLANKS ENDS, *s)); s++) {
		if (quote && *s == quote) {
			quote = 0;
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s;
		} else if (*s == '\\' && s[1] &&
			   (!quote || (quote == '"' && strchr("\"\\", s[1])))) {
			*d++ = *++s;
		} else {
			*d++ = *s;
		}
	}
	*from = s;
	*d++ = '\0';
	*to = d;
	return quote;
}

static void take_end(struct words *words, const char *end)
{
	if (!*end || *end == '#')
		return;
	bool appends = end[0] == '>' && end[1] == '>';

	words->end = *end == '|' ? WORDS_PIPE : appends ? WORDS_APPEND : WORDS_WRITE;
	words->rest = end + 1 + appends;
}

struct error *words_split(const char *line, struct words *ret)
{
	struct words words = {.storage = malloc(strlen(line) + 1)};
	const char *from = line;
	char *to = words.storage;

	if (!to)
		return error_no_memory;
	for (from += strspn(from, BLANKS); *from && !strchr("#" ENDS, *from);
	     from += strspn(from, BLANKS)) {
		const char **word = vec_push(&words);

		if (!word) {
			words_free(&words);
			return error_no_memory;
		}
		*word = to;
		char quote = take_word(&from, &to);
		if (quote) {
			words_free(&words);
			return error_new(ERROR_USAGE, "a quote %c does not end: %s", quote, line);
		}
	}
	take_end(&words, from);
	*ret = words;
	return NULL;
}

void words_free(struct words *words)
{
	free(words->at);
	free(words->storage);
	*words = (struct words){0};
}
