/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO that libkdumpfile stumbles over; each of the first was seen to kill it or to hold it
 * for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "target/kdump_safe.h"

#define TEXT(text) text, sizeof(text) - 1

struct text {
	const char *at;
	size_t size;
};

static bool text_is_safe(const char *text, size_t size)
{
	struct error *err = vmcoreinfo_check(text, size);
	bool is_safe = !err;

	assert_true(!err || error_code(err) == ERROR_CORRUPT);
	error_free(err);
	return is_safe;
}

static void check_texts(const struct text *texts, size_t n, bool is_safe)
{
	for (size_t i = 0; i < n; i++)
		if (text_is_safe(texts[i].at, texts[i].size) != is_safe)
			fail_msg("\"%.*s\" is taken for %s", (int)texts[i].size, texts[i].at,
				 is_safe ? "unsafe" : "safe");
}

static void test_unsafe(void **state)
{
	static const struct text texts[] = {
		{TEXT(".a=1\n")},
		{TEXT("PAGESIZE=4096\n.=1")},
		{TEXT(".")},
		{TEXT("a.b=1\na=2\n")},
		{TEXT("a=1\nc=1\nb=2\na.b=2\n")},
		{TEXT("a=1\na=2\na..b=2\n")},
		{TEXT("SYMBOL(a)=41414141\nSYMBOL(a.b)=2\n")},
		{TEXT("SYMBOL(a.b)=2\nSYMBOL(a.c)=2\nSYMBOL(aa)=3\nSYMBOL(a)=41414141\n")},
		{TEXT("a\0b=1\n")},
		{TEXT("a\nb\0\n")},
		{TEXT("SYMBOL(a).b=1\nSYMBOL(a)=1\n")},
		{TEXT("=1\n")},
		{TEXT("a b=1\n")},
		{TEXT("\xc3\xa9=1\n")},
	};

	(void)state;
	check_texts(texts, ARRAY_SIZE(texts), false);
}

/* As kernels write it, with what is harmless beside it. */
static void test_safe(void **state)
{
	static const struct text texts[] = {
		{TEXT("")},
		{TEXT("\0\0\0")},
		{TEXT("\n\n")},
		{TEXT("OSRELEASE=6.1.0\nBUILD-ID=01ab\nPAGESIZE=4096\n"
		      "SYMBOL(init_uts_ns)=ffffffff81000000\nOFFSET(list_head.next)=0\n"
		      "OFFSET(list_head.prev)=8\nSIZE(list_head)=16\n"
		      "LENGTH(zone.free_area)=11\nLENGTH(mem_section)=2048\n"
		      "NUMBER(phys_base)=-1\nKERNELOFFSET=1f000000\nCRASHTIME=1764372000\n")},
		{TEXT("valueless\0\0")},
		{TEXT("a=1\na=2\naa=3\na-b=4")},
		{TEXT("a=.\nb=\0.\xff c\n")},
	};

	(void)state;
	check_texts(texts, ARRAY_SIZE(texts), true);
}

/* Neither a key nor the whole of any length. */
static void test_length(void **state)
{
	static const struct {
		size_t key, lines;
		bool is_safe;
	} cases[] = {{255, 1, true}, {256, 1, false}, {250, 259, true}, {250, 261, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t line = cases[i].key + 3, size = line * cases[i].lines;
		char *text = malloc(size);

		assert_non_null(text);
		memset(text, 'k', size);
		for (size_t at = line - 3; at < size; at += line)
			memcpy(text + at, "=1\n", 3);
		assert_int_equal(text_is_safe(text, size), cases[i].is_safe);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsafe),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
