/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what changes meanwhile: never a state that was not, and never without an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "amd/walk.h"
#include "base/cleanup.h"
#include "fake_moving.h"
#include "target/together.h"

static struct moving machine;

static int set_up(void **state)
{
	moving_init(&machine);
	*state = &machine;
	return 0;
}

static void assert_torn(struct error *err)
{
	assert_non_null(err);
	assert_int_equal(error_code(err), ERROR_TORN);
	error_free(err);
}

/* Entries of several words. */

#define ENTRY 0x1000
#define ENTRY_SIZE 32

/* Changes one word of the entry before each of the first `state` reads. */
static void change_a_while(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	if (m->n_reads <= m->state)
		moving_put(m, addr + 8 * (m->n_reads % 4), m->n_reads);
}

static void check_stable(struct moving *m, unsigned n_changes, unsigned n_reads)
{
	uint8_t entry[ENTRY_SIZE];

	m->state = n_changes;
	m->n_reads = 0;
	m->before = change_a_while;
	assert_null(target_read_stable(&m->base, SPACE_VIRT, ENTRY, entry, sizeof(entry)));
	assert_int_equal(m->n_reads, n_reads);
	assert_memory_equal(entry, m->bytes + ENTRY, sizeof(entry));
}

static void test_stable(void **state)
{
	struct moving *m = *state;
	uint8_t entry[ENTRY_SIZE] = {42};

	check_stable(m, 0, 2);
	check_stable(m, 3, 4);
	m->state = UINT32_MAX;
	assert_torn(target_read_stable(&m->base, SPACE_VIRT, ENTRY, entry, sizeof(entry)));
	assert_int_equal(entry[0], 42);
	m->base.moving = false; /* a dump pays for one read */
	check_stable(m, 0, 1);
}

/* What belongs together. */

#define POINTER 0x1000
#define OBJECT_A 0x2000
#define OBJECT_B 0x3000
#define OTHER 0x4000

/* A pointer, what it points to, and something else. */
struct view {
	struct target *target;
	unsigned n_loads;
	struct error *pointer_err, *object_err;
	uint64_t pointer, object, other;
};

static void view_free(struct view *view)
{
	error_free(view->pointer_err);
	error_free(view->object_err);
	view->pointer_err = view->object_err = NULL;
}

static struct error *load_view(void *arg)
{
	struct view *v = arg;

	view_free(v);
	v->n_loads++;
	v->pointer_err = target_read_u64(v->target, SPACE_VIRT, POINTER, &v->pointer);
	if (!v->pointer_err)
		v->object_err = target_read_u64(v->target, SPACE_VIRT, v->pointer, &v->object);
	return target_read_u64(v->target, SPACE_VIRT, OTHER, &v->other);
}

static void make_objects(struct moving *m)
{
	moving_put(m, POINTER, OBJECT_A);
	moving_put(m, OBJECT_A, 0xa);
	moving_put(m, OBJECT_B, 0xb);
	moving_put(m, OTHER, 0xc);
}

static void test_together_at_rest(void **state)
{
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	make_objects(m);
	assert_null(target_read_together(&m->base, load_view, &v));
	assert_int_equal(v.n_loads, 1);
	assert_int_equal(m->n_reads, 6);
	assert_int_equal(v.object, 0xa);
	assert_null(m->base.watch);
	m->base.moving = false;
	m->n_reads = 0;
	assert_null(target_read_together(&m->base, load_view, &v));
	assert_int_equal(m->n_reads, 3); /* nothing is read again */
}

/* The object is given back, and used for something else, right after the pointer to it was read. */
static void replace_object(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	if (addr != OBJECT_A || m->state++)
		return;
	moving_put(m, POINTER, OBJECT_B);
	moving_put(m, OBJECT_A, 0xbad);
}

static void test_together_replaced(void **state)
{
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	make_objects(m);
	m->before = replace_object;
	assert_null(target_read_together(&m->base, load_view, &v));
	assert_int_equal(v.n_loads, 2);
	assert_int_equal(v.pointer, OBJECT_B);
	assert_int_equal(v.object, 0xb);
}

