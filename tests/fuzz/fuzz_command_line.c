/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words as people and scripts write them, up to the call of a command; none is run. */
#include <string.h>

#include "app/call.h"
#include "app/words.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "fuzz.h"

static void parse_values(const char *word)
{
	uint64_t number;
	uint32_t bdf;
	struct range range;

	fuzz_ignore(parse_number(word, &number));
	fuzz_ignore(parse_size(word, &number));
	fuzz_ignore(parse_range(word, &range));
	fuzz_ignore(parse_bdf(word, &bdf));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *line = strndup((const char *)data, size);
	_cleanup_(words_free) struct words words = {0};
	_cleanup_(call_free) struct call call = {0};
	const struct settings settings = {0};

	fuzz_ignore(words_split(line, &words));
	for (size_t i = 0; i < words.n; i++)
		parse_values(words.at[i]);
	if (words.n)
		fuzz_ignore(call_parse(&settings, words.at, words.n, &call));
}
