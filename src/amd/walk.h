/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walkers of AMD's two page-table formats. One table page is in memory per level, of the lowest
 * level a few, so the cost in memory is constant; the level falls at every step, so damaged tables
 * end the walk and do not loop.
 */
#ifndef AMD_WALK_H
#define AMD_WALK_H

#include "model/page_table.h"

extern const struct page_table_ops page_table_v1; /* host tables, AMD 48882 2.2.3 */
extern const struct page_table_ops page_table_v2; /* guest tables, the processor's format */

/* GCR3 tables: 1 to 3 levels of PASIDs, each with the root of a v2 table. */
extern const struct pasid_table_ops gcr3_table;

#endif
