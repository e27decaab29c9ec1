/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entries: the inline decoders against the layout rows, every page size, hostile words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "amd/hw/pte.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#define PR UINT64_C(1)
#define NL(n) ((uint64_t)(n) << 9)
#define FC (UINT64_C(1) << 60)
#define IR (UINT64_C(1) << 61)
#define IW (UINT64_C(1) << 62)

static uint64_t field_of(const struct layout *layout, uint64_t entry, const char *key)
{
	int row = layout_find(layout, key);

	assert_true(row >= 0);
	return layout_get(layout, &entry, (size_t)row);
}

static uint64_t reserved_of(const struct layout *layout)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < layout->n_fields; i++)
		if (layout->fields[i].format == FIELD_RESERVED)
			mask |= bit_mask(layout->fields[i].width) << layout->fields[i].first;
	return mask;
}

static void test_masks(void **state)
{
	(void)state;
	assert_int_equal(reserved_of(&pte_layout), PTE_V1_RESERVED);
	assert_int_equal(reserved_of(&pde_layout), PDE_V1_RESERVED);
	assert_int_equal(reserved_of(&gcr3_layout), GCR3_RESERVED);
	assert_int_equal(field_of(&pte_layout, UINT64_MAX, "address"), PTE_ADDRESS);
	assert_int_equal(field_of(&pde_layout, UINT64_MAX, "address"), PTE_ADDRESS);
	assert_int_equal(field_of(&pte_v2_layout, UINT64_MAX, "address"), PTE_ADDRESS);
	assert_int_equal(field_of(&gcr3_layout, UINT64_MAX, "address"), PTE_ADDRESS);
}

static void test_geometry(void **state)
{
	static const uint64_t spans[] = {0,
					 UINT64_C(1) << 12,
					 UINT64_C(1) << 21,
					 UINT64_C(1) << 30,
					 UINT64_C(1) << 39,
					 UINT64_C(1) << 48,
					 UINT64_C(1) << 57};
	const uint64_t iova = UINT64_C(0xfedcba9876543210);

	(void)state;
	for (unsigned level = 1; level <= PT_LEVEL_MAX; level++) {
		assert_int_equal(pt_span(level), spans[level]);
		assert_int_equal(pt_index(iova, level), iova / spans[level] % 512);
		if (level < PT_LEVEL_MAX)
			assert_int_equal(pt_max_iova(level), spans[level + 1] - 1);
	}
	assert_int_equal(pt_index(UINT64_MAX, 6), 127);
	assert_int_equal(pt_max_iova(6), UINT64_MAX);
	assert_int_equal(pt_skipped_bits(3, 2), 0);
	assert_int_equal(pt_skipped_bits(3, 1), 0x3fe00000);
	assert_int_equal(pt_skipped_bits(6, 5), 0);
	assert_int_equal(pt_skipped_bits(6, 1), 0x01ffffffffe00000);
	assert_int_equal(pt_copies(1, 12), 1);
	assert_int_equal(pt_copies(1, 14), 4);
	assert_int_equal(pt_copies(2, 23), 4);
	assert_int_equal(gcr3_index(0xabcde, 1), 0xde);
	assert_int_equal(gcr3_index(0xabcde, 2), 0x15e);
	assert_int_equal(gcr3_index(0xabcde, 3), 2);
}

/* Worked out by hand from the Linux headers. */
static void test_vectors(void **state)
{
	static const struct {
		uint64_t entry;
		unsigned level, shift;
		uint64_t address;
	} leaves[] = {
		{0x7000000123456001, 1, 12, 0x123456000}, {0x7000000123451e01, 1, 14, 0x123450000},
		{0x7000000123453e01, 1, 15, 0x123450000}, {0x7000000040000001, 2, 21, 0x40000000},
		{0x7000000040000001, 3, 30, 0x40000000},
	};
	struct pte p = pte_v1_decode(0x6000000001000201, 2, 0);

	(void)state;
	assert_int_equal(p.kind, PTE_TABLE);
	assert_int_equal(p.next_level, 1);
	assert_int_equal(p.address, 0x1000000);
	assert_true(p.read && p.write);
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		p = pte_v1_decode(leaves[i].entry, leaves[i].level, 0);
		assert_int_equal(p.kind, PTE_LEAF);
		assert_int_equal(p.page_shift, leaves[i].shift);
		assert_int_equal(p.address, leaves[i].address);
		assert_true(p.read && p.write && p.coherent && !p.odd_address);
	}
	p = gcr3_decode(0x7000001, 1, 0);
	assert_int_equal(p.kind, PTE_TABLE);
	assert_int_equal(p.address, 0x7000000);
	assert_int_equal(p.next_level, 0);
}

