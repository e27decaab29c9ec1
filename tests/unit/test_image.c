/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test images, and captures of them: what is read again is what was read before, errors too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scratch.h"
#include "target/capture.h"
#include "target/recorder.h"
#include "target/target.h"

static const char image_text[] =
	"iommuscope-image 1\n"
	"# a comment\n"
	"\n"
	"release 6.1.0-test\n"
	"kaslr_offset 0x1000000\n"
	"phys_base 0x400000\n"
	"sme_mask 0x800000000000\n"
	"vmcoreinfo OSRELEASE=6.1.0-test\n"
	"vmcoreinfo NUMBER(x)=12\n"
	"cr3 0x800000001000\n"
	"map 0xffffffff81000000 0x10000 64K\n"
	"mem 0x1888: 800000002063\n"
	"mem 0x2000: 8000000000e3*2 0x8000400000e3 0\n" /* 3 pages of 1 GB, the last at 1 GB */
	"mem 0x10000: 1122334455667788 0x99*3 42\n"
	"bytes 0x10ffe: 4c69 6e75 78 00\n"
	"zero 0x20000 8K\n"
	"excluded 0x30000 4K\n"
	"symbol linux_banner 0xffffffff80000ffe\n"
	"symbol some_percpu 0x1234\n"
	"symbol ambiguous ?\n"
	"size struct thing 24\n"
	"member struct thing.flag 8:4:3:1\n"
	"enum mode.ON 7";

struct context {
	struct scratch scratch;
	unsigned notes;
};

static void take_note(void *arg, const char *line)
{
	(void)line;
	++*(unsigned *)arg;
}

