/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "target/layout_file.h"

/* Sorted, and one of every kind and state. */
static const char sample[] = "iommuscope-layouts 1\n"
			     "build-id 00aabbccddeeff11\n"
			     "release 6.1.0-44-amd64\n"
			     "enum .FAR_OUT 9223372036854775807\n"
			     "enum .MISSING -\n"
			     "enum mode.BELOW -3\n"
			     "enum mode.LOWEST -9223372036854775808\n"
			     "enum mode.NONE 0\n"
			     "member atomic64_t.counter 0:8\n"
			     "member struct domain.iop.root 328:8\n"
			     "member struct domain.rest 520:0\n"
			     "member struct pci_dev.is_virtfn 2123:1:7:1\n"
			     "member struct wide.all 8:8:0:64\n"
			     "member union irte.val -\n"
			     "size long unsigned int 8\n"
			     "size struct absent -\n"
			     "size struct domain 520\n"
			     "symbol amd_iommu_list 0xffffffff8309a5f0\n"
			     "symbol identity_domain ?\n"
			     "symbol no_such_thing -\n"
			     "symbol percpu.isra.0 0x0\n";

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

static void assert_corrupt(struct error *err)
{
	assert_non_null(err);
	assert_int_equal(error_code(err), ERROR_CORRUPT);
	error_free(err);
}

static void reads_back_what_it_writes(void **state)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	_cleanup_(freep) char *text = NULL;
	size_t length;

	(void)state;
	assert_ok(layout_file_parse(&file, sample, strlen(sample)));
	assert_ok(layout_file_format(&file, &text, &length));
	assert_string_equal(text, sample);
	assert_int_equal(length, strlen(sample));
}

static void answers_rows(void **state)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	struct lookup bits = {.kind = LOOKUP_MEMBER, .type = "struct pci_dev", .name = "is_virtfn"};
	struct lookup below = {.kind = LOOKUP_ENUMERATOR, .type = "enum mode", .name = "BELOW"};
	struct lookup any = {.kind = LOOKUP_ENUMERATOR, .name = "FAR_OUT"};
	struct lookup symbol = {.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"};
	struct lookup two = {.kind = LOOKUP_SYMBOL, .name = "identity_domain"};
	struct lookup none = {.kind = LOOKUP_SIZE, .type = "struct absent"};
	struct lookup unknown = {.kind = LOOKUP_SIZE, .type = "union domain"};

	(void)state;
	assert_false(layout_file_find(&file, &bits));
	assert_ok(layout_file_parse(&file, sample, strlen(sample)));
	assert_true(layout_file_find(&file, &bits));
	assert_int_equal(bits.state, LOOKUP_FOUND);
	assert_int_equal(bits.value, 2123);
	assert_int_equal(bits.size, 1);
	assert_int_equal(bits.bit_first, 7);
	assert_int_equal(bits.bit_width, 1);
	assert_true(layout_file_find(&file, &below));
	assert_true((int64_t)below.value == -3);
	assert_true(layout_file_find(&file, &any));
	assert_true(any.value == INT64_MAX);
	assert_true(layout_file_find(&file, &symbol));
	assert_true(symbol.value == 0xffffffff8309a5f0);
	assert_true(layout_file_find(&file, &two));
	assert_int_equal(two.state, LOOKUP_AMBIGUOUS);
	assert_true(layout_file_find(&file, &none));
	assert_int_equal(none.state, LOOKUP_ABSENT);
	assert_false(layout_file_find(&file, &unknown));
	assert_int_equal(unknown.state, LOOKUP_UNANSWERED);
	assert_string_equal(file.release, "6.1.0-44-amd64");
	assert_string_equal(file.build_id, "00aabbccddeeff11");
}

static void holds_many_and_replaces(void **state)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	char name[32];

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "symbol_%u", i);
			struct lookup row = {.kind = LOOKUP_SYMBOL,
					     .name = name,
					     .state = LOOKUP_FOUND,
					     .value = i * 2 + round};
			assert_ok(layout_file_add(&file, &row));
		}
	}
	assert_int_equal(file.n, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "symbol_%u", i);
		struct lookup row = {.kind = LOOKUP_SYMBOL, .name = name};
		assert_true(layout_file_find(&file, &row));
		assert_int_equal(row.value, i * 2 + 1);
	}
}

static void merges(void **state)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0}, other = {0};
	_cleanup_(freep) char *text = NULL;
	static const char more[] = "iommuscope-layouts 1\n"
				   "size struct domain 8\n"
				   "size struct new 1\n";
	static const char wanted[] = "iommuscope-layouts 1\nbuild-id 00aabbccddeeff11\n"
				     "release 6.1.0-44-amd64\n";
	size_t length;

	(void)state;
	assert_ok(layout_file_parse(&file, sample, strlen(sample)));
	assert_ok(layout_file_parse(&other, more, strlen(more)));
	assert_ok(layout_file_merge(&file, &other));
	assert_ok(layout_file_format(&file, &text, &length));
	assert_int_equal(strncmp(text, wanted, strlen(wanted)), 0);
	assert_non_null(strstr(text, "\nsize struct domain 8\n"));
	assert_null(strstr(text, "\nsize struct domain 520\n"));
	assert_non_null(strstr(text, "\nsize struct new 1\n"));
}

