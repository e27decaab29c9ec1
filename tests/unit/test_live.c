/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader of /proc/kcore on files made by hand, and what is said where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "blob.h"
#include "scratch.h"
#include "target/access.h"
#include "target/kcore.h"

#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define TEXT UINT64_C(0xffffffff81000000)
#define VMALLOC UINT64_C(0xffffc90000000000)
#define NOTES_AT 0x1000
#define LOW_AT 0x2000  /* physical 0x1000, two pages */
#define HIGH_AT 0x4000 /* physical 4 GB, a page */
#define TEXT_AT 0x5000 /* in the file once more: physical 0x2000 */
#define GB4 (UINT64_C(4) << 30)

static const char vmcoreinfo[] = "OSRELEASE=6.1.0\nKERNELOFFSET=1000000\n";

static const struct blob_segment kcore_segments[] = {
	{PT_NOTE, NOTES_AT, 0, 0, 0x200, 0},
	{PT_LOAD, TEXT_AT, TEXT, 0x2000, PAGE_SIZE, PAGE_SIZE},
	{PT_LOAD, 0x6000, VMALLOC, UINT64_MAX, PAGE_SIZE, PAGE_SIZE},
	{PT_LOAD, LOW_AT, DIRECT_MAP + 0x1000, 0x1000, 2 * PAGE_SIZE, 2 * PAGE_SIZE},
	{PT_LOAD, HIGH_AT, DIRECT_MAP + GB4, GB4, PAGE_SIZE, PAGE_SIZE},
};

struct context {
	struct scratch scratch;
	struct blob blob;
};

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
	blob_free(&c->blob);
	free(c);
	return 0;
}

static void make_kcore(struct context *c, const struct blob_segment *segments, size_t n)
{
	struct blob notes = {0};

	blob_free(&c->blob);
	blob_elf_core(&c->blob, segments, n);
	blob_note(&notes, "CORE", NT_PRSTATUS, "\0\0\0\0", 4);
	blob_note(&notes, "VMCOREINFO", 0, vmcoreinfo, sizeof(vmcoreinfo) - 1);
	blob_put(&c->blob, NOTES_AT, notes.at, notes.n);
	blob_fill(&c->blob, LOW_AT, 1, PAGE_SIZE);
	blob_fill(&c->blob, LOW_AT + PAGE_SIZE, 2, PAGE_SIZE);
	blob_fill(&c->blob, HIGH_AT, 3, PAGE_SIZE);
	blob_fill(&c->blob, TEXT_AT, 2, PAGE_SIZE);
	blob_fill(&c->blob, 0x6000, 9, PAGE_SIZE);
	blob_free(&notes);
}

static struct error *open_kcore(struct context *c, struct memory **ret)
{
	_cleanup_(freep) char *path = scratch_path(&c->scratch, "kcore");

	scratch_write(&c->scratch, "kcore", c->blob.at, c->blob.n);
	return kcore_open(path, ret);
}

static void assert_fails(struct error *err, enum error_code code, const char *words)
{
	assert_non_null(err);
	if (error_code(err) != code || !strstr(error_message(err), words))
		fail_msg("%s", error_message(err));
	assert_null(strchr(error_message(err), '\n'));
	error_free(err);
}

static void test_read(void **state)
{
	struct context *c = *state;
	struct memory *memory;
	uint8_t bytes[PAGE_SIZE];

	make_kcore(c, kcore_segments, ARRAY_SIZE(kcore_segments));
	assert_null(open_kcore(c, &memory));
	assert_true(memory->moving);
	assert_string_equal(memory->notes.vmcoreinfo, vmcoreinfo);
	assert_null(memory_read(memory, 0x1ffc, bytes, 8)); /* across pages */
	assert_memory_equal(bytes, "\1\1\1\1\2\2\2\2", 8);
	assert_null(memory_read(memory, GB4, bytes, PAGE_SIZE));
	assert_int_equal(bytes[PAGE_SIZE - 1], 3);
	assert_fails(memory_read(memory, 0xffc, bytes, 8), ERROR_FAULT, "0xffc");
	assert_fails(memory_read(memory, 0x2ffc, bytes, 8), ERROR_FAULT, "0x3000");
	assert_fails(memory_read(memory, GB4 - 4, bytes, 8), ERROR_FAULT, "no memory");
	assert_fails(memory_read(memory, UINT64_MAX - 4, bytes, 8), ERROR_FAULT, "0xfff");
	memory_close(memory);
}

