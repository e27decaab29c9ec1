/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/walk.h"

#include <inttypes.h>

#include "amd/hw/pte.h"
#include "base/bytes.h"

/*
 * Tables that a walk visits at most: 16 GB of them. Tables that lead back to one another, level after
 * level, are endless in practice.
 */
#define TABLES_MAX ((uint64_t)1 << 22)

/* Hardware may set these in one copy of a replicated entry and not yet in the others. */
#define PTE_ACCESSED_DIRTY UINT64_C(0x60)

typedef struct pte (*pte_decode)(uint64_t entry, unsigned level, uint64_t sme_mask);

struct walk {
	struct target *target;
	const struct page_table *table;
	const struct page_table_visitor *visitor;
	uint64_t first, last;
	uint64_t *n_tables; /* visited */
};

/* A table under way: the page, and what led to it. */
struct table_page {
	uint64_t pa, base; /* base: the IOVA of entry 0 */
	unsigned level;
	bool read, write;
	uint8_t bytes[PT_BYTES];
};

static inline uint64_t table_entry(const struct table_page *t, unsigned i)
{
	return get_le64(t->bytes + i * 8);
}

static struct error *tell_unknown(const struct walk *w, uint64_t iova, uint64_t size,
				  struct error *err)
{
	if (w->visitor->unknown)
		return w->visitor->unknown(w->visitor->arg, iova, size, err);
	error_free(err);
	return NULL;
}

/* Entries group .. group + n - 1 are copies of one page's entry, as they have to be. */
static bool copies_agree(const struct table_page *t, unsigned group, unsigned n)
{
	uint64_t first = table_entry(t, group) | PTE_ACCESSED_DIRTY;

	for (unsigned i = 1; i < n; i++)
		if ((table_entry(t, group + i) | PTE_ACCESSED_DIRTY) != first)
			return false;
	return true;
}

/*
 * Tells the page of entry *i and moves *i to the page's last entry. Where the copies of a big page
 * disagree, hardware goes by the very entry that it meets: then each is told by itself.
 */
static inline struct error *visit_leaf(const struct walk *w, const struct table_page *t, unsigned *i,
				       const struct pte *p)
{
	unsigned shift = pt_shift(t->level), copies = pt_copies(t->level, p->page_shift);
	unsigned group = *i & ~(copies - 1);
	struct leaf leaf = {
		.iova = t->base + ((uint64_t)*i << shift),
		.pa = p->address,
		.size = UINT64_C(1) << p->page_shift,
		.read = t->read && p->read,
		.write = t->write && p->write,
	};

	if (copies > 1 && copies_agree(t, group, copies)) {
		leaf.iova = t->base + ((uint64_t)group << shift);
		*i = group + copies - 1;
	} else if (copies > 1) {
		leaf.pa += (uint64_t)(*i - group) << shift;
		leaf.size = pt_span(t->level);
	}
	return w->visitor->leaf ? w->visitor->leaf(w->visitor->arg, &leaf) : NULL;
}

static inline __attribute__((always_inline)) struct error *
walk_entries(const struct walk *w, const struct table_page *t, pte_decode decode,
	     struct error *(*descend)(const struct walk *, uint64_t pa, uint64_t base,
				      unsigned level, bool read, bool write))
{
	unsigned shift = pt_shift(t->level);
	unsigned n = t->level == PT_LEVEL_MAX ? 1u << (64 - shift) : PT_ENTRIES;
	unsigned i = w->first > t->base ? (unsigned)((w->first - t->base) >> shift) : 0;
	uint64_t sme_mask = w->table->sme_mask;
	struct error *err = NULL;

	for (; i < n && !err; i++) {
		uint64_t iova = t->base + ((uint64_t)i << shift);
		struct pte p = decode(table_entry(t, i), t->level, sme_mask);

		if (iova > w->last)
			break;
		switch (p.kind) {
		case PTE_ABSENT:
			break;
		case PTE_LEAF:
			err = visit_leaf(w, t, &i, &p);
			break;
		case PTE_TABLE:
			err = descend(w, p.address, iova, p.next_level, t->read && p.read,
				      t->write && p.write);
			break;
		default:
			err = tell_unknown(w, iova, pt_span(t->level),
					   error_new(ERROR_CORRUPT, "entry 0x%016" PRIx64
						     " at 0x%" PRIx64 " of a level %u table: %s",
						     table_entry(t, i), t->pa + i * 8, t->level,
						     pte_rule_names[p.rule].meaning));
		}
	}
	return err;
}

/* Reads the page, tells the visitor of it; *skip: it could not be read and that has been told. */
static struct error *read_table(const struct walk *w, struct table_page *t, bool *skip)
{
	struct error *err = target_poll(w->target);

