/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Damaged page tables: what can't be told is told as unknown, with its range and reason, and all
 * leaves outside it are there. Then damage at random, which has only to end without a crash.
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

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
#define ADDRESS_BITS UINT64_C(0x000ffffffffff000)

struct table_fault {
	const char *name;
	void (*damage)(struct fake_machine *m);
	uint64_t iova, size; /* of the VM's domain, that becomes unknown */
	enum error_code code;
};

static uint64_t vm_entry(const struct fake_machine *m, uint64_t iova, unsigned level)
{
	return fake_pte(m, DOMAIN_VM, iova, level);
}

static void change_entry(struct fake_machine *m, uint64_t at, uint64_t clear, uint64_t set)
{
	fake_write(m->k, at, 8, (fake_read64(m->k, at) & ~clear) | set);
}

static void exclude_root(struct fake_machine *m)
{
	fake_exclude(m->k, m->roots[DOMAIN_VM], 8);
}

static void exclude_middle(struct fake_machine *m)
{
	fake_exclude(m->k, vm_entry(m, 0, 2), 8);
}

static void remove_middle(struct fake_machine *m)
{
	fake_remove(m->k, vm_entry(m, 0, 2), 8);
}

static void exclude_bottom(struct fake_machine *m)
{
	fake_exclude(m->k, vm_entry(m, 0, 1), 8);
}

/* Below a skipped level, only what the table spans is unknown: the rest has no translation anyway.
 */
static void exclude_skipped(struct fake_machine *m)
{
	fake_exclude(m->k, vm_entry(m, 0x28000000000, 1), 8);
}

static void stray_table(struct fake_machine *m)
{
	change_entry(m, vm_entry(m, 0, 3), ADDRESS_BITS, UINT64_C(0x7000000000));
}

static void same_level(struct fake_machine *m)
{
	change_entry(m, vm_entry(m, 0, 3), 7 << 9, 3 << 9);
}

static void higher_level(struct fake_machine *m)
{
	change_entry(m, vm_entry(m, 0, 3), 7 << 9, 6 << 9);
}

static void reserved_bits(struct fake_machine *m)
{
	change_entry(m, vm_entry(m, 0, 3), 0, UINT64_C(1) << 55);
}

static void endless_page(struct fake_machine *m)
{
	change_entry(m, vm_entry(m, 0, 3), 0, ADDRESS_BITS | 7 << 9);
}

static void small_page(struct fake_machine *m) /* 8 KiB among those of 1 GiB */
{
	change_entry(m, vm_entry(m, 0, 3), ADDRESS_BITS | 7 << 9, 7 << 9);
}

static void large_page(struct fake_machine *m) /* 2 TiB, where 512 GiB is all the table has */
{
	change_entry(m, vm_entry(m, 0, 3), ADDRESS_BITS | 7 << 9, (GIB * 1024 - 1) & ADDRESS_BITS);
	change_entry(m, vm_entry(m, 0, 3), 0, 7 << 9);
}

static const struct table_fault table_faults[] = {
	{"root excluded", exclude_root, 0, UINT64_C(1) << 48, ERROR_EXCLUDED},
	{"table excluded", exclude_middle, 0, GIB, ERROR_EXCLUDED},
	{"no memory at the table", remove_middle, 0, GIB, ERROR_FAULT},
	{"bottom table excluded", exclude_bottom, 0, 2 * MIB, ERROR_EXCLUDED},
	{"table below a skipped level excluded", exclude_skipped, 0x28000000000, 2 * MIB,
	 ERROR_EXCLUDED},
	{"table at a wild address", stray_table, 0, GIB, ERROR_FAULT},
	{"next level the same", same_level, 0, GIB, ERROR_CORRUPT},
	{"next level above", higher_level, 0, GIB, ERROR_CORRUPT},
	{"reserved bits", reserved_bits, 0, GIB, ERROR_CORRUPT},
	{"page without a size", endless_page, 0, GIB, ERROR_CORRUPT},
	{"page too small", small_page, 0, GIB, ERROR_CORRUPT},
	{"page too large", large_page, 0, GIB, ERROR_CORRUPT},
};

struct seen {
	const struct table_fault *fault;
	size_t n_leaves, n_unknown;
};

static bool is_hit(const struct table_fault *fault, uint64_t iova)
{
	return iova - fault->iova < fault->size;
}

static struct error *see_leaf(void *arg, const struct leaf *leaf)
{
	struct seen *seen = arg;

	assert_false(is_hit(seen->fault, leaf->iova));
	seen->n_leaves++;
	return NULL;
}

static struct error *see_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct seen *seen = arg;

	assert_int_equal(iova, seen->fault->iova);
	assert_int_equal(size, seen->fault->size);
	assert_int_equal(error_code(err), seen->fault->code);
	error_free(err);
	seen->n_unknown++;
	return NULL;
}

