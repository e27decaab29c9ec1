/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Little-endian loads and bit access. Bytes from a dump are hostile and unaligned: they are
 * loaded with these and never by casting a buffer to a struct.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t get_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t get_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* size is 1, 2, 4 or 8; any other size reads as 0, so check it where it comes from a file. */
static inline uint64_t get_le(const void *p, unsigned size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		return get_le16(p);
	case 4:
		return get_le32(p);
	case 8:
		return get_le64(p);
	}
	return 0;
}

/* The lowest `width` bits set; width 0 to 64. */
static inline uint64_t bit_mask(unsigned width)
{
	return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* Bits first .. first+width-1 of word, shifted down; first + width at most 64. */
static inline uint64_t bits(uint64_t word, unsigned first, unsigned width)
{
	return first >= 64 ? 0 : word >> first & bit_mask(width);
}

/* [start, start + length) lies within [0, limit), with no overflow. */
static inline bool range_within(uint64_t start, uint64_t length, uint64_t limit)
{
	return start <= limit && length <= limit - start;
}

#endif
