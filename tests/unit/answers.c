/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answers.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/bytes.h"
#include "base/cleanup.h"

struct differ {
	const char *command;
	char path[256]; /* of what is being compared: "0000:00:05.0.driver" */
	unsigned n_lost;
	bool is_part; /* the rule in question says that it could not tell all */
	char *found;  /* the first that is false */
};

/*
 * What may be another text, and why that is none of a datum's. A rule's findings are seen to by
 * compare_rule().
 */
static const struct {
	const char *command, *key;
	bool only_in_part;
} words[] = {
	{"check", "object", false}, /* by its address while its ID is not known */
	{"check", "key", false},    /* by its first device, which may be lost */
	/* Of what could be told; domains without a device are one. What is shown is the first of
	   them. */
	{"check", "count", true},
	{"check", "message", true},
	{"check", "address", true},
	{"check", "value", true},
	{"ring", "meaning", false},  /* the most that can be said */
	{"explain", "count", false}, /* of the lines that could be read */
	{"summary", "devices",
	 false}, /* of those that could be read, by what becomes of their DMA */
	/* Neighbours that are alike are one row. */
	{"iova", "size", false},
	{"iova", "mapped", false},
	{"diff", "size", false},
	{"page", "size", false},
	{"rd", "ascii", false}, /* ? for a byte that is not known */
};

static void __attribute__((format(printf, 2, 3))) tell(struct differ *d, const char *format, ...)
{
	_cleanup_(freep) char *what = NULL;
	va_list arguments;

	if (d->found)
		return;
	va_start(arguments, format);
	if (vasprintf(&what, format, arguments) < 0 ||
	    asprintf(&d->found, "%s: %s", d->path, what) < 0)
		abort();
	va_end(arguments);
}

static char *text_of(const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	return text ? text : strdup("(nothing)");
}

static bool is_unknown(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_string(value) && strstr(json_string_value(value), "unknown"));
}

/* It, or something in it. */
static bool holds_unknown(json_t *value)
{
	const char *key;
	json_t *part;
	size_t i;

	json_object_foreach(value, key, part) if (holds_unknown(part)) return true;
	json_array_foreach(value, i, part) if (holds_unknown(part)) return true;
	return is_unknown(value);
}

static json_t *first_member(json_t *row)
{
	void *iterator = json_object_iter(row);

	return iterator ? json_object_iter_value(iterator) : NULL;
}

static const char *name_of_row(json_t *row)
{
	json_t *first = first_member(row);

	return json_is_string(first) ? json_string_value(first) : "";
}

/* By how many members that tell something they are the same row. */
static unsigned likeness(json_t *a, json_t *b)
{
	const char *key;
	unsigned n = 0;
	json_t *value;

	json_object_foreach(a, key, value) n += !is_unknown(value) && !json_is_boolean(value) &&
						json_equal(value, json_object_get(b, key));
	return n;
}

/* The first member names a row; in some answers together with others. */
static bool is_same_name(json_t *a, json_t *b)
{
	static const char *const more[] = {"what", "iova", "index"};

	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		json_t *ours = json_object_get(a, more[i]), *other = json_object_get(b, more[i]);

		if (ours && other && !json_equal(ours, other))
			return false;
	}
	return !is_unknown(first_member(a)) && json_equal(first_member(a), first_member(b));
}

/* A row that has lost its name; a check's finding may have got another. */
static bool is_alike(json_t *a, json_t *b)
{
	return json_is_object(a) &&
	       (is_unknown(first_member(b)) || json_object_get(a, "evidence")) &&
	       likeness(a, b) >= 2;
}

static bool is_equal(json_t *a, json_t *b)
{
	return json_equal(a, b);
}

static void compare(struct differ *d, json_t *whole, json_t *answer, const char *key);

/* Pairs each of whole with one of answer, the surest first, and compares them; both are used up. */
static void pair_rows(struct differ *d, json_t *whole, json_t *answer,
		      bool (*fits)(json_t *a, json_t *b))
{
	for (size_t i = 0; i < json_array_size(whole);) {
		size_t best = json_array_size(answer);
		json_t *row = json_array_get(whole, i);

		for (size_t k = 0; k < json_array_size(answer); k++) {
			json_t *other = json_array_get(answer, k);

			if (!fits(row, other))
				continue;
			if (best == json_array_size(answer) ||
			    likeness(row, other) > likeness(row, json_array_get(answer, best)))
				best = k;
			if (fits == is_equal)
				break;
		}
		if (best == json_array_size(answer)) {
			i++;
			continue;
		}
		if (fits != is_equal)
			compare(d, row, json_array_get(answer, best), name_of_row(row));
		json_array_remove(whole, i);
		json_array_remove(answer, best);
	}
}

/* A row that the whole machine has not: it is there for what is not known of it. */
static void compare_arrays(struct differ *d, json_t *whole, json_t *answer)
{
	json_t *rest[2] = {json_array(), json_array()}, *both[2] = {whole, answer};
	size_t sizes[2] = {json_array_size(whole), json_array_size(answer)};
	size_t first = 0, last = 0;
	json_t *row;
	size_t i;

	/* What they begin and end with alike is most of a long answer. */
	while (first < sizes[0] && first < sizes[1] &&
	       json_equal(json_array_get(whole, first), json_array_get(answer, first)))
		first++;
	while (first + last < sizes[0] && first + last < sizes[1] &&
	       json_equal(json_array_get(whole, sizes[0] - last - 1),
			  json_array_get(answer, sizes[1] - last - 1)))
		last++;
	for (int k = 0; k < 2; k++)
		for (i = first; i < sizes[k] - last; i++)
			json_array_append(rest[k], json_array_get(both[k], i));
	pair_rows(d, rest[0], rest[1], is_equal);
	pair_rows(d, rest[0], rest[1], is_same_name);
	pair_rows(d, rest[0], rest[1], is_alike);
	d->n_lost += json_array_size(rest[0]);
	json_array_foreach(rest[1], i, row) if (!holds_unknown(row))
	{
		_cleanup_(freep) char *text = text_of(row);

		tell(d, "that is not so: %s", text);
	}
	json_decref(rest[0]);
	json_decref(rest[1]);
}