static int set_up(void **state)
{
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	scratch_make(&c->scratch);
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

static struct error *open_file(struct context *c, const char *name, struct target **ret)
{
	char *path = scratch_path(&c->scratch, name);
	const char *core = path;
	struct target_spec spec = {
		.cores = &core,
		.n_cores = 1,
		.no_symbols = true,
		.no_cache = true,
		.note = take_note,
		.note_arg = &c->notes,
	};
	struct error *err = target_open(&spec, ret);

	free(path);
	return err;
}

static struct target *open_image(struct context *c, const char *text)
{
	struct target *t = NULL;

	scratch_write_text(&c->scratch, "image", text);
	struct error *err = open_file(c, "image", &t);
	if (err)
		fail_msg("%s", error_message(err));
	return t;
}

static uint64_t word(struct target *t, enum space space, uint64_t addr)
{
	uint64_t value = 0;
	struct error *err = target_read_u64(t, space, addr, &value);

	if (err)
		fail_msg("%s", error_message(err));
	return value;
}

static void assert_unreadable(struct target *t, enum space space, uint64_t addr,
			      enum error_code code)
{
	uint8_t byte = 42;
	struct error *err = target_read(t, space, addr, &byte, 1);

	assert_non_null(err);
	assert_int_equal(error_code(err), code);
	assert_true(error_is_unreadable(err));
	assert_int_equal(byte, 42);
	error_free(err);
}

#define C_BIT UINT64_C(0x800000000000)
#define DIRECT UINT64_C(0xffff888000000000)

/* The memory of the image; of the capture, when all of it was recorded. */
static void check_memory(struct target *t)
{
	uint32_t half = 0;

	assert_int_equal(word(t, SPACE_PHYS, 0x10000), 0x1122334455667788);
	assert_int_equal(word(t, SPACE_PHYS, 0x10000 | C_BIT), 0x1122334455667788);
	assert_int_equal(word(t, SPACE_PHYS, 0x10010), 0x99);
	assert_int_equal(word(t, SPACE_PHYS, 0x10020), 0x42);
	assert_int_equal(word(t, SPACE_PHYS, 0x10028), 0);
	assert_int_equal(word(t, SPACE_PHYS, 0x20ffc), 0); /* across two zero pages */
	assert_null(target_read_u32(t, SPACE_PHYS, 0x10004, &half));
	assert_int_equal(half, 0x11223344);
	assert_unreadable(t, SPACE_PHYS, 0x30010, ERROR_EXCLUDED);
	assert_unreadable(t, SPACE_PHYS, 0x31000, ERROR_FAULT);
	assert_unreadable(t, SPACE_PHYS, UINT64_C(1) << 51, ERROR_FAULT);
	assert_unreadable(t, SPACE_PHYS, UINT64_MAX, ERROR_FAULT);
	assert_unreadable(t, SPACE_VIRT, DIRECT + (UINT64_C(3) << 30), ERROR_FAULT);
	assert_unreadable(t, SPACE_VIRT, UINT64_C(1) << 50, ERROR_FAULT);

	assert_int_equal(word(t, SPACE_VIRT, DIRECT + 0x10000), 0x1122334455667788);
	assert_int_equal(word(t, SPACE_VIRT, DIRECT + (UINT64_C(1) << 30) + 0x10020), 0x42);
}

/* By the symbol: its address as the running kernel had it. */
static void check_banner(struct target *t)
{
	uint64_t address = 0;
	char *text = NULL;

	assert_null(target_symbol(t, "linux_banner", &address));
	assert_int_equal(address, 0xffffffff81000ffe);
	assert_null(target_read_string(t, SPACE_VIRT, address, 64, &text));
	assert_string_equal(text, "Linux");
	free(text);
	assert_null(target_read_string(t, SPACE_VIRT, address, 4, &text));
	assert_string_equal(text, "Lin");
	free(text);
}

static void check_lookup(struct target *t)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SIZE, .type = "struct thing"},
		{.kind = LOOKUP_MEMBER, .type = "struct thing", .name = "flag"},
		{.kind = LOOKUP_ENUMERATOR, .type = "enum mode", .name = "ON"},
		{.kind = LOOKUP_SYMBOL, .name = "some_percpu"},
		{.kind = LOOKUP_SYMBOL, .name = "ambiguous"},
		{.kind = LOOKUP_SYMBOL, .name = "linux_banner"},
	};

	assert_null(target_lookup(t, rows, ARRAY_SIZE(rows)));
	assert_int_equal(rows[0].value, 24);
	assert_int_equal(rows[1].value, 8);
	assert_int_equal(rows[1].size, 4);
	assert_int_equal(rows[1].bit_first, 3);
	assert_int_equal(rows[1].bit_width, 1);
	assert_int_equal(rows[2].value, 7);
	assert_int_equal(rows[3].value, 0x1234); /* no address of the image: does not move */
	assert_int_equal(rows[4].state, LOOKUP_AMBIGUOUS);
	assert_int_equal(rows[5].value, 0xffffffff81000ffe);
}

static void test_image(void **state)
{
	struct context *c = *state;
	struct target *t = open_image(c, image_text);
	struct target_facts facts = target_facts(t);
	uint64_t address = 0;

	assert_string_equal(facts.kind, "image");
	assert_string_equal(facts.release, "6.1.0-test");
	assert_int_equal(facts.phys_base, 0x400000);
	assert_int_equal(facts.sme_mask, C_BIT);
	assert_int_equal(facts.page_levels, 4);
	assert_string_equal(target_vmcoreinfo(t, "NUMBER(x)"), "12");
	assert_null(target_vmcoreinfo(t, "NUMBER(y)"));
	check_memory(t);
	check_banner(t);
	check_lookup(t);
	assert_ptr_equal(target_symbol(t, "no_such", &address), error_not_found);
	target_close(t);
}

static void test_bad_lines(void **state)
{
	static const char *const bad[] = {
		"mem 0x1000",         "mem 0x1000: 12x",      "mem 0x1000: 12 *3",
		"mem zz: 1",          "mem 0x1000: -1",       "mem 0x0: 1*99999999999",
		"bytes 0x0: 4",       "bytes 0x0: 4g",        "map 1 2",
		"zero 0 1X",          "zero 0 99999999999G",  "cr3 1 2",
		"levels 3",           "excluded 0x1000",      "nonsense",
		"symbol",             "mem 0: 11111111111111111",
	};
	struct context *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[128];
		struct target *t = NULL;

		snprintf(text, sizeof(text), "iommuscope-image 1\n%s\n", bad[i]);
		scratch_write_text(&c->scratch, "image", text);
		struct error *err = open_file(c, "image", &t);
		if (!err)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_null(strchr(error_message(err), '\n'));
		error_free(err);
	}
}

