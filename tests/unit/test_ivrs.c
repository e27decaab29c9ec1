/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IVRS table: what iasl can't compile (block type 40h, ACPI devices), and damage of any kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "amd/hw/ivrs.h"
#include "base/cleanup.h"

#define BLOCK 48 /* the first block's offset */

/* A block 40h of 40 bytes with an ACPI device by number, one by name, one without, then one I/O
 * APIC. */
static const uint8_t acpi_block[] = {
	0x40, 0xb0, 0x7c, 0x00, 0x02, 0x80, 0x40, 0x00, 0x00, 0x00, 0xc8, 0xfe, 0, 0, 0, 0, 0x01,
	0x00, 0x05, 0x02, 0x01, 0x00, 0x00, 0x00, 0xda, 0x4a, 0x29, 0x22, 0xef, 0x77, 0x0f, 0x00,
	0x08, 0, 0, 0, 0, 0, 0, 0,
	/* 30 bytes */
	0xf0, 0xa5, 0x00, 0x40, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 1,
	8, 0x07, 0, 0, 0, 0, 0, 0, 0,
	/* 24 bytes */
	0xf0, 0xa6, 0x00, 0x00, 'A', 'M', 'D', 'I', '0', '0', '9', '5', 'A', 'C', 'P', 'I', 0, 0, 0,
	0, 2, 2, 'I', 'D',
	/* 22 bytes */
	0xf0, 0xa7, 0x00, 0x00, 'X', 1, 'Y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 8 bytes */
	0x48, 0x00, 0x00, 0xd7, 0x21, 0xa0, 0x00, 0x01};

static size_t make_table(uint8_t *bytes, const void *block, size_t size)
{
	uint8_t sum = 0;

	memset(bytes, 0, BLOCK);
	memcpy(bytes, "IVRS", 4);
	bytes[8] = 2;
	memcpy(bytes + 10, "HOUSE\1TABLE   ", 14);
	memcpy(bytes + BLOCK, block, size);
	bytes[4] = (uint8_t)(BLOCK + size);
	bytes[5] = (uint8_t)((BLOCK + size) >> 8);
	for (size_t i = 0; i < BLOCK + size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[9] = (uint8_t)-sum;
	return BLOCK + size;
}

/* Goes through all of it; how many entries there are. Both loops have to end. */
static size_t count_entries(const struct ivrs *ivrs, size_t *n_blocks, const char **problem)
{
	struct ivrs_block block;
	struct ivrs_entry entry;
	const char *block_problem = NULL;
	size_t n = 0;

	*n_blocks = 0;
	*problem = NULL;
	for (size_t at = 0; ivrs_next_block(ivrs, &at, &block, &block_problem);) {
		assert_true(++*n_blocks <= ivrs->size);
		assert_true(block.offset + block.length <= ivrs->size);
		for (size_t k = 0; ivrs_next_entry(ivrs, &block, &k, &entry, problem);) {
			assert_true(++n <= ivrs->size);
			assert_true(k > entry.offset && k <= block.offset + block.length);
			if (entry.type == ENTRY_ACPI)
				assert_true(entry.uid + entry.uid_length <=
					    ivrs->bytes + ivrs->size);
		}
	}
	if (block_problem)
		*problem = block_problem;
	return n;
}

static void test_acpi_devices(void **state)
{
	static const struct {
		const char *hid, *cid;
		uint8_t format, length;
		uint16_t devid;
	} expected[] = {
		{"AMDI0020", "", 1, 8, 0xa5},
		{"AMDI0095", "ACPI", 2, 2, 0xa6},
		{"X.Y", "", 0, 0, 0xa7},
	};
	uint8_t bytes[512];
	struct ivrs ivrs;
	struct ivrs_block block;
	struct ivrs_entry entry;
	const char *problem;
	size_t at = 0, k = 0;

	(void)state;
	assert_null(ivrs_open(bytes, make_table(bytes, acpi_block, sizeof(acpi_block)), &ivrs));
	assert_true(ivrs.checksum_holds);
	assert_string_equal(ivrs.oem_id, "HOUSE.");
	assert_string_equal(ivrs.oem_table_id, "TABLE");
	assert_true(ivrs_next_block(&ivrs, &at, &block, &problem));
	assert_true(block.is_ivhd);
	assert_int_equal(block.base, 0xfec80000);
	assert_int_equal(block.segment, 1);
	assert_int_equal(block.efr, 0xf77ef22294ada);
	assert_int_equal(block.efr2, 8);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(ivrs_next_entry(&ivrs, &block, &k, &entry, &problem));
		assert_string_equal(entry.hid, expected[i].hid);
		assert_string_equal(entry.cid, expected[i].cid);
		assert_int_equal(entry.uid_format, expected[i].format);
		assert_int_equal(entry.uid_length, expected[i].length);
		assert_int_equal(entry.first, expected[i].devid);
	}
	assert_true(ivrs_next_entry(&ivrs, &block, &k, &entry, &problem));
	assert_int_equal(entry.type, ENTRY_SPECIAL);
	assert_int_equal(entry.handle, 0x21);
	assert_int_equal(entry.first, 0xa0);
	assert_false(ivrs_next_entry(&ivrs, &block, &k, &entry, &problem) || problem);
	assert_false(ivrs_next_block(&ivrs, &at, &block, &problem) || problem);
	assert_int_equal(ivrs_used_type(&ivrs), 0x40);
	assert_true(ivrs_device(&ivrs, 1, 0xa6).is_listed);
	assert_false(ivrs_device(&ivrs, 0, 0xa6).is_listed);
	assert_int_equal(ivrs_device(&ivrs, 1, 0xa6).iommu, 0x8002);
}

