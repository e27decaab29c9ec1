/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, for tables that are searched by text. Not against those who choose the texts. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>

#define HASH_START UINT32_C(0x811c9dc5)

/* The hash of what was hashed so far and then of text with its end; NULL is as "". */
static inline uint32_t hash_text(uint32_t hash, const char *text)
{
	const char *p = text ? text : "";

	do
		hash = (hash ^ (unsigned char)*p) * UINT32_C(0x01000193);
	while (*p++);
	return hash;
}

#endif
