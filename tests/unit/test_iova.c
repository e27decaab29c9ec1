/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOVA allocators of kernels before Linux 5.5, which no machine at hand has: the driver's own, in
 * its struct dma_ops_domain. With a node that is the tree's anchor (4.15), or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "fake_machine.h"
#include "kernel/iova.h"
#include "model/iova.h"

#define DOMAIN "struct dma_ops_domain"
#define PROTECTION "struct protection_domain"
#define IOVAD "struct iova_domain"
#define OTHER_CPU UINT64_C(0x10000) /* how far its copies lie behind the first CPU's */
#define LAST UINT64_C(0xfffffffffffff)

/* Frames, in order. */
static const struct iova_range frames[] = {
	{0x10, 0x1f},	{0x100, 0x100},	    {0x200, 0x200},
	{0x300, 0x303}, {0xffffe, 0xffffe}, {0xfffff, 0xfffff},
};

static const struct {
	uint64_t frame;
	int64_t idle; /* enum iova_idle; -1: in use */
} idle[] = {
	{0x10, -1},	      {0x100, IOVA_CACHED},   {0x200, IOVA_CACHED},
	{0x300, IOVA_CACHED}, {0xffffe, IOVA_QUEUED}, {0xfffff, -1},
};

struct allocator {
	struct fake_machine *m;
	uint64_t iovad, nodes[ARRAY_SIZE(frames)];
	struct fake_view view;
	struct problems problems;
	struct iova_allocator a;
};

static uint64_t put_magazine(struct fake_kernel *k, uint64_t frame)
{
	uint64_t magazine = fake_alloc_bytes(k, 2048);

	fake_put(k, magazine, "struct iova_magazine", "size", 1);
	fake_write(k, magazine + fake_offset(k, "struct iova_magazine", "pfns"), 8, frame);
	return magazine;
}

/* Frame 0x100 is in the first CPU's magazine, 0x200 in the second's older one, 0x300 in a depot. */
static void put_caches(struct allocator *t)
{
	struct fake_kernel *k = t->m->k;
	uint64_t rcaches = t->iovad + fake_offset(k, IOVAD, "rcaches");
	uint64_t per_cpu = fake_alloc_bytes(k, OTHER_CPU + FAKE_PAGE);
	uint64_t third = rcaches + 2 * 280;

	fake_put(k, rcaches, "struct iova_rcache", "cpu_rcaches", per_cpu);
	fake_put(k, per_cpu, "struct iova_cpu_rcache", "loaded", put_magazine(k, 0x100));
	fake_put(k, per_cpu + OTHER_CPU, "struct iova_cpu_rcache", "prev", put_magazine(k, 0x200));
	fake_put(k, third, "struct iova_rcache", "cpu_rcaches",
		 fake_alloc_bytes(k, OTHER_CPU + FAKE_PAGE));
	fake_put(k, third, "struct iova_rcache", "depot_size", 1);
	fake_write(k, third + fake_offset(k, "struct iova_rcache", "depot"), 8,
		   put_magazine(k, 0x300));
}

/* The second CPU's, with an entry behind its end that is done. */
static void put_queue(struct allocator *t)
{
	struct fake_kernel *k = t->m->k;
	uint64_t queue = fake_alloc_bytes(k, 2 * OTHER_CPU), own = queue + OTHER_CPU;

	fake_put(k, t->iovad, IOVAD, "fq", queue);
	fake_put(k, own, "struct iova_fq", "head", 255);
	fake_put(k, own, "struct iova_fq", "tail", 0);
	fake_write(k, own + 255 * 32, 8, 0xffffe);
	fake_write(k, own, 8, 0xfffff);
}

static uint64_t put_node(struct allocator *t, uint64_t at, uint64_t low, uint64_t high)
{
	fake_put(t->m->k, at, "struct iova", "pfn_lo", low);
	fake_put(t->m->k, at, "struct iova", "pfn_hi", high);
	return at + fake_offset(t->m->k, "struct iova", "node");
}

/* A tree that leans to the right, as deep as it has nodes; the anchor last. */
static void put_tree(struct allocator *t, bool has_anchor)
{
	struct fake_kernel *k = t->m->k;
	uint64_t anchor = t->iovad + fake_offset(k, IOVAD, "anchor");
	uint64_t link = t->iovad + fake_offset(k, IOVAD, "rbroot");

	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		t->nodes[i] = put_node(t, fake_alloc_bytes(k, 64), frames[i].first, frames[i].last);
		fake_write(k, link, 8, t->nodes[i]);
		link = t->nodes[i] + 8;
	}
	if (has_anchor)
		fake_write(k, link, 8, put_node(t, anchor, LAST, LAST));
}