static void refuses_bad_text(void **state)
{
	static const char *const bad[] = {
		"symbol", "symbol x", "symbol x 12", "symbol x 0x", "symbol x 0xfffffffff00000000",
		"symbol x 0x1 ", " symbol x 0x1", "symbol  x 0x1", "symbol x 0xAB", "symbol x\t0x1",
		"symbol .x 0x1", "symbol x. 0x1", "symbol x..y 0x1", "symbol a/b 0x1", "symbol x !",
		"size struct x", "size struct x -1", "size struct x 4294967296", "size x.y 4",
		"member struct x.y", "member struct x.y 4", "member struct x.y 4:", "member x 4:4",
		"member struct x.y :4", "member struct x.y 4:4:", "member struct x.y 4:4:0",
		"member struct x.y 4:4:0:0", "member struct x.y 4:4:0:33",
		"member struct x.y 4:3:0:1",
		"member struct x.y 0:8:63:2", "member struct x.y 4294967296:1", "member .y 4:4",
		"member struct x.y 0:8:0:64:0", "member struct x.y 0:8:18446744073709551615:2",
		"enum x 1", "enum x.y 9223372036854775808", "enum x.y -9223372036854775809",
		"enum x.y.z 1", "enum x.y --1", "enum x.y 0x1", "enumx.y 1", "typo struct x 4",
		"build-id 12", "build-id 0011223", "build-id 001122330g", "build-id",
		"release a/b", "release ..", "release ", "release a b",
	};
	char long_line[1200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(layout_file_freep) struct layout_file file = {0};
		struct error *err = layout_file_parse_line(&file, bad[i], strlen(bad[i]));
		if (!err)
			fail_msg("accepted: %s", bad[i]);
		assert_corrupt(err);
		assert_int_equal(file.n, 0);
	}
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line, "symbol ", 7);
	assert_corrupt(layout_file_parse_line(&file, long_line, sizeof(long_line)));
	memcpy(long_line + 300, " 0x1", 4);
	assert_corrupt(layout_file_parse_line(&file, long_line, 304));
	assert_corrupt(layout_file_parse_line(&file, "symbol x\0 0x1", 13));
}

static void refuses_bad_files(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"iommuscope-layouts 2\n",
		"iommuscope-layouts 1 \n",
		"size struct x 4\n",
		"iommuscope-layouts 1\nsize struct x 4\nsize struct x 4\n",
		"iommuscope-layouts 1\nbuild-id 00112233\nbuild-id 00112233\n",
		"iommuscope-layouts 1\niommuscope-layouts 1\n",
	};
	_cleanup_(layout_file_freep) struct layout_file good = {0};
	static const char loose[] = "iommuscope-layouts 1\n\n# a comment\nsize struct x 4";
	struct lookup row = {.kind = LOOKUP_SIZE, .type = "struct x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(layout_file_freep) struct layout_file file = {0};
		assert_corrupt(layout_file_parse(&file, bad[i], strlen(bad[i])));
	}
	assert_ok(layout_file_parse(&good, loose, strlen(loose)));
	assert_true(layout_file_find(&good, &row));

	struct error *err = layout_file_parse(&good, "iommuscope-layouts 1\nsize struct y z\n", 37);
	assert_string_equal(error_message(err), "layouts, line 2: not a value of a size");
	error_free(err);
}

/* Rows that no line can hold, or that would read back as others. */
static void refuses_rows_that_do_not_fit(void **state)
{
	static const struct lookup bad[] = {
		{.kind = LOOKUP_SYMBOL, .name = "x", .state = LOOKUP_UNANSWERED},
		{.kind = LOOKUP_SYMBOL, .name = "x 0x1\nsymbol y", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_SYMBOL, .type = "struct x", .name = "x", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_MEMBER, .type = "struct a.b", .name = "x", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_MEMBER, .type = "struct a", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_SIZE, .name = "x", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_SIZE, .type = "struct  x", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_ENUMERATOR, .type = "mode_t", .name = "A", .state = LOOKUP_FOUND},
		{.kind = LOOKUP_ENUMERATOR, .type = "enum e", .name = "A.b", .state = LOOKUP_FOUND},
	};
	_cleanup_(layout_file_freep) struct layout_file file = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *err = layout_file_add(&file, &bad[i]);
		assert_non_null(err);
		error_free(err);
	}
	assert_int_equal(file.n, 0);
}

/* Any byte of good text changed: refused, or read as something that writes and reads back. */
static void survives_changed_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(sample); i++) {
		for (unsigned change = 1; change < 256; change <<= 1) {
			_cleanup_(layout_file_freep) struct layout_file file = {0}, again = {0};
			_cleanup_(freep) char *text = NULL;
			char changed[sizeof(sample)];
			size_t length;

			memcpy(changed, sample, sizeof(sample));
			changed[i] ^= change;
			struct error *err = layout_file_parse(&file, changed, strlen(sample));
			if (err) {
				assert_corrupt(err);
				continue;
			}
			assert_ok(layout_file_format(&file, &text, &length));
			assert_ok(layout_file_parse(&again, text, length));
			assert_int_equal(again.n, file.n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_writes),
		cmocka_unit_test(answers_rows),
		cmocka_unit_test(holds_many_and_replaces),
		cmocka_unit_test(merges),
		cmocka_unit_test(refuses_bad_text),
		cmocka_unit_test(refuses_bad_files),
		cmocka_unit_test(refuses_rows_that_do_not_fit),
		cmocka_unit_test(survives_changed_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
