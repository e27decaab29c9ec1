/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt tables made by hand: entries of both widths, posted ones, tables of 2048 entries and of
 * lengths that are none, shared tables, damaged chains of chips and handlers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "amd/hw/dte.h"
#include "base/cleanup.h"
#include "fake_machine.h"

#define VALID UINT64_C(1)
#define LOGICAL (UINT64_C(1) << 6)
#define GUEST (UINT64_C(1) << 7)
#define NIC 0x0020
#define BEHIND 0x0100
#define ALIASED 0x0108
#define VAPIC UINT64_C(0x4567000)
#define MARK_32 UINT64_C(0xfffffffe) /* given out, not yet set: irte_set_allocated() */

struct interrupts_machine {
	struct fake_machine *m;
	unsigned bytes;
	uint64_t lookup, table, object, shared;
	uint64_t descs[32]; /* by number */
	uint64_t actions[32], last_data[32];
};

static void put_lookup(struct interrupts_machine *i, uint16_t devid, uint64_t object)
{
	fake_write(i->m->k, i->lookup + devid * 8, 8, object);
}

static void put_irte(struct interrupts_machine *i, unsigned index, uint64_t low, uint64_t high)
{
	uint64_t at = i->table + (uint64_t)index * i->bytes;

	fake_write(i->m->k, at, i->bytes == 4 ? 4 : 8, low);
	if (i->bytes == 16)
		fake_write(i->m->k, at + 8, 8, high);
}

/* A remapped one of either width. */
static void put_remapped(struct interrupts_machine *i, unsigned index, uint64_t flags,
			 uint64_t dest, uint64_t vector)
{
	if (i->bytes == 4)
		put_irte(i, index, VALID | flags | dest << 8 | vector << 16, 0);
	else
		put_irte(i, index, VALID | flags | dest << 8, vector);
}

/* The interrupt half of a device table entry. */
static void put_dte(struct interrupts_machine *i, uint16_t devid, uint64_t table, unsigned length)
{
	uint64_t word = 1 | (uint64_t)length << 1 | fake_phys(i->m->k, table) |
			fake_options(i->m->k)->sme_mask | UINT64_C(2) << 60;

	fake_write(i->m->k, fake_entry_address(i->m, 0, devid) + 16, 8, word);
}

/* A chip of the device's, below it the remapping's. */
static void add_irq(struct interrupts_machine *i, unsigned number, uint16_t devid, unsigned index,
		    const char *name)
{
	struct fake_kernel *k = i->m->k;
	static const char data_type[] = "struct irq_data";
	uint64_t desc = i->descs[number] = fake_alloc(k, "struct irq_desc");
	uint64_t data = desc + fake_offset(k, "struct irq_desc", "irq_data");
	uint64_t parent = fake_alloc(k, data_type), record = fake_alloc(k, "struct amd_ir_data");

	fake_put(k, data, data_type, "chip", desc);
	fake_put(k, data, data_type, "parent_data", parent);
	fake_put(k, parent, data_type, "chip", fake_symbol(k, "amd_ir_chip"));
	fake_put(k, parent, data_type, "chip_data", record);
	fake_put(k, record, "struct amd_ir_data", "irq_2_irte.devid", devid);
	fake_put(k, record, "struct amd_ir_data", "irq_2_irte.index", index);
	fake_put_if(k, record, "struct amd_ir_data", "iommu", i->m->iommus[0]);
	fake_put(k, record, "struct amd_ir_data", "ga_root_ptr", VAPIC >> 12);
	i->last_data[number] = parent;
	if (!name)
		return;
	i->actions[number] = fake_alloc(k, "struct irqaction");
	fake_put(k, i->actions[number], "struct irqaction", "name", fake_string(k, name));
	fake_put(k, desc, "struct irq_desc", "action", i->actions[number]);
}