/* An object that is gone when it is read, and the pointer to it a moment later. */
static void remove_object(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	if (addr == POINTER && !m->state++)
		moving_put(m, POINTER, UINT64_C(1) << 40);
	else if (addr == OTHER)
		moving_put(m, POINTER, OBJECT_B);
}

static void test_together_fault(void **state)
{
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	make_objects(m);
	m->before = remove_object;
	assert_null(target_read_together(&m->base, load_view, &v));
	assert_null(v.object_err);
	assert_int_equal(v.object, 0xb);
}

/* The pointer never comes to rest. */
static void swing(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	if (addr == POINTER)
		moving_put(m, POINTER, m->state++ % 2 ? OBJECT_A : OBJECT_B);
}

/* It is torn, nothing is read through it, and the rest can be had. */
static void test_together_torn(void **state)
{
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	make_objects(m);
	m->before = swing;
	assert_null(target_read_together(&m->base, load_view, &v));
	assert_torn(v.pointer_err);
	v.pointer_err = NULL;
	assert_int_equal(v.other, 0xc);
	assert_in_range(v.n_loads, 2, 20);
}

/* Each load reads another place, and whatever was read once changes. */
static struct error *load_restless(void *arg)
{
	struct view *v = arg;
	uint64_t word;

	return target_read_u64(v->target, SPACE_VIRT, OBJECT_A + 8 * (uint64_t)v->n_loads++, &word);
}

static void change_all(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	moving_put(m, addr, m->n_reads);
}

static void test_together_never(void **state)
{
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	m->before = change_all;
	assert_torn(target_read_together(&m->base, load_restless, &v));
	assert_in_range(v.n_loads, 2, 20);
}

/* A user who has had enough. */
static void test_together_stopped(void **state)
{
	static const volatile int stop = 1;
	struct moving *m = *state;
	struct view v = {.target = &m->base};

	make_objects(m);
	m->base.interrupt = &stop;
	m->before = swing;
	struct error *err = target_read_together(&m->base, load_view, &v);
	assert_ptr_equal(err, error_stopped);
	view_free(&v);
	m->base.interrupt = NULL;
}

/* Page tables: the root at level 2, a table at level 1 for each of its first entries. */

#define ROOT 0x1000
#define TABLE_A 0x2000
#define TABLE_B 0x3000
#define TABLE_C 0x4000
#define ANCHOR 0x5000
#define RW (UINT64_C(3) << 61)
#define DECOY UINT64_C(0xbad0000000)
#define MB2 UINT64_C(0x200000)

static uint64_t table_entry_to(uint64_t table)
{
	return table | RW | 1 << 9 | 1;
}

static uint64_t leaf_entry_to(uint64_t pa)
{
	return pa | RW | 1;
}

static void make_tables(struct moving *m)
{
	moving_put(m, ROOT, table_entry_to(TABLE_A));
	moving_put(m, ROOT + 8, table_entry_to(TABLE_B));
	moving_put(m, ROOT + 24, leaf_entry_to(0x40000000));
	moving_put(m, TABLE_A, leaf_entry_to(0xa000));
	moving_put(m, TABLE_A + 8, leaf_entry_to(0xa1000));
	moving_put(m, TABLE_B + 8, leaf_entry_to(0xb000));
	moving_put(m, TABLE_C + 16, leaf_entry_to(0xc000));
	moving_put(m, ANCHOR, 7);
}

static const struct page_table table = {
	.ops = &page_table_v1,
	.root = ROOT,
	.levels = 2,
	.anchors = {{ANCHOR, 7, 8}},
	.n_anchors = 1,
};

struct seen {
	struct leaf leaves[16];
	size_t n_leaves, n_tables, n_unknown;
	uint64_t unknown_first, unknown_size;
};

