/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages, resources and IOVA allocators made by hand, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_kernel.h"
#include "kernel/iova.h"
#include "kernel/page.h"

#define STRUCT_PAGE 64
#define N_PAGES 64u
#define FIRST_PAGE UINT64_C(0x100000000) /* of the described RAM; its memory itself is not there   \
					  */
#define RAM_LAST (FIRST_PAGE + N_PAGES * FAKE_PAGE - 1)
#define MMIO UINT64_C(0xfe000000)

struct fixture {
	struct fake_kernel *k;
	struct target *target;
	struct kernel *kernel;
	struct problems problems;
	struct reader reader;
	uint64_t pages;		      /* struct page of FIRST_PAGE */
	uint64_t root, ram, bus, bar; /* struct resource */
};

static const char *const eras[] = {"5.10", "6.12", "7.2"};

static uint64_t add_resource(struct fake_kernel *k, const char *name, uint64_t first, uint64_t last)
{
	uint64_t at = fake_alloc(k, "struct resource");

	fake_put(k, at, "struct resource", "start", first);
	fake_put(k, at, "struct resource", "end", last);
	fake_put(k, at, "struct resource", "name", fake_string(k, name));
	return at;
}

static void make_resources(struct fixture *f)
{
	f->root = fake_symbol(f->k, "iomem_resource");
	f->bus = add_resource(f->k, "PCI Bus 0000:00", 0xf0000000, 0xfeffffff);
	f->bar = add_resource(f->k, "0000:00:05.0", MMIO, MMIO + 0xfff);
	f->ram = add_resource(f->k, "System RAM", FIRST_PAGE, RAM_LAST);
	fake_put(f->k, f->root, "struct resource", "child", f->bus);
	fake_put(f->k, f->bus, "struct resource", "child", f->bar);
	fake_put(f->k, f->bus, "struct resource", "sibling", f->ram);
}

/* Pages that are held by the kernel; tests make others of them. */
static void make_pages(struct fixture *f)
{
	f->pages = fake_alloc_bytes(f->k, N_PAGES * STRUCT_PAGE);
	fake_write(f->k, fake_symbol(f->k, "vmemmap_base"), 8,
		   f->pages - FIRST_PAGE / FAKE_PAGE * STRUCT_PAGE);
	for (unsigned i = 0; i < N_PAGES; i++) {
		uint64_t page = f->pages + i * STRUCT_PAGE;

		fake_put(f->k, page, "struct page", "_refcount", 1);
		fake_put(f->k, page, "struct page", "page_type", UINT32_MAX);
	}
}

static void start(struct fixture *f, const char *era)
{
	const struct fake_options options = {.layouts = era};

	*f = (struct fixture){.k = fake_new(&options)};
	make_resources(f);
	make_pages(f);
}

static void open_target(struct fixture *f)
{
	const char *path = fake_image(f->k);
	const struct target_spec spec = {.cores = &path, .n_cores = 1, .no_symbols = true};

	assert_null(target_open(&spec, &f->target));
	assert_null(kernel_open(f->target, NULL, 0, &f->kernel));
	f->reader = (struct reader){.kernel = f->kernel, .problems = &f->problems};
}

static void end(struct fixture *f)
{
	problems_free(&f->problems);
	kernel_close(f->kernel);
	target_close(f->target);
	fake_free(f->k);
}

static uint64_t page_at(const struct fixture *f, unsigned i)
{
	return f->pages + i * STRUCT_PAGE;
}

static void put_page(struct fixture *f, unsigned i, const char *member, uint64_t value)
{
	fake_put(f->k, page_at(f, i), "struct page", member, value);
}

static enum page_use use_of(struct page_map *map, unsigned i)
{
	return page_facts_read(map, FIRST_PAGE + i * FAKE_PAGE + 5).use;
}

/* As each era writes it. */
static void set_type(struct fixture *f, unsigned i, bool is_old, uint32_t bit, uint32_t byte)
{
	put_page(f, i, "page_type", is_old ? UINT32_MAX & ~bit : byte << 24);
}

