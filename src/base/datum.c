/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/datum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/vec.h"

const char *datum_state_name(enum datum_state state)
{
	static const char *const names[] = {
		[DATUM_NONE] = "none",         [DATUM_OK] = "ok",       [DATUM_ABSENT] = "absent",
		[DATUM_EXCLUDED] = "excluded", [DATUM_FAULT] = "fault", [DATUM_IO] = "io",
		[DATUM_CORRUPT] = "corrupt",   [DATUM_TORN] = "torn",
		[DATUM_STOPPED] = "stopped",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

enum datum_state datum_state_of(const struct error *err)
{
	switch (error_code(err)) {
	case ERROR_EXCLUDED:
		return DATUM_EXCLUDED;
	case ERROR_FAULT:
		return DATUM_FAULT;
	case ERROR_CORRUPT:
		return DATUM_CORRUPT;
	case ERROR_TORN:
		return DATUM_TORN;
	case ERROR_NOT_FOUND:
		return DATUM_ABSENT;
	case ERROR_STOPPED:
		return DATUM_STOPPED;
	default:
		return DATUM_IO;
	}
}

#define SLOTS (PROBLEMS_MAX * 2)

/*
 * A hostile dump has hundreds of thousands of problems. A number here is one more than an index;
 * 0: none.
 */
struct problem_index {
	uint16_t whole[SLOTS];	     /* by the hash of all texts */
	uint16_t first[SLOTS];	     /* by the hash of the object: the first problem of it */
	uint16_t next[PROBLEMS_MAX]; /* of the same object */
	uint16_t last[PROBLEMS_MAX]; /* of the same object, where its first is */
};

/* The slot that holds p, or the free one where it belongs. */
static uint16_t *whole_slot(const struct problems *problems, const struct problem *p)
{
	uint16_t *slots = problems->index->whole;
	uint32_t hash = hash_text(hash_text(HASH_START, p->object), p->what);
	size_t i = hash_text(hash, p->message) % SLOTS;

	for (; slots[i]; i = (i + 1) % SLOTS) {
		const struct problem *known = &problems->at[slots[i] - 1];

		if (!strcmp(known->object, p->object) && !strcmp(known->what, p->what) &&
		    !strcmp(known->message, p->message))
			break;
	}
	return &slots[i];
}

/* The same for the first problem of an object. */
static uint16_t *first_slot(const struct problems *problems, const char *object)
{
	uint16_t *slots = problems->index->first;
	size_t i = hash_text(HASH_START, object) % SLOTS;

	while (slots[i] && strcmp(problems->at[slots[i] - 1].object, object) != 0)
		i = (i + 1) % SLOTS;
	return &slots[i];
}

static void index_add(struct problems *problems, const struct problem *p, uint16_t number)
{
	struct problem_index *index = problems->index;
	uint16_t *first = first_slot(problems, p->object);

	*whole_slot(problems, p) = number;
	if (*first)
		index->next[index->last[*first - 1] - 1] = number;
	else
		*first = number;
	index->last[*first - 1] = number;
}

static void problem_add(struct problems *problems, const struct problem *from)
{
	struct arena *arena = &problems->arena;

	if (!problems->index)
		problems->index = arena_alloc(arena, sizeof(*problems->index));
	if (problems->index && *whole_slot(problems, from))
		return;
	if (!problems->index || problems->n == PROBLEMS_MAX) {
		problems->dropped++;
		return;
	}
	struct problem p = {
		.object = arena_strdup(arena, from->object),
		.what = arena_strdup(arena, from->what),
		.state = from->state,
		.message = arena_strdup(arena, from->message),
	};
	struct problem *slot = p.object && p.what && p.message ? vec_push(problems) : NULL;
	if (!slot) {
		problems->dropped++;
		return;
	}
	*slot = p;
	index_add(problems, &p, (uint16_t)problems->n);
}

/* The number of the first problem of that object; 0: none. */
static uint16_t first_of(const struct problems *problems, const char *object)
{
	return problems->index ? *first_slot(problems, object) : 0;
}

const struct problem *problems_find(const struct problems *problems, const char *object,
				    const char *what)
{
	for (uint16_t i = first_of(problems, object); i; i = problems->index->next[i - 1])
		if (!what || !strcmp(problems->at[i - 1].what, what))
			return &problems->at[i - 1];
	return NULL;
}

enum datum_state problems_add(struct problems *problems, struct error *err, const char *what,
			      const char *object_fmt, ...)
{
	_cleanup_(error_freep) struct error *owned = err;
	_cleanup_(freep) char *object = NULL;
	va_list ap;

	if (!err)
		return DATUM_OK;
	va_start(ap, object_fmt);
	if (vasprintf(&object, object_fmt, ap) < 0)
		object = NULL;
	va_end(ap);
	struct problem p = {object ? object : "?", what, datum_state_of(err), error_message(err)};
	problem_add(problems, &p);
	return p.state;
}

void problems_copy(struct problems *problems, const struct problems *from, const char *object)
{
	if (object) {
		for (uint16_t i = first_of(from, object); i; i = from->index->next[i - 1])
			problem_add(problems, &from->at[i - 1]);
		return;
	}
	for (size_t i = 0; i < from->n; i++)
		problem_add(problems, &from->at[i]);
	problems->dropped += from->dropped;
}

void problems_free(struct problems *problems)
{
	free(problems->at);
	arena_free(&problems->arena);
	*problems = (struct problems){0};
}
