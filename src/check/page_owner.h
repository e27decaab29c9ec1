/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain was the first to map a physical page. */
#ifndef CHECK_PAGE_OWNER_H
#define CHECK_PAGE_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OWNER_CHUNK_PAGES 512
#define OWNER_CHUNK_BYTES (OWNER_CHUNK_PAGES * UINT64_C(4096))
#define OWNER_CHUNKS_MAX 131072 /* 256 GB of memory, in 135 MB; past them nothing is told */

struct page_owners {
	struct owner_chunk {
		uint64_t number;		    /* pa / 2 MB */
		uint16_t owners[OWNER_CHUNK_PAGES]; /* 0: none yet */
	} * *slots;				    /* open addressing */
	size_t n, room;
	bool is_full;
};

/* The 2 MB that pa lies in; NULL: they are past what is told, is_full. False: no memory. */
bool page_owners_chunk(struct page_owners *owners, uint64_t pa, struct owner_chunk **ret);
void page_owners_free(struct page_owners *owners);

#endif
