/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/walk.h"

#include <inttypes.h>

#include "amd/walk_private.h"

/*
 * The level falls at every step, so that each walk ends; but damaged tables that lead to one
 * another from all their entries would take ages. A kernel's table hangs on one entry only, so that
 * many tables met again soon are such damage, and so are more than any machine has (64 GB).
 */
#define RECENT_SLOTS 256
#define AGAIN_MAX 65536
#define TABLES_MAX ((uint64_t)1 << 24)

struct walk_guard {
	uint64_t recent[RECENT_SLOTS]; /* addresses of tables, by their low bits */
	uint64_t n_again, n_tables;
};

typedef struct pte (*pte_decode)(uint64_t entry, unsigned level, uint64_t sme_mask);

static struct error *tell_unknown(const struct walk *w, uint64_t iova, uint64_t size,
				  struct error *err)
{
	if (w->visitor->unknown)
		return w->visitor->unknown(w->visitor->arg, iova, size, err);
	error_free(err);
	return NULL;
}

static enum table_damage_kind damage_kind(enum pte_rule rule)
{
	static const enum table_damage_kind kinds[PTE_RULES] = {
		[PTE_RULE_RESERVED] = DAMAGE_RESERVED, [PTE_RULE_LEVEL] = DAMAGE_LEVEL,
		[PTE_RULE_TOP_LEAF] = DAMAGE_LEVEL,    [PTE_RULE_SMALL] = DAMAGE_SIZE,
		[PTE_RULE_LARGE] = DAMAGE_SIZE,        [PTE_RULE_ENDLESS] = DAMAGE_SIZE,
	};

	return kinds[rule];
}

static struct error *tell_damage(const struct walk *w, const struct table_page *t, unsigned i,
				 enum table_damage_kind kind, const char *message)
{
	const struct table_damage damage = {
		.kind = kind,
		.iova = t->base + ((uint64_t)i << pt_shift(t->level)),
		.entry_address = t->pa + i * 8,
		.entry = table_entry(t, i),
		.level = t->level,
		.message = message,
	};

	return w->visitor->damaged(w->visitor->arg, &damage);
}

/* A present entry that breaks a rule. */
static struct error *tell_invalid(const struct walk *w, const struct table_page *t, unsigned i,
				  enum pte_rule rule)
{
	const char *meaning = pte_rule_names[rule].meaning;

	if (w->visitor->damaged)
		return tell_damage(w, t, i, damage_kind(rule), meaning);
	return tell_unknown(w, t->base + ((uint64_t)i << pt_shift(t->level)), pt_span(t->level),
			    error_new(ERROR_CORRUPT,
				      "entry 0x%016" PRIx64 " at 0x%" PRIx64
				      " of a level %u table: %s",
				      table_entry(t, i), t->pa + i * 8, t->level, meaning));
}

/* Which of the entries group .. group + n - 1 is not a copy of the first, as they have to be; 0: all are. */
static unsigned first_difference(const struct table_page *t, unsigned group, unsigned n)
{
	uint64_t first = table_entry(t, group) | PTE_ACCESSED_DIRTY;

	for (unsigned i = 1; i < n; i++)
		if ((table_entry(t, group + i) | PTE_ACCESSED_DIRTY) != first)
			return i;
	return 0;
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

	unsigned other = copies > 1 ? first_difference(t, group, copies) : 0;

	if (copies > 1 && !other) {
		leaf.iova = t->base + ((uint64_t)group << shift);
		*i = group + copies - 1;
	} else if (copies > 1) {
		leaf.pa += (uint64_t)(*i - group) << shift;
		leaf.size = pt_span(t->level);
		if (w->visitor->damaged && *i == group) {
			struct error *err = tell_damage(w, t, group + other, DAMAGE_COPIES,
							"the entries of one page differ");
			if (err)
				return err;
		}
	}
	return w->visitor->leaf ? w->visitor->leaf(w->visitor->arg, &leaf) : NULL;
}

