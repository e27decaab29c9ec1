/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A batch of type rows, put in order by the type that they ask about, so that each definition met
 * in the debug information is looked at once for all of them.
 */
#ifndef TARGET_TYPE_BATCH_H
#define TARGET_TYPE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "target/lookup.h"

enum type_kind {
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_NAME,     /* a typedef or a base type */
	TYPE_ANY_ENUM, /* whichever enum has the enumerator `name` */
};

struct wanted_type {
	enum type_kind kind;
	const char *name; /* without "struct " */
	struct lookup **rows;
	size_t n;
	size_t score; /* rows that the best definition so far answers */
	bool defined; /* a definition was seen */
	bool settled; /* nothing more is to be looked for */
};

struct type_batch {
	struct wanted_type *types;
	size_t n_types;
	size_t n_open;    /* types not settled */
	size_t n_any_enum; /* those of TYPE_ANY_ENUM among them */
	/* Private. */
	struct lookup **rows;
	struct lookup *candidate;
	size_t *slots;
	size_t n_slots;
};

/* rows, and the names in them, must outlive the batch. LOOKUP_SYMBOL rows stay out. */
struct error *type_batch_init(struct type_batch *batch, struct lookup *rows, size_t n);
void type_batch_free(struct type_batch *batch);

/* NULL: not asked about. */
struct wanted_type *type_batch_find(const struct type_batch *batch, enum type_kind kind,
				    const char *name);

/*
 * Room for one definition's answers to type->rows, in their order, all LOOKUP_ABSENT at first. It
 * is the batch's, and one at a time.
 */
struct lookup *type_batch_candidate(struct type_batch *batch, struct wanted_type *type);

/* The candidate is filled in: the rows take it if it answers more of them than those before. */
void type_batch_take(struct type_batch *batch, struct wanted_type *type);

/* Nothing more is to be found for type: its rows are answered as they stand, or absent. */
void type_batch_settle(struct type_batch *batch, struct wanted_type *type);

/*
 * The place of bits first .. first+width-1, counted from the start of the type, goes into row: as
 * the smallest naturally aligned unit of 1, 2, 4 or 8 bytes that holds them, which no compiler's
 * choice of a storage unit changes. False: no such unit does.
 */
bool lookup_set_bits(struct lookup *row, uint64_t first, uint64_t width);

#endif
