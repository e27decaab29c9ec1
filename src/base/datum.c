/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/datum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
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

static void problem_add(struct problems *problems, const struct problem *from)
{
	struct problem p = {
		.object = arena_strdup(&problems->arena, from->object),
		.what = arena_strdup(&problems->arena, from->what),
		.state = from->state,
		.message = arena_strdup(&problems->arena, from->message),
	};
	struct problem *slot = NULL;

	if (problems->n < PROBLEMS_MAX && p.object && p.what && p.message)
		slot = vec_push(problems);
	if (slot)
		*slot = p;
	else
		problems->dropped++;
}

static bool problem_is_known(const struct problems *problems, const char *object, const char *what,
			     const char *message)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->at[i];

		if (!strcmp(p->object, object) && !strcmp(p->what, what) &&
		    !strcmp(p->message, message))
			return true;
	}
	return false;
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
	enum datum_state state = datum_state_of(err);
	if (object && problem_is_known(problems, object, what, error_message(err)))
		return state;
	problem_add(problems, &(struct problem){object ? object : "?", what, state,
						error_message(err)});
	return state;
}

void problems_copy(struct problems *problems, const struct problems *from, const char *object)
{
	for (size_t i = 0; i < from->n; i++)
		if (!object || !strcmp(from->at[i].object, object))
			problem_add(problems, &from->at[i]);
	problems->dropped += object ? 0 : from->dropped;
}

void problems_free(struct problems *problems)
{
	free(problems->at);
	arena_free(&problems->arena);
	*problems = (struct problems){0};
}
