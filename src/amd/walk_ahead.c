/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Most of the lowest tables lie one behind the other: these are read several at once. */
#include "amd/walk_private.h"

/* Of the lowest level only: what is read for others must not take the place of one that is gone
 * through. */
static bool may_read_ahead(const struct walk *w, const struct table_page *t)
{
	return t->level == 1 && t->parent && !w->table->host && !w->target->moving;
}

/* How many entries from t's own on lead to one table behind the other, and are alike else. */
static unsigned count_run(const struct walk *w, const struct table_page *t)
{
	unsigned i = t->parent_entry, shift = pt_shift(t->parent->level), n = 1;
	uint64_t entry = table_entry(t->parent, i), rest = (w->last - t->base) >> shift;

	while (n < AHEAD_TABLES && n <= rest && i + n < PT_ENTRIES &&
	       table_entry(t->parent, i + n) == entry + (uint64_t)n * PT_BYTES)
		n++;
	return n;
}

/* What can't be read at one go is read table by table: then each tells its own. */
static void read_ahead(const struct walk *w, uint64_t pa, unsigned n)
{
	struct walk_ahead *ahead = w->ahead;
	struct error *err =
		target_read(w->target, SPACE_PHYS, pa, ahead->bytes, (size_t)n * PT_BYTES);

	ahead->first = pa;
	ahead->end = pa + (uint64_t)n * PT_BYTES;
	ahead->is_read = !err;
	error_free(err);
}

static bool is_ahead(const struct walk_ahead *ahead, uint64_t pa)
{
	return pa >= ahead->first && pa < ahead->end;
}

struct error *walk_read(const struct walk *w, struct table_page *t)
{
	struct walk_ahead *ahead = w->ahead;

	if (may_read_ahead(w, t)) {
		unsigned n = is_ahead(ahead, t->pa) ? 0 : count_run(w, t);

		if (n > 1)
			read_ahead(w, t->pa, n);
		if (is_ahead(ahead, t->pa) && ahead->is_read) {
			t->bytes = ahead->bytes + (t->pa - ahead->first);
			return NULL;
		}
	}
	t->bytes = t->own;
	return target_read(w->target, SPACE_PHYS, t->pa, t->own, PT_BYTES);
}
