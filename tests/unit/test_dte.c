/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device table entries: known words, the verdict on each kind of entry, hostile words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "amd/hw/dte.h"
#include "base/cleanup.h"

#define V_TV UINT64_C(3)
#define MODE(n) ((uint64_t)(n) << 9)
#define GIOV (UINT64_C(1) << 54)
#define GV (UINT64_C(1) << 55)
#define GLX(n) ((uint64_t)(n) << 56)
#define IR (UINT64_C(1) << 61)
#define IW (UINT64_C(1) << 62)
#define ROOT UINT64_C(0x2000000)

static const char *value_name(enum dte_row row, uint64_t value)
{
	const struct field_value *v = field_value_find(&dte_layout.fields[row], value);

	return v ? v->name : "";
}

/* A device that Linux translates, from a machine. */
static void test_translated(void **state)
{
	const uint64_t words[] = {0x6000000688294603, 0x79, 0x2000000819256011, 0};
	struct dte_verdict v = dte_judge(words, 0);

	(void)state;
	assert_int_equal(dte_get(words, DTE_V), 1);
	assert_int_equal(dte_get(words, DTE_TV), 1);
	assert_int_equal(dte_get(words, DTE_MODE), 3);
	assert_string_equal(value_name(DTE_MODE, 3), "3-level");
	assert_int_equal(dte_get(words, DTE_PT_ROOT), 0x688294000);
	assert_int_equal(dte_get(words, DTE_IR), 1);
	assert_int_equal(dte_get(words, DTE_IW), 1);
	assert_int_equal(dte_get(words, DTE_DOMAIN_ID), 0x79);
	assert_int_equal(dte_get(words, DTE_IV), 1);
	assert_string_equal(value_name(DTE_INT_TAB_LEN, dte_get(words, DTE_INT_TAB_LEN)),
			    "256 entries");
	assert_int_equal(dte_get(words, DTE_IRT_ROOT), 0x819256000);
	assert_int_equal(dte_get(words, DTE_INT_CTL), 2);
	assert_string_equal(value_name(DTE_INT_CTL, 2), "remapped");

	assert_int_equal(v.dma, DTE_DMA_HOST);
	assert_int_equal(v.host_levels, 3);
	assert_int_equal(v.host_root, 0x688294000);
	assert_true(v.read && v.write && !v.pasid_translated);
	assert_int_equal(v.interrupts, DTE_INTERRUPTS_REMAPPED);
	assert_int_equal(v.irt_entries, 256);
	assert_int_equal(v.irt_root, 0x819256000);
	assert_int_equal(v.illegal, 0);
}

static void test_passthrough(void **state)
{
	const uint64_t words[] = {0x6000000000000003, 0x66, 0x2000000819256011, 0};
	struct dte_verdict v = dte_judge(words, 0);

	(void)state;
	assert_int_equal(v.dma, DTE_DMA_PASSTHROUGH);
	assert_true(v.read && v.write);
	assert_int_equal(v.host_levels, 0);
	assert_int_equal(v.interrupts, DTE_INTERRUPTS_REMAPPED);
	assert_int_equal(dte_get(words, DTE_DOMAIN_ID), 0x66);
}

