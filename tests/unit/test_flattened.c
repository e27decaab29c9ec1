/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flattened streams put in order: good, cut anywhere, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "scratch.h"
#include "target/flattened.h"

#define END UINT64_MAX

struct context {
	struct scratch scratch;
	struct target_spec spec;
	unsigned notes;
	char note[256];
};

static void take_note(void *arg, const char *line)
{
	struct context *c = arg;

	c->notes++;
	strncpy(c->note, line, sizeof(c->note) - 1);
}

static int set_up(void **state)
{
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	scratch_make(&c->scratch);
	c->spec = (struct target_spec){.note = take_note, .note_arg = c};
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	struct context *c = *state;

	scratch_remove(&c->scratch);
	free(c);
	return 0;
}

static void start(struct blob *flat)
{
	blob_put(flat, 0, "makedumpfile", 12);
	blob_be64(flat, 16, 1);
	blob_be64(flat, 24, 1);
	blob_fill(flat, 32, 0, 4096 - 32);
}

static void record(struct blob *flat, uint64_t offset, uint64_t size, const char *text)
{
	blob_be64(flat, flat->n, offset);
	blob_be64(flat, flat->n, size);
	blob_put(flat, flat->n, text, strlen(text));
}

/* ret->fd is -1 when it failed. */
static struct error *rearrange(struct context *c, const struct blob *flat, struct core_file *ret)
{
	struct core_file from = {.fd = -1};
	char *path = scratch_path(&c->scratch, "flat");

	*ret = (struct core_file){.fd = -1};
	c->notes = 0;
	scratch_write(&c->scratch, "flat", flat->at, flat->n);
	struct error *err = core_file_open(path, &from);
	if (!err)
		err = flattened_rearrange(&c->spec, &from, ret);
	core_file_close(&from);
	free(path);
	return err;
}

static void assert_content(struct context *c, const struct blob *flat, const char *expected,
			   size_t n)
{
	struct core_file file;
	char bytes[64] = "";

	assert_in_range(n, 1, sizeof(bytes));
	assert_null(rearrange(c, flat, &file));
	assert_int_equal(file.size, n);
	assert_null(core_file_read(&file, 0, bytes, n));
	assert_memory_equal(bytes, expected, n);
	core_file_close(&file);
}

static void test_order(void **state)
{
	struct context *c = *state;
	struct blob flat = {0};

	start(&flat);
	assert_true(flattened_is_magic(flat.at));
	record(&flat, 8, 4, "WXYZ");
	record(&flat, 0, 6, "abcdef");
	record(&flat, 20, 0, ""); /* makes nothing longer */
	record(&flat, 2, 2, "CD"); /* overlaps: the later one counts */
	record(&flat, 10, 1, "!");
	record(&flat, END, END, "");
	record(&flat, 0, 3, "???"); /* behind the end mark */
	assert_content(c, &flat, "abCDef\0\0WX!Z", 12);
	assert_int_equal(c->notes, 0);
	blob_free(&flat);
}

/* Whatever the length, nothing is refused that has a byte of content, and the user is told. */
static void test_cut(void **state)
{
	struct context *c = *state;
	struct blob flat = {0};

	start(&flat);
	record(&flat, 4, 4, "5678");
	record(&flat, 0, 4, "1234");
	record(&flat, END, END, "");
	size_t whole = flat.n, first = 4096 + 16;
	for (size_t n = 1; n < whole; n += n < 4000 ? 97 : 1) {
		struct core_file file;
		struct blob cut = {.at = flat.at, .n = n};
		struct error *err = rearrange(c, &cut, &file);

		assert_int_equal(!err, n > first);
		if (!err) {
			assert_int_equal(c->notes, 1);
			assert_non_null(strstr(c->note, "damaged"));
			assert_int_equal(file.size, n < first + 4 ? 4 + n - first : 8);
		} else {
			assert_int_equal(error_code(err), ERROR_CORRUPT);
		}
		error_free(err);
		core_file_close(&file);
	}
	blob_free(&flat);
}

static void test_damaged(void **state)
{
	static const struct {
		uint64_t offset, size;
	} bad[] = {
		{END, 4},
		{4, END},
		{UINT64_C(1) << 63, 4},
		{4, UINT64_C(1) << 63},
		{INT64_MAX, INT64_MAX},
		{UINT64_C(1) << 53, 4},
		{0, (UINT64_C(1) << 52) + 1},
		{(uint64_t)-4, 8},
	};
	struct context *c = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct blob flat = {0};

		start(&flat);
		record(&flat, 0, 4, "good");
		record(&flat, bad[i].offset, bad[i].size, "evil");
		record(&flat, 0, 4, "late");
		assert_content(c, &flat, "good", 4);
		assert_int_equal(c->notes, 1);
		blob_free(&flat);
	}
}

static void test_unknown(void **state)
{
	struct context *c = *state;
	struct blob flat = {0};
	struct core_file file;

	for (size_t at = 16; at <= 24; at += 8) {
		start(&flat);
		record(&flat, 0, 4, "good");
		blob_be64(&flat, at, 2);
		struct error *err = rearrange(c, &flat, &file);
		assert_non_null(err);
		assert_int_equal(error_code(err), ERROR_CORRUPT);
		error_free(err);
		blob_free(&flat);
	}
}

static void test_interrupted(void **state)
{
	struct context *c = *state;
	struct blob flat = {0};
	struct core_file file;
	volatile int interrupt = 1;

	start(&flat);
	record(&flat, 0, 4, "good");
	record(&flat, END, END, "");
	c->spec.interrupt = &interrupt;
	assert_ptr_equal(rearrange(c, &flat, &file), error_stopped);
	blob_free(&flat);
}

static void test_other_place(void **state)
{
	struct context *c = *state;
	struct blob flat = {0};
	struct core_file file;

	start(&flat);
	record(&flat, 0, 4, "good");
	record(&flat, END, END, "");
	setenv("TMPDIR", "/nonexistent", 1); /* not the only place that is tried */
	struct error *err = rearrange(c, &flat, &file);
	unsetenv("TMPDIR");
	assert_null(err);
	core_file_close(&file);
	blob_free(&flat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_interrupted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_place, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