static struct error *see_leaf(void *arg, const struct leaf *leaf)
{
	struct seen *seen = arg;
	const struct leaf *last = seen->n_leaves ? &seen->leaves[seen->n_leaves - 1] : NULL;

	assert_in_range(seen->n_leaves, 0, ARRAY_SIZE(seen->leaves) - 1);
	assert_true(leaf->pa < DECOY);
	assert_true(!last || leaf->iova >= last->iova + last->size); /* in order, none twice */
	seen->leaves[seen->n_leaves++] = *leaf;
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

	assert_torn(err);
	seen->n_unknown++;
	seen->unknown_first = iova;
	seen->unknown_size = size;
	return NULL;
}

static struct error *walk(struct moving *m, struct seen *seen)
{
	const struct page_table_visitor visitor = {see_leaf, see_table, see_unknown, seen};

	*seen = (struct seen){0};
	return table.ops->walk(&m->base, &table, 0, UINT64_MAX, &visitor);
}

static void assert_leaf(const struct seen *seen, size_t i, uint64_t iova, uint64_t pa)
{
	assert_true(i < seen->n_leaves);
	assert_int_equal(seen->leaves[i].iova, iova);
	assert_int_equal(seen->leaves[i].pa, pa);
}

static void test_walk_at_rest(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	assert_null(walk(m, &seen));
	assert_int_equal(seen.n_leaves, 4);
	assert_int_equal(seen.n_tables, 3);
	assert_int_equal(seen.n_unknown, 0);
	assert_leaf(&seen, 2, MB2 + 0x1000, 0xb000);
	assert_leaf(&seen, 3, 3 * MB2, 0x40000000);
}

static void fill_with_decoys(struct moving *m, uint64_t page)
{
	for (unsigned i = 0; i < 512; i++)
		moving_put(m, page + i * 8, leaf_entry_to(DECOY + i * PAGE_SIZE));
}

/* Between its parent's reading and its own a table is given back and used for something else. */
static void free_table_b(struct moving *m, uint64_t addr, size_t len)
{
	if (addr != TABLE_B || len != PAGE_SIZE || m->state++)
		return;
	moving_put(m, ROOT + 8, 0);
	fill_with_decoys(m, TABLE_B);
}

static void test_walk_freed(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	m->before = free_table_b;
	assert_null(walk(m, &seen));
	assert_int_equal(seen.n_leaves, 3);
	assert_leaf(&seen, 1, 0x1000, 0xa1000);
	assert_leaf(&seen, 2, 3 * MB2, 0x40000000);
	assert_int_equal(seen.n_unknown, 0);
	assert_int_equal(seen.n_tables, 2);
}

/* Likewise, and another takes its place. */
static void replace_table_b(struct moving *m, uint64_t addr, size_t len)
{
	bool is_first = !m->state;

	free_table_b(m, addr, len);
	if (is_first && m->state)
		moving_put(m, ROOT + 8, table_entry_to(TABLE_C));
}

static void test_walk_replaced(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	m->before = replace_table_b;
	assert_null(walk(m, &seen));
	assert_int_equal(seen.n_leaves, 4);
	assert_leaf(&seen, 2, MB2 + 0x2000, 0xc000);
	assert_int_equal(seen.n_tables, 3);
}

/* A table that is there whenever its parent is read, and never when it is read itself. */
static void flicker(struct moving *m, uint64_t addr, size_t len)
{
	if (addr == ROOT && len == PAGE_SIZE)
		moving_put(m, ROOT + 8, table_entry_to(TABLE_B));
	if (addr == TABLE_B && len == PAGE_SIZE) {
		moving_put(m, ROOT + 8, 0);
		fill_with_decoys(m, TABLE_B);
	}
}

/* The part that does not come to rest is told as torn, and all around it is there. */
static void test_walk_torn(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	m->before = flicker;
	assert_null(walk(m, &seen));
	assert_int_equal(seen.n_leaves, 3);
	assert_leaf(&seen, 2, 3 * MB2, 0x40000000);
	assert_int_equal(seen.n_unknown, 1);
	assert_int_equal(seen.unknown_first, MB2);
	assert_int_equal(seen.unknown_size, MB2);
}

