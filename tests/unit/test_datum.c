/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Problems: each is kept once, few of a hostile dump's many, and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/datum.h"

static void add(struct problems *problems, const char *object, unsigned number, const char *what,
		const char *message)
{
	assert_int_equal(problems_add(problems, error_new(ERROR_EXCLUDED, "%s", message), what,
				      "%s %u", object, number),
			 DATUM_EXCLUDED);
}

static void test_once(void **state)
{
	struct problems problems = {0};

	(void)state;
	assert_int_equal(problems_add(&problems, NULL, "driver", "device"), DATUM_OK);
	assert_null(problems_find(&problems, "device 1", "driver"));
	for (int round = 0; round < 2; round++) {
		add(&problems, "device", 1, "driver", "not there");
		add(&problems, "device", 2, "driver", "not there");
		add(&problems, "device", 1, "group", "not there");
		add(&problems, "device", 1, "driver", "not there either");
	}
	assert_int_equal(problems.n, 4);
	assert_ptr_equal(problems_find(&problems, "device 1", "driver"), &problems.at[0]);
	assert_ptr_equal(problems_find(&problems, "device 1", "group"), &problems.at[2]);
	assert_ptr_equal(problems_find(&problems, "device 2", "driver"), &problems.at[1]);
	assert_null(problems_find(&problems, "device 2", "group"));
	assert_null(problems_find(&problems, "device", "driver"));
	assert_ptr_equal(problems_find(&problems, "device 2", NULL), &problems.at[1]);
	assert_null(problems_find(&problems, "device", NULL));
	problems_free(&problems);
}

static void test_copy(void **state)
{
	struct problems problems = {0}, some = {0};

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		add(&problems, "device", i % 3, i < 3 ? "driver" : "group", "not there");
	problems.dropped = 7;
	problems_copy(&some, &problems, "device 1");
	problems_copy(&some, &problems, "device 1");
	problems_copy(&some, &problems, "device 3");
	assert_int_equal(some.n, 2);
	assert_int_equal(some.dropped, 0);
	assert_string_equal(some.at[1].what, "group");
	problems_copy(&some, &problems, NULL);
	assert_int_equal(some.n, 6);
	assert_int_equal(some.dropped, 7);
	problems_free(&some);
	problems_free(&problems);
}

/* The rest is counted, the known ones among it not. */
static void test_many(void **state)
{
	struct problems problems = {0};

	(void)state;
	for (unsigned i = 0; i < PROBLEMS_MAX + 20; i++)
		add(&problems, "device", i % (PROBLEMS_MAX + 10), "driver", "not there");
	assert_int_equal(problems.n, PROBLEMS_MAX);
	assert_int_equal(problems.dropped, 10);
	assert_non_null(problems_find(&problems, "device 999", "driver"));
	problems_free(&problems);
	assert_null(problems_find(&problems, "device 999", "driver"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