/* A next-level-7 entry as a driver writes it: ones below the page's size, 0 at half of it. */
static uint64_t encoded(uint64_t address, unsigned shift)
{
	uint64_t ones = bit_mask(shift - 1) & PTE_ADDRESS;

	return PR | NL(7) | IR | (address & PTE_ADDRESS & ~bit_mask(shift)) | ones;
}

static void test_every_page_size(void **state)
{
	const uint64_t address = UINT64_C(0x000a5a5a5a5a5000);

	(void)state;
	for (unsigned level = 1; level <= 5; level++) {
		unsigned usual = 12 + 9 * (level - 1);
		struct pte p = pte_v1_decode(PR | IR | (address & ~bit_mask(usual)), level, 0);

		assert_int_equal(p.kind, PTE_LEAF);
		assert_int_equal(p.page_shift, usual);
		assert_int_equal(p.address, address & ~bit_mask(usual));
		for (unsigned shift = 13; shift <= 52; shift++) {
			p = pte_v1_decode(encoded(address, shift), level, 0);
			assert_int_equal(p.page_shift, shift);
			assert_int_equal(p.address, address & ~bit_mask(shift));
			if (shift < usual)
				assert_int_equal(p.rule, PTE_RULE_SMALL);
			else if (shift > usual + 9)
				assert_int_equal(p.rule, PTE_RULE_LARGE);
			else
				assert_int_equal(p.kind, PTE_LEAF);
			assert_int_equal(p.kind == PTE_INVALID, p.rule != PTE_RULE_NONE);
		}
	}
}