static const struct page_table *table_of(const struct fake_machine *m, const struct fake_view *view,
					 enum fake_domain_index domain)
{
	for (uint32_t i = 0; i < view->s->n_domains; i++)
		if (view->s->domains[i].address == m->domains[domain])
			return &view->s->domains[i].table;
	fail();
	return NULL;
}

/* A translation says the same as the walk: an error, or where it stopped; never "not mapped". */
static void check_translation(const struct table_fault *fault, const struct fake_view *view,
			      const struct page_table *table, const struct fake_mapping *map)
{
	struct translation t = {0};
	struct error *err = table->ops->translate(view->target, table, map->iova, &t);

	if (!is_hit(fault, map->iova)) {
		assert_null(err);
		assert_true(t.mapped);
		assert_int_equal(t.pa, map->pa);
		return;
	}
	assert_false(t.mapped);
	assert_false(t.read || t.write);
	assert_non_null(t.stopped);
	assert_string_not_equal(t.stopped, "not present");
	if (fault->code == ERROR_CORRUPT) {
		assert_null(err);
		assert_int_equal(t.n_steps, 2); /* levels 4 and 3, where the bad entry is */
	} else {
		assert_int_equal(error_code(err), fault->code);
	}
	error_free(err);
}

static void test_table_fault(void **state)
{
	const struct table_fault *fault = *state;
	const struct fake_domain *vm = &fake_domains[DOMAIN_VM];
	struct fake_machine *m = fake_machine_new(&(struct fake_options){"6.12", 0, 0, 0}, 1);
	struct seen seen = {.fault = fault};
	const struct page_table_visitor visitor = {
		.leaf = see_leaf, .unknown = see_unknown, .arg = &seen};
	struct fake_view view;
	size_t n_left = 0;

	fault->damage(m);
	fake_view_open(m, &view);
	assert_int_equal(view.s->problems.n, 0); /* tables are read when they are walked */
	const struct page_table *table = table_of(m, &view, DOMAIN_VM);
	assert_null(table->ops->walk(view.target, table, 0, UINT64_MAX, &visitor));
	for (size_t i = 0; i < vm->n_mappings; i++) {
		check_translation(fault, &view, table, &vm->mappings[i]);
		n_left += !is_hit(fault, vm->mappings[i].iova);
	}
	assert_int_equal(seen.n_leaves, n_left);
	assert_int_equal(seen.n_unknown, 1);
	fake_view_close(&view);
	fake_machine_free(m);
}

/* Counts, and does not go on for ever: what random damage leads to may be huge. */
#define LEAVES_ENOUGH 100000

static struct error *count_leaf(void *arg, const struct leaf *leaf)
{
	size_t *n = arg;

	assert_true(leaf->size && !(leaf->size & (leaf->size - 1)));
	return ++*n > LEAVES_ENOUGH ? error_stopped : NULL;
}

static struct error *count_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	size_t *n = arg;

	(void)iova;
	assert_true(size);
	assert_true(error_is_unreadable(err));
	error_free(err);
	++*n;
	return NULL;
}

/* A table that is reached from itself, as one of a lower level. */
static void test_cycle(void **state)
{
	struct fake_machine *m = fake_machine_new(&(struct fake_options){"6.12", 0, 0, 0}, 1);
	uint64_t at = vm_entry(m, 0, 3), root = m->roots[DOMAIN_VM];
	size_t n_leaves = 0, n_unknown = 0;
	const struct page_table_visitor leaves = {.leaf = count_leaf, .arg = &n_leaves};
	const struct page_table_visitor unknown = {.unknown = count_unknown, .arg = &n_unknown};
	struct fake_view view;
	struct translation t;

	(void)state;
	fake_write(m->k, at, 8, fake_table_entry(m, root, 2));
	fake_view_open(m, &view);
	const struct page_table *table = table_of(m, &view, DOMAIN_VM);
	assert_null(table->ops->walk(view.target, table, 0, UINT64_MAX, &leaves));
	assert_null(table->ops->walk(view.target, table, 0, UINT64_MAX, &unknown));
	/* The root as a level 2 table: its entries for levels 3 break the rule, the skipping one to
	   level 1 does not, and what lay at 1 GB and above is still there. */
	assert_int_equal(n_unknown, 3);
	assert_int_equal(n_leaves, 5 + 1);
	assert_null(table->ops->translate(view.target, table, 0, &t));
	assert_false(t.mapped);
	fake_view_close(&view);
	fake_machine_free(m);
}

