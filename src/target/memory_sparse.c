/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/memory_sparse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"

struct sparse_page {
	uint64_t number;
	uint8_t *bytes; /* NULL: the slot is free */
};

struct sparse_range {
	uint64_t pa, size;
	bool excluded;
};

struct sparse_memory {
	struct memory base;
	struct sparse_page *at; /* open addressing */
	size_t room, n;
	VEC(struct sparse_range) ranges;
};

static struct sparse_memory *sparse_of(struct memory *memory)
{
	return container_of(memory, struct sparse_memory, base);
}

static struct sparse_page *slot_of(struct sparse_page *at, size_t room, uint64_t number)
{
	size_t i = number * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (room - 1);

	while (at[i].bytes && at[i].number != number)
		i = (i + 1) & (room - 1);
	return &at[i];
}

static struct error *grow(struct sparse_memory *m)
{
	size_t room = m->room ? m->room * 2 : 256;
	struct sparse_page *at = calloc(room, sizeof(*at));

	if (!at)
		return error_no_memory;
	for (size_t i = 0; i < m->room; i++) {
		if (m->at[i].bytes)
			*slot_of(at, room, m->at[i].number) = m->at[i];
	}
	free(m->at);
	m->at = at;
	m->room = room;
	return NULL;
}

static struct error *page_add(struct sparse_memory *m, uint64_t number)
{
	struct error *err = m->n >= m->room / 2 ? grow(m) : NULL;

	if (err)
		return err;
	struct sparse_page *page = slot_of(m->at, m->room, number);
	if (page->bytes)
		return NULL;
	if (m->n == SPARSE_PAGES_MAX)
		return error_new(ERROR_OTHER, "more than %" PRIu64 " pages of contents",
				 SPARSE_PAGES_MAX);
	page->bytes = calloc(1, PAGE_SIZE);
	if (!page->bytes)
		return error_no_memory;
	page->number = number;
	m->n++;
	return NULL;
}

struct error *sparse_memory_write(struct memory *memory, uint64_t pa, const void *bytes, size_t len)
{
	struct sparse_memory *m = sparse_of(memory);

	for (const uint8_t *p = bytes; len;) {
		size_t first = pa & (PAGE_SIZE - 1);
		size_t n = len < PAGE_SIZE - first ? len : PAGE_SIZE - first;
		struct error *err = page_add(m, pa >> PAGE_SHIFT);

		if (err)
			return err;
		memcpy(slot_of(m->at, m->room, pa >> PAGE_SHIFT)->bytes + first, p, n);
		p += n;
		pa += n;
		len -= n;
	}
	return NULL;
}

static struct error *range_add(struct memory *memory, uint64_t pa, uint64_t size, bool excluded)
{
	struct sparse_memory *m = sparse_of(memory);
	struct sparse_range *range = vec_push(&m->ranges);

	if (!range)
		return error_no_memory;
	*range = (struct sparse_range){.pa = pa, .size = size, .excluded = excluded};
	return NULL;
}

struct error *sparse_memory_add_zero(struct memory *memory, uint64_t pa, uint64_t size)
{
	return range_add(memory, pa, size, false);
}

struct error *sparse_memory_add_excluded(struct memory *memory, uint64_t pa, uint64_t size)
{
	return range_add(memory, pa, size, true);
}

static bool in_ranges(const struct sparse_memory *m, uint64_t pa, bool excluded)
{
	for (size_t i = 0; i < m->ranges.n; i++) {
		const struct sparse_range *r = &m->ranges.at[i];

		if (r->excluded == excluded && pa >= r->pa && pa - r->pa < r->size)
			return true;
	}
	return false;
}

static struct error *sparse_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	struct sparse_memory *m = sparse_of(memory);
	const struct sparse_page *page =
		m->room ? slot_of(m->at, m->room, pa >> PAGE_SHIFT) : NULL;

	if (page && page->bytes)
		memcpy(buf, page->bytes + (pa & (PAGE_SIZE - 1)), len);
	else if (in_ranges(m, pa, true))
		return error_new(ERROR_EXCLUDED,
				 "the dump does not hold physical address 0x%" PRIx64, pa);
	else if (in_ranges(m, pa, false))
		memset(buf, 0, len);
	else
		return error_new(ERROR_FAULT, "no memory at physical address 0x%" PRIx64, pa);
	return NULL;
}

static void sparse_close(struct memory *memory)
{
	struct sparse_memory *m = sparse_of(memory);

	for (size_t i = 0; i < m->room; i++)
		free(m->at[i].bytes);
	free(m->at);
	vec_free(&m->ranges);
	free(m);
}

/* No `next`: the kernel of an image is told by its lines and never looked for. */
static const struct memory_ops sparse_memory_ops = {.read = sparse_read, .close = sparse_close};

struct error *sparse_memory_new(struct memory **ret)
{
	struct sparse_memory *m = calloc(1, sizeof(*m));

	if (!m)
		return error_no_memory;
	m->base.ops = &sparse_memory_ops;
	m->base.format = "image";
	*ret = &m->base;
	return NULL;
}
