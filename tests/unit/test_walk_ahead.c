/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables that lie one behind the other are read several at once: a walk must find in them what it
 * finds in scattered ones, lose no more than those that can't be read, and read none that is not
 * wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "amd/hw/pte.h"
#include "base/cleanup.h"
#include "fake_machine.h"
#include "target/recorder.h"

#define TABLES 40		  /* of level 1, the first of a level 2 table of their own */
#define FIRST (UINT64_C(5) << 39) /* the IOVA where that lies in the VM's domain */
#define TABLE_SPAN (UINT64_C(1) << 21)
#define LEAF(i) (UINT64_C(0x100000000) + (i)*FAKE_PAGE)
#define UPPER_TABLES 3 /* that lead there */

/* How the tables lie: where in their memory the i-th of them is. */
static unsigned in_order(unsigned i)
{
	return i;
}

static unsigned in_reverse(unsigned i)
{
	return TABLES - 1 - i;
}

/* Three in a row, a step back, three in a row. */
static unsigned in_parts(unsigned i)
{
	return i < 36 ? i / 6 * 6 + (i + 3) % 6 : i;
}

struct arrangement {
	const char *name;
	unsigned (*place)(unsigned i);
};

static const struct arrangement arrangements[] = {
	{"in order", in_order},
	{"in reverse", in_reverse},
	{"in parts", in_parts},
};

struct fixture {
	struct fake_machine *m;
	struct fake_view view;
	const struct page_table *table;
	uint64_t memory; /* of the tables; virtual */
	const struct arrangement *arrangement;
};

static uint64_t table_at(const struct fixture *f, unsigned i)
{
	return f->memory + f->arrangement->place(i) * FAKE_PAGE;
}

static void fixture_build(struct fixture *f, const struct arrangement *arrangement)
{
	struct fake_machine *m = fake_machine_new(&(struct fake_options){"6.12", 0, 0, 0}, 1);
	uint64_t top = fake_alloc_bytes(m->k, FAKE_PAGE),
		 middle = fake_alloc_bytes(m->k, FAKE_PAGE);

	*f = (struct fixture){.m = m, .arrangement = arrangement};
	f->memory = fake_alloc_bytes(m->k, TABLES * FAKE_PAGE);
	fake_write(m->k, m->roots[DOMAIN_VM] + 5 * 8, 8, fake_table_entry(m, top, 3));
	fake_write(m->k, top, 8, fake_table_entry(m, middle, 2));
	for (unsigned i = 0; i < TABLES; i++) {
		fake_write(m->k, middle + i * 8, 8, fake_table_entry(m, table_at(f, i), 1));
		fake_write(m->k, table_at(f, i) + i * 8, 8, UINT64_C(3) << 61 | LEAF(i) | 1);
	}
}

static void fixture_open(struct fixture *f)
{
	fake_view_open(f->m, &f->view);
	for (uint32_t i = 0; i < f->view.s->n_domains; i++)
		if (f->view.s->domains[i].address == f->m->domains[DOMAIN_VM])
			f->table = &f->view.s->domains[i].table;
	assert_non_null(f->table);
}

static void fixture_close(struct fixture *f)
{
	fake_view_close(&f->view);
	fake_machine_free(f->m);
}

struct seen {
	bool leaf[TABLES], table[TABLES], unknown[TABLES];
	unsigned n_leaves, n_tables, n_upper, n_unknown;
};

static unsigned index_of(uint64_t iova)
{
	unsigned i = (unsigned)((iova - FIRST) / TABLE_SPAN);

	assert_in_range(i, 0, TABLES - 1);
	return i;
}

static struct error *see_leaf(void *arg, const struct leaf *leaf)
{
	struct seen *seen = arg;
	unsigned i = index_of(leaf->iova);

	assert_int_equal(leaf->iova, FIRST + i * TABLE_SPAN + i * FAKE_PAGE);
	assert_int_equal(leaf->pa, LEAF(i));
	seen->leaf[i] = true;
	seen->n_leaves++;
	return NULL;
}

