/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct error *not_a(const char *word, const char *what)
{
	return error_new(ERROR_USAGE, "'%s' is not %s", word, what);
}

/* The number at the start of text, and where it ends; false: there is none, or it is too large. */
static bool scan_number(const char *text, uint64_t *ret, const char **ret_end)
{
	char *end;

	if (!isdigit((unsigned char)*text)) /* strtoull takes blanks and signs */
		return false;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);
	if (errno || end == text)
		return false;
	*ret = value;
	*ret_end = end;
	return true;
}

struct error *parse_number(const char *word, uint64_t *ret)
{
	uint64_t value;
	const char *end;

	if (!scan_number(word, &value, &end) || *end)
		return not_a(word, "a number of at most 64 bits (121, 0x79)");
	*ret = value;
	return NULL;
}

/* A number with its unit at the start of text. */
static bool scan_size(const char *text, uint64_t *ret, const char **ret_end)
{
	static const char units[] = "KMGT";
	uint64_t value;
	const char *end;

	if (!scan_number(text, &value, &end))
		return false;
	const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		unsigned shift = 10 * (unsigned)(unit - units + 1);

		if (value > UINT64_MAX >> shift)
			return false;
		value <<= shift;
		end++;
		if (!strncasecmp(end, "iB", 2))
			end += 2;
		else if (toupper((unsigned char)*end) == 'B')
			end++;
	}
	*ret = value;
	*ret_end = end;
	return true;
}

struct error *parse_size(const char *word, uint64_t *ret)
{
	uint64_t value;
	const char *end;

	if (!scan_size(word, &value, &end) || *end)
		return not_a(word, "a size (4096, 0x1000, 4K, 2M, 1G)");
	*ret = value;
	return NULL;
}

struct error *parse_range(const char *word, struct range *ret)
{
	uint64_t first, second;
	const char *end;

	if (!scan_size(word, &first, &end))
		return not_a(word, "a range (A-B or A+LENGTH)");
	if (!*end) {
		*ret = (struct range){first, first};
		return NULL;
	}
	char between = *end;
	if ((between != '-' && between != '+') || !scan_size(end + 1, &second, &end) || *end)
		return not_a(word, "a range (A-B or A+LENGTH)");
	if (between == '-' && second < first)
		return error_new(ERROR_USAGE, "range '%s' ends before it begins", word);
	if (between == '+' && !second)
		return error_new(ERROR_USAGE, "range '%s' is empty", word);
	if (between == '+' && second - 1 > UINT64_MAX - first)
		return error_new(ERROR_USAGE, "range '%s' goes past 64 bits", word);
	*ret = (struct range){first, between == '-' ? second : first + (second - 1)};
	return NULL;
}

/* Hexadecimal digits, 1 to `most` of them, up to `stop`; the rest of the text, NULL: not so. */
static const char *scan_hex(const char *text, size_t most, char stop, uint32_t *ret)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (!n || n > most || text[n] != stop)
		return NULL;
	*ret = (uint32_t)strtoul(text, NULL, 16);
	return text + n + (stop != '\0');
}

struct error *parse_bdf(const char *word, uint32_t *ret)
{
	uint32_t segment = 0, bus, device, function;
	const char *at = word;
	const char *colon = strchr(word, ':');

	if (!strncasecmp(word, "0x", 2) && scan_hex(word + 2, 4, '\0', &device)) {
		*ret = device;
		return NULL;
	}
	if (colon && strchr(colon + 1, ':'))
		at = scan_hex(word, 4, ':', &segment);
	if (!at || !(at = scan_hex(at, 2, ':', &bus)) || !(at = scan_hex(at, 2, '.', &device)) ||
	    !scan_hex(at, 1, '\0', &function) || device > 31 || function > 7)
		return not_a(word, "a PCI function ([SSSS:]BB:DD.F, or its ID 0xBBDF)");
	*ret = segment << 16 | bus << 8 | device << 3 | function;
	return NULL;
}

#define WORD_MAX 63

/* Edits (insert, drop, change, swap neighbours) that make a into b. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	size_t n = strlen(b);

	if (n > WORD_MAX || strlen(a) > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= n; j++)
		last[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		now[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned least = last[j] + (a[i] != b[j]);

			if (least > last[j + 1] + 1)
				least = last[j + 1] + 1;
			if (least > now[j] + 1)
				least = now[j] + 1;
			if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j] &&
			    least > before[j - 1] + 1)
				least = before[j - 1] + 1;
			now[j + 1] = least;
		}
		unsigned *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[n];
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	size_t length = strlen(suggestion->word);
	/* Half the word wrong is another word; a name that begins with it is what was meant. */
	unsigned limit = length < 3 ? 1 : length < 6 ? 2 : 3;
	unsigned distance = edit_distance(suggestion->word, name);

	if (length >= 2 && !strncmp(suggestion->word, name, length))
		distance = 1;
	if (distance > limit || distance >= length)
		return;
	if (!suggestion->nearest || distance < suggestion->distance) {
		suggestion->nearest = name;
		suggestion->distance = distance;
	}
}

struct error *suggestion_error(const struct suggestion *suggestion, const char *kind,
			       const char *hint)
{
	if (suggestion->nearest)
		return error_new(ERROR_USAGE, "no %s '%s'; did you mean '%s'?", kind,
				 suggestion->word, suggestion->nearest);
	return error_new(ERROR_USAGE, "no %s '%s'%s", kind, suggestion->word, hint);
}