static bool is_only_words(const struct differ *d, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(d->command, words[i].command) && !strcmp(key, words[i].key))
			return d->is_part || !words[i].only_in_part;
	return false;
}

static void compare(struct differ *d, json_t *whole, json_t *answer, const char *key)
{
	size_t end = strlen(d->path);
	unsigned n_lost = d->n_lost;
	const char *member;
	json_t *value;

	if (json_equal(whole, answer))
		return;
	if (is_unknown(answer)) {
		d->n_lost++;
		return;
	}
	snprintf(d->path + end, sizeof(d->path) - end, "%s%s", end ? "." : "", key);
	if (json_is_object(whole) && json_is_object(answer)) {
		json_object_foreach(whole, member, value)
			compare(d, value, json_object_get(answer, member), member);
		json_object_foreach(answer, member, value) if (!json_object_get(whole, member))
			tell(d, "%s is new", member);
	} else if (json_is_array(whole) && json_is_array(answer)) {
		compare_arrays(d, whole, answer);
	} else if (!is_only_words(d, key)) {
		_cleanup_(freep) char *before = text_of(whole);
		_cleanup_(freep) char *after = text_of(answer);

		tell(d, "%s and not %s", after, before);
	}
	if (!strcmp(key, "evidence")) /* what is found stands without it */
		d->n_lost = n_lost;
	d->path[end] = '\0';
}

/* Whether `answer` has problems (a rule: unknowns) that the whole machine has not. */
static bool has_more(json_t *whole, json_t *answer)
{
	json_t *entry, *known;
	size_t i, k;

	json_array_foreach(answer, i, entry)
	{
		bool is_new = true;

		json_array_foreach(whole, k, known) is_new = is_new && !json_equal(entry, known);
		if (is_new)
			return true;
	}
	return false;
}

/*
 * A rule that says what it could not tell may find less, and so be of another status. Nothing makes
 * it find what the whole machine's does not, or find less and say nothing.
 */
static void compare_rule(struct differ *d, json_t *whole, json_t *answer)
{
	unsigned n_lost = d->n_lost;

	snprintf(d->path, sizeof(d->path), "%s", name_of_row(whole));
	d->is_part =
		has_more(json_object_get(whole, "unknown"), json_object_get(answer, "unknown"));
	compare(d, json_object_get(whole, "findings"), json_object_get(answer, "findings"),
		"findings");
	if (d->n_lost != n_lost && !d->is_part)
		tell(d, "less is found, and nothing is unknown");
}

static void compare_rules(struct differ *d, json_t *whole, json_t *answer)
{
	json_t *row, *other;
	size_t i, k;

	json_array_foreach(answer, i, row)
	{
		json_t *before = NULL;

		json_array_foreach(whole, k, other) if (is_same_name(row, other)) before = other;
		if (before)
			compare_rule(d, before, row);
		else if (json_array_size(json_object_get(row, "findings")))
			tell(d, "%s has found something", name_of_row(row));
	}
}

static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end ? end + 1 : text + strlen(text);
}

/* The answer without the `n` lines behind its first one. */
static json_t *load_without(const char *text, unsigned n)
{
	const char *first = next_line(text), *rest = first;
	_cleanup_(freep) char *less = NULL;

	for (; n; n--)
		rest = next_line(rest);
	if (asprintf(&less, "%.*s%s", (int)(first - text), text, rest) < 0)
		abort();
	return json_loads(less, 0, NULL);
}

/* Each row is a line: of those that both begin with. The last one has no comma behind it. */
static unsigned count_shared(const char *whole, const char *answer)
{
	unsigned n = 0;

	for (const char *a = next_line(whole), *b = next_line(answer);; n++) {
		const char *end = next_line(a);

		if (end - a < 2 || end[-2] != ',' || strncmp(a, b, (size_t)(end - a)) != 0)
			return n;
		b += end - a;
		a = end;
	}
}

char *answer_false(const char *whole, const char *answer)
{
	unsigned n = count_shared(whole, answer);
	json_t *a = load_without(whole, n), *b = load_without(answer, n);
	struct differ d = {.command = json_string_value(json_object_get(a, "command"))};

	if (!a || !b || !d.command) {
		tell(&d, "no JSON");
	} else if (!strcmp(d.command, "check")) {
		compare_rules(&d, json_object_get(a, "data"), json_object_get(b, "data"));
	} else {
		compare(&d, json_object_get(a, "data"), json_object_get(b, "data"), "");
		if (d.n_lost &&
		    !has_more(json_object_get(a, "problems"), json_object_get(b, "problems")))
			tell(&d, "something is lacking, and no problem says so");
	}
	if (a && b)
		compare(&d, json_object_get(a, "target"), json_object_get(b, "target"), "target");
	json_decref(a);
	json_decref(b);
	return d.found;
}
