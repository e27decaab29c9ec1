/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a decoded structure comes to, in a sentence. */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include "base/arena.h"
#include "base/layout.h"

/* Of a device table entry; sme_mask: the memory encryption bit, 0 when there is none. */
const char *verdict_of_dte(struct arena *arena, const uint64_t *words, uint64_t sme_mask);

/* Of a v1 page-table entry in a table at `level`; 0: the level is not known. */
const char *verdict_of_pte(struct arena *arena, uint64_t entry, unsigned level);

/* Of a v2 one. */
const char *verdict_of_pte_v2(struct arena *arena, uint64_t entry, unsigned level);

/* Of a bitmap of domain IDs. */
const char *verdict_of_domids(struct arena *arena, const uint64_t *words, size_t n_words);

#endif
