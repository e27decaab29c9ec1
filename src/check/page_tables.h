/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between page_tables.c, which goes through the tables, and entries.c, which goes through their
 * entries. */
#ifndef CHECK_PAGE_TABLES_H
#define CHECK_PAGE_TABLES_H

#include "check/page_class.h"

/*
 * Everything that the rules about page tables and mappings find, in two walks of each domain's
 * tables. The first goes by the upper tables alone, which name all others: a thousandth of what the
 * second reads.
 */
struct error *check_page_tables(struct check *check);

/*
 * The second walk: what the tables' entries are, and where they lead. set: all tables, sorted.
 * classes NULL: where they lead can't be told, and why has been said.
 */
struct error *check_entries(struct check *check, const struct table_set *set,
			    struct page_classes *classes);

/* IOVAs below a table that is told already: what is found there would only repeat it. */
struct told_span {
	bool is_set;
	uint64_t first, last;
};

static inline bool is_told(const struct told_span *span, uint64_t iova)
{
	return span->is_set && iova >= span->first && iova <= span->last;
}

/* All that a table of that level maps from iova on. */
struct told_span told_below(unsigned level, uint64_t iova);

void tell_damage(struct check *check, const struct domain_words *words,
		 const struct table_damage *damage);

/* Nothing, or not all, is known of the domain's tables and what they map. */
void tables_unknown(struct check *check, const char *object, const char *what,
		    enum datum_state state, const char *reason);

/* What domains of different VMs have in common. */
struct error *check_foreign(struct check *check);
const struct rule *foreign_rule(void);

/* The mappings of that domain can't be told, or not in full: a gap of the rules that need that
 * input. */
void mappings_unknown(struct check *check, enum rule_input input, const char *object,
		      const char *what, enum datum_state state, const char *reason);

/* The last entry that a translation of iova comes to, as evidence; none if it can't be read. */
void check_entry_word(struct check *check, struct check_finding *finding,
		      const struct page_table *table, uint64_t iova);

#endif
