/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables by themselves: what their entries are, and whose pages they are in. */
#include "check/page_tables.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"

enum { CYCLE, LEVEL, RESERVED, SIZE, SHARED, PAGE };

static const struct rule rules[] = {
	[CYCLE] =
		{"pt-cycle", "No page table leads back to itself", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "A device can then reach, and write, its own page table, and through it all of memory.",
		 "Follow the address with 'walk BDF IOVA'; the driver never makes such an entry: "
		 "suspect corruption.",
		 check_page_tables},
	[LEVEL] =
		{"pt-level", "Page-table entries lead one level down", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "Hardware rejects an entry whose next level is not below its own, and takes one that "
		 "skips a level for a table of other addresses: DMA fails or goes astray.",
		 "Follow the address with 'walk BDF IOVA'; suspect corruption of that entry or a table "
		 "that was freed and used for something else.",
		 check_page_tables},
	[RESERVED] =
		{"pt-reserved", "Reserved bits of page-table entries are clear", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "Hardware rejects the entry: DMA to these addresses fails with an IO_PAGE_FAULT.",
		 "Look at the entry with 'walk BDF IOVA' and its neighbours with 'rd -p'; suspect "
		 "corruption, or a table page that was freed and used for something else.",
		 check_page_tables},
	[SIZE] =
		{"pt-size", "Big pages in page tables are whole", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "A page bigger than its level's stands in several equal entries. Where they differ, or "
		 "the size can't be, parts of it lead elsewhere or nowhere.",
		 "Look at the entries with 'walk BDF IOVA' for addresses within the page.",
		 check_page_tables},
	[SHARED] =
		{"pt-shared", "No page table is in use twice", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "What is mapped for one device is mapped for another as well: they reach each other's "
		 "memory, and unmapping for one takes the other's away.",
		 "Compare both places with 'walk'; suspect a table that was freed while still in use.",
		 check_page_tables},
	[PAGE] =
		{"pt-table-page", "Page tables lie in pages that are theirs", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "The page is free, someone else's or no memory: whoever gets it writes over the table, "
		 "and the device goes wherever that leads.",
		 "'page ADDRESS' tells what the page is used for; suspect a use after free in the "
		 "driver or a wild pointer in the table above.",
		 check_page_tables},
};

#define LEVELS_MAX 8

/* A domain's tables under way. */
struct table_walk {
	struct check *check;
	struct table_set *set;
	struct page_classes *classes; /* NULL: not to be had */
	const struct domain *domain;
	uint32_t index; /* of the domain */
	struct domain_words words;
	/* The tables that lead to where the walk is, by level; address 0: none. */
	struct {
		uint64_t pa, iova;
	} path[LEVELS_MAX + 1];
	struct told_span told;
};

void check_entry_word(struct check *check, struct check_finding *finding,
		      const struct page_table *table, uint64_t iova)
{
	struct translation t = {0};

	if (!finding)
		return;
	struct error *err = table->ops->translate(check->target, table, iova, &t);
	if (!err && t.n_steps) {
		const struct walk_step *step = &t.steps[t.n_steps - 1];

		check_word(check, finding, "page-table entry", datum_ok(step->entry_address),
			   datum_ok(step->entry));
	}
	error_free(err);
}

/* The entry that leads to the table at that level and IOVA; of a top table, the domain's pointer
 * does. */
static void parent_word(struct check *check, struct check_finding *finding,
			const struct domain *domain, unsigned level, uint64_t iova)
{
	struct translation t = {0};

	if (!finding)
		return;
	error_free(domain->table.ops->translate(check->target, &domain->table, iova, &t));
	for (unsigned i = 0; i < t.n_steps; i++)
		if (t.steps[i].next_level == level)
			check_word(check, finding, "page-table entry",
				   datum_ok(t.steps[i].entry_address), datum_ok(t.steps[i].entry));
	if (level == domain->table.levels)
		check_word(check, finding, "the top table", datum_ok(domain->table.root),
			   (struct datum){.state = DATUM_ABSENT});
}

/* The last IOVA that a table of that level maps from iova on. */
static uint64_t span_last(unsigned level, uint64_t iova)
{
	unsigned shift = 12 + 9 * level;

	return shift >= 64 ? UINT64_MAX : iova + ((UINT64_C(1) << shift) - 1);
}

static bool leads_here(const struct table_walk *w, unsigned level, uint64_t iova)
{
	return w->path[level].pa && w->path[level].iova <= iova &&
	       iova <= span_last(level, w->path[level].iova);
}

