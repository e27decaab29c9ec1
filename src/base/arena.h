/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An arena: many small objects that end together. Nothing in it is freed alone.
 * Not thread-safe. Every function returns NULL when memory ran out.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t size; /* of them all */
};

void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *arena); /* empties it, keeps a block for the next round */
void arena_free(struct arena *arena); /* leaves it empty and usable */

#endif
