/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO: lines KEY=value that a kernel keeps for those who read its dump. */
#ifndef TARGET_VMCOREINFO_H
#define TARGET_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct vmcoreinfo_line {
	const char *key, *value;
};

/* Zeroed is empty: no key is in it. */
struct vmcoreinfo {
	char *whole; /* as it was */
	char *text;  /* cut into keys and values */
	struct vmcoreinfo_line *at; /* sorted by key */
	size_t n, room;
};

/* Lines without = are passed over; of a repeated key the first counts. */
struct error *vmcoreinfo_parse(const char *text, struct vmcoreinfo *ret);

const char *vmcoreinfo_get(const struct vmcoreinfo *info, const char *key); /* NULL: not there */

/*
 * The value as a number, in base 10 (signed numbers too, as their 64 bits) or 16; false: no such
 * key, or no number.
 */
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, int base, uint64_t *ret);

void vmcoreinfo_free(struct vmcoreinfo *info);

#endif
