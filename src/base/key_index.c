/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/key_index.h"

#include <stdlib.h>

#include "base/vec.h"

bool key_index_add(struct key_index *map, uint64_t key, uint32_t index)
{
	struct key_index_row *row = vec_push(map);

	if (row)
		*row = (struct key_index_row){key, index};
	return row;
}

static int compare_rows(const void *a, const void *b)
{
	const struct key_index_row *ra = a, *rb = b;

	if (ra->key != rb->key)
		return ra->key < rb->key ? -1 : 1;
	return (ra->index > rb->index) - (ra->index < rb->index);
}

static bool is_sorted(const struct key_index *map)
{
	for (size_t i = 1; i < map->n; i++)
		if (compare_rows(&map->at[i - 1], &map->at[i]) > 0)
			return false;
	return true;
}

/* Objects often lie in memory as they were made, in which order lists have them too. */
void key_index_sort(struct key_index *map)
{
	if (!is_sorted(map))
		qsort(map->at, map->n, sizeof(*map->at), compare_rows);
}

size_t key_index_first(const struct key_index *map, uint64_t key)
{
	size_t low = 0, high = map->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->at[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t key_index_find(const struct key_index *map, uint64_t key)
{
	size_t at = key_index_first(map, key);

	return at < map->n && map->at[at].key == key ? (int64_t)map->at[at].index : -1;
}

void key_index_free(struct key_index *map)
{
	vec_free(map);
}