/* Worked out by hand from the layouts of the Linux headers. */
static void test_vectors(void **state)
{
	const uint64_t identity[] = {0x6000000000000003, 5, 0, 0};
	const uint64_t v1[] = {0x6000000002000603, 0x0000000100000007, 0, 0};
	const uint64_t v2[] = {0x60c0000000000003, 0x0000000006000009, 0, 0};
	const uint64_t intr[] = {0, 0, 0x2000000005000093, 0};
	struct dte_verdict v = dte_judge(identity, 0);

	(void)state;
	assert_int_equal(v.dma, DTE_DMA_PASSTHROUGH);
	assert_int_equal(v.interrupts, DTE_INTERRUPTS_UNMAPPED);

	v = dte_judge(v1, 0);
	assert_int_equal(v.dma, DTE_DMA_HOST);
	assert_int_equal(v.host_root, 0x2000000);
	assert_int_equal(dte_get(v1, DTE_I), 1);
	assert_int_equal(dte_get(v1, DTE_DOMAIN_ID), 7);

	v = dte_judge(v2, 0);
	assert_int_equal(v.dma, DTE_DMA_GUEST);
	assert_int_equal(v.gcr3_root, 0x3000000);
	assert_int_equal(v.gcr3_levels, 1);
	assert_int_equal(v.guest_levels, 4);
	assert_true(v.pasid_translated);
	assert_int_equal(v.host_levels, 0);

	v = dte_judge(intr, 0);
	assert_int_equal(v.dma, DTE_DMA_UNCHECKED);
	assert_int_equal(v.interrupts, DTE_INTERRUPTS_REMAPPED);
	assert_int_equal(v.irt_entries, 512);
	assert_int_equal(v.irt_root, 0x5000080);
}

struct dma_case {
	uint64_t word0, word1, word2;
	enum dte_dma dma;
	bool read, write, pasid;
	uint8_t illegal;
};

#define BAD(what) (1u << DTE_ILLEGAL_##what)

static const struct dma_case dma_cases[] = {
	{0, 0, 0, DTE_DMA_UNCHECKED, true, true, false, 0},
	/* V = 0: nothing else counts, not even reserved values. */
	{~UINT64_C(1), ~UINT64_C(0), 0, DTE_DMA_UNCHECKED, true, true, false, 0},
	{1, 0, 0, DTE_DMA_BLOCKED, false, false, false, 0},
	{1 | MODE(3) | ROOT | IR | IW, 0, 0, DTE_DMA_BLOCKED, false, false, false, 0},
	{V_TV, 0, 0, DTE_DMA_DENIED, false, false, false, 0},
	{V_TV | MODE(3) | ROOT, 0, 0, DTE_DMA_DENIED, false, false, false, 0},
	{V_TV | GV | GIOV, 0, 0, DTE_DMA_DENIED, false, false, false, 0},
	{V_TV | IR, 0, 0, DTE_DMA_PASSTHROUGH, true, false, false, 0},
	{V_TV | IW, 0, 0, DTE_DMA_PASSTHROUGH, false, true, false, 0},
	{V_TV | MODE(1) | ROOT | IR, 0, 0, DTE_DMA_HOST, true, false, false, 0},
	{V_TV | MODE(6) | ROOT | IR | IW, 0, 0, DTE_DMA_HOST, true, true, false, 0},
	{V_TV | GV | GIOV | IR | IW, 0, 0, DTE_DMA_GUEST, true, true, true, 0},
	{V_TV | GV | IR | IW, 0, 0, DTE_DMA_PASSTHROUGH, true, true, true, 0},
	{V_TV | GV | GIOV | MODE(4) | IR | IW, 0, 0, DTE_DMA_NESTED, true, true, true, 0},
	{V_TV | GV | MODE(4) | IR | IW, 0, 0, DTE_DMA_HOST, true, true, true, 0},
	{V_TV | GIOV | MODE(4) | IR | IW, 0, 0, DTE_DMA_HOST, true, true, false, 0},
	{V_TV | MODE(7) | IR | IW, 0, 0, DTE_DMA_ILLEGAL, false, false, false, BAD(MODE)},
	{V_TV | 2 << 7 | MODE(3) | IR, 0, 0, DTE_DMA_ILLEGAL, false, false, false, BAD(HAD)},
	{V_TV | GV | GLX(3) | IR, 0, 0, DTE_DMA_ILLEGAL, false, false, false, BAD(GLX)},
	{V_TV | GLX(3) | IR, 0, 0, DTE_DMA_PASSTHROUGH, true, false, false, 0},
	{V_TV | GV | IR, 0, UINT64_C(2) << 54, DTE_DMA_ILLEGAL, false, false, false,
	 BAD(GUEST_PAGING_MODE)},
	/* Reserved bits are told, and change nothing else. */
	{V_TV | 4 | IR, 0, 0, DTE_DMA_PASSTHROUGH, true, false, false, BAD(RESERVED)},
	{V_TV | 0x70 | IR, 0, 0, DTE_DMA_PASSTHROUGH, true, false, false, 0},
};

