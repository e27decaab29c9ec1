/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/recorder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/memory.h"

#define WORDS (PAGE_SIZE / 64)

struct recorder_page {
	uint64_t number;
	uint64_t *bytes; /* a bit per byte that was read; NULL: none, or all of them (`whole`) */
	uint8_t failed;  /* enum error_code; ERROR_OTHER: no read failed */
	bool whole, used;
};

static struct recorder_page *slot_of(struct recorder_page *at, size_t room, uint64_t number)
{
	size_t i = number * UINT64_C(0x9e3779b97f4a7c15) >> 20 & (room - 1);

	while (at[i].used && at[i].number != number)
		i = (i + 1) & (room - 1);
	return &at[i];
}

static bool grow(struct recorder *recorder)
{
	size_t room = recorder->room ? recorder->room * 2 : 1024;
	struct recorder_page *at = calloc(room, sizeof(*at));

	if (!at)
		return false;
	for (size_t i = 0; i < recorder->room; i++) {
		if (recorder->at[i].used)
			*slot_of(at, room, recorder->at[i].number) = recorder->at[i];
	}
	free(recorder->at);
	recorder->at = at;
	recorder->room = room;
	return true;
}

/* The page's row, made when there is none yet; NULL: out of memory. */
static struct recorder_page *page_of(struct recorder *recorder, uint64_t number)
{
	if (recorder->n >= recorder->room / 2 && !grow(recorder))
		return NULL;
	struct recorder_page *page = slot_of(recorder->at, recorder->room, number);
	if (!page->used) {
		*page = (struct recorder_page){.number = number, .used = true};
		recorder->n++;
	}
	return page;
}

/* Bytes first .. first+len-1 of the page were read. */
static bool page_note(struct recorder_page *page, unsigned first, unsigned len)
{
	if (page->whole)
		return true;
	if (len == PAGE_SIZE) {
		free(page->bytes);
		page->bytes = NULL;
		page->whole = true;
		return true;
	}
	if (!page->bytes)
		page->bytes = calloc(WORDS, sizeof(*page->bytes));
	if (!page->bytes)
		return false;
	while (len) {
		unsigned bit = first % 64;
		unsigned n = len < 64 - bit ? len : 64 - bit;

		page->bytes[first / 64] |= bit_mask(n) << bit;
		first += n;
		len -= n;
	}
	return true;
}

struct error *recorder_note(struct recorder *recorder, uint64_t pa, size_t len)
{
	while (len) {
		unsigned first = pa & (PAGE_SIZE - 1);
		unsigned n = len < PAGE_SIZE - first ? (unsigned)len : (unsigned)PAGE_SIZE - first;
		struct recorder_page *page = page_of(recorder, pa >> PAGE_SHIFT);

		if (!page || !page_note(page, first, n)) {
			recorder->lacks = true;
			return error_no_memory;
		}
		pa += n;
		len -= n;
	}
	return NULL;
}

struct error *recorder_note_failed(struct recorder *recorder, uint64_t pa, enum error_code code)
{
	if (code == ERROR_EXCLUDED)
		return NULL;
	struct recorder_page *page = page_of(recorder, pa >> PAGE_SHIFT);
	if (!page) {
		recorder->lacks = true;
		return error_no_memory;
	}
	page->failed = (uint8_t)code;
	return NULL;
}

struct visit {
	struct error *(*visit)(void *arg, const struct recorder_range *range);
	void *arg;
	struct recorder_range open; /* may still grow; len 0: none */
};

static struct error *visit_flush(struct visit *v)
{
	struct recorder_range range = v->open;

	v->open.len = 0;
	return range.len ? v->visit(v->arg, &range) : NULL;
}

static struct error *visit_add(struct visit *v, uint64_t pa, uint64_t len, enum error_code failed)
{
	if (v->open.len && v->open.pa + v->open.len == pa && v->open.failed == failed) {
		v->open.len += len;
		return NULL;
	}
	struct error *err = visit_flush(v);
	v->open = (struct recorder_range){.pa = pa, .len = len, .failed = failed};
	return err;
}

/* The first bit from `bit` on that is `value`; PAGE_SIZE: none. */
static unsigned find_bit(const uint64_t *words, unsigned bit, bool value)
{
	while (bit < PAGE_SIZE) {
		uint64_t word = (value ? words[bit / 64] : ~words[bit / 64]) >> (bit % 64);

		if (word)
			return bit + (unsigned)__builtin_ctzll(word);
		bit = (bit / 64 + 1) * 64;
	}
	return PAGE_SIZE;
}

static struct error *visit_page(struct visit *v, const struct recorder_page *page)
{
	uint64_t pa = page->number << PAGE_SHIFT;
	struct error *err = NULL;

	if (page->whole)
		return visit_add(v, pa, PAGE_SIZE, ERROR_OTHER);
	for (unsigned bit = 0; page->bytes && bit < PAGE_SIZE && !err;) {
		unsigned first = find_bit(page->bytes, bit, true);

		bit = find_bit(page->bytes, first, false);
		if (first < PAGE_SIZE)
			err = visit_add(v, pa + first, bit - first, ERROR_OTHER);
	}
	if (!err && !page->bytes)
		err = visit_add(v, pa, PAGE_SIZE, page->failed);
	return err;
}

static int page_compare(const void *a, const void *b)
{
	const struct recorder_page *x = *(struct recorder_page *const *)a;
	const struct recorder_page *y = *(struct recorder_page *const *)b;

	return (x->number > y->number) - (x->number < y->number);
}

struct error *recorder_visit(struct recorder *recorder,
			     struct error *(*visit)(void *arg, const struct recorder_range *range),
			     void *arg)
{
	_cleanup_(freep) struct recorder_page **pages = calloc(recorder->n + 1, sizeof(*pages));
	struct visit v = {.visit = visit, .arg = arg};
	struct error *err = NULL;
	size_t n = 0;

	if (!pages || recorder->lacks)
		return error_no_memory;
	for (size_t i = 0; i < recorder->room; i++) {
		if (recorder->at[i].used)
			pages[n++] = &recorder->at[i];
	}
	qsort(pages, n, sizeof(*pages), page_compare);
	for (size_t i = 0; i < n && !err; i++)
		err = visit_page(&v, pages[i]);
	return err ? err : visit_flush(&v);
}

void recorder_free(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->room; i++)
		free(recorder->at[i].bytes);
	free(recorder->at);
	*recorder = (struct recorder){0};
}
