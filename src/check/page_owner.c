/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/page_owner.h"

#include <stdlib.h>

static size_t slot_of(const struct page_owners *owners, uint64_t number)
{
	size_t slot = number * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (owners->room - 1);

	while (owners->slots[slot] && owners->slots[slot]->number != number)
		slot = (slot + 1) & (owners->room - 1);
	return slot;
}

static bool grow(struct page_owners *owners)
{
	struct page_owners bigger = {.n = owners->n, .room = owners->room ? owners->room * 2 : 256};

	bigger.slots = calloc(bigger.room, sizeof(struct owner_chunk *));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < owners->room; i++)
		if (owners->slots[i])
			bigger.slots[slot_of(&bigger, owners->slots[i]->number)] = owners->slots[i];
	free(owners->slots);
	*owners = bigger;
	return true;
}

bool page_owners_chunk(struct page_owners *owners, uint64_t pa, struct owner_chunk **ret)
{
	uint64_t number = pa / OWNER_CHUNK_BYTES;

	*ret = NULL;
	if (owners->n * 2 >= owners->room && !grow(owners))
		return false;
	struct owner_chunk **slot = &owners->slots[slot_of(owners, number)];
	if (!*slot && owners->n == OWNER_CHUNKS_MAX) {
		owners->is_full = true;
		return true;
	}
	if (!*slot) {
		*slot = calloc(1, sizeof(**slot));
		if (!*slot)
			return false;
		(*slot)->number = number;
		owners->n++;
	}
	*ret = *slot;
	return true;
}

void page_owners_free(struct page_owners *owners)
{
	for (size_t i = 0; i < owners->room; i++)
		free(owners->slots[i]);
	free(owners->slots);
	*owners = (struct page_owners){0};
}