/* is_plain: it holds only absent entries and n sound pages of its own size. */
struct plain_table {
	bool is_plain;
	unsigned n;
};

/* The bits of absent entries count too: a table where they matter is gone through entry by entry. */
static struct plain_table count_plain_v1(const struct table_page *t)
{
	uint64_t n = 0, all = 0;

	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		uint64_t entry = table_entry(t, i);

		n += entry & 1;
		all |= entry;
	}
	return (struct plain_table){!(all & PTE_V1_PLAIN_MASK) && t->level < PT_LEVEL_MAX,
				    (unsigned)n};
}

/*
 * Whether a page of a plain table may touch the span: shares all address bits with it above those
 * in which the span's own ends differ. Without branches, for compilers make vector code of that.
 */
static bool may_touch_v1(const struct table_page *t, uint64_t sme_mask,
			 const struct physical_span *span)
{
	uint64_t ends = (span->first ^ span->last) | (pt_span(t->level) - 1);
	uint64_t same = PTE_ADDRESS & ~sme_mask & ~(UINT64_MAX >> __builtin_clzll(ends));
	uint64_t wanted = (span->first & same) | 1, mask = same | 1; /* and it is present */
	uint64_t found = 0;

	for (unsigned i = 0; i < PT_ENTRIES; i++) /* bit 63 of x - 1: x is 0 */
		found |= ((table_entry(t, i) ^ wanted) & mask) - 1;
	return found >> 63;
}

/* Whether the visitor skips all n pages of a plain table. */
static bool visitor_skips_v1(const struct walk *w, const struct table_page *t, unsigned n)
{
	uint64_t pages[PT_ENTRIES], mask = PTE_ADDRESS & ~w->table->sme_mask;

	if (t->level != 1)
		return false;
	for (unsigned i = 0; i < PT_ENTRIES && n == PT_ENTRIES; i++)
		pages[i] = table_entry(t, i) & mask;
	for (unsigned i = 0, at = 0; i < PT_ENTRIES && n < PT_ENTRIES; i++) {
		uint64_t entry = table_entry(t, i);

		pages[at] = entry & mask;
		at += entry & 1;
	}
	return w->visitor->skips(w->visitor->arg, pages, n);
}

/* True: the visitor wants no leaf of the table by itself. */
static bool skip_leaves_v1(const struct walk *w, const struct table_page *t, struct error **err)
{
	const struct page_table_visitor *visitor = w->visitor;
	bool wants_all = visitor->leaf && !visitor->leaves && !visitor->only && !visitor->skips;

	if (wants_all || t->base < w->first || pt_max_iova(t->level) > w->last - t->base)
		return false;
	struct plain_table plain = count_plain_v1(t);
	if (!plain.is_plain)
		return false;
	if (visitor->leaves && plain.n)
		*err = visitor->leaves(visitor->arg, pt_span(t->level), plain.n);
	if (visitor->skips && visitor->leaf)
		return visitor_skips_v1(w, t, plain.n);
	return visitor->leaves || !visitor->leaf ||
	       !may_touch_v1(t, w->table->sme_mask, visitor->only);
}

static inline __attribute__((always_inline)) struct error *
walk_entries(const struct walk *w, const struct table_page *t, pte_decode decode,
	     struct error *(*descend)(const struct walk *, const struct table_page *, unsigned i,
				      const struct pte *))
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
			err = descend(w, t, i, &p);
			break;
		default:
			err = tell_invalid(w, t, i, p.rule);
		}
	}
	return err;
}

static struct error *guard_table(const struct walk *w, uint64_t pa)
{
	struct walk_guard *guard = w->guard;
	uint64_t *slot = &guard->recent[pa / PT_BYTES % RECENT_SLOTS];

	guard->n_again += *slot == pa;
	*slot = pa;
	if (++guard->n_tables <= TABLES_MAX && guard->n_again <= AGAIN_MAX)
		return NULL;
	return error_new(ERROR_CORRUPT,
			 "the tables below 0x%" PRIx64 " lead to one another without end",
			 w->table->root);
}

