/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest-format tables by PASID: GCR3 tables of each depth, page tables of 4 and 5 levels and of all
 * page sizes, in two stages too, and what becomes of damaged ones. The tables are made by hand in a
 * fake kernel's memory; what they say is counted from the rows below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "amd/hw/pte.h"
#include "amd/walk.h"
#include "base/cleanup.h"
#include "fake_machine.h"

#define RW true, true
#define RO true, false
#define HIGH_4 UINT64_C(0xffff800000000000)
#define HIGH_5 UINT64_C(0xff00000000000000)

/* Of PASIDs but 0: the upper half is that of the 64-bit addresses. */
static const struct fake_mapping lower[] = {
	{0x1000, 0x61000000, 0x1000, 1, 0, RW},
	{0x3000, 0x61003000, 0x1000, 1, 0, RO},
	{0x200000, 0x62000000, 0x200000, 2, 0, RW},
	{0x80000000, 0x80000000, 0x40000000, 3, 0, RW},
	{0x7ffffffff000, 0x63000000, 0x1000, 1, 0, RW},
};

static const struct fake_mapping upper[] = {
	{0x800000000000, 0x64000000, 0x1000, 1, 0, RO},
	{0xfffffffff000, 0x65000000, 0x1000, 1, 0, RW},
};

struct built {
	struct fake_machine *m;
	uint64_t root, gcr3; /* kernel virtual */
	struct pasid_table pasids;
	struct fake_view view;
};

static const uint32_t pasids[] = {0, 1, 0x1ff, 0x200, 0x12345, 0xfffff};

static unsigned levels_of(uint32_t pasid)
{
	return pasid < 0x200 ? 1 : pasid < 0x40000 ? 2 : 3;
}

static uint64_t phys(const struct built *b, uint64_t va)
{
	return fake_phys(b->m->k, va) | fake_options(b->m->k)->sme_mask;
}

static uint64_t gcr3_entry(struct built *b, uint32_t pasid, unsigned levels)
{
	uint64_t table = b->gcr3, linear = b->gcr3 - fake_phys(b->m->k, b->gcr3);

	for (unsigned level = levels; level > 1; level--) {
		uint64_t at = table + gcr3_index(pasid, level) * 8;

		if (!fake_read64(b->m->k, at))
			fake_write(b->m->k, at, 8,
				   phys(b, fake_alloc_bytes(b->m->k, FAKE_PAGE)) | 1);
		table = linear +
			(fake_read64(b->m->k, at) & PTE_ADDRESS & ~fake_options(b->m->k)->sme_mask);
	}
	return table + gcr3_index(pasid, 1) * 8;
}

static void build(struct built *b, unsigned gcr3_levels, unsigned levels, uint64_t sme_mask)
{
	const struct fake_options options = {
		.layouts = "7.2", .page_levels = 4, .sme_mask = sme_mask};

	memset(b, 0, sizeof(*b));
	b->m = fake_machine_new(&options, 1);
	b->gcr3 = fake_alloc_bytes(b->m->k, FAKE_PAGE);
	b->root = fake_alloc_bytes(b->m->k, FAKE_PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(lower); i++)
		fake_guest_map(b->m, b->root, levels, &lower[i]);
	for (size_t i = 0; i < ARRAY_SIZE(upper); i++) {
		struct fake_mapping map = upper[i];

		map.iova |= levels == 5 ? HIGH_4 : 0;
		fake_guest_map(b->m, b->root, levels, &map);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pasids); i++)
		if (levels_of(pasids[i]) <= gcr3_levels)
			fake_write(b->m->k, gcr3_entry(b, pasids[i], gcr3_levels), 8,
				   phys(b, b->root) | 1);
	b->pasids = (struct pasid_table){
		.ops = &gcr3_table,
		.root = fake_phys(b->m->k, b->gcr3),
		.levels = gcr3_levels,
		.pages = {.ops = &page_table_v2, .levels = levels, .sme_mask = sme_mask},
	};
}

static void open_built(struct built *b)
{
	fake_view_open(b->m, &b->view);
}

static void close_built(struct built *b)
{
	fake_view_close(&b->view);
	fake_machine_free(b->m);
}

struct seen {
	struct leaf leaves[64];
	size_t n_leaves, n_unknown, n_tables;
	uint64_t unknown_iova, unknown_size;
	enum error_code code;
};

static struct error *see_leaf(void *arg, const struct leaf *leaf)
{
	struct seen *seen = arg;

