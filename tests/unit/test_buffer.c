/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatting by hand: hostile strings and numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "out/buffer.h"

static const struct {
	const char *name, *text, *ascii, *json;
} strings[] = {
	{"plain", "e1000e", "e1000e", "\"e1000e\""},
	{"escape", "\033[2J\a", "\\x1b[2J\\x07", "\"\\u001b[2J\\u0007\""},
	{"lines", "a\nb\tc\r", "a\\x0ab\\x09c\\x0d", "\"a\\nb\\tc\\u000d\""},
	{"quotes", "\"\\", "\"\\", "\"\\\"\\\\\""},
	{"forged escape", "\\x1b", "\\x5cx1b", "\"\\\\x1b\""},
	{"UTF-8", "\xc3\xa4\xf0\x9f\x98\x80", "\\xc3\\xa4\\xf0\\x9f\\x98\\x80",
	 "\"\xc3\xa4\xf0\x9f\x98\x80\""},
	{"not UTF-8", "\xff\xc3(", "\\xff\\xc3(", "\"\\ufffd\\ufffd(\""},
	{"cut", "\xe2\x82", "\\xe2\\x82", "\"\\ufffd\\ufffd\""},
	{"overlong", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf",
	 "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""},
	{"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\ufffd\\ufffd\\ufffd\""},
	{"C1 control", "\xc2\x9b", "\\xc2\\x9b", "\"\\u009b\""},
	{"right to left", "\xe2\x80\xae", "\\xe2\\x80\\xae", "\"\\u202e\""},
	{"tag", "\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81", "\"\\udb40\\udc01\""},
	{"delete", "\x7f", "\\x7f", "\"\\u007f\""},
};

static void test_hostile_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		struct buffer b;

		print_message("%s\n", strings[i].name);
		assert_true(buffer_init(&b, NULL));
		buffer_escaped(&b, strings[i].text, true);
		buffer_char(&b, '\0');
		assert_string_equal(b.at, strings[i].ascii);
		b.n = 0;
		buffer_json_string(&b, strings[i].text);
		buffer_char(&b, '\0');
		assert_string_equal(b.at, strings[i].json);
		buffer_free(&b);
	}
}

/* Beyond ASCII, text is left as it is where the terminal takes it, unless it steers. */
static void test_utf8(void **state)
{
	struct buffer b;

	(void)state;
	assert_true(buffer_init(&b, NULL));
	buffer_escaped(&b, "\xc3\xa4\xc2\x9b\xe2\x80\xae\xff", false);
	buffer_char(&b, '\0');
	assert_string_equal(b.at, "\xc3\xa4\\xc2\\x9b\\xe2\\x80\\xae\\xff");
	buffer_free(&b);
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *decimal, *hex, *size;
	} cases[] = {
		{0, "0", "0x0", "0"},
		{1, "1", "0x1", "1"},
		{512, "512", "0x200", "512"},
		{1024, "1024", "0x400", "1K"},
		{1536, "1536", "0x600", "1.5K"},
		{4097, "4097", "0x1001", "4097"},
		{0x1ff000, "2093056", "0x1ff000", "2044K"},
		{0x280000, "2621440", "0x280000", "2.5M"},
		{UINT64_C(1) << 40, "1099511627776", "0x10000000000", "1T"},
		{UINT64_C(1) << 63, "9223372036854775808", "0x8000000000000000", "8E"},
		{UINT64_MAX, "18446744073709551615", "0xffffffffffffffff", "18446744073709551615"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[NUMBER_MAX + 1];

		text[format_decimal(text, cases[i].value)] = '\0';
		assert_string_equal(text, cases[i].decimal);
		text[format_hex(text, cases[i].value)] = '\0';
		assert_string_equal(text, cases[i].hex);
		text[format_size(text, cases[i].value)] = '\0';
		assert_string_equal(text, cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
