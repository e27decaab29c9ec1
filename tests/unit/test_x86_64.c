/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel virtual addresses through page tables, and what a recorder hears of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <string.h>

#include "target/machine.h"
#include "target/memory_sparse.h"
#include "target/recorder.h"

#define C_BIT (UINT64_C(1) << 47)
#define PRESENT 0x63
#define LARGE 0xe3
#define NX (UINT64_C(1) << 63)

/* Where the tables lie; the one at MISSING is excluded from the dump. */
enum { TOP = 0x1000, L4 = 0x2000, L3 = 0x3000, L2 = 0x4000, L1 = 0x5000, MISSING = 0x6000 };

static void put_entry(struct machine *m, uint64_t table, unsigned index, uint64_t entry)
{
	entry = htole64(entry);
	assert_null(sparse_memory_write(m->memory, table + index * 8, &entry, sizeof(entry)));
}

/*
 * The kernel's half of a machine: direct map at 0xffff888000000000 (index 273 of the level 4 table)
 * with a page of 1 GB, one of 2 MB and one of 4 KB.
 */
static void make_machine(struct machine *m, unsigned levels, uint64_t c_bit)
{
	uint64_t map = levels == 5 ? L4 : TOP;

	*m = (struct machine){.x86 = {.root = TOP | c_bit, .levels = levels, .sme_mask = c_bit}};
	assert_null(sparse_memory_new(&m->memory));
	if (levels == 5)
		put_entry(m, TOP, 511, L4 | PRESENT | c_bit);
	put_entry(m, map, 273, L3 | PRESENT | c_bit);
	put_entry(m, L3, 0, 0x40000000 | 0x1000 /* PAT */ | LARGE | c_bit | NX);
	put_entry(m, L3, 1, L2 | PRESENT | c_bit);
	put_entry(m, L3, 2, MISSING | PRESENT | c_bit);
	put_entry(m, L3, 3, 0x99000);
	put_entry(m, L3, 4, 0x7f0000000 | PRESENT); /* no memory there */
	put_entry(m, L2, 0, 0x80200000 | 0x1000 | LARGE | c_bit);
	put_entry(m, L2, 1, L1 | PRESENT | c_bit);
	put_entry(m, L1, 5, 0x12345000 | LARGE | c_bit | NX); /* bit 7 is PAT in level 1 */
	put_entry(m, map, 274, L3 | LARGE);
	assert_null(sparse_memory_add_excluded(m->memory, MISSING, PAGE_SIZE));
	machine_init(m);
}

#define MAP UINT64_C(0xffff888000000000)
#define GB (UINT64_C(1) << 30)

static void assert_physical(struct machine *m, uint64_t va, uint64_t expected)
{
	uint64_t pa = 0;

	for (int again = 0; again < 2; again++) { /* the second time from the TLB */
		assert_null(machine_translate(&m->base, va, &pa));
		assert_int_equal(pa, expected);
	}
}

static void assert_fails(struct machine *m, uint64_t va, enum error_code code, const char *words)
{
	uint64_t pa = 42;
	struct error *err = machine_translate(&m->base, va, &pa);

	assert_non_null(err);
	assert_int_equal(error_code(err), code);
	assert_non_null(strstr(error_message(err), words));
	assert_int_equal(pa, 42);
	error_free(err);
}

static void check_pages(unsigned levels, uint64_t c_bit)
{
	struct machine m;

	make_machine(&m, levels, c_bit);
	assert_physical(&m, MAP, 0x40000000);
	assert_physical(&m, MAP + 0x3ffff123, 0x7ffff123);
	assert_physical(&m, MAP + GB + 0x1ffff8, 0x803ffff8);
	assert_physical(&m, MAP + GB + 0x200000 + 0x5abc, 0x12345abc);

	assert_fails(&m, MAP + GB + 0x200000, ERROR_FAULT, "level 1 entry at physical 0x5000");
	assert_fails(&m, MAP + 3 * GB, ERROR_FAULT, "level 3 entry");
	assert_fails(&m, MAP + 2 * GB, ERROR_EXCLUDED, "level 2 page table");
	assert_fails(&m, MAP + 4 * GB, ERROR_FAULT, "level 2 page table");
	assert_fails(&m, MAP + 512 * GB, ERROR_CORRUPT, "reserved bit");
	machine_done(&m);
}

