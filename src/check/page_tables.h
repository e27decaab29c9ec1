/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between page_tables.c, which goes through the tables, and mappings.c, which goes through what
 * they map. */
#ifndef CHECK_PAGE_TABLES_H
#define CHECK_PAGE_TABLES_H

#include "check/page_class.h"

/* Everything that the rules about page tables and mappings find, in two walks of each table. */
struct error *check_page_tables(struct check *check);

/* What the domains map; tables: all page tables, sorted. classes NULL: why has told. */
struct error *check_mappings(struct check *check, struct page_classes *classes);

/* What domains of different VMs have in common. */
struct error *check_foreign(struct check *check);
const struct rule *foreign_rule(void);

/* The mappings of that domain can't be told, or not in full: a gap of the rules that need that
 * input. */
void mappings_unknown(struct check *check, enum rule_input input, const char *object,
		      const char *what, enum datum_state state, const char *reason);
bool mappings_wanted(const struct check *check);

/* The last entry that a translation of iova comes to, as evidence. */
void check_entry_word(struct check *check, struct check_finding *finding,
		      const struct page_table *table, uint64_t iova);

#endif
