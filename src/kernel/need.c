/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/need.h"

#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/vec.h"

struct lookups {
	struct lookup *at;
	size_t n, room;
};

static struct error *push_alternatives(struct lookups *lookups, struct arena *arena,
				       const struct need *need)
{
	for (const char *name = need->names;; name++) {
		size_t length = name ? strcspn(name, "|") : 0;
		struct lookup *row = vec_push(lookups);

		if (!row)
			return error_no_memory;
		row->kind = need->kind;
		row->type = need->type;
		if (!name)
			return NULL;
		row->name = arena_strndup(arena, name, length);
		if (!row->name)
			return error_no_memory;
		name += length;
		if (!*name)
			return NULL;
	}
}

/* The alternatives of one row lie side by side, in order; takes the best answer of them. */
static const struct lookup *take_answer(const struct lookup *row, const struct need *need,
					struct found *found)
{
	const struct lookup *best = row;
	size_t n = 1;

	for (const char *p = need->names; p && (p = strchr(p, '|')); p++)
		n++;
	for (size_t i = 0; i < n; i++)
		if (row[i].state == LOOKUP_FOUND) {
			best = &row[i];
			break;
		}
	*found = (struct found){
		.state = best->state,
		.name = best->name,
		.value = best->value,
		.size = best->size,
		.bit_first = best->bit_first,
		.bit_width = best->bit_width,
	};
	return row + n;
}

struct error *needs_resolve(struct target *target, struct arena *arena, struct need_set *const *sets,
			    size_t n_sets)
{
	struct lookups lookups = {0};
	struct error *err = NULL;

	for (size_t s = 0; s < n_sets && !err; s++)
		for (size_t i = 0; i < sets[s]->n && !err; i++)
			err = push_alternatives(&lookups, arena, &sets[s]->rows[i]);
	if (!err)
		err = target_lookup(target, lookups.at, lookups.n);
	const struct lookup *row = lookups.at;
	for (size_t s = 0; s < n_sets && !err; s++)
		for (size_t i = 0; i < sets[s]->n; i++)
			row = take_answer(row, &sets[s]->rows[i], &sets[s]->found[i]);
	vec_free(&lookups);
	return err;
}
