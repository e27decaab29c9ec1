/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk that goes over whole tables at once, because its visitor only counts, looks for some
 * memory or may skip them, comes to the same as one that is told each leaf: on tables as they are and
 * on damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>

#include "amd/hw/pte.h"
#include "base/cleanup.h"
#include "fake_machine.h"

#define PRESENT UINT64_C(1)
#define READ_WRITE (UINT64_C(3) << 61)
#define WANTED UINT64_C(0x123456000) /* what the NIC's domain maps at its highest IOVA */

struct totals {
	const struct physical_span *span; /* what touches it is counted; NULL: all */
	uint64_t n, bytes, unknown, at_once;
	bool keeps_wanted;
};

static struct error *count_leaf(void *arg, const struct leaf *leaf)
{
	struct totals *t = arg;

	if (t->span && (leaf->pa > t->span->last || leaf->pa + (leaf->size - 1) < t->span->first))
		return NULL;
	t->n++;
	t->bytes += leaf->size;
	return NULL;
}

static struct error *count_leaves(void *arg, uint64_t size, unsigned n)
{
	struct totals *t = arg;

	t->n += n;
	t->bytes += size * n;
	t->at_once += n;
	return NULL;
}

/* Takes all pages of a table, or those below WANTED, at once. */
static bool count_skipped(void *arg, const uint64_t *pages, unsigned n)
{
	struct totals *t = arg;

	for (unsigned i = 0; i < n; i++)
		if (t->keeps_wanted && pages[i] >= WANTED)
			return false;
	t->n += n;
	t->bytes += n * UINT64_C(4096);
	t->at_once += n;
	return true;
}

static struct error *count_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	(void)iova;
	((struct totals *)arg)->unknown += size;
	error_free(err);
	return NULL;
}

struct change {
	const char *name;
	uint64_t clear, set;  /* bits of the last entry but two of the NIC's table */
	uint64_t first, last; /* IOVAs walked */
	bool is_plain;
};

static const struct change changes[] = {
	{"as it is", 0, 0, 0, UINT64_MAX, true},
	{"one more page", 0, PRESENT | READ_WRITE | 0x777000, 0, UINT64_MAX, true},
	{"one more page, the same", 0, PRESENT | READ_WRITE | WANTED, 0, UINT64_MAX, true},
	{"not present, with an address", PRESENT, READ_WRITE | 0x777000, 0, UINT64_MAX, true},
	{"not present, all else set", PRESENT, ~PRESENT, 0, UINT64_MAX, false},
	{"reserved bits", 0, PRESENT | WANTED | UINT64_C(1) << 55, 0, UINT64_MAX, false},
	{"a table", 0, PRESENT | WANTED | 1 << 9, 0, UINT64_MAX, false},
	{"an encoded page", 0, PRESENT | READ_WRITE | WANTED | 7 << 9, 0, UINT64_MAX, false},
	{"only the last page", 0, 0, 0xfffff000, 0xfffff000, false},
	{"all but the first page", 0, 0, 0xffe01000, UINT64_MAX, false},
	{"all but the last page", 0, 0, 0, 0xffffefff, false},
};

static struct totals walk(const struct fake_view *view, const struct page_table *table,
			  const struct change *change, bool at_once,
			  const struct physical_span *span)
{
	struct totals totals = {.span = span};
	const struct page_table_visitor visitor = {
		.leaf = count_leaf,
		.unknown = count_unknown,
		.leaves = at_once && !span ? count_leaves : NULL,
		.only = at_once ? span : NULL,
		.arg = &totals,
	};
	struct error *err =
		table->ops->walk(view->target, table, change->first, change->last, &visitor);

	if (err)
		fail_msg("%s", error_message(err));
	return totals;
}

static void compare(const struct fake_view *view, const struct page_table *table,
		    const struct change *change, const struct physical_span *span)
{
	struct totals single = walk(view, table, change, false, span);
	struct totals at_once = walk(view, table, change, true, span);

	assert_int_equal(at_once.n, single.n);
	assert_int_equal(at_once.bytes, single.bytes);
	assert_int_equal(at_once.unknown, single.unknown);
	if (!span)
		assert_int_equal(at_once.at_once > 0, change->is_plain);
}

static void compare_skipping(const struct fake_view *view, const struct page_table *table,
			     const struct change *change, bool keeps_wanted)
{
	struct totals single = walk(view, table, change, false, NULL);
	struct totals totals = {.keeps_wanted = keeps_wanted};
	const struct page_table_visitor visitor = {
		.leaf = count_leaf,
		.unknown = count_unknown,
		.skips = count_skipped,
		.arg = &totals,
	};

	assert_null(table->ops->walk(view->target, table, change->first, change->last, &visitor));
	assert_int_equal(totals.n, single.n);
	assert_int_equal(totals.bytes, single.bytes);
	assert_int_equal(totals.unknown, single.unknown);
	if (!keeps_wanted)
		assert_int_equal(totals.at_once > 0, change->is_plain);
}

/* Nobody wants the pages, but what is damaged is told all the same. */
static void compare_without_leaves(const struct fake_view *view, const struct page_table *table,
				   const struct change *change)
{
	struct totals single = walk(view, table, change, false, NULL), totals = {0};
	const struct page_table_visitor visitor = {.unknown = count_unknown, .arg = &totals};

	assert_null(table->ops->walk(view->target, table, change->first, change->last, &visitor));
	assert_int_equal(totals.unknown, single.unknown);
}

static void test_change(void **state)
{
	static const struct physical_span spans[] = {
		{WANTED, WANTED + 0xfff},
		{WANTED + 1, WANTED + 1},
		{WANTED - 1, WANTED - 1},
		{WANTED - 1, WANTED + 0x1000},
		{0, UINT64_MAX},
		{0x777fff, 0x778000},
		{WANTED + 0x2000, UINT64_MAX},
		{UINT64_C(1) << 51, UINT64_MAX},
	};
	static const uint64_t masks[] = {0, UINT64_C(1) << 47};
	const struct change *change = *state;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		const struct fake_options options = {.layouts = "6.12", .sme_mask = masks[i]};
		struct fake_machine *m = fake_machine_new(&options, 1);
		uint64_t at = fake_pte(m, DOMAIN_NIC, 0xfffff000, 1) - 2 * 8;
		struct fake_view view;
		const struct domain *domain = NULL;

		fake_write(m->k, at, 8, (fake_read64(m->k, at) & ~change->clear) | change->set);
		fake_view_open(m, &view);
		for (uint32_t d = 0; d < view.s->n_domains; d++)
			if (view.s->domains[d].id.value == fake_domains[DOMAIN_NIC].id)
				domain = &view.s->domains[d];
		assert_non_null(domain);
		compare(&view, &domain->table, change, NULL);
		for (size_t n = 0; n < ARRAY_SIZE(spans); n++)
			compare(&view, &domain->table, change, &spans[n]);
		compare_skipping(&view, &domain->table, change, false);
		compare_skipping(&view, &domain->table, change, true);
		compare_without_leaves(&view, &domain->table, change);
		fake_view_close(&view);
		fake_machine_free(m);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(changes)];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		tests[i] = (struct CMUnitTest){
			.name = changes[i].name,
			.test_func = test_change,
			.initial_state = (void *)&changes[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