static void check_uses(const char *era)
{
	_cleanup_(page_map_closep) struct page_map *map = NULL;
	bool is_old = !strcmp(era, "5.10"), is_new = !strcmp(era, "7.2");
	struct fixture f;

	start(&f, era);
	for (unsigned i = 8; i < 12; i++) /* a free block of order 2 */
		put_page(&f, i, "_refcount", 0);
	set_type(&f, 8, is_old, 0x80, 240);
	put_page(&f, 8, "private", 2);
	put_page(&f, 12, "_refcount", 0); /* behind it: on its way */
	set_type(&f, 13, is_old, 0x100, 241);
	set_type(&f, 14, is_old, 0x400, 242);
	put_page(&f, 15, "mapping", UINT64_C(0xffff888000001001));
	put_page(&f, 16, "mapping", UINT64_C(0xffff888000001000));
	put_page(&f, 17, "flags", UINT64_C(1) << (is_old ? 12 : 13)); /* PG_reserved */
	put_page(&f, 18, "flags",
		 UINT64_C(1) << (is_old	  ? 23
				 : is_new ? 21
					  : 20)); /* PG_hwpoison */
	if (is_old)
		put_page(&f, 20, "flags", UINT64_C(1) << 9); /* PG_slab */
	else
		set_type(&f, 20, false, 0, 245);
	/* The tail of the slab: the head's address, or the mask that leads to it. */
	if (is_new)
		put_page(&f, 21, "compound_info", ~UINT64_C(0x7f) | 1);
	else
		put_page(&f, 21, "compound_head", page_at(&f, 20) | 1);
	open_target(&f);
	assert_null(page_map_open(&f.reader, &map));
	for (unsigned i = 8; i < 12; i++)
		assert_int_equal(use_of(map, i), PAGE_FREE);
	assert_int_equal(use_of(map, 12), PAGE_UNREFERENCED);
	assert_int_equal(use_of(map, 13), PAGE_OFFLINE);
	assert_int_equal(use_of(map, 14), PAGE_TABLE);
	assert_int_equal(use_of(map, 15), PAGE_ANONYMOUS);
	assert_int_equal(use_of(map, 16), PAGE_CACHE);
	assert_int_equal(use_of(map, 17), PAGE_RESERVED);
	assert_int_equal(use_of(map, 18), PAGE_POISONED);
	assert_int_equal(use_of(map, 19), PAGE_KERNEL);
	assert_int_equal(use_of(map, 20), PAGE_SLAB);
	assert_int_equal(use_of(map, 21), PAGE_SLAB);
	assert_int_equal(page_facts_read(map, FIRST_PAGE + 21 * FAKE_PAGE).head,
			 FIRST_PAGE + 20 * FAKE_PAGE);
	struct page_facts mmio = page_facts_read(map, MMIO + 0x10);
	assert_int_equal(mmio.use, PAGE_NOT_RAM);
	assert_string_equal(mmio.span->function, "0000:00:05.0");
	assert_true(mmio.span->in_bus);
	assert_int_equal(page_facts_read(map, 0x1000).state, DATUM_NONE);
	assert_int_equal(page_facts_read(map, UINT64_MAX).state, DATUM_NONE);
	assert_int_equal(f.problems.n, 0);
	page_map_close(take_ptr(map));
	end(&f);
}

static void test_uses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eras); i++)
		check_uses(eras[i]);
}

/* A head that is not before its tail, or no struct page at all; a struct page that the dump lacks.
 */