static void build_xarray(struct interrupts_machine *i)
{
	struct fake_kernel *k = i->m->k;
	uint64_t node = fake_alloc(k, "struct xa_node");

	for (unsigned n = 0; n < ARRAY_SIZE(i->descs); n++)
		fake_write(k, node + fake_offset(k, "struct xa_node", "slots") + n * 8, 8,
			   i->descs[n]);
	fake_put(k, fake_symbol(k, "irq_desc_tree"), "struct xarray", "xa_head", node | 2);
}

/* A leaf for 16 indexes; the last one's range reaches to `last`. */
static uint64_t build_leaf(struct interrupts_machine *i, unsigned first, uint64_t last)
{
	static const char type[] = "struct maple_range_64";
	struct fake_kernel *k = i->m->k;
	uint64_t node = fake_alloc_bytes(k, 256);

	for (unsigned n = 0; n < 16; n++) {
		if (n < 15)
			fake_write(k, node + fake_offset(k, type, "pivot") + n * 8, 8, first + n);
		fake_write(k, node + fake_offset(k, type, "slot") + n * 8, 8,
			   n == 15 && last != first + 15 ? 0 : i->descs[first + n]);
	}
	return node | 1 << 3 | 4;
}

static void build_maple(struct interrupts_machine *i)
{
	static const char type[] = "struct maple_arange_64";
	struct fake_kernel *k = i->m->k;
	uint64_t root = fake_alloc_bytes(k, 256);

	fake_write(k, root + fake_offset(k, type, "pivot"), 8, 15);
	fake_write(k, root + fake_offset(k, type, "slot"), 8, build_leaf(i, 0, 15));
	fake_write(k, root + fake_offset(k, type, "slot") + 8, 8, build_leaf(i, 16, UINT64_MAX));
	fake_put(k, fake_symbol(k, "sparse_irqs"), "struct maple_tree", "ma_root",
		 root | 3 << 3 | 2);
}

static void build_tree(struct interrupts_machine *i)
{
	if (fake_symbol(i->m->k, "sparse_irqs"))
		build_maple(i);
	else
		build_xarray(i);
}

/* CPUs 0, 1 and 3 with APIC IDs 0, 2 and 0x50; 3 is offline. */
static void build_cpus(struct fake_kernel *k)
{
	static const uint32_t ids[] = {0, 2, UINT32_MAX, 0x50};

	for (unsigned n = 0; n < ARRAY_SIZE(ids); n++)
		fake_write(k, fake_symbol(k, "cpuid_to_apicid") + n * 4, 4, ids[n]);
	fake_write(k, fake_symbol(k, "nr_cpu_ids"), 4, ARRAY_SIZE(ids));
	fake_write(k, fake_symbol(k, "__cpu_online_mask"), 8, 3);
}

static void build(struct interrupts_machine *i, const char *layouts, unsigned bytes,
		  unsigned length)
{
	const struct fake_options options = {.layouts = layouts};
	struct fake_kernel *k;

	*i = (struct interrupts_machine){.m = fake_machine_new(&options, 1), .bytes = bytes};
	k = i->m->k;
	i->lookup = fake_vmalloc(k, (FAKE_LAST_DEVID + 1) * 8);
	if (fake_has(k, "struct amd_iommu_pci_seg", "irq_lookup_table"))
		fake_put(k, i->m->segments[0], "struct amd_iommu_pci_seg", "irq_lookup_table",
			 i->lookup);
	else
		fake_write(k, fake_symbol(k, "irq_lookup_table"), 8, i->lookup);
	fake_write(k, fake_symbol(k, "amd_iommu_guest_ir"), 4, bytes == 16 ? 2 : 0);
	i->table = fake_alloc_bytes(k, (UINT64_C(1) << length) * bytes);
	i->object = fake_alloc(k, "struct irq_remap_table");
	fake_put(k, i->object, "struct irq_remap_table", "table", i->table);
	put_lookup(i, NIC, i->object);
	put_dte(i, NIC, i->table, length);
	build_cpus(k);
}

