/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/highlight.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define REVERSE "\033[7m"
#define PLAIN "\033[0m"

/* Lines of one time, one behind the other, each with its newline. */
struct text {
	char *at;
	size_t n;
};

struct highlight {
	FILE *out; /* the caller's */
	FILE *stream;
	struct text before, now;
	size_t compared; /* where the current line is in `before` */
	bool is_first;	 /* nothing is there to compare with */
};

/* The word at *from, with the blanks before it; false: there are no more in the line. */
static bool next_word(const char **from, const char *end, const char **word, size_t *length)
{
	const char *at = *from;

	while (at < end && strchr(" \n", *at))
		at++;
	*word = at;
	while (at < end && !strchr(" \n", *at))
		at++;
	*length = (size_t)(at - *word);
	*from = at;
	return *length;
}

static void put_line(struct highlight *h, const char *line, const char *end, const char *old,
		     const char *old_end)
{
	const char *from = line, *word, *old_word, *done = line;
	size_t length, old_length;

	while (next_word(&from, end, &word, &length)) {
		bool same = next_word(&old, old_end, &old_word, &old_length) &&
			    length == old_length && !memcmp(word, old_word, length);

		fwrite(done, 1, (size_t)(word - done), h->out);
		if (!same)
			fputs(REVERSE, h->out);
		fwrite(word, 1, length, h->out);
		if (!same)
			fputs(PLAIN, h->out);
		done = word + length;
	}
	fwrite(done, 1, (size_t)(end - done), h->out);
}

/* line: with its newline. */
static void take_line(struct highlight *h, const char *line, size_t n)
{
	const char *old = h->before.at + h->compared, *old_end = NULL;

	if (h->compared < h->before.n)
		old_end = memchr(old, '\n', h->before.n - h->compared);
	if (h->is_first)
		fwrite(line, 1, n, h->out);
	else
		put_line(h, line, line + n, old_end ? old : "", old_end ? old_end + 1 : "");
	if (old_end)
		h->compared += (size_t)(old_end + 1 - old);
}

/* Lines are put together in `now`, where the next time finds them. */
static ssize_t highlight_write(void *cookie, const char *bytes, size_t n)
{
	struct highlight *h = cookie;
	const char *newline;

	for (const char *end = bytes + n; bytes < end; bytes = newline + 1) {
		size_t line = h->now.n;

		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t length = newline ? (size_t)(newline + 1 - bytes) : (size_t)(end - bytes);
		while (line && h->now.at[line - 1] != '\n')
			line--;
		if (h->now.n + length > HIGHLIGHT_MAX) {
			fwrite(bytes, 1, (size_t)(end - bytes), h->out);
			break;
		}
		memcpy(h->now.at + h->now.n, bytes, length);
		h->now.n += length;
		if (!newline)
			break;
		take_line(h, h->now.at + line, h->now.n - line);
	}
	return ferror(h->out) ? 0 : (ssize_t)n;
}

struct highlight *highlight_new(FILE *out)
{
	struct highlight *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->out = out;
	h->is_first = true;
	h->before.at = malloc(HIGHLIGHT_MAX);
	h->now.at = malloc(HIGHLIGHT_MAX);
	h->stream = fopencookie(h, "w", (cookie_io_functions_t){.write = highlight_write});
	if (!h->before.at || !h->now.at || !h->stream) {
		highlight_free(h);
		return NULL;
	}
	setvbuf(h->stream, NULL, _IONBF, 0);
	return h;
}

FILE *highlight_stream(struct highlight *highlight)
{
	return highlight->stream;
}

void highlight_next(struct highlight *h)
{
	struct text now = h->now;

	h->now = h->before;
	h->now.n = 0;
	h->before = now;
	h->compared = 0;
	h->is_first = false;
	fflush(h->out);
}

void highlight_free(struct highlight *h)
{
	if (!h)
		return;
	if (h->stream)
		fclose(h->stream);
	free(h->before.at);
	free(h->now.at);
	free(h);
}
