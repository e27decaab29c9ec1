/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people type: numbers, sizes, ranges, PCI addresses, misspelt names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/parse.h"

static void assert_usage(struct error *err)
{
	assert_non_null(err);
	assert_int_equal(error_code(err), ERROR_USAGE);
	error_free(err);
}

static void test_number(void **state)
{
	static const struct {
		const char *word;
		uint64_t value;
	} good[] = {
		{"0", 0},
		{"121", 121},
		{"0x79", 0x79},
		{"0X7F", 0x7f},
		{"0171", 0171},
		{"18446744073709551615", UINT64_MAX},
		{"0xffffffffffffffff", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		" 1",
		"1 ",
		"+1",
		"-1",
		"0x",
		"x79",
		"79h",
		"0x12g",
		"1.5",
		"08",
		"1K",
		"0x10000000000000000",
		"18446744073709551616",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t value = 1234;

		assert_null(parse_number(good[i].word, &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t value = 1234;

		print_message("'%s'\n", bad[i]);
		assert_usage(parse_number(bad[i], &value));
		assert_int_equal(value, 1234);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *word;
		uint64_t value;
	} good[] = {
		{"4096", 4096},
		{"0x1000", 4096},
		{"4K", 4096},
		{"4k", 4096},
		{"2M", 2 << 20},
		{"1GiB", 1 << 30},
		{"3TB", UINT64_C(3) << 40},
		{"0x10K", 0x4000},
		{"16777215T", UINT64_C(16777215) << 40},
	};
	static const char *const bad[] = {"K", "4KK", "4X", "4 K", "1.5G", "16777216T", "4Ki", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t value = 0;

		assert_null(parse_size(good[i].word, &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t value;

		print_message("'%s'\n", bad[i]);
		assert_usage(parse_size(bad[i], &value));
	}
}

static void test_range(void **state)
{
	static const struct {
		const char *word;
		uint64_t first, last;
	} good[] = {
		{"0x1000-0x1fff", 0x1000, 0x1fff},
		{"0x1000+4K", 0x1000, 0x1fff},
		{"5", 5, 5},
		{"5-5", 5, 5},
		{"1M+1", 1 << 20, 1 << 20},
		{"0-0xffffffffffffffff", 0, UINT64_MAX},
		{"0xffffffffffffffff+1", UINT64_MAX, UINT64_MAX},
	};
	static const char *const bad[] = {
		"",    "-5",   "5-",	"5+", "5-4", "5+0", "1-2-3", "0xffffffffffffffff+2",
		"a-b", "1..2", "1 - 2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct range range = {0};

		assert_null(parse_range(good[i].word, &range));
		assert_int_equal(range.first, good[i].first);
		assert_int_equal(range.last, good[i].last);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct range range;

		print_message("'%s'\n", bad[i]);
		assert_usage(parse_range(bad[i], &range));
	}
}

static void test_bdf(void **state)
{
	static const struct {
		const char *word;
		uint32_t value;
	} good[] = {
		{"0000:a1:00.1", 0xa101}, {"a1:00.1", 0xa101}, {"0xa101", 0xa101},
		{"0xA101", 0xa101},	  {"00:1f.7", 0xff},   {"ffff:ff:1f.7", 0xffffffff},
		{"1:0:4.0", 0x10020},	  {"0x8", 8},
	};
	static const char *const bad[] = {
		"",	    "a101",   "0x",	  "0x12345",	   "a1:00",	"a1:20.0",
		"a1:00.8",  "a1:00.", "100:00.0", "00:00:00",	   "0:0:0:0.0", "a1:00.1 ",
		" a1:00.1", ":00.1",  "a1::00.1", "10000:a1:00.1", "-1:00.0",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint32_t value = 0;

		print_message("'%s'\n", good[i].word);
		assert_null(parse_bdf(good[i].word, &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint32_t value;

		print_message("'%s'\n", bad[i]);
		assert_usage(parse_bdf(bad[i], &value));
	}
}

static void test_suggestion(void **state)
{
	static const char *const names[] = {"info",    "iommus", "devices", "groups", "dte",
					    "domains", "domids", "walk",    "map",    "rd"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"devcies", "devices"},
		{"device", "devices"},
		{"domain", "domains"},
		{"domisd", "domids"},
		{"dtes", "dte"},
		{"mpa", "map"},
		{"wlak", "walk"},
		{"dev", "devices"},
		{"quit", NULL},
		{"x", NULL},
		{"", NULL},
		{"frobnicate", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suggestion s = suggestion_for(cases[i].word);

		print_message("'%s'\n", cases[i].word);
		for (size_t n = 0; n < ARRAY_SIZE(names); n++)
			suggestion_offer(&s, names[n]);
		if (cases[i].nearest)
			assert_string_equal(s.nearest, cases[i].nearest);
		else
			assert_null(s.nearest);
	}
}

static void test_suggestion_error(void **state)
{
	struct suggestion s = suggestion_for("devcies");

	(void)state;
	struct error *err = suggestion_error(&s, "command", "; 'help' lists them");
	assert_string_equal(error_message(err), "no command 'devcies'; 'help' lists them");
	assert_usage(err);
	suggestion_offer(&s, "devices");
	err = suggestion_error(&s, "command", "; 'help' lists them");
	assert_string_equal(error_message(err), "no command 'devcies'; did you mean 'devices'?");
	assert_usage(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number),	   cmocka_unit_test(test_size),
		cmocka_unit_test(test_range),	   cmocka_unit_test(test_bdf),
		cmocka_unit_test(test_suggestion), cmocka_unit_test(test_suggestion_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