static void test_broken_rules(void **state)
{
	static const struct {
		uint64_t entry;
		unsigned level;
		enum pte_rule rule;
	} cases[] = {
		{PR | NL(1), 1, PTE_RULE_LEVEL},
		{PR | NL(6), 1, PTE_RULE_LEVEL},
		{PR | NL(3), 3, PTE_RULE_LEVEL}, /* a table that leads to itself */
		{PR | NL(4), 3, PTE_RULE_LEVEL},
		{PR | NL(6), 6, PTE_RULE_LEVEL},
		{PR | NL(2) | UINT64_C(1) << 52, 3, PTE_RULE_RESERVED},
		{PR | NL(2) | FC, 3, PTE_RULE_RESERVED},
		{PR | UINT64_C(1) << 52, 1, PTE_RULE_RESERVED},
		{PR | UINT64_C(1) << 56, 1, PTE_RULE_RESERVED},
		{PR, 6, PTE_RULE_TOP_LEAF},
		{PR | NL(7), 6, PTE_RULE_TOP_LEAF},
		{PR | NL(7) | PTE_ADDRESS, 5, PTE_RULE_ENDLESS},
		{PR | NL(7), 2, PTE_RULE_SMALL},
		{PR | NL(7) | 0x3ff000, 1, PTE_RULE_LARGE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pte p = pte_v1_decode(cases[i].entry, cases[i].level, 0);

		assert_int_equal(p.kind, PTE_INVALID);
		assert_int_equal(p.rule, cases[i].rule);
	}
	for (size_t i = 0; i < PTE_RULES; i++)
		assert_int_equal(pte_rule_names[i].value, i);
	assert_null(pte_rule_names[PTE_RULES].name);
}

static void test_bits_that_may_be_set(void **state)
{
	struct pte p = pte_v1_decode(PR | UINT64_C(0x860000000000019e), 1, 0);

	(void)state;
	assert_int_equal(p.kind, PTE_LEAF); /* ignored bits and the page migration state */
	assert_false(p.read || p.write || p.accessed || p.dirty || p.coherent);
	p = pte_v1_decode(PR | 0x60 | IW, 1, 0);
	assert_true(p.accessed && p.dirty && p.write && !p.read);
	p = pte_v1_decode(PR | 0x40003000, 2, 0);
	assert_int_equal(p.kind, PTE_LEAF);
	assert_true(p.odd_address);
	assert_int_equal(p.address, 0x40000000);
	assert_int_equal(pte_v1_decode(~PR, 3, 0).kind, PTE_ABSENT);
}

static void test_level_skip(void **state)
{
	(void)state;
	for (unsigned level = 2; level <= PT_LEVEL_MAX; level++) {
		for (unsigned next = 1; next < level; next++) {
			struct pte p = pte_v1_decode(PR | NL(next) | 0x5000, level, 0);

			assert_int_equal(p.kind, PTE_TABLE);
			assert_int_equal(p.next_level, next);
			assert_int_equal(p.address, 0x5000);
			assert_int_equal(pt_skipped_bits(level, next) == 0, next == level - 1);
		}
	}
}

static void test_encryption_bit(void **state)
{
	const uint64_t bits_of_machines[] = {UINT64_C(1) << 47, UINT64_C(1) << 51};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bits_of_machines); i++) {
		uint64_t sme = bits_of_machines[i];
		struct pte p = pte_v1_decode(encoded(0x123450000, 14) | sme, 1, sme);

		assert_int_equal(p.kind, PTE_LEAF);
		assert_int_equal(p.address, 0x123450000);
		assert_int_equal(p.page_shift, 14);
		p = pte_v1_decode(PR | NL(1) | 0x5000 | sme, 2, sme);
		assert_int_equal(p.address, 0x5000);
		p = pte_v2_decode(PR | 0x5000 | sme, 1, sme);
		assert_int_equal(p.address, 0x5000);
		assert_int_equal(gcr3_decode(PR | 0x5000 | sme, 2, sme).address, 0x5000);
	}
}

/* The next-level-7 size, told the long way round: which page size would be encoded so? */
static unsigned slow_encoded_shift(uint64_t address)
{
	for (unsigned shift = 13; shift <= 52; shift++) {
		uint64_t below_half = bit_mask(shift - 1) & PTE_ADDRESS;

		if ((address & below_half) == below_half && !(address >> (shift - 1) & 1))
			return shift;
	}
	return 53;
}

/* Random words: what the decoder says is what the rows say. */
static void test_against_rows(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned level = i % 6 + 1;
		uint64_t entry, address;
		struct pte p;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		entry = seed ^ seed >> 31;
		if (i % 3)
			entry &= ~PDE_V1_RESERVED;
		if (i % 5 == 0) /* long runs of ones are rare in random words */
			entry |= bit_mask(12 + i / 5 % 41) & PTE_ADDRESS;
		p = pte_v1_decode(entry, level, 0);
		if (!field_of(&pte_layout, entry, "pr")) {
			assert_int_equal(p.kind, PTE_ABSENT);
			continue;
		}
		address = field_of(&pte_layout, entry, "address");
		assert_int_equal(p.read, field_of(&pte_layout, entry, "ir"));
		assert_int_equal(p.write, field_of(&pte_layout, entry, "iw"));
		assert_int_equal(p.accessed, field_of(&pte_layout, entry, "a"));
		uint64_t next = field_of(&pte_layout, entry, "next_level");
		if (next == 0 || next == 7) {
			unsigned usual = 12 + 9 * (level - 1);
			unsigned shift = next ? slow_encoded_shift(address) : usual;
			bool good = level < 6 && shift <= 52 && shift >= usual &&
				    shift <= usual + 9 && !(entry & reserved_of(&pte_layout));

			assert_int_equal(p.kind, good ? PTE_LEAF : PTE_INVALID);
			assert_int_equal(p.page_shift, shift);
			assert_int_equal(p.address, address & ~bit_mask(shift));
			assert_int_equal(p.coherent, field_of(&pte_layout, entry, "fc"));
			assert_int_equal(p.dirty, field_of(&pte_layout, entry, "d"));
		} else {
			bool good = next < level && !(entry & reserved_of(&pde_layout));

			assert_int_equal(p.kind, good ? PTE_TABLE : PTE_INVALID);
			assert_int_equal(p.next_level, next);
			assert_int_equal(p.address, address);
		}
		assert_int_equal(p.kind == PTE_INVALID, p.rule != PTE_RULE_NONE);
	}
}

