/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/ability.h"

static unsigned count_found(const struct need_set *set, const struct need_way *way, unsigned *rows,
			    bool *unanswered)
{
	unsigned n = 0;

	for (*rows = 0; *rows < WAY_ROWS && way->rows[*rows]; ++*rows) {
		const struct found *found = &set->found[way->rows[*rows] - 1];

		n += is_found(found);
		*unanswered |= found->state == LOOKUP_UNANSWERED;
	}
	return n;
}

enum ability_state ability_judge(const struct need_set *set, const struct ability *ability,
				 const struct need_way **ret)
{
	const struct need_way *best = &ability->ways[0];
	unsigned rows, fewest = WAY_ROWS + 1; /* missing of a way of which something is found */
	bool unanswered = false;

	for (size_t i = 0; i < ABILITY_WAYS && ability->ways[i].rows[0]; i++) {
		unsigned n = count_found(set, &ability->ways[i], &rows, &unanswered);

		if (n == rows) {
			*ret = &ability->ways[i];
			return ABILITY_WHOLE;
		}
		if (n && rows - n < fewest) {
			fewest = rows - n;
			best = &ability->ways[i];
		}
	}
	*ret = best;
	if (unanswered)
		return ABILITY_UNKNOWN;
	if (ability->by_era)
		return ABILITY_NONE;
	return fewest <= WAY_ROWS ? ABILITY_PARTLY : ABILITY_MISSING;
}