static void build(struct allocator *t, bool has_anchor)
{
	*t = (struct allocator){0};
	t->m = fake_machine_new(&(struct fake_options){.layouts = "4.18"}, 1);
	struct fake_kernel *k = t->m->k;

	t->iovad = t->m->domains[DOMAIN_NIC] + fake_offset(k, DOMAIN, "iovad") -
		   fake_offset(k, DOMAIN, "domain");
	fake_put(k, t->iovad, IOVAD, "granule", FAKE_PAGE);
	fake_write(k, fake_symbol(k, "nr_cpu_ids"), 4, 3);
	fake_write(k, fake_symbol(k, "__cpu_possible_mask"), 8, 5); /* 0 and 2 */
	fake_write(k, fake_symbol(k, "__per_cpu_offset") + 2 * 8, 8, OTHER_CPU);
	put_tree(t, has_anchor);
	put_caches(t);
	put_queue(t);
	if (!has_anchor)
		fake_forget(k, "member " IOVAD ".anchor");
}

static const struct domain *domain_of(const struct allocator *t)
{
	for (uint32_t i = 0; i < t->view.s->n_domains; i++)
		if (t->view.s->domains[i].address == t->m->domains[DOMAIN_NIC])
			return &t->view.s->domains[i];
	fail_msg("the domain is not in the snapshot");
	return NULL;
}

static void open_allocator(struct allocator *t)
{
	struct reader reader = {.problems = &t->problems};

	fake_view_open(t->m, &t->view);
	const struct domain *domain = domain_of(t);
	assert_int_equal(domain->iova_domain, t->iovad);
	struct error *err = session_kernel(t->view.session, &reader.kernel);
	if (!err)
		err = iova_allocator_open(&reader, domain->core_address, domain->iova_domain,
					  &t->a);
	if (err)
		fail_msg("%s", error_message(err));
	assert_int_equal(t->a.address, t->iovad);
}

static void end(struct allocator *t)
{
	iova_allocator_close(&t->a);
	problems_free(&t->problems);
	fake_view_close(&t->view);
	fake_machine_free(t->m);
}

static void check_ranges(struct allocator *t)
{
	for (size_t i = 0; i <= ARRAY_SIZE(frames); i++) {
		struct iova_range range;
		bool more;
		struct error *err = iova_allocator_next(&t->a, &range, &more);

		if (err)
			fail_msg("%s", error_message(err));
		assert_int_equal(more, i < ARRAY_SIZE(frames));
		if (!more)
			break;
		assert_int_equal(range.first, frames[i].first * FAKE_PAGE);
		assert_int_equal(range.last, frames[i].last * FAKE_PAGE + FAKE_PAGE - 1);
	}
}

static void check_idle(const struct allocator *t)
{
	assert_int_equal(t->a.idle_state, DATUM_OK);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		assert_int_equal(key_index_find(&t->a.idle, idle[i].frame * FAKE_PAGE),
				 idle[i].idle);
}

static void test_own(void **state)
{
	(void)state;
	for (unsigned has_anchor = 0; has_anchor < 2; has_anchor++) {
		struct allocator t;

		build(&t, has_anchor);
		open_allocator(&t);
		check_ranges(&t);
		check_idle(&t);
		assert_int_equal(t.problems.n, 0);
		end(&t);
	}
}

/* Of queues that are kept elsewhere (before Linux 4.14) it can't be told what is in them. */
static void test_other_queues(void **state)
{
	struct allocator t;

	(void)state;
	build(&t, true);
	fake_forget(t.m->k, "member " IOVAD ".fq");
	open_allocator(&t);
	check_ranges(&t);
	assert_int_equal(t.a.idle_state, DATUM_ABSENT);
	assert_int_equal(t.problems.n, 1);
	end(&t);
}

static void test_missing(void **state)
{
	struct allocator t;
	struct iova_range range;
	bool more;

	(void)state;
	build(&t, true);
	fake_exclude(t.m->k, t.nodes[3], 8);
	open_allocator(&t);
	check_idle(&t);
	struct error *err = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(frames) && !err; i++)
		err = iova_allocator_next(&t.a, &range, &more);
	assert_non_null(err);
	assert_int_equal(error_code(err), ERROR_EXCLUDED);
	error_free(err);
	end(&t);
}

/* Only domains of the DMA API have one. */
static void test_others(void **state)
{
	struct allocator t;

	(void)state;
	build(&t, true);
	fake_view_open(t.m, &t.view);
	for (uint32_t i = 0; i < t.view.s->n_domains; i++) {
		const struct domain *d = &t.view.s->domains[i];

		assert_int_equal(d->iova_domain != 0, d->type_name && !strcmp(d->type_name, "dma"));
	}
	end(&t);
}

struct told {
	unsigned n[IOVA_DIFFERENCES];
	unsigned n_unknown;
};

static struct error *count(void *arg, const struct iova_piece *piece)
{
	struct told *told = arg;

	told->n_unknown += piece->is_unknown;
	told->n[piece->difference]++;
	return NULL;
}

/* Of what is mapped one frame is in use, the other free again; frames 0x10 to 0x1f are in use, and
 * not mapped. */
