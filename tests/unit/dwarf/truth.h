/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compiler's own word on its layouts, printed by the compiled program as layout lines. Nothing
 * here knows DWARF: bit fields are found by setting them and looking which bits of the memory
 * changed.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SIZE(type) printf("size " #type " %zu\n", sizeof(type))

#define MEMBER(type, path)                                                                         \
	printf("member " #type "." #path " %zu:%zu\n", offsetof(type, path),                       \
	       sizeof(((type *)0)->path))

/* A path through an array means its first element; a flexible array has no size. */
#define MEMBER_AS(type, path, expression, size)                                                    \
	printf("member " #type "." #path " %zu:%zu\n", offsetof(type, expression), (size_t)(size))

#define BITS(type, path)                                                                           \
	do {                                                                                       \
		type object;                                                                       \
		memset(&object, 0, sizeof(object));                                                \
		object.path = -1;                                                                  \
		print_bits(#type, #path, (unsigned char *)&object, sizeof(object));                \
	} while (0)

#define ENUMERATOR(type, name) printf("enum " #type "." #name " %lld\n", (long long)name)

#define ABSENT(line) printf(line " -\n")

static inline void print_bits(const char *type, const char *path, const unsigned char *bytes,
			      size_t n)
{
	size_t first = 0, width = 0, size = 1;

	for (size_t i = n * 8; i-- > 0;) {
		if (bytes[i / 8] >> i % 8 & 1) {
			first = i;
			width++;
		}
	}
	/* The smallest aligned unit that holds them. */
	while (first % (size * 8) + width > size * 8)
		size *= 2;
	printf("member %s.%s %zu:%zu:%zu:%zu\n", type, path, first / (size * 8) * size, size,
	       first % (size * 8), width);
}

#endif