/* The table of devid as the driver reads it; the arena is the snapshot's. */
static struct interrupt_table read_table(struct fake_view *view, uint16_t devid)
{
	struct interrupt_table table = {0};
	struct error *err = session_snapshot(view->session, SNAPSHOT_INTERRUPTS, &view->s);

	if (!err)
		err = view->driver->ops->read_interrupt_table(view->driver, view->s, 0, devid,
							      &view->s->arena, &table);
	if (err)
		fail_msg("%s", error_message(err));
	return table;
}

static void end(struct interrupts_machine *i, struct fake_view *view)
{
	fake_view_close(view);
	fake_machine_free(i->m);
}

struct kind {
	const char *layouts;
	unsigned bytes, length;
};

static const struct kind kinds[] = {
	{"5.10", 4, 8},
	{"5.10", 16, 9},
	{"7.2", 4, 9},
	{"7.2", 16, 11},
};

static void check_use(const struct interrupt_table *t, unsigned index, enum interrupt_use use,
		      unsigned irq)
{
	const struct table_interrupt *i = &t->at[index];

	assert_int_equal(i->state, DATUM_OK);
	assert_int_equal(i->index, index);
	assert_int_equal(i->use, use);
	if (irq)
		assert_int_equal(i->route->irq, irq);
	else
		assert_null(i->route);
}

static bool names(const struct fake_view *view, const struct table_interrupt *i, unsigned cpu)
{
	const struct apic_cpus *cpus = &view->s->interrupts.cpus;

	for (uint32_t n = 0; n < cpus->n; n++)
		if (cpus->at[n].number == cpu)
			return apic_is_destination(cpus, &cpus->at[n], i->destination, i->logical);
	return false;
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
		const struct kind *kind = &kinds[n];
		unsigned last = (1u << kind->length) - 1;
		struct interrupts_machine i;
		struct fake_view view;

		print_message("%s, %u bytes, %u entries\n", kind->layouts, kind->bytes, last + 1);
		build(&i, kind->layouts, kind->bytes, kind->length);
		put_remapped(&i, 0, 0, 2, 0x31);
		put_remapped(&i, 1, LOGICAL, 3, 0x32);
		put_irte(&i, 2, kind->bytes == 4 ? MARK_32 : 0, 0xff);
		put_remapped(&i, 4, 0, 0x50, 0x33);
		put_remapped(&i, last, 0, 0, 0x34);
		add_irq(&i, 5, NIC, 0, "nic-rx");
		add_irq(&i, 15, NIC, 1, "nic-tx");
		add_irq(&i, 16, NIC, 2, NULL);
		add_irq(&i, 17, NIC, 3, "nic-lost");
		add_irq(&i, 18, NIC, last, "nic-last");
		build_tree(&i);
		fake_view_open(i.m, &view);
		struct interrupt_table t = read_table(&view, NIC);

		assert_int_equal(view.s->problems.n, 0);
		assert_int_equal(t.state, DATUM_OK);
		assert_int_equal(t.n, last + 1);
		assert_int_equal(t.entry_size.value, kind->bytes);
		assert_true(datum_is(t.address, fake_phys(i.m->k, i.table)));
		check_use(&t, 0, INTERRUPT_ENABLED, 5);
		check_use(&t, 1, INTERRUPT_ENABLED, 15);
		check_use(&t, 2, INTERRUPT_DISABLED, 16);
		check_use(&t, 3, INTERRUPT_BLANK, 17);
		check_use(&t, 4, INTERRUPT_ENABLED, 0);
		check_use(&t, 5, INTERRUPT_FREE, 0);
		check_use(&t, last, INTERRUPT_ENABLED, 18);
		assert_string_equal(t.at[0].route->name.value, "nic-rx");
		assert_int_equal(t.at[2].route->name.state, DATUM_NONE);
		assert_int_equal(t.at[0].vector, 0x31);
		assert_true(names(&view, &t.at[0], 1) && !names(&view, &t.at[0], 0));
		assert_true(names(&view, &t.at[1], 0) && names(&view, &t.at[1], 1));
		assert_true(names(&view, &t.at[4], 3));
		assert_true(datum_is(view.s->interrupts.cpus.at[2].online, 0));
		assert_int_equal(read_table(&view, 0x0048).state, DATUM_NONE);
		end(&i, &view);
	}
}