struct told_span told_below(unsigned level, uint64_t iova)
{
	return (struct told_span){true, iova, span_last(level, iova)};
}

/* Levels are counted from 1; the table above is of the next level, if it leads here. */
static void check_way(struct table_walk *w, uint64_t pa, unsigned level, uint64_t iova)
{
	unsigned above = level + 1;

	for (unsigned l = above; l <= w->domain->table.levels; l++) {
		if (!leads_here(w, l, iova) || w->path[l].pa != pa)
			continue;
		struct check_finding *f = check_find(w->check, &rules[CYCLE], w->words.object,
						     w->words.stable, CONFIDENCE_CERTAIN,
						     "at IOVA 0x%" PRIx64 " the table 0x%" PRIx64
						     " of level %u is used again at level %u",
						     iova, pa, l, level);
		parent_word(w->check, f, w->domain, level, iova);
		w->told = told_below(level, iova);
		return;
	}
	if (level >= w->domain->table.levels || leads_here(w, above, iova))
		return;
	struct check_finding *f = check_find(
		w->check, &rules[LEVEL], w->words.object, w->words.stable, CONFIDENCE_LIKELY,
		"at IOVA 0x%" PRIx64 " levels above the table 0x%" PRIx64
		" of level %u are skipped, which Linux never does",
		iova, pa, level);
	parent_word(w->check, f, w->domain, level, iova);
}

/* Told of both domains: which of them the table belongs to nobody knows. */
static void find_shared(struct check *check, const struct table_place *place,
			const struct table_place *other)
{
	const struct snapshot *s = check->snapshot;
	const struct domain *domain = &s->domains[place->domain];
	struct domain_words words = domain_words(s, domain);
	char where[96] = "elsewhere in it";

	if (place->domain != other->domain)
		snprintf(where, sizeof(where), "in %s",
			 domain_words(s, &s->domains[other->domain]).object);
	struct check_finding *f =
		check_find(check, &rules[SHARED], words.object, words.stable, CONFIDENCE_CERTAIN,
			   "the table 0x%" PRIx64 " at IOVA 0x%" PRIx64
			   " is in use at IOVA 0x%" PRIx64 " %s too",
			   place->pa, place->iova, other->iova, where);
	parent_word(check, f, domain, place->level, place->iova);
	parent_word(check, f, &s->domains[other->domain], other->level, other->iova);
}

static struct error *check_owner(struct table_walk *w, uint64_t pa, unsigned level, uint64_t iova)
{
	const struct table_place place = {pa, iova, w->index, level};
	struct table_place first;

	switch (table_set_add(w->set, &place, &first)) {
	case TABLE_NEW:
		return NULL;
	case TABLE_NO_MEMORY:
		return error_no_memory;
	case TABLE_FULL:
		check_unknown(w->check, &rules[SHARED], w->words.object, "page tables",
			      DATUM_STOPPED,
			      "there are more tables than are held against each other");
		return NULL;
	case TABLE_MET:
		break;
	}
	find_shared(w->check, &place, &first);
	if (first.domain != w->index)
		find_shared(w->check, &first, &place);
	w->told = told_below(level, iova);
	return NULL;
}

/* What page each use makes of a table. */
static bool is_kernels(enum page_use use)
{
	return use == PAGE_KERNEL || use == PAGE_RESERVED || use == PAGE_TABLE;
}

static void check_page(struct table_walk *w, uint64_t pa, unsigned level, uint64_t iova)
{
	const struct rule *rule = &rules[PAGE];

	if (!w->classes || !check_wants(w->check, rule))
		return;
	struct page_facts facts = page_class_facts(w->classes, pa);
	if (facts.use == PAGE_UNKNOWN) {
		const char *reason;
		enum datum_state state = page_class_state(w->classes, pa, &reason);

		check_unknown(w->check, rule, w->words.object, "pages of its tables", state,
			      reason);
		return;
	}
	/* Frozen pages have no references: that alone says nothing. */
	if (is_kernels(facts.use) || facts.use == PAGE_UNREFERENCED)
		return;
	struct check_finding *f = check_find(
		w->check, rule, w->words.object, w->words.stable, CONFIDENCE_CERTAIN,
		"the table 0x%" PRIx64 " at IOVA 0x%" PRIx64 " of level %u lies in a page "
		"that is %s",
		pa, iova, level, page_use_name(facts.use));
	parent_word(w->check, f, w->domain, level, iova);
	if (facts.flags.state == DATUM_OK)
		check_word_at(w->check, f, "flags of its struct page", facts.flags_address,
			      facts.flags);
}