static void test_pages(void **state)
{
	(void)state;
	check_pages(4, 0);
	check_pages(4, C_BIT);
	check_pages(5, 0);
	check_pages(5, C_BIT);
}

static void test_canonical(void **state)
{
	struct machine m;

	(void)state;
	make_machine(&m, 4, 0);
	assert_fails(&m, 0x0000800000000000, ERROR_FAULT, "not canonical");
	assert_fails(&m, 0xffff7fffffffffff, ERROR_FAULT, "not canonical");
	assert_fails(&m, 0x0001888000000000, ERROR_FAULT, "not canonical");
	assert_fails(&m, 0x00007fffffffffff, ERROR_FAULT, "level 4 entry");
	machine_done(&m);
	make_machine(&m, 5, 0);
	assert_fails(&m, 0x0100000000000000, ERROR_FAULT, "not canonical");
	assert_fails(&m, 0xfeffffffffffffff, ERROR_FAULT, "not canonical");
	assert_fails(&m, 0x0000800000000000, ERROR_FAULT, "level 5 entry");
	machine_done(&m);
}

/* A read across two pages that lie apart, and one into a page that is not mapped. */
static void test_read_across(void **state)
{
	struct machine m;
	char bytes[8] = "";

	(void)state;
	make_machine(&m, 4, 0);
	put_entry(&m, L1, 6, 0x777000 | PRESENT);
	assert_null(sparse_memory_write(m.memory, 0x12345ffc, "abcd", 4));
	assert_null(sparse_memory_write(m.memory, 0x777000, "efgh", 4));
	uint64_t va = MAP + GB + 0x200000 + 0x5ffc;
	assert_null(machine_read(&m.base, SPACE_VIRT, va, bytes, 8));
	assert_memory_equal(bytes, "abcdefgh", 8);
	struct error *err = machine_read(&m.base, SPACE_VIRT, va + PAGE_SIZE, bytes, 8);
	assert_int_equal(error_code(err), ERROR_FAULT);
	error_free(err);
	err = machine_read(&m.base, SPACE_VIRT, UINT64_MAX - 3, bytes, 8);
	assert_int_equal(error_code(err), ERROR_FAULT);
	error_free(err);
	machine_done(&m);
}

struct noted {
	struct recorder_range at[16];
	size_t n;
};

static struct error *keep(void *arg, const struct recorder_range *range)
{
	struct noted *noted = arg;

	assert_in_range(noted->n, 0, 15);
	noted->at[noted->n++] = *range;
	return NULL;
}

/* The words that a translation stood on are noted, though the TLB knew it before. */
static void test_recorder_hears_tables(void **state)
{
	struct machine m;
	struct recorder recorder = {0};
	struct noted noted = {0};
	uint64_t pa, va = MAP + GB + 0x200000 + 0x5abc;

	(void)state;
	make_machine(&m, 4, 0);
	assert_physical(&m, va, 0x12345abc);
	m.base.recorder = &recorder;
	assert_null(machine_translate(&m.base, va, &pa));
	assert_null(recorder_visit(&recorder, keep, &noted));
	const uint64_t words[] = {TOP + 273 * 8, L3 + 8, L2 + 8, L1 + 5 * 8};
	assert_int_equal(noted.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(noted.at[i].pa, words[i]);
		assert_int_equal(noted.at[i].len, 8);
		assert_int_equal(noted.at[i].failed, ERROR_OTHER);
	}
	assert_fails(&m, MAP + 4 * GB, ERROR_FAULT, "level 2 page table");
	noted.n = 0;
	assert_null(recorder_visit(&recorder, keep, &noted));
	assert_int_equal(noted.at[noted.n - 1].pa, 0x7f0000000);
	assert_int_equal(noted.at[noted.n - 1].failed, ERROR_FAULT);
	recorder_free(&recorder);
	machine_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_read_across),
		cmocka_unit_test(test_recorder_hears_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
