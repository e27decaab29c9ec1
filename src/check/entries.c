/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the entries of page tables are, and what they map: where a device's DMA can go. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "check/page_tables.h"

enum { NOWHERE, FREE, KERNEL, WRITABLE, IOMMU, FOREIGN, RULES };

static const struct rule rules[RULES] = {
	[NOWHERE] =
		{"map-nowhere", "Mappings lead to RAM or device memory", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "Nothing that the kernel knows of lies there: such DMA fails or hits what the "
		 "firmware hides.",
		 "Look at the mapping with 'walk BDF IOVA' and at the address with 'page ADDRESS'; "
		 "suspect corruption of the entry.",
		 check_page_tables},
	[FREE] =
		{"map-free", "No mapping leads to free pages", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "The device still reaches memory that was given back: whoever gets it next can be read "
		 "and written over.",
		 "A driver freed a buffer without unmapping it, or unmapped less than it had mapped: "
		 "look at the device's driver, and boot with CONFIG_DMA_API_DEBUG to catch it.",
		 check_page_tables},
	[KERNEL] =
		{"map-kernel", "No mapping leads to the kernel's code or read-only data",
		 SEVERITY_CRITICAL, INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "No driver has a reason to let a device reach these; with write permission the device "
		 "can take over the kernel.",
		 "Look at the mapping with 'walk BDF IOVA'; a driver that maps a constant for DMA has a "
		 "bug that CONFIG_DMA_API_DEBUG names, else suspect corruption.",
		 check_page_tables},
	[WRITABLE] =
		{"map-writable", "Read-only memory is not mapped writable", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "The CPU may not write there, and the device may: nothing then protects the "
		 "kernel's code and constants.",
		 "Look at the mapping with 'walk BDF IOVA' and treat the machine as compromised "
		 "until it is explained.",
		 check_page_tables},
	[IOMMU] =
		{"map-iommu", "No mapping leads to page tables or the IOMMU's own memory",
		 SEVERITY_CRITICAL, INPUT_DOMAINS | INPUT_TABLES | INPUT_PAGES,
		 "A device that writes to a page table, the device table or a ring gives itself access "
		 "to all of memory.",
		 "Look at the mapping with 'walk BDF IOVA' and treat the machine as compromised until "
		 "it is explained.",
		 check_page_tables},
	[FOREIGN] =
		{"map-foreign", "No VM's devices reach another VM's memory", SEVERITY_CRITICAL,
		 INPUT_DOMAINS | INPUT_TABLES,
		 "A guest can read and write memory of another one through its device.",
		 "'rmap ADDRESS' shows who reaches the page, 'walk BDF IOVA' how. Two domains of one VM "
		 "have most of their memory in common and are not found.",
		 check_foreign},
};

/* Which rule a page of that class breaks when it is mapped; RULES: none. */
static const struct {
	uint8_t rule, writable_rule;
	enum check_confidence confidence;
} class_rules[PAGE_CLASSES] = {
	[CLASS_PENDING] = {RULES, RULES, CONFIDENCE_CERTAIN},
	[CLASS_FINE] = {RULES, RULES, CONFIDENCE_CERTAIN},
	[CLASS_NOWHERE] = {NOWHERE, RULES, CONFIDENCE_CERTAIN},
	[CLASS_FREE] = {FREE, RULES, CONFIDENCE_CERTAIN},
	[CLASS_UNREFERENCED] = {RULES, RULES, CONFIDENCE_CERTAIN},
	[CLASS_TEXT] = {KERNEL, WRITABLE, CONFIDENCE_CERTAIN},
	[CLASS_RODATA] = {KERNEL, WRITABLE, CONFIDENCE_CERTAIN},
	[CLASS_CPU_TABLE] = {IOMMU, RULES, CONFIDENCE_CERTAIN},
	[CLASS_IOMMU_TABLE] = {IOMMU, RULES, CONFIDENCE_CERTAIN},
	[CLASS_IOMMU] = {IOMMU, RULES, CONFIDENCE_CERTAIN},
	[CLASS_UNKNOWN] = {RULES, RULES, CONFIDENCE_CERTAIN},
};

/* A domain's entries under way. */
struct entry_walk {
	struct check *check;
	const struct table_set *set;
	struct page_classes *classes;
	const struct domain *domain;
	uint32_t index; /* of the domain */
	struct domain_words words;
	struct told_span told;
	/* Found at this domain already: more are only counted. */
	struct check_finding *found[RULES];
	bool is_found[RULES], is_unknown_found;
};

const struct rule *foreign_rule(void)
{
	return &rules[FOREIGN];
}

static bool mappings_wanted(const struct check *check)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (check_wants(check, &rules[i]))
			return true;
	return false;
}

void mappings_unknown(struct check *check, enum rule_input input, const char *object,
		      const char *what, enum datum_state state, const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].inputs & input)
			check_unknown(check, &rules[i], object, what, state, reason);
}

static void tell(struct entry_walk *w, unsigned rule, const struct leaf *leaf, uint64_t pa,
		 enum check_confidence confidence)
{
	uint64_t iova = leaf->iova + (pa - leaf->pa);

