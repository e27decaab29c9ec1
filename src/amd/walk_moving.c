/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking the tables of a kernel that goes on changing them. */
#include <inttypes.h>

#include "amd/walk_private.h"

static struct error *entry_confirm(struct target *target, uint64_t address, uint64_t expected)
{
	uint64_t entry;
	struct error *err = target_read_u64(target, SPACE_PHYS, address, &entry);

	if (err && !error_is_unreadable(err))
		return err;
	bool holds = !err && !((entry ^ expected) & ~PTE_ACCESSED_DIRTY);
	error_free(err);
	if (holds)
		return NULL;
	return error_new(ERROR_TORN,
			 "the entry at 0x%" PRIx64 " has changed while its table was read", address);
}

/*
 * Each entry on the way was read before the table and is read once more after it. From the root down:
 * one that is the same both times was so in between too, and so the table below it was in its place.
 */
static struct error *path_confirm(const struct walk *w, const struct table_page *t)
{
	if (!t->parent)
		return NULL;
	struct error *err = path_confirm(w, t->parent);
	return err ? err
		   : entry_confirm(w->target, t->parent->pa + (uint64_t)t->parent_entry * 8,
				   table_entry(t->parent, t->parent_entry));
}

struct error *walk_confirm(const struct walk *w, const struct table_page *t)
{
	struct error *err = page_table_confirm(w->target, w->table);

	if (err)
		return err;
	err = path_confirm(w, t);
	if (err && error_code(err) == ERROR_TORN)
		*w->torn = (struct walk_torn){true, t->base, table_size(t->level), t->level};
	return err;
}

/* Stands before the visitor once a walk goes on from the middle: nothing is told twice. */
struct remainder {
	const struct page_table_visitor *visitor;
	uint64_t told; /* IOVAs below have been told */
	unsigned level; /* and the tables at this IOVA that are above this level */
};

static struct error *pass_leaf(void *arg, const struct leaf *leaf)
{
	const struct remainder *r = arg;
	const struct page_table_visitor *v = r->visitor;

	if (leaf->iova >= r->told)
		return v->leaf ? v->leaf(v->arg, leaf) : NULL;
	if (!v->unknown)
		return NULL;
	return v->unknown(v->arg, r->told, leaf->size - (r->told - leaf->iova),
			  error_new(ERROR_TORN, "a page took the place of others while these were "
						"read"));
}

static struct error *pass_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	const struct remainder *r = arg;

	if (iova < r->told || (iova == r->told && level > r->level))
		return NULL;
	return r->visitor->table(r->visitor->arg, pa, level, iova);
}

static struct error *pass_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	const struct remainder *r = arg;
	const struct page_table_visitor *v = r->visitor;
	uint64_t told = iova < r->told ? r->told - iova : 0;

	if (v->unknown && told < size)
		return v->unknown(v->arg, iova + told, size - told, err);
	error_free(err);
	return NULL;
}

static struct error *pass_damaged(void *arg, const struct table_damage *damage)
{
	const struct remainder *r = arg;

	return damage->iova < r->told ? NULL : r->visitor->damaged(r->visitor->arg, damage);
}

/* Nothing is to be had there: tells so. *more: the walk goes on behind it. Takes torn_err. */
static struct error *pass_over(const struct walk *w, const struct walk_torn *torn,
			       struct error *torn_err, struct remainder *r, bool *more)
{
	uint64_t last = torn->base + (torn->size - 1);
	struct error *err = pass_unknown(r, torn->base, torn->size, torn_err);

	*more = last < w->last;
	r->told = last + 1;
	r->level = PT_LEVEL_MAX;
	return err;
}

/* All before the torn table has been told, and at its own first IOVA the tables above it. */
static bool note_progress(struct remainder *r, const struct walk_torn *torn)
{
	if (torn->base < r->told || (torn->base == r->told && torn->level >= r->level))
		return false;
	r->told = torn->base;
	r->level = torn->level;
	return true;
}

struct error *walk_moving(struct walk *w, walk_from_root from_root)
{
	struct remainder r = {.visitor = w->visitor, .level = PT_LEVEL_MAX};
	const struct page_table_visitor rest = {
		.leaf = pass_leaf,
		.table = w->visitor->table ? pass_table : NULL,
		.tables_only = w->visitor->tables_only,
		.damaged = w->visitor->damaged ? pass_damaged : NULL,
		.unknown = pass_unknown,
		.arg = &r,
	};
	struct walk_torn torn = {0};
	unsigned n_tries = 0;
	bool more = true;

	w->torn = &torn;
	for (;;) {
		torn.is_set = false;
		struct error *err = from_root(w);
		if (!torn.is_set)
			return err;
		n_tries = note_progress(&r, &torn) ? 1 : n_tries + 1;
		if (n_tries == WALK_TRIES) {
			err = pass_over(w, &torn, err, &r, &more);
			if (err || !more)
				return err;
			n_tries = 0;
		} else {
			error_free(err);
		}
		w->visitor = &rest;
		w->first = w->first > r.told ? w->first : r.told;
	}
}

struct error *translation_confirm(struct target *target, const struct page_table *table,
				  const struct translation *t)
{
	struct error *err = page_table_confirm(target, table);

	for (unsigned i = 0; i < t->n_steps && !err; i++)
		err = entry_confirm(target, t->steps[i].entry_address, t->steps[i].entry);
	return err;
}