static void test_broken_pages(void **state)
{
	_cleanup_(page_map_closep) struct page_map *map = NULL;
	struct fixture f;

	(void)state;
	start(&f, "6.12");
	put_page(&f, 4, "compound_head", page_at(&f, 5) | 1);
	put_page(&f, 5, "compound_head", page_at(&f, 5) | 1);
	put_page(&f, 6, "compound_head", (page_at(&f, 4) + 8) | 1);
	put_page(&f, 7, "compound_head", 3);
	fake_exclude(f.k, f.pages, FAKE_PAGE);
	open_target(&f);
	assert_null(page_map_open(&f.reader, &map));
	for (unsigned i = 4; i < 8; i++)
		assert_int_equal(page_facts_read(map, FIRST_PAGE + i * FAKE_PAGE).state,
				 DATUM_EXCLUDED);
	assert_int_equal(use_of(map, 4), PAGE_UNKNOWN);
	page_map_close(take_ptr(map));
	end(&f);
	start(&f, "6.12");
	put_page(&f, 4, "compound_head", page_at(&f, 5) | 1);
	put_page(&f, 5, "compound_head", page_at(&f, 5) | 1);
	put_page(&f, 6, "compound_head", (page_at(&f, 4) + 8) | 1);
	put_page(&f, 7, "compound_head", 3);
	open_target(&f);
	assert_null(page_map_open(&f.reader, &map));
	for (unsigned i = 4; i < 8; i++) {
		struct page_facts facts = page_facts_read(map, FIRST_PAGE + i * FAKE_PAGE);

		assert_int_equal(facts.use, PAGE_UNKNOWN);
		assert_int_equal(facts.state, DATUM_CORRUPT);
	}
	assert_int_equal(f.problems.n, 4);
	page_map_close(take_ptr(map));
	end(&f);
}

/* What is known before the damage stays so; behind it nothing is, but that RAM is RAM. */
static void check_resources(void (*damage)(struct fixture *f), bool bus_is_known)
{
	_cleanup_(page_map_closep) struct page_map *map = NULL;
	struct fixture f;

	start(&f, "6.12");
	damage(&f);
	open_target(&f);
	assert_null(page_map_open(&f.reader, &map));
	struct page_facts mmio = page_facts_read(map, MMIO);
	assert_int_equal(mmio.state == DATUM_OK, bus_is_known);
	assert_int_equal(mmio.use, bus_is_known ? PAGE_NOT_RAM : PAGE_UNKNOWN);
	assert_int_not_equal(f.problems.n, 0);
	assert_int_not_equal(page_facts_read(map, UINT64_MAX).state, DATUM_OK);
	page_map_close(take_ptr(map));
	end(&f);
}

static void loop_siblings(struct fixture *f)
{
	fake_put(f->k, f->ram, "struct resource", "sibling", f->bus);
}

static void loop_children(struct fixture *f)
{
	fake_put(f->k, f->bar, "struct resource", "child", f->bus);
}

static void turn_resource_round(struct fixture *f)
{
	fake_put(f->k, f->bar, "struct resource", "end", MMIO - 1);
}

static void leave_parent(struct fixture *f)
{
	fake_put(f->k, f->bar, "struct resource", "end", UINT64_MAX);
}

static void exclude_resource(struct fixture *f)
{
	fake_exclude(f->k, f->bar, 8);
}

static void test_broken_resources(void **state)
{
	(void)state;
	check_resources(loop_siblings, true);
	check_resources(loop_children, false);
	check_resources(turn_resource_round, false);
	check_resources(leave_parent, false);
	check_resources(exclude_resource, false);
}

/* Allocators: five ranges as a tree, 0x10 to 0x50, two pages each, the anchor behind. */

#define N_RANGES 5

struct allocator {
	struct fixture f;
	uint64_t core, cookie, domain, nodes[N_RANGES];
};

static void link_nodes(struct allocator *a, unsigned parent, int left, int right)
{
	uint64_t node = a->nodes[parent];

	fake_write(a->f.k, node + 8, 8, right < 0 ? 0 : a->nodes[right]);
	fake_write(a->f.k, node + 16, 8, left < 0 ? 0 : a->nodes[left]);
}

