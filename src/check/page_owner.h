/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain was the first to map a physical page. */
#ifndef CHECK_PAGE_OWNER_H
#define CHECK_PAGE_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OWNER_CHUNK_PAGES 512
#define OWNER_CHUNKS_MAX 131072 /* 256 GB of memory, in 135 MB; past them nothing is told */

struct page_owners {
	struct owner_chunk {
		uint64_t number;		    /* pa / 2 MB */
		uint16_t owners[OWNER_CHUNK_PAGES]; /* 0: none yet */
	} * *slots;				    /* open addressing */
	size_t n, room;
	bool is_full;
};

/* *previous: who had it first, 0: nobody, then it is owner's (not 0). False: no memory. */
bool page_owner_claim(struct page_owners *owners, uint64_t pa, uint16_t owner, uint16_t *previous);
void page_owners_free(struct page_owners *owners);

#endif
