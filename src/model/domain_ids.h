/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain IDs are borne, as against those that the allocator has given out. */
#ifndef MODEL_DOMAIN_IDS_H
#define MODEL_DOMAIN_IDS_H

#include "model/snapshot.h"

#define DOMAIN_IDS 65536 /* 16 bits in the hardware's entries */

struct domain_id_use {
	uint64_t in_use[DOMAIN_IDS / 64]; /* borne by a domain or a device's entry; ID n: bit n */
	uint64_t shared[DOMAIN_IDS / 64]; /* by more than one domain */
};

/* ID 0 is reserved and never counted. Entries that a capture kernel wrote bear IDs of another
 * allocator. */
void domain_ids_collect(const struct snapshot *snapshot, struct domain_id_use *ret);

/* The first ID from `from` on that is in set and not in without; NULL: none is left out.
 * DOMAIN_IDS: there is none. */
uint32_t domain_id_next(const uint64_t *set, const uint64_t *without, uint32_t from);

static inline bool domain_id_test(const uint64_t *set, uint32_t id)
{
	return set[id / 64] >> id % 64 & 1;
}

#endif