/* Where a guest's table lies. *skip: nowhere that can be told, and that has been said. */
static struct error *place_table(const struct walk *w, struct table_page *t, bool *skip)
{
	struct translation x = {0};
	uint64_t pa = t->pa;

	struct error *err = host_translate(w->target, w->table->host, &pa, &x, NULL);
	if (!err && x.stopped)
		err = error_new(ERROR_CORRUPT, "level %u table at guest address 0x%" PRIx64 ": %s",
				t->level, t->pa, x.stopped);
	t->pa = pa;
	if (!err || !error_is_unreadable(err))
		return err;
	*skip = true;
	return tell_unknown(w, t->base, table_size(t->level), err);
}

/*
 * Reads the page, tells the visitor of it; *skip: nothing of it is wanted, or it could not be read
 * and that has been told.
 */
static struct error *read_table(const struct walk *w, struct table_page *t, bool *skip)
{
	bool is_wanted = t->level > 1 || !w->visitor->tables_only;
	struct error *err = target_poll(w->target);

	*skip = false;
	if (err)
		return err;
	if (w->table->host)
		err = place_table(w, t, skip);
	if (!err && !*skip)
		err = guard_table(w, t->pa);
	if (err || *skip)
		return err;
	err = is_wanted ? walk_read(w, t) : NULL;
	if (err && !error_is_unreadable(err))
		return err;
	struct error *torn_err = w->target->moving ? walk_confirm(w, t) : NULL;
	if (torn_err) {
		error_free(err);
		return torn_err;
	}
	if (err) {
		*skip = true;
		return tell_unknown(w, t->base, table_size(t->level),
				    error_prepend(err, "level %u table", t->level));
	}
	*skip = !is_wanted;
	if (w->visitor->table)
		return w->visitor->table(w->visitor->arg, t->pa, t->level, t->base);
	return NULL;
}

/* A skipped level leaves the entry's upper part without any translation: only the table's own span counts. */
static bool table_is_in_range(const struct walk *w, uint64_t base, unsigned level)
{
	return base <= w->last && pt_max_iova(level) >= (w->first > base ? w->first - base : 0);
}

#define DECODE_v1 pte_v1_decode
#define DECODE_v2 decode_reachable
#define SKIP_v1 skip_leaves_v1
#define SKIP_v2(w, t, err) false /* walk_guest.c stands between and wants them all */

/* What only supervisor accesses may use, no device can: the kernel lets none make such requests. */
static inline struct pte decode_reachable(uint64_t entry, unsigned level, uint64_t sme_mask)
{
	struct pte p = pte_v2_decode(entry, level, sme_mask);

	if (!p.read && p.kind != PTE_INVALID)
		p.kind = PTE_ABSENT;
	return p;
}