/* Blocks and entries with lengths that do not go on, or go too far. */
static void test_lengths(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[64];
		size_t size, n_blocks, n_entries;
	} cases[] = {
		{"block of no length", {0x10, 0, 0, 0, 2, 0}, 24, 0, 0},
		{"block shorter than its header", {0x10, 0, 8, 0, 2, 0}, 24, 0, 0},
		{"block beyond the table", {0x10, 0, 0xff, 0xff, 2, 0}, 24, 0, 0},
		{"too few bytes for a block", {0x10, 0, 0}, 3, 0, 0},
		{"short memory block", {0x20, 8, 16, 0, 0, 0}, 16, 0, 0},
		{"entry cut off", {[0] = 0x10, [2] = 26, [24] = 2}, 26, 1, 0},
		{"long entry cut off", {[0] = 0x10, [2] = 28, [24] = 0x42}, 28, 1, 0},
		{"ACPI entry cut off", {[0] = 0x10, [2] = 46, [24] = 0xf0, [45] = 1}, 46, 1, 0},
		{"entry of unknown length", {[0] = 0x10, [2] = 28, [24] = 0xff}, 28, 1, 0},
		{"good one before a bad one", {[0] = 0x10, [2] = 30, [24] = 2, [28] = 2}, 30, 1, 1},
	};
	uint8_t bytes[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ivrs ivrs;
		const char *problem;
		size_t n_blocks;

		assert_null(
			ivrs_open(bytes, make_table(bytes, cases[i].bytes, cases[i].size), &ivrs));
		print_message("%s\n", cases[i].name);
		assert_int_equal(count_entries(&ivrs, &n_blocks, &problem), cases[i].n_entries);
		assert_int_equal(n_blocks, cases[i].n_blocks);
		assert_non_null(problem);
	}
}

static void test_openings(void **state)
{
	uint8_t bytes[512];
	struct ivrs ivrs;
	size_t size = make_table(bytes, acpi_block, sizeof(acpi_block)), n_blocks;
	const char *problem;

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1); /* so that reading on is seen */

		assert_non_null(copy);
		memcpy(copy, bytes, cut);
		const char *wrong = ivrs_open(copy, cut, &ivrs);
		assert_int_equal(!!wrong, cut < BLOCK);
		if (!wrong) {
			assert_false(ivrs.checksum_holds);
			count_entries(&ivrs, &n_blocks, &problem);
			assert_non_null(problem);
		}
		free(copy);
	}
	bytes[9]++;
	assert_null(ivrs_open(bytes, size, &ivrs));
	assert_false(ivrs.checksum_holds);
	bytes[0] = 'X';
	assert_non_null(ivrs_open(bytes, size, &ivrs));
}

/* Any bytes: it ends, and looks at nothing that is not there. */
static void test_noise(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t noise[128], table[512];
		struct ivrs ivrs;
		const char *problem;
		size_t n_blocks;

		for (size_t i = 0; i < sizeof(noise); i++) {
			seed = seed * 1664525 + 1013904223;
			noise[i] = (uint8_t)(seed >> 24);
		}
		memcpy(noise, acpi_block, round % 41);
		noise[2] = (uint8_t)(round % 128);
		noise[3] = 0;
		size_t size = make_table(table, noise, sizeof(noise));
		uint8_t *copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, table, size);
		assert_null(ivrs_open(copy, size, &ivrs));
		count_entries(&ivrs, &n_blocks, &problem);
		ivrs_device(&ivrs, (uint16_t)seed, (uint16_t)round);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acpi_devices),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_openings),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