static void test_compare(void **state)
{
	struct allocator t;
	struct told told = {0};
	struct iova_totals totals;
	struct kernel *kernel;

	(void)state;
	build(&t, true);
	fake_view_open(t.m, &t.view);
	assert_null(session_kernel(t.view.session, &kernel));
	struct error *err = iova_compare(kernel, t.view.s, domain_of(&t), "it", &t.problems, count,
					 &told, &totals);
	if (err)
		fail_msg("%s", error_message(err));
	assert_true(totals.has_allocator);
	assert_int_equal(totals.allocator, t.iovad);
	assert_int_equal(totals.n, ARRAY_SIZE(frames));
	assert_int_equal(t.problems.n, 0);
	assert_int_equal(told.n_unknown, 0);
	assert_int_equal(told.n[IOVA_AGREES], ARRAY_SIZE(frames) - 2);
	assert_int_equal(told.n[IOVA_UNMAPPED], 1);
	assert_int_equal(told.n[IOVA_MAPPED_FREE], 1);
	assert_int_equal(totals.n_differences, 2);
	end(&t);
}

/* A depot of a newer kernel's, whose magazines hang on one another, the second on the first. */
static void test_circle(void **state)
{
	static const char rcache[] = "struct iova_rcache", magazine[] = "struct iova_magazine";
	struct allocator t = {.m = fake_machine_new(&(struct fake_options){.layouts = "6.12"}, 1)};
	struct reader reader = {.problems = &t.problems};
	struct fake_kernel *k = t.m->k;
	uint64_t cookie = fake_alloc_bytes(k, FAKE_PAGE), rcaches = fake_alloc_bytes(k, FAKE_PAGE);
	uint64_t magazines[] = {fake_alloc_bytes(k, 2048), fake_alloc_bytes(k, 2048)};

	(void)state;
	fake_put(k, t.m->domains[DOMAIN_NIC] + fake_offset(k, PROTECTION, "domain"),
		 "struct iommu_domain", "iova_cookie", cookie);
	t.iovad = cookie + fake_offset(k, "struct iommu_dma_cookie", "iovad");
	fake_put(k, t.iovad, IOVAD, "granule", FAKE_PAGE);
	fake_put(k, t.iovad, IOVAD, "rcaches", rcaches);
	fake_write(k, fake_symbol(k, "nr_cpu_ids"), 4, 1);
	fake_write(k, fake_symbol(k, "__cpu_possible_mask"), 8, 1);
	fake_put(k, rcaches, rcache, "cpu_rcaches", fake_alloc_bytes(k, FAKE_PAGE));
	fake_put(k, rcaches, rcache, "depot_size", 60000);
	fake_put(k, rcaches, rcache, "depot", magazines[0]);
	fake_put(k, magazines[0], magazine, "next", magazines[1]);
	fake_put(k, magazines[1], magazine, "next", magazines[0]);
	fake_view_open(t.m, &t.view);
	assert_null(session_kernel(t.view.session, &reader.kernel));
	assert_null(iova_allocator_open(&reader, domain_of(&t)->core_address, 0, &t.a));
	assert_int_equal(t.a.address, t.iovad);
	assert_int_equal(t.a.idle_state, DATUM_CORRUPT);
	assert_int_equal(t.problems.n, 1);
	assert_non_null(strstr(t.problems.at[0].message, "lead back"));
	end(&t);
}

/* By the domain's own word, in the layouts before and behind the types that say so. */
static void test_lazy(void **state)
{
	static const char *const layouts[] = {"5.10", "6.12"};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(layouts); n++)
		for (unsigned step = 0; step < 3; step++) {
			struct allocator t = {.m = fake_machine_new(
						      &(struct fake_options){.layouts = layouts[n]}, 1)};
			struct reader reader = {.problems = &t.problems};
			struct fake_kernel *k = t.m->k;
			uint64_t cookie = fake_alloc_bytes(k, FAKE_PAGE);
			uint64_t core = t.m->domains[DOMAIN_NIC] +
					fake_offset(k, PROTECTION, "domain");

			if (step > 0)
				fake_put(k, core, "struct iommu_domain", "iova_cookie", cookie);
			if (step > 1)
				fake_put(k, cookie, "struct iommu_dma_cookie", "fq_domain", core);
			fake_view_open(t.m, &t.view);
			assert_null(session_kernel(t.view.session, &reader.kernel));
			struct datum lazy = iova_is_lazy(&reader, core);
			assert_int_equal(lazy.state, step > 0 ? DATUM_OK : DATUM_ABSENT);
			assert_true(!step || lazy.value == (step > 1));
			assert_int_equal(t.problems.n, 0);
			fake_view_close(&t.view);
			fake_machine_free(t.m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lazy),
		cmocka_unit_test(test_own),	cmocka_unit_test(test_other_queues),
		cmocka_unit_test(test_missing), cmocka_unit_test(test_others),
		cmocka_unit_test(test_compare), cmocka_unit_test(test_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