static void test_dma(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dma_cases); i++) {
		const struct dma_case *c = &dma_cases[i];
		const uint64_t words[] = {c->word0, c->word1, c->word2, 0};
		struct dte_verdict v = dte_judge(words, 0);

		if (v.dma != c->dma || v.read != c->read || v.write != c->write ||
		    v.pasid_translated != c->pasid || v.illegal != c->illegal)
			fail_msg("case %zu: dma %s, read %d, write %d, pasid %d, illegal 0x%x", i,
				 dte_dma_names[v.dma].name, v.read, v.write, v.pasid_translated,
				 v.illegal);
	}
}

static void test_interrupts(void **state)
{
	static const struct {
		uint64_t word2;
		enum dte_interrupts interrupts;
		unsigned entries;
		uint8_t illegal;
	} cases[] = {
		{0, DTE_INTERRUPTS_UNMAPPED, 0, 0},
		{UINT64_C(2) << 60, DTE_INTERRUPTS_UNMAPPED, 0, 0},
		{1, DTE_INTERRUPTS_ABORTED, 0, 0},
		{1 | UINT64_C(1) << 60, DTE_INTERRUPTS_FORWARDED, 0, 0},
		{1 | UINT64_C(2) << 60, DTE_INTERRUPTS_REMAPPED, 1, 0},
		{1 | 11 << 1 | UINT64_C(2) << 60, DTE_INTERRUPTS_REMAPPED, 2048, 0},
		{1 | 12 << 1 | UINT64_C(2) << 60, DTE_INTERRUPTS_ILLEGAL, 0, BAD(INT_TAB_LEN)},
		{1 | 15 << 1 | UINT64_C(1) << 60, DTE_INTERRUPTS_FORWARDED, 0, 0},
		{1 | UINT64_C(3) << 60, DTE_INTERRUPTS_ILLEGAL, 0, BAD(INT_CTL)},
		{1 | UINT64_C(1) << 52, DTE_INTERRUPTS_ABORTED, 0, BAD(RESERVED)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t words[] = {0, 0, cases[i].word2, 0};
		struct dte_verdict v = dte_judge(words, 0);

		assert_int_equal(v.interrupts, cases[i].interrupts);
		assert_int_equal(v.irt_entries, cases[i].entries);
		assert_int_equal(v.illegal, cases[i].illegal);
	}
}

static void test_gcr3_pieces(void **state)
{
	uint64_t words[DTE_WORDS] = {0};

	(void)state;
	assert_true(layout_set(&dte_layout, words, DTE_GCR3_ROOT, UINT64_C(0x000ffffffffff000)));
	assert_int_equal(words[0], UINT64_C(7) << 58);
	assert_int_equal(words[1], UINT64_C(0xfffff800ffff0000));
	assert_false(layout_set(&dte_layout, words, DTE_GCR3_ROOT, 0x800));
	assert_false(layout_set(&dte_layout, words, DTE_GCR3_ROOT, UINT64_C(1) << 52));
}

/* Each bit by itself, in an entry that else has nothing against it. */
static void test_reserved(void **state)
{
	(void)state;
	for (size_t row = 0; row < DTE_ROWS; row++) {
		const struct field *f = &dte_layout.fields[row];

		for (unsigned bit = f->first; bit < f->first + f->width; bit++) {
			uint64_t words[DTE_WORDS] = {V_TV, 0, 1, 0};

			words[bit / 64] |= UINT64_C(1) << bit % 64;
			assert_int_equal(dte_judge(words, 0).illegal >> DTE_ILLEGAL_RESERVED & 1,
					 f->format == FIELD_RESERVED);
		}
	}
}

static void test_encryption_bit(void **state)
{
	const uint64_t sme = UINT64_C(1) << 47;
	const uint64_t words[] = {V_TV | GV | GIOV | MODE(4) | ROOT | sme | IR | IW |
					  UINT64_C(1) << 58,
				  sme >> 31 << 43, 1 | 0x5000080 | sme | UINT64_C(2) << 60, 0};
	struct dte_verdict v = dte_judge(words, sme);

	(void)state;
	assert_int_equal(dte_get(words, DTE_PT_ROOT), ROOT | sme);
	assert_int_equal(v.host_root, ROOT);
	assert_int_equal(v.gcr3_root, 0x1000);
	assert_int_equal(v.irt_root, 0x5000080);
	assert_int_equal(dte_judge(words, 0).gcr3_root, 0x1000 | sme);
}

/* Whatever the words: the facts stay in their ranges and agree with the classes. */
static void test_hostile(void **state)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t words[DTE_WORDS];
		struct dte_verdict v;

		for (unsigned w = 0; w < DTE_WORDS; w++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			words[w] = seed ^ seed >> 29;
		}
		words[0] |= i % 4; /* V and TV in all combinations */
		v = dte_judge(words, 0);
		assert_in_range(v.dma, 0, DTE_DMA_KINDS - 1);
		assert_in_range(v.interrupts, 0, DTE_INTERRUPTS_KINDS - 1);
		assert_in_range(v.host_levels, 0, 6);
		assert_in_range(v.gcr3_levels, 0, 3);
		assert_in_range(v.irt_entries, 0, 2048);
		assert_true(v.guest_levels == 0 || v.guest_levels == 4 || v.guest_levels == 5);
		assert_true((v.dma != DTE_DMA_HOST && v.dma != DTE_DMA_NESTED) || v.host_levels);
		assert_true((v.dma != DTE_DMA_GUEST && v.dma != DTE_DMA_NESTED) || v.gcr3_levels);
		assert_true((v.irt_entries != 0) == (v.interrupts == DTE_INTERRUPTS_REMAPPED));
		assert_true(v.read || v.write || v.dma == DTE_DMA_BLOCKED ||
			    v.dma == DTE_DMA_DENIED || v.dma == DTE_DMA_ILLEGAL);
		assert_false((v.host_root | v.gcr3_root) & ~UINT64_C(0x000ffffffffff000));
	}
}