	if (seen->n_leaves < ARRAY_SIZE(seen->leaves))
		seen->leaves[seen->n_leaves] = *leaf;
	seen->n_leaves++;
	return NULL;
}

static struct error *see_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	(void)pa;
	(void)level;
	(void)iova;
	((struct seen *)arg)->n_tables++;
	return NULL;
}

static struct error *see_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct seen *seen = arg;

	seen->n_unknown++;
	seen->unknown_iova = iova;
	seen->unknown_size = size;
	seen->code = error_code(err);
	error_free(err);
	return NULL;
}

static struct seen walk(const struct built *b, const struct page_table *table, uint64_t first,
			uint64_t last)
{
	struct seen seen = {0};
	const struct page_table_visitor visitor = {see_leaf, see_table, see_unknown, &seen};

	assert_null(table->ops->walk(b->view.target, table, first, last, &visitor));
	return seen;
}

static struct page_table find(const struct built *b, uint32_t pasid)
{
	struct translation steps;
	struct page_table table;

	assert_null(b->pasids.ops->find(b->view.target, &b->pasids, pasid, &steps, &table));
	assert_int_equal(!table.ops, !!steps.stopped);
	return table;
}

static struct error *collect_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	struct seen *seen = arg;

	assert_int_equal(table->levels >= 4, true);
	see_leaf(seen, &(struct leaf){.iova = pasid, .pa = table->root});
	return NULL;
}

static struct error *miss_pasids(void *arg, uint32_t first, uint32_t last, struct error *err)
{
	return see_unknown(arg, first, last - first + UINT64_C(1), err);
}

static struct seen list(const struct built *b)
{
	struct seen seen = {0};
	const struct pasid_visitor visitor = {collect_pasid, miss_pasids, &seen};

	assert_null(b->pasids.ops->each(b->view.target, &b->pasids, &visitor));
	return seen;
}

static void check_leaf(const struct leaf *leaf, const struct fake_mapping *map, uint64_t high)
{
	assert_int_equal(leaf->iova, map->iova | high);
	assert_int_equal(leaf->pa, map->pa);
	assert_int_equal(leaf->size, map->size);
	assert_int_equal(leaf->read, map->read);
	assert_int_equal(leaf->write, map->write);
}

static void check_translations(const struct built *b, const struct page_table *table,
			       const struct seen *seen)
{
	for (size_t i = 0; i < seen->n_leaves; i++) {
		const struct leaf *leaf = &seen->leaves[i];
		uint64_t offset = leaf->size - 0x123;
		struct translation t;

		assert_null(table->ops->translate(b->view.target, table, leaf->iova + offset, &t));
		assert_true(t.mapped);
		assert_int_equal(t.pa, leaf->pa + offset);
		assert_int_equal(t.page_size, leaf->size);
		assert_int_equal(t.read, leaf->read);
		assert_int_equal(t.write, leaf->write);
		for (unsigned k = 0; k < t.n_steps; k++)
			assert_string_equal(t.steps[k].stage, "guest");
	}
}

/* Every depth of both tables, each PASID that fits, the walk and every translation. */
static void check_shape(unsigned gcr3_levels, unsigned levels, uint64_t sme_mask)
{
	struct built b;
	size_t n = 0;

	build(&b, gcr3_levels, levels, sme_mask);
	open_built(&b);
	struct seen listed = list(&b);
	assert_int_equal(listed.n_unknown, 0);
	for (size_t i = 0; i < ARRAY_SIZE(pasids); i++) {
		struct page_table table = find(&b, pasids[i]);
		uint64_t high = levels == 5 ? HIGH_4 & pt_max_iova(5) : 0;

		if (levels_of(pasids[i]) > gcr3_levels) {
			assert_null(table.ops);
			continue;
		}
		assert_int_equal(listed.leaves[n].iova, pasids[i]);
		assert_int_equal(listed.leaves[n++].pa, fake_phys(b.m->k, b.root));
		if (pasids[i]) /* PASID 0's addresses have no sign */
			high = HIGH_4;
		struct seen seen = walk(&b, &table, 0, UINT64_MAX);
		assert_int_equal(seen.n_unknown, 0);
		assert_int_equal(seen.n_leaves, ARRAY_SIZE(lower) + ARRAY_SIZE(upper));
		for (size_t k = 0; k < seen.n_leaves; k++)
			if (k < ARRAY_SIZE(lower))
				check_leaf(&seen.leaves[k], &lower[k], 0);
			else
				check_leaf(&seen.leaves[k], &upper[k - ARRAY_SIZE(lower)], high);
		check_translations(&b, &table, &seen);
	}
	assert_int_equal(listed.n_leaves, n);
	assert_null(find(&b, 2).ops);
	close_built(&b);
}