/* Records a sweep over everything; the capture then answers it all alike. */
static void capture(struct context *c, struct target *t, const char *name)
{
	struct recorder recorder = {0};
	char *path = scratch_path(&c->scratch, name);
	uint64_t size = 0;
	size_t n = 0;

	t->recorder = &recorder;
	check_memory(t);
	check_banner(t);
	check_lookup(t);
	struct error *err = capture_write(t, &recorder, path, &size);
	if (err)
		fail_msg("%s", error_message(err));
	assert_ptr_equal(t->recorder, &recorder);
	t->recorder = NULL;
	recorder_free(&recorder);
	free(scratch_read(&c->scratch, name, &n));
	assert_int_equal(n, size);
	/* Headers, the block of all zero pages, and the four pages with something in them. */
	assert_int_equal(size, 6 * 4096);
	free(path);
}

static void test_capture(void **state)
{
	struct context *c = *state;
	struct target *image = open_image(c, image_text), *t = NULL;

	capture(c, image, "capture");
	target_close(image);
	struct error *err = open_file(c, "capture", &t);
	if (err)
		fail_msg("%s", error_message(err));
	struct target_facts facts = target_facts(t);
	assert_string_equal(facts.format, "capture");
	assert_string_equal(facts.symbols, "capture");
	assert_string_equal(facts.release, "6.1.0-test");
	assert_int_equal(facts.kaslr_offset, 0x1000000);
	assert_int_equal(facts.sme_mask, C_BIT);
	assert_string_equal(target_vmcoreinfo(t, "NUMBER(x)"), "12");
	check_lookup(t);
	/* The image's linear map is no page table, and no capture has it. */
	uint64_t address = 0;
	assert_null(target_symbol(t, "linux_banner", &address));
	assert_int_equal(address, 0xffffffff81000ffe);
	check_memory(t);
	/* Never read: excluded, though the page is there. */
	assert_unreadable(t, SPACE_PHYS, 0x10030, ERROR_EXCLUDED);
	assert_unreadable(t, SPACE_PHYS, 0x20000, ERROR_EXCLUDED);
	assert_unreadable(t, SPACE_PHYS, 0x40000, ERROR_EXCLUDED);
	/* Never asked: absent, and the user is told once. */
	assert_int_equal(c->notes, 0);
	assert_ptr_equal(target_symbol(t, "no_such", &address), error_not_found);
	assert_ptr_equal(target_symbol(t, "no_such_2", &address), error_not_found);
	assert_int_equal(c->notes, 1);
	target_close(t);
}

/* Every byte of the note and the headers changed or cut: one line or an answer, and no crash. */
static void test_capture_damaged(void **state)
{
	struct context *c = *state;
	struct target *image = open_image(c, image_text);
	size_t n = 0;

	capture(c, image, "capture");
	target_close(image);
	char *bytes = scratch_read(&c->scratch, "capture", &n);
	for (size_t at = 0; at < n && at < 3000; at += 3) {
		for (int cut = 0; cut < 2; cut++) {
			struct target *t = NULL;
			char before = bytes[at];

			bytes[at] = (char)(before ^ (at % 2 ? 0x80 : 0xff));
			scratch_write(&c->scratch, "damaged", bytes, cut ? at + 1 : n);
			bytes[at] = before;
			struct error *err = open_file(c, "damaged", &t);
			if (!err)
				error_free(target_read(t, SPACE_PHYS, 0x10000, &(uint8_t){0}, 1));
			error_free(err);
			target_close(t);
		}
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_image, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_capture, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_capture_damaged, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
