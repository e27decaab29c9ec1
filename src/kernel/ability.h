/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What answers need of a kernel, in terms of the need table: each thing with the ways in which
 * kernels have it, and the commands that ask for it. `iommuscope kernel` says with it what works on
 * a kernel that nobody has seen before.
 *
 * To add a thing: a row in the table of its set (kernel/abilities.c, amd/abilities.c), newest way
 * first. A way's rows are those without which it does not do.
 */
#ifndef KERNEL_ABILITY_H
#define KERNEL_ABILITY_H

#include "kernel/need.h"

#define ABILITY_WAYS 4
#define ABILITY_COMMANDS 12
#define WAY_ROWS 18

struct need_way {
	const char *name;	 /* what people call it; NULL: there is but one */
	uint16_t rows[WAY_ROWS]; /* of the set, each plus 1; 0 ends them */
};

struct ability {
	const char *what;
	const char *commands[ABILITY_COMMANDS]; /* not answered in full without it */
	bool by_era; /* kernels of some eras have no such thing, and miss nothing */
	struct need_way ways[ABILITY_WAYS];
};

#define WAY_ROW(row) ((row) + 1)

enum ability_state {
	ABILITY_WHOLE,	 /* all rows of a way are found */
	ABILITY_PARTLY,	 /* some rows of one */
	ABILITY_MISSING, /* none of any */
	ABILITY_NONE,	 /* likewise, and kernels of some eras have none */
	ABILITY_UNKNOWN, /* nobody could be asked: there are no types or symbols */
};

/* Nothing is wanting. */
static inline bool ability_is_in_order(enum ability_state state)
{
	return state == ABILITY_WHOLE || state == ABILITY_NONE;
}

/* The way is the first that is whole, else the one of which least is missing. */
enum ability_state ability_judge(const struct need_set *set, const struct ability *ability,
				 const struct need_way **ret);

/* Of the core's set. */
extern const struct ability core_abilities[];
extern const size_t n_core_abilities;

#endif