static void test_shapes(void **state)
{
	(void)state;
	for (unsigned gcr3_levels = 1; gcr3_levels <= 3; gcr3_levels++)
		for (unsigned levels = 4; levels <= 5; levels++)
			check_shape(gcr3_levels, levels, 0);
	check_shape(2, 4, UINT64_C(1) << 51);
	check_shape(3, 5, UINT64_C(1) << 47);
}

static void test_ranges(void **state)
{
	struct built b;
	struct translation t;

	(void)state;
	build(&b, 1, 4, 0);
	open_built(&b);
	struct page_table plain = find(&b, 0), signed_one = find(&b, 1);
	assert_int_equal(walk(&b, &plain, 0x2000, 0x3000).n_leaves, 1);
	assert_int_equal(walk(&b, &plain, UINT64_C(1) << 48, UINT64_MAX).n_leaves, 0);
	assert_int_equal(walk(&b, &plain, 0x800000000000, UINT64_MAX).n_leaves, 2);
	assert_int_equal(walk(&b, &signed_one, 0x800000000000, HIGH_4 - 1).n_leaves, 0);
	assert_int_equal(walk(&b, &signed_one, 0x7ffffffff000, HIGH_4).n_leaves, 2);
	assert_int_equal(walk(&b, &signed_one, HIGH_4 + 0x1000, UINT64_MAX).n_leaves, 1);
	assert_int_equal(walk(&b, &signed_one, UINT64_MAX, UINT64_MAX).n_leaves, 1);
	assert_null(plain.ops->translate(b.view.target, &plain, HIGH_4, &t));
	assert_true(!t.mapped && t.stopped);
	assert_null(plain.ops->translate(b.view.target, &signed_one, 0x800000000000, &t));
	assert_true(!t.mapped && t.stopped && !t.n_steps);
	close_built(&b);
}

/* What supervisor accesses alone may use is told of no device; a translation says why. */
static void test_supervisor(void **state)
{
	struct built b;
	struct translation t;

	(void)state;
	build(&b, 1, 4, 0);
	fake_write(b.m->k, b.root, 8, fake_read64(b.m->k, b.root) & ~UINT64_C(4));
	open_built(&b);
	struct page_table table = find(&b, 1);
	assert_int_equal(walk(&b, &table, 0, UINT64_MAX).n_leaves, 3);
	assert_null(table.ops->translate(b.view.target, &table, 0x1000, &t));
	assert_true(t.mapped && !t.read && !t.write);
	assert_non_null(strstr(t.steps[0].meaning, "supervisor"));
	close_built(&b);
}

/* Two stages. The guest's tables lie where they lie, at guest addresses that the host maps there.
 */

#define GUEST_BASE UINT64_C(0x100000000)

static struct page_table host;

static void host_map(struct built *b, uint64_t root, uint64_t gpa, uint64_t pa, unsigned level,
		     bool write)
{
	uint64_t table = root, linear = root - fake_phys(b->m->k, root);

	for (unsigned at_level = 4; at_level > level; at_level--) {
		uint64_t at = table + pt_index(gpa, at_level) * 8;

		if (!fake_read64(b->m->k, at))
			fake_write(b->m->k, at, 8,
				   fake_table_entry(b->m, fake_alloc_bytes(b->m->k, FAKE_PAGE),
						    at_level - 1));
		table = linear + (fake_read64(b->m->k, at) & PTE_ADDRESS);
	}
	fake_write(b->m->k, table + pt_index(gpa, level) * 8, 8,
		   pa | 1 | UINT64_C(1) << 61 | (write ? UINT64_C(1) << 62 : 0));
}

