/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain ID bitmaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "amd/hw/domids.h"
#include "base/cleanup.h"

/* The words of a machine with 120 domains. */
static void test_machine(void **state)
{
	const uint64_t words[] = {UINT64_C(0xffffffffffffffff), UINT64_C(0x01ffffffffffffff)};
	struct domids d = domids_count(words, 2);
	struct domid_range range;

	(void)state;
	assert_int_equal(d.set, 121);
	assert_int_equal(d.domains, 120);
	assert_true(d.reserved);
	assert_int_equal(d.highest, 120);
	assert_true(domids_next(words, 2, 0, &range));
	assert_int_equal(range.first, 0);
	assert_int_equal(range.last, 120);
	assert_false(domids_next(words, 2, range.last + 1, &range));
}

static void test_ranges(void **state)
{
	static const struct domid_range expected[] = {
		{1, 1}, {3, 4}, {63, 64}, {100, 127}, {191, 191}};
	uint64_t words[3] = {0};
	struct domid_range range;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		for (unsigned id = expected[i].first; id <= expected[i].last; id++)
			words[id / 64] |= UINT64_C(1) << id % 64;
	for (unsigned id = 0; domids_next(words, 3, id, &range); id = range.last + 1, n++) {
		assert_true(n < ARRAY_SIZE(expected));
		assert_memory_equal(&range, &expected[n], sizeof(range));
	}
	assert_int_equal(n, ARRAY_SIZE(expected));

	assert_true(domids_next(words, 3, 110, &range)); /* from within a run */
	assert_int_equal(range.first, 110);
	assert_int_equal(range.last, 127);
}

static void test_empty(void **state)
{
	const uint64_t zeros[2] = {0};
	struct domids d = domids_count(zeros, 2);
	struct domid_range range;

	(void)state;
	assert_int_equal(d.set, 0);
	assert_int_equal(d.domains, 0);
	assert_int_equal(d.highest, -1);
	assert_false(d.reserved);
	assert_false(domids_next(zeros, 2, 0, &range));
	d = domids_count(zeros, 0);
	assert_int_equal(d.highest, -1);
	assert_false(d.reserved);
	assert_false(domids_next(zeros, 0, 0, &range));
}

/* ID 0 free, others taken: no driver does that, but a damaged dump may. */
static void test_unreserved(void **state)
{
	const uint64_t word = 6;
	struct domids d = domids_count(&word, 1);

	(void)state;
	assert_false(d.reserved);
	assert_int_equal(d.set, 2);
	assert_int_equal(d.domains, 2);
	assert_int_equal(d.highest, 2);
}

static void test_full(void **state)
{
	static uint64_t words[DOMIDS_WORDS + 1];
	struct domid_range range;
	struct domids d;

	(void)state;
	memset(words, 0xff, sizeof(words));
	d = domids_count(words, DOMIDS_WORDS + 1); /* the word beyond counts for nothing */
	assert_int_equal(d.set, DOMIDS_MAX);
	assert_int_equal(d.highest, DOMIDS_MAX - 1);
	assert_true(domids_next(words, DOMIDS_WORDS + 1, 0, &range));
	assert_int_equal(range.last, DOMIDS_MAX - 1);
	assert_false(domids_next(words, DOMIDS_WORDS + 1, DOMIDS_MAX, &range));
	assert_false(domids_next(words, DOMIDS_WORDS, UINT32_MAX, &range));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine), cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_empty),   cmocka_unit_test(test_unreserved),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
