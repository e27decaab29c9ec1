/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/paste.h"

#include <string.h>

#include "base/parse.h"

#define SEPARATORS " ,\t\r\n"

struct paste {
	uint64_t *words;
	size_t n;
};

static struct error *take(struct paste *paste, const char *token)
{
	size_t length = strlen(token);
	bool is_label = length && token[length - 1] == ':';

	if (is_label) {
		/* Of "ADDRESS <symbol+offset>:" the address was taken for a word. */
		paste->n -= token[0] == '<' && paste->n;
		return NULL;
	}
	if (paste->n == PASTE_WORDS_MAX)
		return error_new(ERROR_USAGE, "more than %d words", PASTE_WORDS_MAX);
	struct error *err = parse_number(token, &paste->words[paste->n]);
	if (!err)
		paste->n++;
	return err;
}

struct error *paste_words(struct arena *arena, const char *const *operands, size_t n,
			  uint64_t **ret_words, size_t *ret_n)
{
	struct paste paste = {arena_alloc(arena, PASTE_WORDS_MAX * sizeof(*paste.words)), 0};

	if (!paste.words)
		return error_no_memory;
	for (size_t i = 0; i < n; i++) {
		char *text = arena_strdup(arena, operands[i]), *rest;

		if (!text)
			return error_no_memory;
		for (char *token = strtok_r(text, SEPARATORS, &rest); token;
		     token = strtok_r(NULL, SEPARATORS, &rest)) {
			struct error *err = take(&paste, token);

			if (err)
				return err;
		}
	}
	*ret_words = paste.words;
	*ret_n = paste.n;
	return NULL;
}