/* Moves every address in the guest's tables by GUEST_BASE, and maps the kernel's memory there. */
static void build_nested(struct built *b, bool in_host)
{
	build(b, 2, 4, 0);
	struct fake_kernel *k = b->m->k;
	uint64_t linear = b->root - fake_phys(k, b->root), end = fake_objects_end(k);
	uint64_t ram = fake_phys(k, b->m->iommus[0]) & ~UINT64_C(0xffffff);
	uint64_t host_root;

	for (uint64_t table = b->gcr3; table < end; table += FAKE_PAGE)
		for (unsigned i = 0; i < PT_ENTRIES; i++) {
			uint64_t entry = fake_read64(k, table + i * 8), pa = entry & PTE_ADDRESS;
			bool gcr3 = table == b->gcr3 || fake_phys(k, b->root) == pa;

			if (entry & 1 && pa >= ram && (in_host || !(table == b->gcr3) || !gcr3))
				fake_write(k, table + i * 8, 8, entry + GUEST_BASE);
		}
	host_root = fake_alloc_bytes(k, FAKE_PAGE);
	for (uint64_t at = ram; at < end - linear; at += FAKE_PAGE)
		host_map(b, host_root, GUEST_BASE + at, at, 1, true);
	host_map(b, host_root, 0x61000000, 0x200000000, 1, true); /* 0x1000 */
	host_map(b, host_root, 0x61003000, 0x200003000, 1,
		 true); /* 0x3000, the guest's read-only */
	host_map(b, host_root, 0x62001000, 0x210001000, 1,
		 false); /* one page of the 2 MiB at 0x200000 */
	host_map(b, host_root, 0x62005000, 0x210005000, 1, true);
	host_map(b, host_root, 0x80000000, 0x280000000, 3, true); /* the 1 GiB */
	host = (struct page_table){
		&page_table_v1, fake_phys(k, host_root), 4, 0, NULL, false, {{0}}, 0};
	b->pasids.in_host = in_host;
	b->pasids.pages.host = &host;
	if (in_host)
		b->pasids.root += GUEST_BASE;
}

static const struct leaf nested_leaves[] = {
	{0x1000, 0x200000000, 0x1000, true, true},
	{0x3000, 0x200003000, 0x1000, true, false},
	{0x201000, 0x210001000, 0x1000, true, false},
	{0x205000, 0x210005000, 0x1000, true, true},
	{0x80000000, 0x280000000, 0x40000000, true, true},
};

static void check_nested(bool in_host)
{
	struct translation t, steps;
	struct page_table table;
	struct built b;

	build_nested(&b, in_host);
	open_built(&b);
	assert_null(b.pasids.ops->find(b.view.target, &b.pasids, 1, &steps, &table));
	assert_non_null(table.ops);
	assert_int_equal(steps.n_steps, in_host ? 2 + 2 * 4 : 2);
	struct seen seen = walk(&b, &table, 0, UINT64_MAX);
	assert_int_equal(seen.n_unknown, 0);
	assert_int_equal(seen.n_leaves, ARRAY_SIZE(nested_leaves));
	for (size_t i = 0; i < ARRAY_SIZE(nested_leaves); i++) {
		const struct leaf *expected = &nested_leaves[i];

		assert_memory_equal(&seen.leaves[i], expected, offsetof(struct leaf, read));
		assert_int_equal(seen.leaves[i].read, expected->read);
		assert_int_equal(seen.leaves[i].write, expected->write);
		assert_null(
			table.ops->translate(b.view.target, &table, expected->iova + 0x234, &t));
		assert_true(t.mapped);
		assert_int_equal(t.pa, expected->pa + 0x234);
		assert_int_equal(t.page_size, expected->size);
		assert_int_equal(t.write, expected->write);
	}
	assert_int_equal(walk(&b, &table, 0x202000, 0x205fff).n_leaves, 1);
	assert_null(table.ops->translate(b.view.target, &table, 0x202000, &t));
	assert_false(t.mapped);
	assert_non_null(strstr(t.stopped, "host"));
	assert_int_equal(list(&b).n_leaves, 5);
	close_built(&b);
}

static void test_nested(void **state)
{
	(void)state;
	check_nested(true);
	check_nested(false);
}

/* A table of the host's that is missing makes its part of the guest's page unknown, no more. */
static void test_nested_missing(void **state)
{
	struct built b;

	(void)state;
	build_nested(&b, false);
	uint64_t linear = b.root - fake_phys(b.m->k, b.root), table = linear + host.root;
	for (unsigned level = 4; level > 1; level--)
		table = linear + (fake_read64(b.m->k, table + pt_index(0x62000000, level) * 8) &
				  PTE_ADDRESS);
	fake_exclude(b.m->k, table, 8);
	open_built(&b);
	struct page_table found = find(&b, 1);
	struct seen seen = walk(&b, &found, 0, UINT64_MAX);
	assert_int_equal(seen.n_unknown, 1);
	assert_int_equal(seen.unknown_iova, 0x200000);
	assert_int_equal(seen.unknown_size, 0x200000);
	assert_int_equal(seen.code, ERROR_EXCLUDED);
	assert_int_equal(seen.n_leaves, ARRAY_SIZE(nested_leaves) - 2);
	close_built(&b);
}