	if (w->is_found[rule]) {
		if (w->found[rule])
			w->found[rule]->count++;
		return;
	}
	w->is_found[rule] = true;
	struct check_finding *f =
		check_find(w->check, &rules[rule], w->words.object, w->words.stable, confidence,
			   "IOVA 0x%" PRIx64 " (%s%s) leads to 0x%" PRIx64 ", %s", iova,
			   leaf->read ? "r" : "-", leaf->write ? "w" : "-", pa,
			   page_class_words(w->classes, pa));
	w->found[rule] = f;
	if (!f)
		return;
	check_entry_word(w->check, f, &w->domain->table, iova);
	struct page_facts facts = page_class_facts(w->classes, pa);
	if (facts.flags.state == DATUM_OK)
		check_word_at(w->check, f, "flags of its struct page", facts.flags_address,
			      facts.flags);
}

static void tell_unknown(struct entry_walk *w, uint64_t pa)
{
	const char *reason;

	if (w->is_unknown_found)
		return;
	w->is_unknown_found = true;
	enum datum_state state = page_class_state(w->classes, pa, &reason);
	mappings_unknown(w->check, INPUT_PAGES, w->words.object, "pages that it maps", state,
			 reason);
}

static struct error *visit_leaf(void *arg, const struct leaf *leaf)
{
	struct entry_walk *w = arg;
	uint64_t pa = leaf->pa, end = leaf->pa + leaf->size;
	enum page_class class;
	unsigned seen = 0;

	if (leaf->size == 4096 && page_class_of(w->classes, pa) == CLASS_FINE)
		return NULL;
	/* A big page is told once for each kind of memory that it leads to. */
	while ((class = page_class_next(w->classes, &pa, end)) != CLASS_FINE && pa < end) {
		uint8_t rule = class_rules[class].rule;

		if (class == CLASS_UNKNOWN) {
			tell_unknown(w, pa);
			break;
		}
		if (!(seen >> class & 1)) {
			tell(w, rule, leaf, pa, class_rules[class].confidence);
			if (leaf->write && class_rules[class].writable_rule < RULES)
				tell(w, class_rules[class].writable_rule, leaf, pa,
				     class_rules[class].confidence);
		}
		if (class == CLASS_NOWHERE)
			break;
		seen |= 1u << class;
		pa += 4096;
	}
	return NULL;
}

static bool skips_pages(void *arg, const uint64_t *pages, unsigned n)
{
	struct entry_walk *w = arg;

	return page_classes_fine(w->classes, pages, n);
}

/* A table that is in use twice is gone through where the first walk has met it first. */
static struct error *visit_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	struct entry_walk *w = arg;
	const struct table_place *first = table_set_find(w->set, pa);

	if (first && !is_told(&w->told, iova) &&
	    (first->domain != w->index || first->level != level || first->iova != iova))
		w->told = told_below(level, iova);
	return NULL;
}

static struct error *visit_damage(void *arg, const struct table_damage *damage)
{
	struct entry_walk *w = arg;

	if (!is_told(&w->told, damage->iova))
		tell_damage(w->check, &w->words, damage);
	return NULL;
}

static struct error *visit_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct entry_walk *w = arg;
	char what[64];

	if (!is_told(&w->told, iova)) {
		snprintf(what, sizeof(what), "IOVA 0x%" PRIx64 "-0x%" PRIx64, iova,
			 iova + (size - 1));
		tables_unknown(w->check, w->words.object, what, datum_state_of(err),
			       error_message(err));
	}
	error_free(err);
	return NULL;
}

static struct error *walk_domain(struct check *check, const struct table_set *set,
				 struct page_classes *classes, uint32_t index)
{
	const struct domain *domain = &check->snapshot->domains[index];
	struct entry_walk w = {
		.check = check,
		.set = set,
		.classes = classes,
		.domain = domain,
		.index = index,
		.words = domain_words(check->snapshot, domain),
	};
	bool wants_leaves = classes && mappings_wanted(check);
	const struct page_table_visitor visitor = {
		.leaf = wants_leaves ? visit_leaf : NULL,
		.skips = wants_leaves ? skips_pages : NULL,
		.table = visit_table,
		.damaged = visit_damage,
		.unknown = visit_unknown,
		.arg = &w,
	};
	struct error *err =
		domain->table.ops->walk(check->target, &domain->table, 0, UINT64_MAX, &visitor);

	if (!err || !error_is_unreadable(err))
		return err;
	tables_unknown(check, w.words.object, "page table", datum_state_of(err),
		       error_message(err));
	error_free(err);
	return NULL;
}

struct error *check_entries(struct check *check, const struct table_set *set,
			    struct page_classes *classes)
{
	const struct snapshot *s = check->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_domains && !err; i++)
		if (s->domains[i].table_state == DATUM_OK && s->domains[i].table.ops)
			err = walk_domain(check, set, classes, i);
	return err;
}

const struct rule_set mapping_rules = {"mappings", "What page tables map", rules,
				       ARRAY_SIZE(rules)};
