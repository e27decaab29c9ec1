/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/domids.h"

static size_t bound(size_t n_words)
{
	return n_words < DOMIDS_WORDS ? n_words : DOMIDS_WORDS;
}

struct domids domids_count(const uint64_t *words, size_t n_words)
{
	struct domids d = {.highest = -1};

	n_words = bound(n_words);
	for (size_t i = 0; i < n_words; i++) {
		if (!words[i])
			continue;
		d.set += (unsigned)__builtin_popcountll(words[i]);
		d.highest = (int)(i * 64) + 63 - __builtin_clzll(words[i]);
	}
	d.reserved = n_words && words[0] & 1;
	d.domains = d.set - d.reserved;
	return d;
}

/* The lowest ID at or above `from` whose bit is `value`; `end` when there is none. */
static unsigned find(const uint64_t *words, unsigned from, unsigned end, bool value)
{
	while (from < end) {
		uint64_t word = value ? words[from / 64] : ~words[from / 64];

		word >>= from % 64;
		if (word) {
			from += (unsigned)__builtin_ctzll(word);
			return from < end ? from : end;
		}
		from = (from | 63) + 1;
	}
	return end;
}

bool domids_next(const uint64_t *words, size_t n_words, unsigned from, struct domid_range *ret)
{
	unsigned end = (unsigned)bound(n_words) * 64;
	unsigned first = find(words, from, end, true);

	if (first >= end)
		return false;
	*ret = (struct domid_range){first, find(words, first, end, false) - 1};
	return true;
}
