/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map from 64-bit keys to array indexes: add all, sort once, then find. */
#ifndef BASE_KEY_INDEX_H
#define BASE_KEY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_index {
	struct key_index_row {
		uint64_t key;
		uint32_t index;
	} *at;
	size_t n, room;
};

bool key_index_add(struct key_index *map, uint64_t key, uint32_t index); /* false: out of memory */
void key_index_sort(struct key_index *map);
/* The place in `at` of the first row with this key or a higher one; n: there is none. Rows of one key
 * stand by index. */
size_t key_index_first(const struct key_index *map, uint64_t key);
/* Of a key added twice, the lower index; -1: not there. */
int64_t key_index_find(const struct key_index *map, uint64_t key);
void key_index_free(struct key_index *map);

#endif