static void test_maps(void **state)
{
	struct context *c = *state;
	const struct machine_map *maps;
	struct memory *memory;
	size_t n;

	make_kcore(c, kcore_segments, ARRAY_SIZE(kcore_segments));
	assert_null(open_kcore(c, &memory));
	maps = kcore_maps(memory, &n);
	assert_int_equal(n, 3); /* vmalloc space is none */
	assert_int_equal(maps[0].va, TEXT);
	assert_int_equal(maps[0].pa, 0x2000);
	assert_int_equal(maps[2].va, DIRECT_MAP + GB4);
	assert_int_equal(maps[2].pa, GB4);
	assert_int_equal(maps[2].size, PAGE_SIZE);
	memory_close(memory);
}

/* Each read is a new one. */
static void test_fresh(void **state)
{
	struct context *c = *state;
	struct memory *memory;
	uint8_t byte;

	make_kcore(c, kcore_segments, ARRAY_SIZE(kcore_segments));
	assert_null(open_kcore(c, &memory));
	for (uint8_t value = 10; value < 13; value++) {
		_cleanup_(freep) char *path = scratch_path(&c->scratch, "kcore");
		FILE *file = fopen(path, "r+");

		assert_non_null(file);
		assert_int_equal(fseek(file, LOW_AT + 5, SEEK_SET), 0);
		assert_int_equal(fputc(value, file), value);
		assert_int_equal(fclose(file), 0);
		assert_null(memory_read(memory, 0x1005, &byte, 1));
		assert_int_equal(byte, value);
	}
	memory_close(memory);
}

/* Memory that goes away under its header's feet. */
static void test_short(void **state)
{
	struct context *c = *state;
	struct memory *memory;
	uint8_t byte;

	make_kcore(c, kcore_segments, ARRAY_SIZE(kcore_segments));
	c->blob.n = HIGH_AT + 8;
	assert_null(open_kcore(c, &memory));
	assert_null(memory_read(memory, GB4, &byte, 1));
	assert_fails(memory_read(memory, GB4 + 8, &byte, 1), ERROR_FAULT, "0x100000008");
	memory_close(memory);
}

static void test_refused(void **state)
{
	static const struct blob_segment without[] = {
		{PT_LOAD, LOW_AT, DIRECT_MAP, 0, PAGE_SIZE, PAGE_SIZE},
		{PT_LOAD, HIGH_AT, TEXT, 0, PAGE_SIZE, PAGE_SIZE},
	};
	static const struct blob_segment wild[] = {
		{PT_LOAD, LOW_AT, DIRECT_MAP, PHYSICAL_END - 8, PAGE_SIZE, PAGE_SIZE},
		{PT_LOAD, UINT64_MAX - 8, DIRECT_MAP, 0x1000, PAGE_SIZE, PAGE_SIZE},
		{PT_LOAD, LOW_AT, UINT64_MAX - 8, 0x1000, PAGE_SIZE, PAGE_SIZE},
		{PT_NOTE, UINT64_MAX - 8, 0, 0, UINT64_MAX, 0},
	};
	struct context *c = *state;
	struct memory *memory = NULL;

	make_kcore(c, without, ARRAY_SIZE(without));
	assert_fails(open_kcore(c, &memory), ERROR_OTHER, "no physical addresses");
	make_kcore(c, wild, ARRAY_SIZE(wild));
	assert_fails(open_kcore(c, &memory), ERROR_OTHER, "no physical addresses");
	make_kcore(c, kcore_segments, ARRAY_SIZE(kcore_segments));
	blob_le(&c->blob, 18, EM_AARCH64, 2);
	assert_fails(open_kcore(c, &memory), ERROR_OTHER, "x86-64");
	blob_fill(&c->blob, 0, 'x', 64);
	assert_fails(open_kcore(c, &memory), ERROR_OTHER, "ELF");
	c->blob.n = 10;
	assert_fails(open_kcore(c, &memory), ERROR_OTHER, "ELF");
	assert_fails(kcore_open("/dev/null", &memory), ERROR_IO, "container");
	assert_fails(kcore_open("/proc/nothing/kcore", &memory), ERROR_IO, "CONFIG_PROC_KCORE");
	assert_null(memory);
}

