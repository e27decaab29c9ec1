/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder against a plain array of bytes, and how ranges merge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "target/memory.h"
#include "target/recorder.h"

#define SPAN (64 * PAGE_SIZE)

struct seen {
	uint8_t bytes[SPAN];
	uint64_t base, end; /* of the range before */
	size_t n;
};

static struct error *see(void *arg, const struct recorder_range *range)
{
	struct seen *seen = arg;

	assert_true(range->len > 0);
	/* Sorted, and never touching the one before: that would have merged. */
	assert_true(!seen->n || range->pa > seen->end);
	seen->n++;
	seen->end = range->pa + range->len;
	assert_true(range->pa >= seen->base && seen->end <= seen->base + SPAN);
	memset(seen->bytes + (range->pa - seen->base), 1, range->len);
	return NULL;
}

static void test_random(void **state)
{
	struct recorder recorder = {0};
	struct seen *seen = calloc(1, sizeof(*seen));
	uint8_t *expected = calloc(1, SPAN);
	uint64_t base = UINT64_C(0x123456789) << 12, random = 88172645463325252;

	(void)state;
	assert_non_null(seen);
	assert_non_null(expected);
	for (int i = 0; i < 3000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		uint64_t at = random % SPAN;
		uint64_t len = i % 50 == 0 ? random >> 40 & 0x3fff : random >> 50 & 0x1f;

		if (len > SPAN - at)
			len = SPAN - at;
		memset(expected + at, 1, len);
		assert_null(recorder_note(&recorder, base + at, len));
	}
	seen->base = base;
	assert_null(recorder_visit(&recorder, see, seen));
	assert_memory_equal(seen->bytes, expected, SPAN);
	recorder_free(&recorder);
	free(expected);
	free(seen);
}

struct list {
	struct recorder_range at[8];
	size_t n;
};

static struct error *list_add(void *arg, const struct recorder_range *range)
{
	struct list *list = arg;

	assert_in_range(list->n, 0, 7);
	list->at[list->n++] = *range;
	return NULL;
}

static void assert_range(const struct recorder_range *r, uint64_t pa, uint64_t len,
			 enum error_code failed)
{
	assert_int_equal(r->pa, pa);
	assert_int_equal(r->len, len);
	assert_int_equal(r->failed, failed);
}

static void test_merge(void **state)
{
	struct recorder recorder = {0};
	struct list list = {0};

	(void)state;
	assert_null(recorder_note(&recorder, 0x5ff8, 16)); /* across pages */
	assert_null(recorder_note(&recorder, 0x6008, 8));  /* touches */
	assert_null(recorder_note(&recorder, 0x6012, 1));
	assert_null(recorder_note_failed(&recorder, 0x9123, ERROR_FAULT));
	assert_null(recorder_note_failed(&recorder, 0xa000, ERROR_FAULT));
	assert_null(recorder_note_failed(&recorder, 0xb000, ERROR_CORRUPT));
	assert_null(recorder_note_failed(&recorder, 0xc000, ERROR_EXCLUDED));
	assert_null(recorder_note(&recorder, 0x1000, 0x2000));
	assert_null(recorder_note(&recorder, 0x1004, 4)); /* within a whole page */
	assert_null(recorder_visit(&recorder, list_add, &list));
	assert_int_equal(list.n, 5);
	assert_range(&list.at[0], 0x1000, 0x2000, ERROR_OTHER);
	assert_range(&list.at[1], 0x5ff8, 24, ERROR_OTHER);
	assert_range(&list.at[2], 0x6012, 1, ERROR_OTHER);
	assert_range(&list.at[3], 0x9000, 0x2000, ERROR_FAULT);
	assert_range(&list.at[4], 0xb000, 0x1000, ERROR_CORRUPT);
	recorder_free(&recorder);
}

static struct error *stop(void *arg, const struct recorder_range *range)
{
	(void)range;
	++*(int *)arg;
	return error_stopped;
}

static void test_visitor_stops(void **state)
{
	struct recorder recorder = {0};
	int calls = 0;

	(void)state;
	assert_null(recorder_visit(&recorder, stop, &calls));
	assert_int_equal(calls, 0);
	for (uint64_t i = 0; i < 5; i++)
		assert_null(recorder_note(&recorder, i << 20, 8));
	assert_ptr_equal(recorder_visit(&recorder, stop, &calls), error_stopped);
	assert_int_equal(calls, 1);
	recorder_free(&recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_visitor_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
