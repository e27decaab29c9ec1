/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value together with how well it is known. What could not be read is never 0 and never "no":
 * it carries the reason. A zeroed datum is DATUM_NONE: there is no such thing here (a device
 * without a driver), which is an answer and no problem.
 */
#ifndef BASE_DATUM_H
#define BASE_DATUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum datum_state {
	DATUM_NONE, /* read, and there is none */
	DATUM_OK,
	DATUM_ABSENT,   /* this kernel has no such member, symbol or type */
	DATUM_EXCLUDED, /* its page is not in the dump */
	DATUM_FAULT,    /* its address has no translation or no memory */
	DATUM_IO,
	DATUM_CORRUPT,
	DATUM_TORN,
	DATUM_STOPPED, /* the user interrupted before it was read */
};

struct datum {
	uint64_t value; /* only for DATUM_OK */
	enum datum_state state;
};

struct text {
	const char *value; /* only for DATUM_OK; UTF-8 or not, the printers escape it */
	enum datum_state state;
};

static inline struct datum datum_ok(uint64_t value)
{
	return (struct datum){.value = value, .state = DATUM_OK};
}

static inline struct text text_ok(const char *value)
{
	return (struct text){.value = value, .state = value ? DATUM_OK : DATUM_NONE};
}

static inline bool datum_is(struct datum d, uint64_t value)
{
	return d.state == DATUM_OK && d.value == value;
}

/* "excluded", "fault", ...: the word that JSON's `problems` uses. */
const char *datum_state_name(enum datum_state state);

/* The state of a datum whose read failed with err. */
enum datum_state datum_state_of(const struct error *err);

/* Something that is missing from an answer: of which object, which part, why. */
struct problem {
	const char *object; /* "0000:00:04.0", "domain 0x5", "command line" */
	const char *what;   /* "driver" */
	enum datum_state state;
	const char *message;
};

/*
 * The problems met on the way to an answer, in order; a repeated one is kept once. Those past
 * PROBLEMS_MAX are only counted.
 */
#define PROBLEMS_MAX 1000

struct problems {
	struct arena arena;
	struct problem *at;
	struct problem_index *index; /* the arena's; NULL until there is a problem */
	size_t n, room;
	uint64_t dropped;
};

/* Takes err (NULL is fine and adds nothing) and returns the state that the datum is to have. */
enum datum_state problems_add(struct problems *problems, struct error *err, const char *what,
			      const char *object_fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds those of `from` that are of that object; NULL: all. */
void problems_copy(struct problems *problems, const struct problems *from, const char *object);
/* The first problem of that part of that object; what may be NULL: of any. NULL: there is none. */
const struct problem *problems_find(const struct problems *problems, const char *object,
				    const char *what);
void problems_free(struct problems *problems);

#endif