static void test_posted(void **state)
{
	struct interrupts_machine i;
	struct fake_view view;

	(void)state;
	build(&i, "7.2", 16, 9);
	put_irte(&i, 0, VALID | GUEST | UINT64_C(0x50) << 8 | UINT64_C(0xabcd) << 32, VAPIC | 0x41);
	put_irte(&i, 1, VALID, 0); /* free, says the driver, but hardware delivers by it */
	put_irte(&i, 2, VALID | UINT64_C(0x345678) << 8, UINT64_C(0x12) << 56 | 0x42);
	add_irq(&i, 20, NIC, 0, "vfio-msi[0]");
	build_tree(&i);
	fake_view_open(i.m, &view);
	struct interrupt_table t = read_table(&view, NIC);

	check_use(&t, 0, INTERRUPT_ENABLED, 20);
	assert_true(t.at[0].posted);
	assert_int_equal(t.at[0].vector, 0x41);
	assert_true(datum_is(t.at[0].route->guest_root, VAPIC));
	assert_string_equal(t.at[0].layout->name, "irte128_posted");
	check_use(&t, 1, INTERRUPT_STRAY, 0);
	assert_int_equal(t.at[2].destination, 0x12345678);
	end(&i, &view);
}

/* A panic has marked CPUs as offline that are active all the same; one that was taken offline is not. */
static void test_panic(void **state)
{
	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(kinds); n++) {
		struct interrupts_machine i;
		struct fake_view view;

		build(&i, kinds[n].layouts, kinds[n].bytes, kinds[n].length);
		fake_write(i.m->k, fake_symbol(i.m->k, "__cpu_online_mask"), 8, 1);
		fake_write(i.m->k, fake_symbol(i.m->k, "__cpu_active_mask"), 8, 3);
		build_tree(&i);
		fake_view_open(i.m, &view);
		read_table(&view, NIC);
		const struct apic_cpus *cpus = &view.s->interrupts.cpus;
		assert_int_equal(cpus->n, 3);
		assert_true(datum_is(cpus->at[0].online, 1));
		assert_true(datum_is(cpus->at[1].online, 1));
		assert_true(datum_is(cpus->at[2].online, 0));
		end(&i, &view);
	}
}

/* An alias and what is behind it: one table, whichever of them is asked. */
static void test_shared(void **state)
{
	struct interrupts_machine i;
	struct fake_view view;

	(void)state;
	build(&i, "7.2", 16, 9);
	put_lookup(&i, BEHIND, i.object);
	put_lookup(&i, ALIASED, i.object);
	put_dte(&i, BEHIND, i.table, 9);
	put_dte(&i, ALIASED, i.table, 9);
	put_remapped(&i, 7, 0, 0, 0x55);
	add_irq(&i, 9, ALIASED, 7, "e1000");
	build_tree(&i);
	fake_view_open(i.m, &view);
	static const uint16_t devids[] = {NIC, BEHIND, ALIASED};
	for (size_t n = 0; n < ARRAY_SIZE(devids); n++) {
		struct interrupt_table t = read_table(&view, devids[n]);

		check_use(&t, 7, INTERRUPT_ENABLED, 9);
		assert_true(datum_is(t.at[7].route->devid, ALIASED));
	}
	end(&i, &view);
}