static void check_names(const struct field_value *names, size_t kinds)
{
	for (size_t i = 0; i < kinds; i++) {
		assert_int_equal(names[i].value, i);
		assert_true(*names[i].name && *names[i].meaning);
	}
	assert_null(names[kinds].name);
}

static void test_names(void **state)
{
	(void)state;
	check_names(dte_dma_names, DTE_DMA_KINDS);
	check_names(dte_interrupt_names, DTE_INTERRUPTS_KINDS);
	check_names(dte_illegal_names, DTE_ILLEGAL_KINDS);
	assert_int_equal(dte_layout.n_fields, DTE_ROWS);
}

/* Keys that scripts rely on, and the bits that they have always had. */
static void test_published_keys(void **state)
{
	static const struct {
		const char *key;
		unsigned first;
	} keys[] = {{"v", 0},          {"tv", 1},         {"had", 7},        {"mode", 9},
		    {"pt_root", 12},   {"ppr", 52},       {"gprp", 53},      {"giov", 54},
		    {"gv", 55},        {"glx", 56},       {"gcr3_root", 58}, {"ir", 61},
		    {"iw", 62},        {"domain_id", 64}, {"iv", 128},       {"int_tab_len", 129},
		    {"irt_root", 134}, {"int_ctl", 188}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int row = layout_find(&dte_layout, keys[i].key);

		assert_true(row >= 0);
		assert_int_equal(dte_layout.fields[row].first, keys[i].first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translated),     cmocka_unit_test(test_passthrough),
		cmocka_unit_test(test_vectors),	       cmocka_unit_test(test_dma),
		cmocka_unit_test(test_interrupts),     cmocka_unit_test(test_gcr3_pieces),
		cmocka_unit_test(test_encryption_bit), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_names),	       cmocka_unit_test(test_published_keys),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