static struct error *visit_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	struct table_walk *w = arg;

	if (is_told(&w->told, iova) || level > LEVELS_MAX)
		return NULL;
	check_way(w, pa, level, iova);
	for (unsigned l = 0; l < level; l++)
		w->path[l].pa = 0;
	w->path[level].pa = pa;
	w->path[level].iova = iova;
	if (is_told(&w->told, iova))
		return NULL;
	check_page(w, pa, level, iova);
	return check_owner(w, pa, level, iova);
}

void tell_damage(struct check *check, const struct domain_words *words,
		 const struct table_damage *damage)
{
	static const unsigned damage_rules[] = {
		[DAMAGE_RESERVED] = RESERVED,
		[DAMAGE_LEVEL] = LEVEL,
		[DAMAGE_SIZE] = SIZE,
		[DAMAGE_COPIES] = SIZE,
	};
	struct check_finding *f =
		check_find(check, &rules[damage_rules[damage->kind]], words->object, words->stable,
			   CONFIDENCE_CERTAIN, "at IOVA 0x%" PRIx64 " in a table of level %u: %s",
			   damage->iova, damage->level, damage->message);

	check_word(check, f, "page-table entry", datum_ok(damage->entry_address),
		   datum_ok(damage->entry));
}

void tables_unknown(struct check *check, const char *object, const char *what,
		    enum datum_state state, const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_unknown(check, &rules[i], object, what, state, reason);
	mappings_unknown(check, INPUT_TABLES, object, what, state, reason);
}

static struct error *walk_domain(struct check *check, struct table_set *set,
				 struct page_classes *classes, uint32_t index)
{
	const struct domain *domain = &check->snapshot->domains[index];
	struct table_walk w = {
		.check = check,
		.set = set,
		.classes = classes,
		.domain = domain,
		.index = index,
		.words = domain_words(check->snapshot, domain),
	};
	/* What can't be read the second walk tells. */
	const struct page_table_visitor visitor = {
		.table = visit_table, .tables_only = true, .arg = &w};
	struct error *err =
		domain->table.ops->walk(check->target, &domain->table, 0, UINT64_MAX, &visitor);

	if (err && error_is_unreadable(err)) {
		error_free(err);
		err = NULL;
	}
	return err;
}

/* A domain whose table can't be had at all. */
static void note_unread(struct check *check, const struct domain *domain)
{
	char object[40];

	snprintf(object, sizeof(object), "domain 0x%" PRIx64,
		 domain->address ? domain->address : domain->core_address);
	if (domain->table_state == DATUM_ABSENT && domain->pt_format) {
		tables_unknown(check, object, "page table", domain->table_state,
			       "it is of a format that is not walked yet");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_known(check, &rules[i], object, "page table", domain->table_state);
	for (size_t i = 0; i < mapping_rules.n; i++)
		check_known(check, &mapping_rules.rules[i], object, "page table",
			    domain->table_state);
}

static struct error *walk_tables(struct check *check, struct table_set *set,
				 struct page_classes *classes)
{
	const struct snapshot *s = check->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_domains && !err; i++) {
		if (s->domains[i].table_state != DATUM_OK)
			note_unread(check, &s->domains[i]);
		else if (s->domains[i].table.ops)
			err = walk_domain(check, set, classes, i);
	}
	return err;
}

static struct error *open_classes(struct check *check, const struct table_set *tables,
				  struct page_classes **ret)
{
	struct error *err = page_classes_new(check, tables, ret);

	if (!err || error_code(err) == ERROR_NO_MEMORY || error_code(err) == ERROR_STOPPED)
		return err;
	check_unknown(check, &rules[PAGE], "pages", "what they are used for", datum_state_of(err),
		      error_message(err));
	mappings_unknown(check, INPUT_PAGES, "pages", "what they are used for", datum_state_of(err),
			 error_message(err));
	error_free(err);
	return NULL;
}

/* Leaves are held against all tables: so these are gone through first. */
struct error *check_page_tables(struct check *check)
{
	_cleanup_(table_set_free) struct table_set set = {0};
	_cleanup_(page_classes_freep) struct page_classes *classes = NULL;
	struct error *err = open_classes(check, &set, &classes);

	if (!err)
		err = walk_tables(check, &set, classes);
	if (err)
		return err;
	return table_set_sort(&set) ? check_entries(check, &set, classes) : error_no_memory;
}

const struct rule_set page_table_rules = {"page-tables", "Page tables", rules, ARRAY_SIZE(rules)};
