/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many objects in one arena, more than its blocks begin with, in huge pages as far as there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define OBJECTS 40000
#define BYTES(i) (1 + (i) * 7 % 2000)

static void check_aligned(const void *p)
{
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
}

static void check_zero(const unsigned char *p, size_t n)
{
	while (n--)
		assert_int_equal(p[n], 0);
}

/* Every object is the caller's alone, and zero at first, also where another was before a reset. */
static void test_objects(void **state)
{
	_cleanup_(arena_free) struct arena arena = {0};
	static unsigned char *objects[OBJECTS];

	(void)state;
	for (int round = 0; round < 2; round++) {
		size_t sum = 0;

		for (size_t i = 0; i < OBJECTS; i++) {
			objects[i] = arena_alloc(&arena, BYTES(i));
			assert_non_null(objects[i]);
			check_aligned(objects[i]);
			check_zero(objects[i], BYTES(i));
			memset(objects[i], (int)(i % 255 + 1), BYTES(i));
			sum += BYTES(i);
		}
		for (size_t i = 0; i < OBJECTS; i++)
			for (size_t j = 0; j < BYTES(i); j++)
				assert_int_equal(objects[i][j], i % 255 + 1);
		/* Room for an eighth more than was asked for, and what alignment and blocks' ends take. */
		assert_in_range(arena.size, sum, sum / 4 * 5);
		arena_reset(&arena);
		assert_true(arena.size < sum / 2);
	}
}

static void test_large(void **state)
{
	_cleanup_(arena_free) struct arena arena = {0};
	static const size_t sizes[] = {5 << 20, 1, (2 << 20) - 64, 100, 33 << 20, 64 << 10};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *p = arena_alloc(&arena, sizes[i]);

		assert_non_null(p);
		check_aligned(p);
		check_zero(p, sizes[i]);
		memset(p, 0xff, sizes[i]);
	}
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 10));
	arena_free(&arena);
	assert_int_equal(arena.size, 0);
	assert_string_equal(arena_printf(&arena, "%d devices", 65536), "65536 devices");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