static struct error *see_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	struct seen *seen = arg;

	assert_int_not_equal(pa, 0);
	if (level > 1) {
		seen->n_upper++;
		return NULL;
	}
	seen->table[index_of(iova)] = true;
	seen->n_tables++;
	return NULL;
}

static struct error *see_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct seen *seen = arg;

	assert_int_equal(size, TABLE_SPAN);
	seen->unknown[index_of(iova)] = true;
	seen->n_unknown++;
	error_free(err);
	return NULL;
}

static struct seen walk(const struct fixture *f, unsigned first, unsigned last, bool tables_only)
{
	struct seen seen = {0};
	const struct page_table_visitor visitor = {
		.leaf = see_leaf,
		.table = see_table,
		.unknown = see_unknown,
		.tables_only = tables_only,
		.arg = &seen,
	};
	struct error *err =
		f->table->ops->walk(f->view.target, f->table, FIRST + first * TABLE_SPAN,
				    FIRST + last * TABLE_SPAN + (TABLE_SPAN - 1), &visitor);

	assert_null(err);
	return seen;
}

static void test_all(void **state)
{
	struct fixture f;

	fixture_build(&f, *state);
	fixture_open(&f);
	struct seen seen = walk(&f, 0, TABLES - 1, false);
	assert_int_equal(seen.n_leaves, TABLES);
	assert_int_equal(seen.n_tables, TABLES);
	assert_int_equal(seen.n_upper, UPPER_TABLES);
	assert_int_equal(seen.n_unknown, 0);
	fixture_close(&f);
}

static void test_missing(void **state)
{
	struct fixture f;

	fixture_build(&f, *state);
	fake_exclude(f.m->k, table_at(&f, 7), 8);
	fake_remove(f.m->k, table_at(&f, 33), 8);
	fixture_open(&f);
	struct seen seen = walk(&f, 0, TABLES - 1, false);
	for (unsigned i = 0; i < TABLES; i++) {
		bool is_missing = i == 7 || i == 33;

		assert_int_equal(seen.unknown[i], is_missing);
		assert_int_equal(seen.leaf[i], !is_missing);
		assert_int_equal(seen.table[i], !is_missing);
	}
	/* Who wants no more than to know the tables has to read none of these. */
	seen = walk(&f, 0, TABLES - 1, true);
	assert_int_equal(seen.n_tables, TABLES);
	assert_int_equal(seen.n_upper, UPPER_TABLES);
	assert_int_equal(seen.n_leaves + seen.n_unknown, 0);
	fixture_close(&f);
}

/* How many pages were read. */
static size_t walk_recorded(const struct fixture *f, unsigned first, unsigned last,
			    bool tables_only)
{
	struct recorder recorder = {0};

	f->view.target->recorder = &recorder;
	walk(f, first, last, tables_only);
	f->view.target->recorder = NULL;
	size_t n = recorder.n;
	recorder_free(&recorder);
	return n;
}

static void test_no_more(void **state)
{
	struct fixture f;

	fixture_build(&f, *state);
	fixture_open(&f);
	assert_int_equal(walk_recorded(&f, 0, TABLES - 1, false), UPPER_TABLES + TABLES);
	assert_int_equal(walk_recorded(&f, 3, 21, false), UPPER_TABLES + 19);
	assert_int_equal(walk_recorded(&f, 4, 4, false), UPPER_TABLES + 1);
	assert_int_equal(walk_recorded(&f, 0, TABLES - 1, true), UPPER_TABLES);
	fixture_close(&f);
}

int main(void)
{
	struct CMUnitTest tests[3 * ARRAY_SIZE(arrangements)];

	for (size_t i = 0; i < ARRAY_SIZE(arrangements); i++) {
		void *arrangement = (void *)&arrangements[i];
		const char *name = arrangements[i].name;

		tests[3 * i] = (struct CMUnitTest){name, test_all, NULL, NULL, arrangement};
		tests[3 * i + 1] = (struct CMUnitTest){name, test_missing, NULL, NULL, arrangement};
		tests[3 * i + 2] = (struct CMUnitTest){name, test_no_more, NULL, NULL, arrangement};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
