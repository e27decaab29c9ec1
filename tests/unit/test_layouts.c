/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every layout table holds to the rules that base/layout.h states; the registry finds them all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "amd/hw/command.h"
#include "amd/hw/dte.h"
#include "amd/hw/event.h"
#include "amd/hw/irte.h"
#include "amd/hw/layouts.h"
#include "amd/hw/pte.h"
#include "amd/hw/registers.h"
#include "base/bytes.h"

/* xorshift: the same words in every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fail_field(const struct layout *layout, const struct field *field, const char *why)
{
	fail_msg("%s: field %s at bit %u: %s", layout->name, field->key, field->first, why);
}

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_field(layout, field, #condition);                                     \
	} while (0)

#define for_each_layout                                                                            \
	for (const struct layout *const *at_ = layouts, *layout; (layout = *at_); at_++)

/* Runs with `field`, a row of `layout`. */
#define for_each_field                                                                             \
	for (const struct field *field = layout->fields;                                           \
	     field < layout->fields + layout->n_fields; field++)

static bool is_snake_case(const char *text)
{
	if (!islower((unsigned char)*text))
		return false;
	for (const char *c = text; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

/* The value's bits that `first` and its further pieces fill; *width: how many bits they have. */
static uint64_t room_of(const struct layout *layout, const struct field *first, unsigned *width)
{
	uint64_t room = 0;

	*width = 0;
	for_each_field
	{
		if (strcmp(field->key, first->key))
			continue;
		room |= bit_mask(field->width) << field->shift;
		*width += field->width;
	}
	return room;
}

static void test_each_bit_once(void **state)
{
	(void)state;
	for_each_layout
	{
		unsigned next = 0;

		assert_true(layout->bits && layout->bits % 32 == 0);
		assert_true(layout_words(layout) <= LAYOUT_WORDS_MAX);
		for_each_field
		{
			check(field->first == next);
			check(field->width >= 1 && field->width <= 64);
			check(field->first / 64 == (field->first + field->width - 1u) / 64);
			check(field->shift + field->width <= 64);
			next = field->first + field->width;
		}
		assert_int_equal(next, layout->bits);
	}
}

static void test_keys(void **state)
{
	(void)state;
	for_each_layout
	{
		assert_true(is_snake_case(layout->name) && *layout->title);
		for_each_field
		{
			char expected[32] = "";

			check(is_snake_case(field->key));
			for (const struct field *f = layout->fields; f < field; f++)
				check(field_is_piece(field) || strcmp(f->key, field->key));
			if (field->format == FIELD_RESERVED)
				snprintf(expected, sizeof(expected), "reserved_%u", field->first);
			if (field->format == FIELD_IGNORED)
				snprintf(expected, sizeof(expected), "ignored_%u", field->first);
			check(!*expected || !strcmp(field->key, expected));
		}
	}
}

static void test_words(void **state)
{
	(void)state;
	for_each_layout for_each_field
	{
		check(field->spec && *field->spec);
		if (field_is_piece(field))
			continue;
		check(isalnum((unsigned char)*field->label));
		check(field->meaning && *field->meaning && !strchr(field->meaning, '\n'));
		check(field->meaning[strlen(field->meaning) - 1] != '.');
	}
}

static void test_formats(void **state)
{
	(void)state;
	for_each_layout for_each_field
	{
		check(field->format <= FIELD_IGNORED);
		check(field->format != FIELD_FLAG || field->width == 1);
		check((field->format == FIELD_ENUM) == (field->values != NULL));
		check(!field->values || field->values[0].name);
		for (const struct field_value *v = field->values; v && v->name; v++) {
			check(*v->name && (!v->meaning || *v->meaning));
			check(v->value <= bit_mask(field->width));
			check(field_value_find(field, v->value) == v);
		}
	}
}

static void test_pieces(void **state)
{
	(void)state;
	for_each_layout for_each_field
	{
		int first = layout_find(layout, field->key);
		unsigned width;
		uint64_t room;
		unsigned rows = 0;

		for (size_t i = 0; i < layout->n_fields; i++)
			rows += !strcmp(layout->fields[i].key, field->key);
		check(field->in_pieces == (rows > 1));
		check(first >= 0 && !field_is_piece(&layout->fields[first]));
		check(layout->fields[first].format == field->format);
		if (field_is_piece(field))
			continue;
		check(&layout->fields[first] == field);
		room = room_of(layout, field, &width);
		check((unsigned)__builtin_popcountll(room) == width);    /* no overlap */
		check(room >> __builtin_ctzll(room) == bit_mask(width)); /* no gap */
	}
}

static void test_gates(void **state)
{
	(void)state;
	for_each_layout for_each_field
	{
		const char *key = field->valid_when;
		unsigned steps = 0;

		while (key) {
			int gate = layout_find(layout, key);

			check(gate >= 0);
			check(layout->fields[gate].format != FIELD_RESERVED);
			check(++steps <= layout->n_fields); /* no circle */
			key = layout->fields[gate].valid_when;
		}
	}
}

static void test_encode_decode(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for_each_layout for_each_field
	{
		size_t row = (size_t)(field - layout->fields), n = layout_words(layout);
		unsigned width;
		uint64_t room = room_of(layout, field, &width);

		if (field_is_piece(field))
			continue;
		for (unsigned round = 0; round < 16; round++) {
			uint64_t words[LAYOUT_WORDS_MAX], before[LAYOUT_WORDS_MAX];
			uint64_t value = next_random(&seed) & room;

			for (size_t i = 0; i < n; i++)
				before[i] = words[i] = next_random(&seed);
			check(layout_set(layout, words, row, value));
			check(layout_get(layout, words, row) == value);
			/* Putting the old value back restores every bit: no other field was
			 * touched. */
			check(layout_set(layout, words, row, layout_get(layout, before, row)));
			check(!memcmp(words, before, n * sizeof(*words)));
			if (~room) {
				check(!layout_set(layout, words, row, value | (~room & -~room)));
				check(!memcmp(words, before, n * sizeof(*words)));
			}
		}
	}
}

static void test_validity_chain(void **state)
{
	uint64_t words[DTE_WORDS] = {0};

	(void)state;
	assert_true(layout_set(&dte_layout, words, DTE_MODE, 3));
	assert_false(layout_field_is_valid(&dte_layout, words, DTE_PT_ROOT));
	assert_true(layout_set(&dte_layout, words, DTE_TV, 1));
	assert_false(layout_field_is_valid(&dte_layout, words, DTE_PT_ROOT)); /* V is still 0 */
	assert_true(layout_set(&dte_layout, words, DTE_V, 1));
	assert_true(layout_field_is_valid(&dte_layout, words, DTE_PT_ROOT));
	assert_true(layout_set(&dte_layout, words, DTE_MODE, 0));
	assert_false(layout_field_is_valid(&dte_layout, words, DTE_PT_ROOT));
	assert_true(layout_field_is_valid(&dte_layout, words, DTE_V));
}

static bool is_listed(const struct layout *wanted)
{
	for_each_layout if (layout == wanted) return true;
	return false;
}

static bool is_reached(const struct layout *wanted)
{
	for (const struct layout_form *form = layout_forms; form->name; form++) {
		if (form->layout == wanted)
			return true;
		for (size_t i = 0; i < form->n_variants; i++) {
			uint64_t words[LAYOUT_WORDS_MAX] = {form->variants[i].value};

			if (layout_form_choose(form, words) == wanted)
				return true;
		}
	}
	return false;
}

static void test_registry(void **state)
{
	(void)state;
	for_each_layout
	{
		assert_ptr_equal(layout_by_name(layout->name), layout); /* the name is unique */
		assert_true(is_reached(layout));
	}
	for (const struct layout_form *form = layout_forms; form->name; form++) {
		assert_true(is_snake_case(form->name));
		assert_true(is_listed(form->layout));
		for (size_t i = 0; i < form->n_variants; i++) {
			const struct layout_variant *v = &form->variants[i];

			assert_true(is_listed(v->layout));
			assert_int_equal(v->layout->bits, form->layout->bits);
			assert_true((v->value & ~v->mask) == 0);
		}
	}
	assert_null(layout_by_name("dt"));
}

static void test_choose(void **state)
{
	uint64_t small = 0x40011, large = UINT64_C(1) << 32, two[2] = {0x81, 0};
	uint64_t pde = 0x6000000001000201, leaf = 0x7000000123451e01, four[4] = {3};
	uint64_t command[2] = {UINT64_C(15) << 60}, event[2] = {UINT64_C(0x2021) << 48};

	(void)state;
	assert_ptr_equal(layout_choose("irte", &small, 1), &irte32_layout);
	assert_ptr_equal(layout_choose("irte32", &small, 1), &irte32_layout);
	assert_null(layout_choose("irte", &large, 1));
	assert_ptr_equal(layout_choose("irte", two, 2), &irte128_posted_layout);
	two[0] = 1;
	assert_ptr_equal(layout_choose("irte", two, 2), &irte128_layout);
	assert_ptr_equal(layout_choose("pte", &pde, 1), &pde_layout);
	assert_ptr_equal(layout_choose("pte", &leaf, 1), &pte_layout);
	assert_ptr_equal(layout_choose("dte", four, 4), &dte_layout);
	assert_null(layout_choose("dte", four, 3));
	assert_null(layout_choose("etd", four, 4));
	assert_ptr_equal(layout_choose("cmd", command, 2), &command_layout); /* no such opcode */
	assert_ptr_equal(layout_choose("event", event, 2), &event_io_page_fault_pasid_layout);
}

/* Each variant's own selecting field has the value that selects it. */
static void test_selectors(void **state)
{
	(void)state;
	for (const struct layout_form *form = layout_forms; form->name; form++) {
		for (size_t i = 0; i < form->n_variants; i++) {
			const struct layout_variant *v = &form->variants[i];
			const struct layout *layout = v->layout;
			uint64_t words[LAYOUT_WORDS_MAX] = {v->value};
			size_t seen = 0;

			for_each_field
			{
				uint64_t bits_here = bit_mask(field->width) << field->first % 64;

				if (field->first >= 64 || !(v->mask & bits_here))
					continue;
				check((v->mask & bits_here) == bits_here);
				check(field->format == FIELD_ENUM || field->format == FIELD_FLAG);
				check(!field->values ||
				      field_value_find(field,
						       bits(words[0], field->first, field->width)));
				seen += field->width;
			}
			assert_int_equal(seen, __builtin_popcountll(v->mask));
		}
	}
}

struct expected {
	const char *key;
	uint64_t value;
};

/* The words of a 16-byte entry given as its four 32-bit parts, as the specification draws them. */
static void expect_fields(const char *form, const uint32_t d[4], const char *name,
			  const struct expected *expected)
{
	uint64_t words[2] = {d[0] | (uint64_t)d[1] << 32, d[2] | (uint64_t)d[3] << 32};
	const struct layout *layout = layout_choose(form, words, 2);

	assert_non_null(layout);
	assert_string_equal(layout->name, name);
	for (; expected->key; expected++) {
		int row = layout_find(layout, expected->key);

		if (row < 0 || layout_get(layout, words, (size_t)row) != expected->value)
			fail_msg("%s: %s is not 0x%llx", name, expected->key,
				 (unsigned long long)expected->value);
	}
}

#define EXPECT(form, name, d0, d1, d2, d3, ...)                                                    \
	expect_fields(form, (const uint32_t[]){d0, d1, d2, d3}, name,                              \
		      (const struct expected[]){__VA_ARGS__, {0}})

static void test_commands(void **state)
{
	(void)state;
	EXPECT("cmd", "cmd_invalidate_iommu_pages", 0, 0x30000007, 0xfffff003, 0x7fffffff,
	       {"opcode", 3}, {"domain_id", 7}, {"s", 1}, {"pde", 1}, {"gn", 0},
	       {"address", 0x7ffffffffffff000});
	EXPECT("cmd", "cmd_completion_wait", 0x23456001, 0x10000001, 0x42, 0, {"opcode", 1},
	       {"s", 1}, {"i", 0}, {"f", 0}, {"store_address", 0x123456000}, {"store_data", 0x42});
	/* PASID 0xabcde in three pieces. */
	EXPECT("cmd", "cmd_invalidate_iotlb_pages", 0x20bc00a8, 0x4ade00a8, 0x12345004, 0x9,
	       {"device_id", 0xa8}, {"max_pend", 0x20}, {"queue_id", 0xa8}, {"pasid", 0xabcde},
	       {"gn", 1}, {"address", 0x912345000});
	EXPECT("cmd", "cmd_invalidate_devtab_entry", 0xa101, 0x20000000, 0, 0,
	       {"device_id", 0xa101});
	EXPECT("cmd", "cmd_complete_ppr_request", 0xa8, 0x70000123, 4, 0xf1ab, {"pasid", 0x123},
	       {"gn", 1}, {"tag", 0x1ab}, {"response", 15});
	EXPECT("cmd", "cmd_invalidate_iommu_all", 0, 0x80000000, 0, 0, {"opcode", 8});
}

static void test_events(void **state)
{
	(void)state;
	EXPECT("event", "event_io_page_fault", 0xa8, 0x20200005, 0xdf000000, 0, {"device_id", 0xa8},
	       {"domain_id", 5}, {"rw", 1}, {"pr", 0}, {"gn", 0}, {"tr", 0},
	       {"address", 0xdf000000});
	EXPECT("event", "event_io_page_fault_pasid", 0xa00a8, 0x2011bcde, 0x1000, 2,
	       {"pasid", 0xabcde}, {"gn", 1}, {"pr", 1}, {"address", 0x200001000});
	EXPECT("event", "event_invalid_device_request", 0x100, 0x81000000, 0, 0,
	       {"device_id", 0x100}, {"tr", 1}, {"type", 0});
	EXPECT("event", "event_page_tab_hardware_error", 0xa8, 0x44000005, 0x1238, 0, {"type", 2},
	       {"domain_id", 5}, {"address", 0x1238});
	EXPECT("event", "event_rmp_page_fault", 0x4200a8, 0xd0200007, 0x1000, 1,
	       {"rmp_flags", 0x42}, {"vmg_tag", 7}, {"rw", 1}, {"address", 0x100001000});
	EXPECT("event", "event_counter_zero", 0, 0xa0000000, 0x12345, 0x9abcdef0,
	       {"counter_note", 0x123459abcdef0});
	EXPECT("event", "event", 0, 0, 0, 0, {"code", 0});
	EXPECT("ppr", "ppr", 0xbcde00a8, 0x11262bab, 0x1000, 0, {"device_id", 0xa8},
	       {"pasid", 0xabcde}, {"tag", 0x1ab}, {"last", 1}, {"read", 1}, {"write", 1},
	       {"gn", 1}, {"execute", 1});
}

static void test_features(void **state)
{
	uint64_t efr = 0x0000000400000000 | UINT64_C(2) << 10 | UINT64_C(1) << 48;
	uint64_t irte = 0x41500d;

	(void)state;
	assert_int_equal(efr_host_levels(efr), 6);
	assert_int_equal(efr_host_levels(0), 4);
	assert_int_equal(efr_host_levels(UINT64_C(3) << 10), 0);
	assert_int_equal(layout_get(&efr_layout, &efr, (size_t)layout_find(&efr_layout, "pas_max")),
			 4);
	assert_int_equal(layout_get(&efr_layout, &efr, (size_t)layout_find(&efr_layout, "hats")),
			 2);
	assert_int_equal(layout_get(&efr_layout, &efr, (size_t)layout_find(&efr_layout, "gio_sup")),
			 1);
	assert_int_equal(
		layout_get(&irte32_layout, &irte, (size_t)layout_find(&irte32_layout, "vector")),
		0x41);
	assert_int_equal(
		layout_get(&irte32_layout, &irte, (size_t)layout_find(&irte32_layout, "int_type")),
		3);
}

/* A value's bits may stand on both sides of others': 128-bit destinations. */
static void test_irte128(void **state)
{
	uint64_t words[2] = {0x0000000000345641, UINT64_C(0x12) << 56 | 0x31};
	size_t row = (size_t)layout_find(&irte128_layout, "destination");

	(void)state;
	assert_int_equal(layout_get(&irte128_layout, words, row), 0x12003456);
	words[0] = UINT64_C(0xfeedface000056c5);
	words[1] = UINT64_C(0x1234567031);
	row = (size_t)layout_find(&irte128_posted_layout, "vapic_root");
	assert_int_equal(layout_get(&irte128_posted_layout, words, row), 0x1234567000);
	row = (size_t)layout_find(&irte128_posted_layout, "ga_tag");
	assert_int_equal(layout_get(&irte128_posted_layout, words, row), 0xfeedface);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit_once), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_words),         cmocka_unit_test(test_formats),
		cmocka_unit_test(test_pieces),        cmocka_unit_test(test_gates),
		cmocka_unit_test(test_encode_decode), cmocka_unit_test(test_validity_chain),
		cmocka_unit_test(test_registry),      cmocka_unit_test(test_choose),
		cmocka_unit_test(test_selectors),     cmocka_unit_test(test_commands),
		cmocka_unit_test(test_events),        cmocka_unit_test(test_features),
		cmocka_unit_test(test_irte128),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
