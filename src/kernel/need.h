/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The need table: every symbol, structure, member and enumerator that is read from a kernel, one row
 * each, resolved once by what is there. Kernel drift is settled here and in the variant tables that
 * ask found(), never by a version number. `iommuscope kernel --all` prints how each row was
 * resolved.
 *
 * Rows come in sets: the core's (kernel/kernel.h) and each IOMMU driver's (amd/driver.h). To add
 * a row: one line in the set's list macro; to let a member have several names over time: "new|old".
 */
#ifndef KERNEL_NEED_H
#define KERNEL_NEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "target/target.h"

enum need_level {
	NEED_REQUIRED, /* without it `purpose` can't be had on any kernel */
	NEED_VARIANT,  /* one of several ways kernels have it */
	NEED_OPTIONAL, /* newer or older kernels simply lack it */
};

struct need {
	enum lookup_kind kind;
	const char *type;  /* "struct amd_iommu"; NULL for symbols */
	const char *names; /* "dev|pdev": alternatives, the first that is there counts; NULL for sizes */
	enum need_level level;
	const char *purpose;
};

/* How a row was resolved. */
struct found {
	enum lookup_state state;
	const char *name;  /* the alternative that was found, else the first one; NULL for sizes */
	uint64_t value;    /* as in struct lookup */
	uint32_t size;
	uint8_t bit_first, bit_width;
};

struct ability; /* kernel/ability.h */

struct need_set {
	const char *title;
	const struct need *rows;
	size_t n;
	struct found *found; /* n of them; the owner's */
	const struct ability *abilities; /* what answers need of these rows */
	size_t n_abilities;
};

/* Resolves all rows of all sets in one batch. Names in `found` point into arena. */
struct error *needs_resolve(struct target *target, struct arena *arena, struct need_set *const *sets,
			    size_t n_sets);

static inline bool is_found(const struct found *found)
{
	return found->state == LOOKUP_FOUND;
}

/* For list macros: X(ID, kind, type, names, level, purpose). */
#define NEED_ENUMERATOR(id, ...) id,
#define NEED_ROW(id, kind, type, names, level, purpose)                                            \
	{LOOKUP_##kind, type, names, NEED_##level, purpose},

#endif