/* Six levels, each with 512 entries that lead to one and the same table: 2^54 leaves. */
static void test_endless(void **state)
{
	struct fake_machine *m = fake_machine_new(&(struct fake_options){"6.12", 0, 0, 0}, 1);
	uint64_t below = fake_alloc_bytes(m->k, FAKE_PAGE);
	struct page_table_visitor visitor = {0};
	struct fake_view view;

	(void)state;
	for (unsigned level = 2; level <= 6; level++) {
		uint64_t table =
			level < 6 ? fake_alloc_bytes(m->k, FAKE_PAGE) : m->roots[DOMAIN_FAST];

		for (unsigned i = 0; i < 512; i++)
			fake_write(m->k, table + i * 8, 8, fake_table_entry(m, below, level - 1));
		below = table;
	}
	fake_view_open(m, &view);
	const struct page_table *table = table_of(m, &view, DOMAIN_FAST);
	struct error *err = table->ops->walk(view.target, table, 0, UINT64_MAX, &visitor);
	assert_int_equal(error_code(err), ERROR_CORRUPT);
	error_free(err);
	fake_view_close(&view);
	fake_machine_free(m);
}

/* xorshift64*: the same damage in every run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t random_value(uint64_t *random, uint64_t first, uint64_t end)
{
	uint64_t place = first + next_random(random) % (end - first);

	switch (next_random(random) % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return next_random(random);
	case 3:
		return next_random(random) % 256;
	case 4:
		return place & ~UINT64_C(0xfff);
	default:
		return place & ~UINT64_C(7);
	}
}

static void damage_at_random(struct fake_machine *m, uint64_t *random)
{
	uint64_t first = m->iommus[0], end = fake_objects_end(m->k);

	for (unsigned i = 0; i < 24; i++) {
		/* Objects are at the beginning of their pages, and larger ones rare. */
		uint64_t page = (first + next_random(random) % (end - first)) & ~UINT64_C(0xfff);
		uint64_t size = i % 4 ? 256 : FAKE_PAGE;
		uint64_t at = page + (next_random(random) % size & ~UINT64_C(7));

		if (next_random(random) % 16 == 0)
			fake_exclude(m->k, page, 8);
		else
			fake_write(m->k, at, 8, random_value(random, first, end));
	}
}

static void read_everything(const struct fake_view *view)
{
	for (uint32_t i = 0; i < view->s->n_domains; i++) {
		const struct page_table *table = &view->s->domains[i].table;
		size_t n = 0;
		const struct page_table_visitor visitor = {
			.leaf = count_leaf, .unknown = count_unknown, .arg = &n};
		struct translation t;

		if (!table->ops)
			continue;
		error_free(table->ops->walk(view->target, table, 0, UINT64_MAX, &visitor));
		error_free(table->ops->translate(view->target, table, 0x1000, &t));
		assert_true(t.mapped || t.stopped);
	}
	for (uint32_t i = 0; i < view->s->n_devices; i++) {
		const struct device *d = &view->s->devices[i];

		assert_true(d->domain.state != DATUM_OK || d->domain.value < view->s->n_domains);
		assert_true(d->group.state != DATUM_OK || d->group.value < view->s->n_groups);
		assert_true(d->iommu.state != DATUM_OK || d->iommu.value < view->s->n_iommus);
	}
}

#define RANDOM_ROUNDS 25

static void test_random(void **state)
{
	const char *layouts = *state;
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
	unsigned n_open = 0;

	for (unsigned i = 0; i < RANDOM_ROUNDS; i++) {
		struct fake_machine *m =
			fake_machine_new(&(struct fake_options){layouts, 0, 0, 0}, 1);
		struct fake_view view;

		damage_at_random(m, &random);
		if (fake_view_try(m, &view)) {
			read_everything(&view);
			n_open++;
		}
		fake_view_close(&view);
		fake_machine_free(m);
	}
	assert_true(n_open > RANDOM_ROUNDS / 2);
}

#define RANDOM_TEST(layouts)                                                                       \
	{                                                                                          \
		"random damage, " layouts, test_random, NULL, NULL, (void *)(layouts)              \
	}

int main(void)
{
	static const struct CMUnitTest others[] = {
		{"cycle", test_cycle, NULL, NULL, NULL},
		{"endless tables", test_endless, NULL, NULL, NULL},
		RANDOM_TEST("3.10"),
		RANDOM_TEST("4.18"),
		RANDOM_TEST("5.10"),
		RANDOM_TEST("6.16"),
		RANDOM_TEST("7.2"),
	};
	struct CMUnitTest tests[ARRAY_SIZE(table_faults) + ARRAY_SIZE(others)];

	for (size_t i = 0; i < ARRAY_SIZE(table_faults); i++)
		tests[i] = (struct CMUnitTest){
			.name = table_faults[i].name,
			.test_func = test_table_fault,
			.initial_state = (void *)&table_faults[i],
		};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		tests[ARRAY_SIZE(table_faults) + i] = others[i];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