static void test_v2(void **state)
{
	static const struct {
		uint64_t entry;
		unsigned level;
		enum pte_kind kind;
		enum pte_rule rule;
		unsigned shift;
		uint64_t address;
	} cases[] = {
		{0, 1, PTE_ABSENT, 0, 0, 0},
		{0x80000001234560e7, 1, PTE_LEAF, 0, 12, 0x123456000}, /* bit 7 is memory type */
		{0x5003, 4, PTE_TABLE, 0, 0, 0x5000},
		{0x5003, 5, PTE_TABLE, 0, 0, 0x5000},
		{0x400000e7, 2, PTE_LEAF, 0, 21, 0x40000000},
		{0x400010e7, 2, PTE_LEAF, 0, 21, 0x40000000}, /* bit 12 is memory type */
		{0x400020e7, 2, PTE_INVALID, PTE_RULE_RESERVED, 21, 0x40000000},
		{0x400000e7, 3, PTE_LEAF, 0, 30, 0x40000000},
		{0x80, 4, PTE_ABSENT, 0, 0, 0},
		{0x81, 4, PTE_INVALID, PTE_RULE_TOP_LEAF, 39, 0},
		{0x81, 5, PTE_INVALID, PTE_RULE_TOP_LEAF, 48, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pte p = pte_v2_decode(cases[i].entry, cases[i].level, 0);

		assert_int_equal(p.kind, cases[i].kind);
		assert_int_equal(p.rule, cases[i].rule);
		assert_int_equal(p.page_shift, cases[i].shift);
		assert_int_equal(p.address, cases[i].address);
		if (p.kind == PTE_TABLE)
			assert_int_equal(p.next_level, cases[i].level - 1);
	}
	assert_true(pte_v2_decode(0x1007, 1, 0).read && pte_v2_decode(0x1007, 1, 0).write);
	assert_true(pte_v2_decode(0x1005, 1, 0).read && !pte_v2_decode(0x1005, 1, 0).write);
	assert_false(pte_v2_decode(0x1003, 1, 0).read || pte_v2_decode(0x1003, 1, 0).write);
	assert_true(pte_v2_decode(0x1061, 1, 0).accessed && pte_v2_decode(0x1061, 1, 0).dirty);
}

static void test_gcr3(void **state)
{
	(void)state;
	assert_int_equal(gcr3_decode(0, 1, 0).kind, PTE_ABSENT);
	assert_int_equal(gcr3_decode(0x7001, 2, 0).kind, PTE_TABLE);
	assert_int_equal(gcr3_decode(0x7001, 2, 0).next_level, 1);
	assert_int_equal(gcr3_decode(0x7003, 1, 0).kind, PTE_INVALID);
	assert_int_equal(gcr3_decode(0x7001 | UINT64_C(1) << 63, 1, 0).rule, PTE_RULE_RESERVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),        cmocka_unit_test(test_geometry),
		cmocka_unit_test(test_vectors),      cmocka_unit_test(test_every_page_size),
		cmocka_unit_test(test_broken_rules), cmocka_unit_test(test_bits_that_may_be_set),
		cmocka_unit_test(test_level_skip),   cmocka_unit_test(test_encryption_bit),
		cmocka_unit_test(test_against_rows), cmocka_unit_test(test_v2),
		cmocka_unit_test(test_gcr3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