#define DEFINE_WALKER(format)                                                                      \
	static struct error *read_##format(const struct walk *w, struct table_page *t);            \
                                                                                                   \
	static struct error *descend_##format(const struct walk *w,                                \
					      const struct table_page *parent, unsigned i,         \
					      const struct pte *p)                                 \
	{                                                                                          \
		struct table_page t;                                                               \
                                                                                                   \
		t.parent = parent;                                                                 \
		t.parent_entry = i;                                                                \
		t.pa = p->address;                                                                 \
		t.base = parent->base + ((uint64_t)i << pt_shift(parent->level));                  \
		t.level = p->next_level;                                                           \
		t.read = parent->read && p->read;                                                  \
		t.write = parent->write && p->write;                                               \
		return read_##format(w, &t);                                                       \
	}                                                                                          \
                                                                                                   \
	static struct error *read_##format(const struct walk *w, struct table_page *t)             \
	{                                                                                          \
		bool skip;                                                                         \
                                                                                                   \
		if (!table_is_in_range(w, t->base, t->level))                                      \
			return NULL;                                                               \
		struct error *err = read_table(w, t, &skip);                                       \
		if (err || skip || SKIP_##format(w, t, &err))                                      \
			return err;                                                                \
		return walk_entries(w, t, DECODE_##format, descend_##format);                      \
	}                                                                                          \
                                                                                                   \
	static struct error *from_root_##format(const struct walk *w)                              \
	{                                                                                          \
		struct table_page t;                                                               \
                                                                                                   \
		t.parent = NULL;                                                                   \
		t.pa = w->table->root;                                                             \
		t.base = 0;                                                                        \
		t.level = w->table->levels;                                                        \
		t.read = t.write = true;                                                           \
		return read_##format(w, &t);                                                       \
	}                                                                                          \
                                                                                                   \
	static struct error *walk_##format(struct target *target, const struct page_table *table,  \
					   uint64_t first, uint64_t last,                          \
					   const struct page_table_visitor *visitor)               \
	{                                                                                          \
		struct walk_guard guard = {0};                                                     \
		struct walk_ahead ahead;                                                           \
		struct walk w = {target, table, visitor, first, last, &guard, &ahead, NULL};       \
                                                                                                   \
		ahead.first = ahead.end = 0;                                                       \
                                                                                                   \
		return target->moving ? walk_moving(&w, from_root_##format)                        \
				      : from_root_##format(&w);                                    \
	}

DEFINE_WALKER(v1)
DEFINE_WALKER(v2)

struct error *walk_guest_stage(struct target *target, const struct page_table *table,
			       uint64_t first, uint64_t last,
			       const struct page_table_visitor *visitor)
{
	return walk_v2(target, table, first, last, visitor);
}

/* How a stage's tables are read, and what its steps are called. */
static const struct stage {
	const char *name, *table, *page;
	pte_decode decode;
} host_stage = {"host", "table", "page", pte_v1_decode},
  guest_stage = {"guest", "guest table", "guest page", pte_v2_decode};

static const char *step_meaning(const struct stage *stage, const struct pte *p)
{
	switch (p->kind) {
	case PTE_ABSENT:
		return "not present";
	case PTE_TABLE:
		return p->read || p->write || stage == &host_stage ? stage->table
								   : "for supervisor accesses only";
	case PTE_LEAF:
		return p->read || p->write || stage == &host_stage ? stage->page
								   : "for supervisor accesses only";
	}
	return pte_rule_names[p->rule].meaning;
}

void translation_step(struct translation *ret, const struct walk_step *step)
{
	if (ret->n_steps < WALK_STEPS_MAX)
		ret->steps[ret->n_steps++] = *step;
}

struct error *host_translate(struct target *target, const struct page_table *host, uint64_t *pa,
			     struct translation *ret, struct leaf *page)
{
	struct translation x;
	struct error *err = host->ops->translate(target, host, *pa, &x);

	for (unsigned i = 0; i < x.n_steps; i++)
		translation_step(ret, &x.steps[i]);
	if (err || !x.mapped) {
		ret->stopped = err ? x.stopped : "the host's table does not map this guest address";
		return err;
	}
	*pa = x.pa;
	if (page)
		*page = (struct leaf){.size = x.page_size, .read = x.read, .write = x.write};
	return NULL;
}

/* Takes the leaf in; pages of several entries start before this one's span. */
static struct error *take_leaf(struct target *target, const struct page_table *table,
			       struct translation *t, const struct pte *p, uint64_t iova)
{
	uint64_t size = UINT64_C(1) << p->page_shift;
	uint64_t pa = p->address | (iova & (size - 1));

	t->page_size = size;
	if (table->host) {
		struct leaf page;
		struct error *err = host_translate(target, table->host, &pa, t, &page);

		if (err || t->stopped)
			return err;
		t->read = t->read && page.read;
		t->write = t->write && page.write;
		if (page.size < size)
			t->page_size = page.size;
	}
	t->mapped = true;
	t->pa = pa;
	return NULL;
}

/* The address that the tables go by; false: no table of so many levels has it. */
static bool table_address(const struct page_table *table, uint64_t iova, uint64_t *ret)
{
	uint64_t last = pt_max_iova(table->levels);

	*ret = iova & last;
	if (!table->sign_extended)
		return iova <= last;
	return (iova & ~last) == (iova & (last / 2 + 1) ? ~last : 0);
}

/* One table's entry for iova; the address of the next table, or the end, is in *p and ret. */
static struct error *take_step(struct target *target, const struct page_table *table,
			       const struct stage *stage, uint64_t pa, unsigned level,
			       uint64_t iova, struct translation *ret, struct pte *p)
{
	uint64_t entry;

	if (table->host) {
		struct error *err = host_translate(target, table->host, &pa, ret, NULL);

		if (err || ret->stopped)
			return err;
	}
	uint64_t at = pa + pt_index(iova, level) * 8;
	struct error *err = target_read_u64(target, SPACE_PHYS, at, &entry);
	if (err) {
		ret->stopped = "the table cannot be read";
		return error_prepend(err, "level %u entry", level);
	}
	*p = stage->decode(entry, level, table->sme_mask);
	const struct walk_step step = {
		.level = level,
		.entry_address = at,
		.entry = entry,
		.next_level = p->kind == PTE_TABLE ? p->next_level : 0,
		.stage = stage->name,
		.meaning = step_meaning(stage, p),
	};
	translation_step(ret, &step);
	ret->read = ret->read && p->read;
	ret->write = ret->write && p->write;
	if (p->kind == PTE_LEAF)
		return take_leaf(target, table, ret, p, iova);
	if (p->kind != PTE_TABLE)
		ret->stopped = step.meaning;
	else if (iova & pt_skipped_bits(level, p->next_level))
		ret->stopped = "address bits of a skipped level are set";
	return NULL;
}

static struct error *translate_once(struct target *target, const struct page_table *table,
				    uint64_t iova, struct translation *ret,
				    const struct stage *stage)
{
	uint64_t pa = table->root;
	unsigned level = table->levels;
	struct error *err = NULL;

	*ret = (struct translation){.read = true, .write = true};
	if (!table_address(table, iova, &iova))
		ret->stopped = "the address is beyond what a table of so many levels maps";
	while (!err && !ret->mapped && !ret->stopped) {
		struct pte p = {0};

		err = take_step(target, table, stage, pa, level, iova, ret, &p);
		pa = p.address;
		level = p.next_level;
	}
	if (!ret->mapped) {
		ret->read = ret->write = false;
		ret->page_size = 0;
	}
	return err;
}

/* On a moving target: what was read of the tables has to be there still when the last is read. */
static struct error *translate(struct target *target, const struct page_table *table, uint64_t iova,
			       struct translation *ret, const struct stage *stage)
{
	for (unsigned i = 1;; i++) {
		struct error *err = translate_once(target, table, iova, ret, stage);

		if (!target->moving || (err && !error_is_unreadable(err)))
			return err;
		struct error *torn_err = translation_confirm(target, table, ret);
		if (!torn_err)
			return err;
		error_free(err);
		if (i == WALK_TRIES || error_code(torn_err) != ERROR_TORN) {
			*ret = (struct translation){.stopped = "the tables changed meanwhile"};
			return torn_err;
		}
		error_free(torn_err);
	}
}

static struct error *translate_v1(struct target *target, const struct page_table *table,
				  uint64_t iova, struct translation *ret)
{
	return translate(target, table, iova, ret, &host_stage);
}

static struct error *translate_v2(struct target *target, const struct page_table *table,
				  uint64_t iova, struct translation *ret)
{
	return translate(target, table, iova, ret, &guest_stage);
}

static uint64_t last_iova(const struct page_table *table)
{
	return table->sign_extended ? UINT64_MAX : pt_max_iova(table->levels);
}

const struct page_table_ops page_table_v1 = {"v1", walk_v1, translate_v1, last_iova};
const struct page_table_ops page_table_v2 = {"v2", walk_guest, translate_v2, last_iova};
