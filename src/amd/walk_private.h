/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between walk.c, walk_guest.c, walk_moving.c and gcr3.c. */
#ifndef AMD_WALK_PRIVATE_H
#define AMD_WALK_PRIVATE_H

#include "amd/hw/pte.h"
#include "base/bytes.h"
#include "model/page_table.h"

/* Hardware sets these by itself: they are no difference between entries. */
#define PTE_ACCESSED_DIRTY UINT64_C(0x60)

/* Where a walk on a moving target has met a table that was no longer in its place. */
struct walk_torn {
	bool is_set;
	uint64_t base, size; /* the IOVAs that the table would map; all before have been told */
	unsigned level;
};

struct walk_guard; /* walk.c's */

#define AHEAD_TABLES 16 /* small enough to stay in the processor's cache */

/* walk_ahead.c's: the tables [first, end) that it has tried to read at one go. */
struct walk_ahead {
	uint64_t first, end;
	bool is_read;
	uint8_t bytes[AHEAD_TABLES * PT_BYTES];
};

struct walk {
	struct target *target;
	const struct page_table *table;
	const struct page_table_visitor *visitor;
	uint64_t first, last;
	struct walk_guard *guard;
	struct walk_ahead *ahead;
	struct walk_torn *torn;
};

/* A table under way: the page, and what led to it. */
struct table_page {
	const struct table_page *parent; /* NULL: the root */
	unsigned parent_entry;
	uint64_t pa, base; /* base: the IOVA of entry 0 */
	unsigned level;
	bool read, write;
	const uint8_t *bytes;
	uint8_t own[PT_BYTES]; /* bytes, unless they are of several tables that were read at once */
};

static inline uint64_t table_entry(const struct table_page *t, unsigned i)
{
	return get_le64(t->bytes + i * 8);
}

/* The IOVAs that a table of that level maps; the highest level's is cut at 64 bits. */
static inline uint64_t table_size(unsigned level)
{
	uint64_t last = pt_max_iova(level);

	return last == UINT64_MAX ? last : last + 1;
}

/* Reads t's bytes; those of a lowest table are good until the walk reads the next one. */
struct error *walk_read(const struct walk *w, struct table_page *t);

typedef struct error *(*walk_from_root)(const struct walk *w);

/*
 * t has been read: was it in its place then? A table that is freed and used anew between its parent's
 * reading and its own shows what was never mapped. Sets w->torn and fails when it was not.
 */
struct error *walk_confirm(const struct walk *w, const struct table_page *t);

/* Goes on from where tables have changed under the walk, until that is all told or known to be torn. */
struct error *walk_moving(struct walk *w, walk_from_root from_root);

/* The steps that were read are still what the tables hold. ERROR_TORN: they are not. */
struct error *translation_confirm(struct target *target, const struct page_table *table,
				  const struct translation *t);

/* The leaves of a guest table, as that table alone has them: its own addresses, no sign extension.
 */
struct error *walk_guest_stage(struct target *target, const struct page_table *table,
			       uint64_t first, uint64_t last,
			       const struct page_table_visitor *visitor);

/* The same, translated by the host's table where there are two stages, and with IOVAs as requests
 * have them. */
struct error *walk_guest(struct target *target, const struct page_table *table, uint64_t first,
			 uint64_t last, const struct page_table_visitor *visitor);

/*
 * The physical address of what lies at the guest address *pa; the steps of the host's table are added to
 * ret. ret->stopped is set where the host maps nothing. page: the host's page, its size and permissions;
 * NULL: not wanted.
 */
struct error *host_translate(struct target *target, const struct page_table *host, uint64_t *pa,
			     struct translation *ret, struct leaf *page);

void translation_step(struct translation *ret, const struct walk_step *step);

/* So often a walk starts anew at a place without getting further. */
#define WALK_TRIES 8

#endif