/* What stands in the way. */
struct refusal {
	struct access access;
	int errno_value;
	const char *words[3]; /* of the line */
};

#define ROOT .is_root = true, .has_proc = true
#define ALL ROOT, .has_rawio = true, .has_syslog = true

static const struct refusal refusals[] = {
	{{.has_proc = true}, EACCES, {"only root", "sudo", "-c FILE"}},
	{{.has_proc = true, .is_namespaced = true}, EACCES, {"only root", "sudo", "-c FILE"}},
	{{ALL, .is_namespaced = true}, EACCES, {"container", "user namespace", "on the host"}},
	{{ALL, .is_namespaced = true, .lockdown = "confidentiality"}, EPERM, {"container", "", ""}},
	{{ROOT, .lockdown = "none"}, EPERM, {"container", "CAP_SYS_RAWIO", "on the host"}},
	{{ALL, .lockdown = "confidentiality"}, EPERM, {"locked down (confidentiality", "lockdown=none", "-c FILE"}},
	{{ALL, .lockdown = "integrity"}, EPERM, {"locked down (integrity", "Secure Boot", ""}},
	{{ALL, .lockdown = "none"}, EPERM, {"SELinux", "audit", "-c FILE"}},
	{{ALL}, EPERM, {"SELinux", "", ""}},
	{{ALL}, ENOENT, {"CONFIG_PROC_KCORE", "-c FILE", ""}},
	{{.is_root = true}, ENOENT, {"/proc is not mounted", "-c FILE", ""}},
	{{ALL}, EMFILE, {"Too many open files", "", ""}},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];

		for (size_t k = 0; k < ARRAY_SIZE(r->words); k++)
			assert_fails(access_refused(&r->access, KCORE_PATH, r->errno_value),
				     ERROR_IO, r->words[k]);
		assert_fails(access_refused(&r->access, KCORE_PATH, r->errno_value), ERROR_IO,
			     KCORE_PATH);
	}
}

static struct error *check_symbols(struct context *c, const char *text)
{
	_cleanup_(freep) char *path = scratch_path(&c->scratch, "kallsyms");

	scratch_write_text(&c->scratch, "kallsyms", text);
	return access_check_addresses(path);
}

static void test_hidden_addresses(void **state)
{
	static const struct access restricted = {ALL, .kptr_restrict = 2};
	static const struct access plain = {.kptr_restrict = 1};
	struct context *c = *state;

	assert_null(check_symbols(c, "ffffffff81000000 T _text\n"));
	assert_null(check_symbols(c, "0000000000000000 A fixed_percpu_data\n"
				     "0000000000001000 A cpu_debug_store\n"));
	assert_fails(check_symbols(c, "0000000000000000 T _text\n0000000000000000 T _stext\n"),
		     ERROR_IO, "hides the addresses");
	assert_fails(check_symbols(c, ""), ERROR_IO, "hides the addresses");
	assert_fails(access_check_addresses("/nowhere"), ERROR_IO, "/nowhere");
	assert_fails(access_no_addresses(&restricted, "/proc/kallsyms"), ERROR_IO,
		     "sysctl kernel.kptr_restrict=1");
	assert_fails(access_no_addresses(&plain, "/proc/kallsyms"), ERROR_IO, "CAP_SYSLOG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_maps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fresh, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test_setup_teardown(test_hidden_addresses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
