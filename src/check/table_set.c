/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/table_set.h"

#include <stdlib.h>
#include <string.h>

/* Neighbours stay together by the sixteen, for most tables are met one behind the other. */
static size_t slot_of(const struct table_set *set, uint64_t pa)
{
	uint64_t hash = (pa >> 16) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
	size_t slot = (hash << 4 | (pa >> 12 & 15)) & (set->room - 1);

	while (set->places[slot].pa && set->places[slot].pa != pa)
		slot = (slot + 1) & (set->room - 1);
	return slot;
}

static bool grow(struct table_set *set)
{
	struct table_set bigger = {.n = set->n, .room = set->room ? set->room * 2 : 1024};

	bigger.places = calloc(bigger.room, sizeof(*bigger.places));
	if (!bigger.places)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->places[i].pa)
			bigger.places[slot_of(&bigger, set->places[i].pa)] = set->places[i];
	table_set_free(set);
	*set = bigger;
	return true;
}

enum table_set_result table_set_add(struct table_set *set, const struct table_place *place,
				    struct table_place *first)
{
	if (set->n * 2 >= set->room && !grow(set))
		return TABLE_NO_MEMORY;
	size_t slot = slot_of(set, place->pa);
	if (set->places[slot].pa) {
		*first = set->places[slot];
		return TABLE_MET;
	}
	if (set->n == TABLE_SET_MAX)
		return TABLE_FULL;
	set->places[slot] = *place;
	set->n++;
	return TABLE_NEW;
}

const struct table_place *table_set_find(const struct table_set *set, uint64_t pa)
{
	const struct table_place *place = set->room ? &set->places[slot_of(set, pa)] : NULL;

	return place && place->pa ? place : NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool table_set_sort(struct table_set *set)
{
	size_t n = 0;

	free(set->sorted);
	set->sorted = malloc((set->n + 1) * sizeof(*set->sorted));
	if (!set->sorted)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->places[i].pa)
			set->sorted[n++] = set->places[i].pa;
	qsort(set->sorted, n, sizeof(*set->sorted), compare);
	return true;
}

size_t table_set_from(const struct table_set *set, uint64_t pa)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->sorted[middle] < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void table_set_free(struct table_set *set)
{
	free(set->places);
	free(set->sorted);
	*set = (struct table_set){0};
}
