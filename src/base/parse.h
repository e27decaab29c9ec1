/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people type: numbers, sizes, ranges, PCI addresses, and names with a slip in them.
 * Every failure is an ERROR_USAGE that quotes the word and says what was wanted.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdint.h>

#include "base/error.h"

/* As C writes it: 121, 0x79, 0171. The whole word, no sign, no blanks. */
struct error *parse_number(const char *word, uint64_t *ret);

/* A number, or one followed by K, M, G or T (times 1024, and so on); also KiB, MB and the like. */
struct error *parse_size(const char *word, uint64_t *ret);

struct range {
	uint64_t first, last; /* bytes; `last` belongs to it, so that the whole space has a range */
};

/* "A-B" (B included, as in /proc/iomem), "A+LENGTH" or "A" alone; each of them as parse_size. */
struct error *parse_range(const char *word, struct range *ret);

/*
 * A PCI function: "[SSSS:]BB:DD.F", or the 16-bit device ID "0xa101". The result is the segment in
 * bits 31:16 and the device ID (bus 15:8, device 7:3, function 2:0) below.
 */
struct error *parse_bdf(const char *word, uint32_t *ret);

/*
 * "did you mean": offer every name there is, one by one; `nearest` is then the one most like the
 * word, or NULL when none is near enough.
 */
struct suggestion {
	const char *word, *nearest;
	unsigned distance;
};

static inline struct suggestion suggestion_for(const char *word)
{
	return (struct suggestion){.word = word};
}

void suggestion_offer(struct suggestion *suggestion, const char *name);

/*
 * ERROR_USAGE: "no command 'devcies'; did you mean 'devices'?", or with `hint` at the end where
 * nothing is near ("; see 'help'"). `kind` is what the word was to be.
 */
struct error *suggestion_error(const struct suggestion *suggestion, const char *kind,
			       const char *hint);

#endif
