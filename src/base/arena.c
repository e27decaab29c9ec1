/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT _Alignof(max_align_t)
#define BLOCK_SIZE ((size_t)64 << 10) /* the least */
#define HUGE_PAGE ((uintptr_t)2 << 20)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

/* One page fault for each huge page within, and not 512; where the kernel has none, nothing changes. */
static void wish_for_huge_pages(const struct arena_block *block, size_t size)
{
	uintptr_t first = ((uintptr_t)block + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)block + size) & ~(HUGE_PAGE - 1);

	if (first < end)
		madvise((void *)first, end - first, MADV_HUGEPAGE);
}

/* A block has room for an eighth of what there is already, so that those who take much get it in few. */
static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	size_t room = arena->size / 8 > BLOCK_SIZE ? arena->size / 8 : BLOCK_SIZE;

	if (room < size)
		room = size;
	struct arena_block *block = malloc(sizeof(*block) + room);
	if (!block)
		return NULL;
	wish_for_huge_pages(block, sizeof(*block) + room);
	*block = (struct arena_block){.next = arena->blocks, .size = room};
	arena->blocks = block;
	arena->size += room;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;

	if (size > SIZE_MAX - sizeof(*block) - ALIGNMENT)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < size) {
		block = arena_grow(arena, size);
		if (!block)
			return NULL;
	}
	void *p = block->data + block->used;
	block->used += size;
	return memset(p, 0, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	return copy ? memcpy(copy, text, length) : NULL;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text, *copy = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0) {
		copy = arena_strdup(arena, text);
		free(text);
	}
	va_end(ap);
	return copy;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena->blocks;

	if (!kept)
		return;
	arena->blocks = kept->next;
	arena_free(arena);
	kept->next = NULL;
	kept->used = 0;
	*arena = (struct arena){.blocks = kept, .size = kept->size};
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	arena->size = 0;
}