/* A large page takes the place of a table that has been told in part: nothing is told twice. */
static void merge_root(struct moving *m, uint64_t addr, size_t len)
{
	if (addr != TABLE_B || len != PAGE_SIZE || m->state++)
		return;
	moving_put(m, ROOT, leaf_entry_to(0x40000000 | 0x1ff000) | 7 << 9); /* 4 MB */
	moving_put(m, ROOT + 8, leaf_entry_to(0x40000000 | 0x1ff000) | 7 << 9);
}

static void test_walk_merged(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	m->before = merge_root;
	assert_null(walk(m, &seen));
	assert_leaf(&seen, 1, 0x1000, 0xa1000);
	assert_leaf(&seen, seen.n_leaves - 1, 3 * MB2, 0x40000000);
	assert_int_equal(seen.n_unknown, 1);
	assert_int_equal(seen.unknown_first, MB2);
	assert_int_equal(seen.unknown_size, MB2);
}

/* The domain is given up while its tables are walked. */
static void give_up_domain(struct moving *m, uint64_t addr, size_t len)
{
	if (addr != TABLE_B || len != PAGE_SIZE)
		return;
	moving_put(m, ANCHOR, 0);
	fill_with_decoys(m, TABLE_B);
}

static void test_walk_domain_gone(void **state)
{
	struct moving *m = *state;
	struct seen seen;

	make_tables(m);
	m->before = give_up_domain;
	assert_torn(walk(m, &seen));
	assert_int_equal(seen.n_leaves, 2);
}

/* One translation. */

static void free_entry_of_b(struct moving *m, uint64_t addr, size_t len)
{
	if (addr != TABLE_B + 8 || len != 8 || m->state++)
		return;
	moving_put(m, ROOT + 8, table_entry_to(TABLE_C));
	moving_put(m, TABLE_B + 8, leaf_entry_to(DECOY));
}

static void flicker_entry(struct moving *m, uint64_t addr, size_t len)
{
	(void)len;
	if (addr == ROOT + 8)
		moving_put(m, ROOT + 8, table_entry_to(m->state++ % 2 ? TABLE_B : TABLE_C));
}

static void test_translate(void **state)
{
	struct moving *m = *state;
	struct translation t;

	make_tables(m);
	moving_put(m, TABLE_C + 8, leaf_entry_to(0xcc000));
	m->before = free_entry_of_b;
	assert_null(table.ops->translate(&m->base, &table, MB2 + 0x1234, &t));
	assert_true(t.mapped);
	assert_int_equal(t.pa, 0xcc234);
	m->before = flicker_entry;
	assert_torn(table.ops->translate(&m->base, &table, MB2 + 0x1234, &t));
	assert_false(t.mapped || t.read || t.write);
	assert_non_null(t.stopped);
	m->before = NULL;
	moving_put(m, ANCHOR, 0);
	assert_torn(table.ops->translate(&m->base, &table, 0, &t));
	assert_false(t.mapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_stable, set_up),
		cmocka_unit_test_setup(test_together_at_rest, set_up),
		cmocka_unit_test_setup(test_together_replaced, set_up),
		cmocka_unit_test_setup(test_together_fault, set_up),
		cmocka_unit_test_setup(test_together_torn, set_up),
		cmocka_unit_test_setup(test_together_never, set_up),
		cmocka_unit_test_setup(test_together_stopped, set_up),
		cmocka_unit_test_setup(test_walk_at_rest, set_up),
		cmocka_unit_test_setup(test_walk_freed, set_up),
		cmocka_unit_test_setup(test_walk_replaced, set_up),
		cmocka_unit_test_setup(test_walk_torn, set_up),
		cmocka_unit_test_setup(test_walk_merged, set_up),
		cmocka_unit_test_setup(test_walk_domain_gone, set_up),
		cmocka_unit_test_setup(test_translate, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
