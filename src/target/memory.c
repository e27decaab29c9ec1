/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define CACHE_SLOTS 512 /* a power of two; 2 MB of pages, touched only as they fill */

struct memory_cache {
	uint64_t page[CACHE_SLOTS]; /* page number + 1; 0: the slot is free */
	uint8_t bytes[CACHE_SLOTS][PAGE_SIZE];
};

static size_t cache_slot(uint64_t page)
{
	/* Multiplied, so that tables which lie 2 MB apart do not push each other out. */
	return page * UINT64_C(0x9e3779b97f4a7c15) >> 55 & (CACHE_SLOTS - 1);
}

/* Most reads are of one word, for which the string instruction that gcc copies less than a page by is slow. */
static void copy(void *to, const void *from, size_t len)
{
	if (len == sizeof(uint64_t))
		memcpy(to, from, sizeof(uint64_t));
	else
		memcpy(to, from, len);
}

/* len bytes within one page and less than it. */
static struct error *memory_read_part(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	struct memory_cache *cache = memory->cache;
	uint64_t page = pa >> PAGE_SHIFT;
	size_t slot = cache_slot(page);

	if (cache->page[slot] != page + 1) {
		/* Of a capture's pages most hold no more than what was asked for. */
		if (memory->ops->held && memory->ops->held(memory, page << PAGE_SHIFT) < PAGE_SIZE)
			return memory->ops->read(memory, pa, buf, len);
		cache->page[slot] = 0;
		struct error *err = memory->ops->read(memory, page << PAGE_SHIFT,
						      cache->bytes[slot], PAGE_SIZE);
		if (err) {
			/* The rest of the page may be missing, and the part wanted still there. */
			error_free(err);
			return memory->ops->read(memory, pa, buf, len);
		}
		cache->page[slot] = page + 1;
	}
	copy(buf, &cache->bytes[slot][pa & (PAGE_SIZE - 1)], len);
	return NULL;
}

/* How much of [pa, pa + len) is read at one go: a part of a page, or as many whole ones as can be.
 */
static size_t piece_size(struct memory *memory, uint64_t pa, size_t len)
{
	size_t room = PAGE_SIZE - (pa & (PAGE_SIZE - 1));
	uint64_t held = 0;

	if (room < PAGE_SIZE || len < PAGE_SIZE)
		return len < room ? len : room;
	if (len >= 2 * PAGE_SIZE && memory->ops->held)
		held = memory->ops->held(memory, pa);
	if (held < PAGE_SIZE)
		held = PAGE_SIZE;
	return (len < held ? len : held) & ~(PAGE_SIZE - 1);
}

struct error *memory_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	if (!range_within(pa, len, PHYSICAL_END))
		return error_new(ERROR_FAULT,
				 "physical address 0x%" PRIx64 " is longer than any machine's", pa);
	if (memory->moving)
		return memory->ops->read(memory, pa, buf, len);
	if (!memory->cache) {
		memory->cache = calloc(1, sizeof(*memory->cache));
		if (!memory->cache)
			return error_no_memory;
	}
	for (uint8_t *p = buf; len;) {
		size_t n = piece_size(memory, pa, len);
		struct error *err = n < PAGE_SIZE ? memory_read_part(memory, pa, p, n)
						  : memory->ops->read(memory, pa, p, n);

		if (err)
			return err;
		p += n;
		pa += n;
		len -= n;
	}
	return NULL;
}

void memory_close(struct memory *memory)
{
	if (!memory)
		return;
	free(memory->notes.elf_notes);
	free(memory->notes.vmcoreinfo);
	free(memory->cache);
	memory->ops->close(memory);
}
