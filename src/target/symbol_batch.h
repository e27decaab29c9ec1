/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols that a batch of rows asks for, so that a table of 200 000 of them is gone through
 * once, most of it without a look at more than a name's length and last character.
 */
#ifndef TARGET_SYMBOL_BATCH_H
#define TARGET_SYMBOL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/lookup.h"

/* A row that waits for its symbol. */
struct wanted_symbol {
	struct lookup *row;
	size_t length;
	bool is_global;             /* the symbol that answered it so far */
	struct wanted_symbol *next; /* of the same slot */
};

struct symbol_batch {
	struct wanted_symbol *at;
	size_t n, room;
	struct wanted_symbol **slots;
	size_t mask;
	uint64_t ends[64]; /* [length % 64] bit last % 64: such a name is wanted */
};

/* room: rows that will be added at most. */
struct error *symbol_batch_init(struct symbol_batch *batch, size_t room);
void symbol_batch_free(struct symbol_batch *batch);

/* The LOOKUP_SYMBOL ones among them become LOOKUP_ABSENT for now. They must outlive the batch. */
void symbol_batch_add(struct symbol_batch *batch, struct lookup *rows, size_t n);

/* Cheap; false: no name of that length (in characters) and with that last character is wanted. */
static inline bool symbol_batch_may_want(const struct symbol_batch *batch, size_t length, char last)
{
	return batch->ends[length % 64] >> ((unsigned char)last % 64) & 1;
}

bool symbol_batch_wants(const struct symbol_batch *batch, const char *name, size_t length);

/* A symbol. A global one is preferred to static ones of its name, as by the linker. */
void symbol_batch_offer(struct symbol_batch *batch, const char *name, size_t length, uint64_t value,
			bool is_global);

#endif