/* Damage. */

struct damage {
	const char *name;
	unsigned gcr3_levels;
	void (*break_it)(struct built *b);
	uint32_t pasid;
	enum error_code find, walk; /* what each says; ERROR_USAGE: nothing */
	size_t n_listed;	    /* PASIDs that are still listed */
};

static void drop_gcr3(struct built *b)
{
	fake_exclude(b->m->k, b->gcr3, 8);
}

static void drop_lower_gcr3(struct built *b)
{
	fake_exclude(b->m->k, gcr3_entry(b, 0x12345, 2), 8);
}

static void wild_gcr3(struct built *b)
{
	fake_write(b->m->k, b->gcr3, 8, 0x7000000001);
}

static void reserved_gcr3(struct built *b)
{
	fake_write(b->m->k, b->gcr3 + 8, 8, fake_read64(b->m->k, b->gcr3 + 8) | 0x800);
}

static void circle_gcr3(struct built *b)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		fake_write(b->m->k, b->gcr3 + i * 8, 8, phys(b, b->gcr3) | 1);
}

static void wild_root(struct built *b)
{
	fake_write(b->m->k, b->gcr3 + 8, 8, 0x7000000001);
}

static void circle_pages(struct built *b)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		fake_write(b->m->k, b->root + i * 8, 8, fake_guest_table_entry(b->m, b->root));
}

static void large_at_the_top(struct built *b)
{
	fake_write(b->m->k, b->root, 8, 0x87);
}

static const struct damage damages[] = {
	{"GCR3 table excluded", 1, drop_gcr3, 1, ERROR_EXCLUDED, ERROR_USAGE, 0},
	{"lower GCR3 table excluded", 2, drop_lower_gcr3, 0x12345, ERROR_EXCLUDED, ERROR_USAGE, 4},
	{"wild GCR3 table", 2, wild_gcr3, 1, ERROR_FAULT, ERROR_USAGE, 2},
	{"reserved bits", 1, reserved_gcr3, 1, ERROR_USAGE, ERROR_USAGE, 2},
	{"wild page table", 1, wild_root, 1, ERROR_USAGE, ERROR_FAULT, 3},
	{"a page where tables are", 1, large_at_the_top, 1, ERROR_USAGE, ERROR_CORRUPT, 3},
};

static void check_damage(const struct damage *d)
{
	struct translation steps;
	struct page_table table;
	struct built b;

	build(&b, d->gcr3_levels, 4, 0);
	d->break_it(&b);
	open_built(&b);
	struct error *err = b.pasids.ops->find(b.view.target, &b.pasids, d->pasid, &steps, &table);
	assert_int_equal(err ? error_code(err) : ERROR_USAGE, d->find);
	error_free(err);
	assert_true(table.ops || steps.stopped);
	if (table.ops) {
		struct seen seen = walk(&b, &table, 0, 0x7fffffff);

		assert_int_equal(seen.n_unknown ? seen.code : ERROR_USAGE, d->walk);
		assert_int_equal(seen.n_leaves, 0);
	}
	struct seen listed = list(&b);
	assert_int_equal(listed.n_leaves, d->n_listed);
	assert_int_equal(listed.n_unknown, d->walk == ERROR_USAGE);
	close_built(&b);
}

static void test_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		print_message("%s\n", damages[i].name);
		check_damage(&damages[i]);
	}
}

/* Tables that lead to themselves from every entry end all the same. */
static void test_circles(void **state)
{
	struct built b;
	struct seen seen = {0};
	const struct page_table_visitor visitor = {see_leaf, see_table, see_unknown, &seen};

	(void)state;
	build(&b, 3, 5, 0);
	circle_gcr3(&b);
	circle_pages(&b);
	open_built(&b);
	assert_int_equal(list(&b).n_leaves, PASID_MAX + 1);
	struct page_table table = find(&b, 0);
	table.root = fake_phys(b.m->k, b.root);
	struct error *err = table.ops->walk(b.view.target, &table, 0, UINT64_MAX, &visitor);
	assert_int_equal(error_code(err), ERROR_CORRUPT);
	error_free(err);
	close_built(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),	       cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_supervisor),     cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_missing), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_circles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
