/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/symbol_batch.h"

#include <stdlib.h>
#include <string.h>

#define HASH_SEED 2166136261u

struct error *symbol_batch_init(struct symbol_batch *batch, size_t room)
{
	size_t slots = 64;

	while (slots < room * 4)
		slots *= 2;
	*batch = (struct symbol_batch){
		.at = calloc(room + 1, sizeof(*batch->at)),
		.room = room,
		.slots = calloc(slots, sizeof(*batch->slots)),
		.mask = slots - 1,
	};
	if (batch->at && batch->slots)
		return NULL;
	symbol_batch_free(batch);
	return error_no_memory;
}

void symbol_batch_free(struct symbol_batch *batch)
{
	free(batch->at);
	free(batch->slots);
	*batch = (struct symbol_batch){0};
}

static struct wanted_symbol **slot_of(const struct symbol_batch *batch, const char *name,
				      size_t length)
{
	uint32_t hash = HASH_SEED;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return &batch->slots[(hash ^ hash >> 15) & batch->mask];
}

void symbol_batch_add(struct symbol_batch *batch, struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n && batch->n < batch->room; i++) {
		if (rows[i].kind != LOOKUP_SYMBOL)
			continue;
		rows[i].state = LOOKUP_ABSENT;
		size_t length = strlen(rows[i].name);
		if (!length)
			continue;
		struct wanted_symbol **slot = slot_of(batch, rows[i].name, length);
		struct wanted_symbol *added = &batch->at[batch->n++];
		*added = (struct wanted_symbol){.row = &rows[i], .length = length, .next = *slot};
		*slot = added;
		unsigned char last = rows[i].name[length - 1];
		batch->ends[length % 64] |= UINT64_C(1) << last % 64;
	}
}

static bool is_named(const struct wanted_symbol *wanted, const char *name, size_t length)
{
	return wanted->length == length && !memcmp(wanted->row->name, name, length);
}

bool symbol_batch_wants(const struct symbol_batch *batch, const char *name, size_t length)
{
	for (struct wanted_symbol *w = *slot_of(batch, name, length); w; w = w->next)
		if (is_named(w, name, length))
			return true;
	return false;
}

static void answer(struct wanted_symbol *wanted, uint64_t value, bool is_global)
{
	struct lookup *row = wanted->row;

	if (row->state == LOOKUP_ABSENT || (is_global && !wanted->is_global)) {
		row->state = LOOKUP_FOUND;
		row->value = value;
		wanted->is_global = is_global;
	} else if (is_global == wanted->is_global && row->value != value) {
		row->state = LOOKUP_AMBIGUOUS;
	}
}

void symbol_batch_offer(struct symbol_batch *batch, const char *name, size_t length, uint64_t value,
			bool is_global)
{
	if (!length || !symbol_batch_may_want(batch, length, name[length - 1]))
		return;
	for (struct wanted_symbol *w = *slot_of(batch, name, length); w; w = w->next)
		if (is_named(w, name, length))
			answer(w, value, is_global);
}