	*skip = false;
	if (err)
		return err;
	if (++*w->n_tables > TABLES_MAX)
		return error_new(ERROR_CORRUPT, "more than %" PRIu64 " tables hang on 0x%" PRIx64,
				 TABLES_MAX, w->table->root);
	err = target_read(w->target, SPACE_PHYS, t->pa, t->bytes, sizeof(t->bytes));
	if (err && !error_is_unreadable(err))
		return err;
	if (err) {
		uint64_t span = pt_max_iova(t->level);

		*skip = true;
		return tell_unknown(w, t->base, span == UINT64_MAX ? span : span + 1,
				    error_prepend(err, "level %u table", t->level));
	}
	if (w->visitor->table)
		return w->visitor->table(w->visitor->arg, t->pa, t->level, t->base);
	return NULL;
}

/* A skipped level leaves the entry's upper part without any translation: only the table's own span counts. */
static bool table_is_in_range(const struct walk *w, uint64_t base, unsigned level)
{
	return base <= w->last && pt_max_iova(level) >= (w->first > base ? w->first - base : 0);
}

#define DEFINE_WALKER(format)                                                                      \
	static struct error *descend_##format(const struct walk *w, uint64_t pa, uint64_t base,    \
					      unsigned level, bool read, bool write)               \
	{                                                                                          \
		struct table_page t;                                                               \
		bool skip;                                                                         \
                                                                                                   \
		if (!table_is_in_range(w, base, level))                                            \
			return NULL;                                                               \
		t.pa = pa;                                                                         \
		t.base = base;                                                                     \
		t.level = level;                                                                   \
		t.read = read;                                                                     \
		t.write = write;                                                                   \
		struct error *err = read_table(w, &t, &skip);                                      \
		if (err || skip)                                                                   \
			return err;                                                                \
		return walk_entries(w, &t, pte_##format##_decode, descend_##format);               \
	}                                                                                          \
                                                                                                   \
	static struct error *walk_##format(struct target *target, const struct page_table *table,  \
					   uint64_t first, uint64_t last,                          \
					   const struct page_table_visitor *visitor)               \
	{                                                                                          \
		uint64_t n_tables = 0;                                                             \
		struct walk w = {target, table, visitor, first, last, &n_tables};                  \
                                                                                                   \
		return descend_##format(&w, table->root, 0, table->levels, true, true);            \
	}

DEFINE_WALKER(v1)
DEFINE_WALKER(v2)

static const char *step_meaning(const struct pte *p)
{
	switch (p->kind) {
	case PTE_ABSENT:
		return "not present";
	case PTE_TABLE:
		return "table";
	case PTE_LEAF:
		return "page";
	}
	return pte_rule_names[p->rule].meaning;
}

/* Takes the leaf in; pages of several entries start before this one's span. */
static void take_leaf(struct translation *t, const struct pte *p, uint64_t iova)
{
	t->mapped = true;
	t->page_size = UINT64_C(1) << p->page_shift;
	t->pa = p->address | (iova & (t->page_size - 1));
}

static struct error *translate(struct target *target, const struct page_table *table, uint64_t iova,
			       struct translation *ret, pte_decode decode)
{
	uint64_t pa = table->root, entry;
	unsigned level = table->levels;

	*ret = (struct translation){.read = true, .write = true};
	if (iova > pt_max_iova(level)) {
		ret->stopped = "the address is beyond what a table of so many levels maps";
		return NULL;
	}
	while (ret->n_steps < WALK_STEPS_MAX) {
		uint64_t at = pa + pt_index(iova, level) * 8;
		struct error *err = target_read_u64(target, SPACE_PHYS, at, &entry);

		if (err) {
			ret->stopped = "the table cannot be read";
			return error_prepend(err, "level %u entry", level);
		}
		struct pte p = decode(entry, level, table->sme_mask);
		ret->steps[ret->n_steps++] = (struct walk_step){
			.level = level,
			.entry_address = at,
			.entry = entry,
			.next_level = p.kind == PTE_TABLE ? p.next_level : 0,
			.meaning = step_meaning(&p),
		};
		ret->read = ret->read && p.read;
		ret->write = ret->write && p.write;
		if (p.kind == PTE_LEAF)
			take_leaf(ret, &p, iova);
		else if (p.kind != PTE_TABLE)
			ret->stopped = step_meaning(&p);
		else if (iova & pt_skipped_bits(level, p.next_level))
			ret->stopped = "address bits of a skipped level are set";
		if (ret->mapped || ret->stopped)
			break;
		pa = p.address;
		level = p.next_level;
	}
	if (!ret->mapped)
		ret->read = ret->write = false;
	return NULL;
}

static struct error *translate_v1(struct target *target, const struct page_table *table,
				  uint64_t iova, struct translation *ret)
{
	return translate(target, table, iova, ret, pte_v1_decode);
}

static struct error *translate_v2(struct target *target, const struct page_table *table,
				  uint64_t iova, struct translation *ret)
{
	return translate(target, table, iova, ret, pte_v2_decode);
}

static uint64_t last_iova(const struct page_table *table)
{
	return pt_max_iova(table->levels);
}

const struct page_table_ops page_table_v1 = {"v1", walk_v1, translate_v1, last_iova};
const struct page_table_ops page_table_v2 = {"v2", walk_v2, translate_v2, last_iova};