static void make_allocator(struct allocator *a, const char *era)
{
	struct fake_kernel *k;

	start(&a->f, era);
	k = a->f.k;
	a->core = fake_alloc(k, "struct iommu_domain");
	a->cookie = fake_alloc(k, "struct iommu_dma_cookie");
	a->domain = a->cookie + fake_offset(k, "struct iommu_dma_cookie", "iovad");
	fake_put(k, a->core, "struct iommu_domain", "iova_cookie", a->cookie);
	fake_put_if(k, a->core, "struct iommu_domain", "cookie_type", 1);
	fake_put(k, a->domain, "struct iova_domain", "granule", FAKE_PAGE);
	for (unsigned i = 0; i < N_RANGES; i++) {
		a->nodes[i] = fake_alloc(k, "struct iova");
		fake_put(k, a->nodes[i], "struct iova", "pfn_lo", 0x10 * (i + 1));
		fake_put(k, a->nodes[i], "struct iova", "pfn_hi", 0x10 * (i + 1) + 1);
	}
	uint64_t anchor = a->domain + fake_offset(k, "struct iova_domain", "anchor");
	fake_write(k, a->domain + fake_offset(k, "struct iova_domain", "rbroot"), 8, a->nodes[3]);
	link_nodes(a, 3, 1, 4);
	link_nodes(a, 1, 0, 2);
	fake_write(k, a->nodes[4] + 8, 8, anchor);
	fake_write(k, fake_symbol(k, "nr_cpu_ids"), 4, 2);
	fake_write(k, fake_symbol(k, "__cpu_possible_mask"), 8, 2); /* only CPU 1 */
}

/* Fills text with the ranges' first frames; '!' for an error. */
static void read_allocator(struct allocator *a, struct iova_allocator *opened, char *text)
{
	struct iova_range range;
	bool more = true;

	open_target(&a->f);
	assert_null(iova_allocator_open(&a->f.reader, a->core, 0, opened));
	for (unsigned i = 0; more && i < 100; i++) {
		struct error *err = iova_allocator_next(opened, &range, &more);

		if (!err && !more)
			break;
		*text++ = err ? '!' : (char)('0' + (range.first >> 16));
		if (!err)
			assert_int_equal(range.last - range.first, 2 * FAKE_PAGE - 1);
		error_free(err);
	}
	*text = '\0';
}

static void check_tree(void (*damage)(struct allocator *a), const char *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(eras); i++) {
		struct iova_allocator opened;
		struct allocator a;
		char text[128];

		make_allocator(&a, eras[i]);
		if (damage)
			damage(&a);
		read_allocator(&a, &opened, text);
		assert_string_equal(text, expected);
		iova_allocator_close(&opened);
		end(&a.f);
	}
}

static void loop_tree(struct allocator *a)
{
	link_nodes(a, 0, 3, -1);
}

static void loop_to_the_right(struct allocator *a)
{
	link_nodes(a, 2, -1, 3);
}

static void exclude_node(struct allocator *a)
{
	fake_exclude(a->f.k, a->nodes[1], 8);
}

static void lose_node(struct allocator *a)
{
	fake_write(a->f.k, a->nodes[1] + 16, 8, UINT64_C(0x8000000000000000));
}

static void swap_bounds(struct allocator *a)
{
	fake_put(a->f.k, a->nodes[2], "struct iova", "pfn_hi", 1);
}

static void overflow_bounds(struct allocator *a)
{
	fake_put(a->f.k, a->nodes[2], "struct iova", "pfn_hi", UINT64_MAX);
}

static void test_trees(void **state)
{
	(void)state;
	check_tree(NULL, "12345");
	check_tree(loop_tree, "!");
	check_tree(loop_to_the_right, "123!");
	check_tree(exclude_node, "!45");
	check_tree(lose_node, "!2345");
	check_tree(swap_bounds, "12!");
	check_tree(overflow_bounds, "12!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_broken_pages),
		cmocka_unit_test(test_broken_resources),
		cmocka_unit_test(test_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