/* The entry is another kernel's, or says a length that is none: the driver's word, or none. */
static void test_lengths(void **state)
{
	for (unsigned with_data = 0; with_data < 2; with_data++) {
		struct interrupts_machine i;
		struct fake_view view;

		(void)state;
		build(&i, "7.2", 16, 9);
		put_dte(&i, NIC, i.table, 15);
		fake_put(i.m->k, i.m->data[FUNCTION_NIC], "struct iommu_dev_data", "max_irqs",
			 with_data ? 512 : 0xffffff);
		put_remapped(&i, 6, 0, 0, 0x55);
		add_irq(&i, 9, NIC, 6, "e1000");
		add_irq(&i, 10, NIC, 0xffff, "wild");
		build_tree(&i);
		fake_view_open(i.m, &view);
		struct interrupt_table t = read_table(&view, NIC);

		assert_int_equal(t.length.state, with_data ? DATUM_OK : DATUM_CORRUPT);
		assert_int_equal(t.n, with_data ? 512 : 2048);
		assert_int_equal(view.s->problems.n > 0, !with_data);
		check_use(&t, 6, INTERRUPT_ENABLED, 9);
		end(&i, &view);
	}
}

/* A page of the table is not in the dump, chips and handlers go in circles: all else is there. */
static void test_damage(void **state)
{
	struct interrupts_machine i;
	struct fake_view view;

	(void)state;
	build(&i, "7.2", 16, 9);
	put_remapped(&i, 1, 0, 0, 0x55);
	add_irq(&i, 8, NIC, 1, "first");
	add_irq(&i, 9, NIC, 300, "second");
	add_irq(&i, 10, NIC, 2, "circle");
	add_irq(&i, 11, NIC, 4, "gone");
	fake_put(i.m->k, i.last_data[10], "struct irq_data", "chip", 0);
	fake_put(i.m->k, i.last_data[10], "struct irq_data", "parent_data", i.last_data[10]);
	fake_put(i.m->k, i.actions[8], "struct irqaction", "next", i.actions[8]);
	fake_exclude(i.m->k, i.last_data[11], 8);
	fake_exclude(i.m->k, i.table + FAKE_PAGE, 8);
	build_tree(&i);
	fake_view_open(i.m, &view);
	struct interrupt_table t = read_table(&view, NIC);

	check_use(&t, 1, INTERRUPT_ENABLED, 8);
	assert_int_equal(t.at[1].route->name.state, DATUM_CORRUPT);
	assert_int_equal(t.state, DATUM_EXCLUDED);
	assert_int_equal(t.at[255].state, DATUM_OK);
	assert_int_equal(t.at[256].state, DATUM_EXCLUDED);
	assert_int_equal(view.s->interrupts.state, DATUM_EXCLUDED);
	assert_int_equal(view.s->interrupts.n_routes, 2);
	assert_int_equal(view.s->problems.n, 4);
	end(&i, &view);
}

/* Maple trees that are none end in a problem. */
static void test_tree(void **state)
{
	static const uint64_t roots[] = {2, 0x1002, 0xffff888000000002 | 9 << 3, 7};

	(void)state;
	for (size_t n = 0; n <= ARRAY_SIZE(roots); n++) {
		struct interrupts_machine i;
		struct fake_view view;

		build(&i, "7.2", 16, 9);
		add_irq(&i, 8, NIC, 1, "first");
		build_tree(&i);
		uint64_t tree = fake_symbol(i.m->k, "sparse_irqs");
		uint64_t root = fake_get(i.m->k, tree, "struct maple_tree", "ma_root");
		if (n < ARRAY_SIZE(roots))
			fake_put(i.m->k, tree, "struct maple_tree", "ma_root", roots[n]);
		else /* the node is its own child */
			fake_write(i.m->k, (root & ~UINT64_C(0xff)) + 80, 8, root | 4);
		fake_view_open(i.m, &view);
		struct interrupt_table t = read_table(&view, NIC);

		assert_int_equal(t.n, 512);
		assert_int_equal(view.s->problems.n > 0, n != 0);
		assert_int_equal(view.s->interrupts.state == DATUM_OK, n == 0);
		end(&i, &view);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),  cmocka_unit_test(test_posted),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_shared), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
