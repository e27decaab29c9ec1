/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of all page tables, and where each was met first. */
#ifndef CHECK_TABLE_SET_H
#define CHECK_TABLE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 24 bytes and as much room per table: 4 million tables, which map 8 TB of 4 KiB pages, in 200 MB.
 */
#define TABLE_SET_MAX ((size_t)1 << 22)

struct table_place {
	uint64_t pa; /* of the table; 0: a free slot */
	uint64_t iova;
	uint32_t domain; /* index in the snapshot */
	uint32_t level;
};

struct table_set {
	struct table_place *places; /* open addressing */
	size_t n, room;
	uint64_t *sorted; /* after table_set_sort() */
};

enum table_set_result { TABLE_NEW, TABLE_MET, TABLE_FULL, TABLE_NO_MEMORY };

/* place->pa is not 0. TABLE_MET: *first is where it was added for. */
enum table_set_result table_set_add(struct table_set *set, const struct table_place *place,
				    struct table_place *first);
/* Where the table was met first; NULL: it was not. */
const struct table_place *table_set_find(const struct table_set *set, uint64_t pa);
bool table_set_sort(struct table_set *set); /* false: no memory */
/* After table_set_sort(): the index in `sorted` of the first page at or behind pa; n: none. */
size_t table_set_from(const struct table_set *set, uint64_t pa);
void table_set_free(struct table_set *set);

#endif
