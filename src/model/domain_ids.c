/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/domain_ids.h"

static void id_add(uint64_t *set, uint64_t id)
{
	if (id < DOMAIN_IDS)
		set[id / 64] |= UINT64_C(1) << id % 64;
}

void domain_ids_collect(const struct snapshot *snapshot, struct domain_id_use *ret)
{
	*ret = (struct domain_id_use){0};
	for (uint32_t i = 0; i < snapshot->n_domains; i++) {
		struct datum id = snapshot->domains[i].id;

		if (id.state != DATUM_OK || !id.value || id.value >= DOMAIN_IDS)
			continue;
		if (domain_id_test(ret->in_use, (uint32_t)id.value))
			id_add(ret->shared, id.value);
		id_add(ret->in_use, id.value);
	}
	for (uint32_t i = 0; i < snapshot->n_devices; i++) {
		struct datum id = snapshot->devices[i].domain_id;

		if (id.state == DATUM_OK && id.value)
			id_add(ret->in_use, id.value);
	}
}

uint32_t domain_id_next(const uint64_t *set, const uint64_t *without, uint32_t from)
{
	uint64_t mask = UINT64_MAX << from % 64;

	for (uint32_t i = from / 64; i < DOMAIN_IDS / 64; i++, mask = UINT64_MAX) {
		uint64_t word = set[i] & (without ? ~without[i] : UINT64_MAX) & mask;

		if (word)
			return i * 64 + (uint32_t)__builtin_ctzll(word);
	}
	return DOMAIN_IDS;
}
