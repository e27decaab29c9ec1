/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One machine in kernels of many eras and on odd hardware, which no machine at hand can make: the
 * snapshot has to be the same each time, but for what an era does not know.
 *
 * To add an era: a file in tests/fixtures/layouts (of a real kernel: what the program has put into
 * its layout cache), a row in eras[], and in fake_machine.c what the kernel keeps in a new way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/dte.h"
#include "kernel/ability.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "fake_machine.h"

enum { TYPE_UNMANAGED = 1, TYPE_DMA = 3, TYPE_IDENTITY = 4, TYPE_DMA_FQ = 0xb };

struct era {
	const char *name;
	struct fake_options options;
	unsigned segments;
	bool without_types; /* no iommu_domain.type: the flush mode can't be told */
	const char *tables, *data, *domains, *ids; /* how the driver has to understand it */
};

#define GLOBAL "one global table (amd_iommu_dev_table)"
#define SEGMENTS "one table per PCI segment (struct amd_iommu_pci_seg)"
#define ARCHDATA "device.archdata.iommu"
#define PRIV "device.iommu->priv"
#define APART "pt_root and mode"
#define PACKED "pt_root with the mode in its low bits"
#define IO_PGTABLE "io_pgtable (iop.root, iop.mode)"
#define GENERIC "generic_pt (amdv1.amdpt.common.top_of_table)"
#define C_BIT_47 (UINT64_C(1) << 47)
#define C_BIT_51 (UINT64_C(1) << 51)

static const struct era eras[] = {
	{"3.10", {"3.10", 0, 0, 0}, 1, true, GLOBAL, ARCHDATA, APART, "bitmap"},
	{"RHEL 8.1", {"4.18", 0, 0, 0}, 1, false, GLOBAL, ARCHDATA, APART, "bitmap"},
	{"5.8", {"5.8", 0, 0, 0}, 1, false, GLOBAL, PRIV, PACKED, "bitmap"},
	{"5.10 with a stub of a segment",
	 {"5.10", 0, 0, 0},
	 1,
	 false,
	 GLOBAL,
	 PRIV,
	 PACKED,
	 "bitmap"},
	{"5.11", {"5.11", 0, 0, 0}, 1, false, GLOBAL, PRIV, PACKED, "bitmap"},
	{"5.15", {"5.15", 0, 0, 0}, 1, false, GLOBAL, PRIV, IO_PGTABLE, "bitmap"},
	{"6.1", {"6.1", 0, 0, 0}, 1, false, SEGMENTS, PRIV, IO_PGTABLE, "bitmap"},
	{"6.12", {"6.12", 0, 0, 0}, 1, false, SEGMENTS, PRIV, IO_PGTABLE, "bitmap"},
	{"6.16", {"6.16", 0, 0, 0}, 1, false, SEGMENTS, PRIV, IO_PGTABLE, "ida"},
	{"6.19", {"6.19", 0, 0, 0}, 1, false, SEGMENTS, PRIV, GENERIC, "ida"},
	{"7.2", {"7.2", 0, 0, 0}, 1, false, SEGMENTS, PRIV, GENERIC, "ida"},
	{"6.1 with two segments", {"6.1", 0, 0, 0}, 2, false, SEGMENTS, PRIV, IO_PGTABLE, "bitmap"},
	{"7.2 with two segments", {"7.2", 0, 0, 0}, 2, false, SEGMENTS, PRIV, GENERIC, "ida"},
	{"4.18 with the C-bit 47",
	 {"4.18", 4, C_BIT_47, 0},
	 1,
	 false,
	 GLOBAL,
	 ARCHDATA,
	 APART,
	 "bitmap"},
	{"6.1 with the C-bit 51",
	 {"6.1", 4, C_BIT_51, 0},
	 1,
	 false,
	 SEGMENTS,
	 PRIV,
	 IO_PGTABLE,
	 "bitmap"},
	{"7.2 with the C-bit 51",
	 {"7.2", 5, C_BIT_51, 0x2a000000},
	 2,
	 false,
	 SEGMENTS,
	 PRIV,
	 GENERIC,
	 "ida"},
	{"5.10 with the C-bit 47 and KASLR",
	 {"5.10", 0, C_BIT_47, 0x1000000},
	 1,
	 false,
	 GLOBAL,
	 PRIV,
	 PACKED,
	 "bitmap"},
	{"5.10 with page tables",
	 {"5.10", 4, 0, 0x3c000000},
	 1,
	 false,
	 GLOBAL,
	 PRIV,
	 PACKED,
	 "bitmap"},
	{"6.12 with 5 levels",
	 {"6.12", 5, 0, 0x1e000000},
	 1,
	 false,
	 SEGMENTS,
	 PRIV,
	 IO_PGTABLE,
	 "bitmap"},
	{"6.16 with 5 levels", {"6.16", 5, 0, 0}, 1, false, SEGMENTS, PRIV, IO_PGTABLE, "ida"},
};

#define assert_datum(datum, expected)                                                              \
	do {                                                                                       \
		assert_int_equal((datum).state, DATUM_OK);                                         \
		assert_int_equal((datum).value, expected);                                         \
	} while (0)

#define assert_text(text, expected)                                                                \
	do {                                                                                       \
		assert_int_equal((text).state, (expected) ? DATUM_OK : DATUM_NONE);                \
		if (expected)                                                                      \
			assert_string_equal((text).value, expected);                               \
	} while (0)

static void check_problems(const struct snapshot *s)
{
	for (size_t i = 0; i < s->problems.n; i++)
		print_message("%s: %s: %s\n", s->problems.at[i].object, s->problems.at[i].what,
			      s->problems.at[i].message);
	assert_int_equal(s->problems.n, 0);
	assert_int_equal(s->problems.dropped, 0);
}

/* What no layout but those of the tests of `irt`, `ring` and `ivrs` has, and the log. */
static bool is_left_out(const struct ability *ability)
{
	static const char *const commands[] = {"irt", "ring", "ivrs"};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(ability->commands[0], commands[i]))
			return true;
	return !strcmp(ability->what, "the kernel log");
}

/* Nothing else that answers need is missing. */
static void check_abilities(const struct need_set *set)
{
	const struct need_way *way;

	for (size_t i = 0; i < set->n_abilities; i++) {
		const struct ability *ability = &set->abilities[i];

		if (!ability_is_in_order(ability_judge(set, ability, &way)) && !is_left_out(ability))
			fail_msg("%s: not in order", ability->what);
	}
}

/* Before Linux 6.1 a domain has no v2 table of its own. */
static bool has_guest_tables(const struct fake_machine *m)
{
	static const char pd[] = "struct protection_domain";

	return fake_has(m->k, pd, "iop.pgd") ||
	       fake_has(m->k, pd, "amdv2.x86_64_pt.common.top_of_table");
}

static const char *variant_of(const struct fake_view *view, const char *what)
{
	struct driver_variant variants[DRIVER_VARIANTS_MAX];
	size_t n = view->driver->ops->variants(view->driver, variants);

	assert_true(n <= DRIVER_VARIANTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(variants[i].what, what))
			return variants[i].variant;
	fail_msg("nothing is said of %s", what);
	return NULL;
}

static void check_variants(const struct era *era, const struct fake_machine *m,
			   const struct fake_view *view)
{
	assert_string_equal(variant_of(view, "device tables"), era->tables);
	assert_string_equal(variant_of(view, "device data"), era->data);
	assert_string_equal(variant_of(view, "domain page tables"), era->domains);
	assert_string_equal(variant_of(view, "domain IDs"), era->ids);
	assert_int_equal(!!variant_of(view, "guest-format tables"), has_guest_tables(m));
}

static void check_iommus(const struct fake_machine *m, const struct snapshot *s)
{
	static const char type[] = "struct amd_iommu";
	static const char *const names[] = {"ivhd0", "ivhd1", "ivhd2"};
	static const uint16_t devids[] = {0x0002, 0x8002, 0x0002};

	assert_int_equal(s->n_iommus, m->n_iommus);
	for (unsigned i = 0; i < m->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];
		uint64_t commands = fake_get(m->k, m->iommus[i], type, "cmd_buf");

		assert_datum(u->index, i);
		assert_datum(u->address, m->iommus[i]);
		assert_text(u->name, names[i]);
		assert_datum(u->segment, i == 2);
		assert_datum(u->devid, devids[i]);
		assert_datum(u->mmio, 0xfeb80000 + i * 0x100000);
		assert_datum(u->features, 0xf77ef22294ada);
		if (fake_has(m->k, type, "mmio_phys_end"))
			assert_datum(u->mmio_size, 0x80000);
		assert_datum(u->command_ring.address, fake_phys(m->k, commands));
		assert_int_equal(u->page_request_ring.address.state, DATUM_NONE);
		assert_datum(u->device_table, fake_phys(m->k, m->dev_table[i == 2]));
	}
	assert_int_equal(s->n_segments, m->n_segments);
	for (unsigned i = 0; i < m->n_segments; i++) {
		assert_int_equal(s->segments[i].number, i);
		assert_datum(s->segments[i].last_devid, FAKE_LAST_DEVID);
		assert_datum(s->segments[i].device_table, m->dev_table[i]);
	}
}

/* The verdict on the entry, and that it is the one in memory. */
static void check_entry(const struct fake_machine *m, const struct fake_function *f,
			const struct device *d)
{
	uint64_t at = fake_entry_address(m, f->segment, f->devid), words[4] = {0};
	struct dte_verdict v = dte_judge(d->entry.words, fake_options(m->k)->sme_mask);
	enum dte_dma dma = DTE_DMA_UNCHECKED;
	static const enum dma_fate fates[] = {
		[DTE_DMA_UNCHECKED] = DMA_UNCHECKED,
		[DTE_DMA_BLOCKED] = DMA_BLOCKED,
		[DTE_DMA_PASSTHROUGH] = DMA_PASSTHROUGH,
		[DTE_DMA_HOST] = DMA_TRANSLATED,
		[DTE_DMA_GUEST] = DMA_GUEST,
	};

	if (f->domain != DOMAIN_NO_DATA)
		fake_entry(m, f, words);
	assert_int_equal(d->entry.state, DATUM_OK);
	assert_memory_equal(d->entry.words, words, sizeof(words));
	assert_datum(d->entry.address, fake_phys(m->k, at));
	assert_int_equal(d->entry.writer,
			 f->domain == DOMAIN_NO_DATA ? WRITER_NONE : WRITER_KERNEL);
	if (f->domain == DOMAIN_DETACHED)
		dma = DTE_DMA_BLOCKED;
	else if (f->domain < FAKE_DOMAINS)
		dma = fake_domains[f->domain].v2       ? DTE_DMA_GUEST
		      : fake_domains[f->domain].levels ? DTE_DMA_HOST
						       : DTE_DMA_PASSTHROUGH;
	assert_int_equal(v.dma, dma);
	assert_int_equal(d->dma, fates[dma]);
	assert_int_equal(v.illegal, 0);
	assert_datum(d->int_remap, f->domain < FAKE_DOMAINS);
}

static void check_translation(const struct fake_machine *m, const struct fake_function *f,
			      const struct device *d)
{
	bool own_id = fake_has(m->k, "struct iommu_dev_data", "gcr3_info.domid");

	if (f->domain == DOMAIN_NO_DATA) {
		assert_int_equal(d->domain_id.state, DATUM_NONE);
		assert_int_equal(d->paging_mode.state, DATUM_NONE);
		assert_int_equal(d->pt_root.state, DATUM_NONE);
		return;
	}
	if (f->domain == DOMAIN_DETACHED) {
		assert_datum(d->paging_mode, 0);
		assert_int_equal(d->pt_root.state, DATUM_NONE);
		return;
	}
	const struct fake_domain *domain = &fake_domains[f->domain];
	assert_datum(d->domain_id, domain->v2 && own_id ? domain->guest_id : domain->id);
	assert_datum(d->paging_mode, domain->v2 ? FAKE_GUEST_LEVELS : domain->levels);
	if (domain->v2 || domain->levels)
		assert_datum(d->pt_root, fake_phys(m->k, m->roots[f->domain]));
	else
		assert_int_equal(d->pt_root.state, DATUM_NONE);
	assert_string_equal(d->pt_format ? d->pt_format : "none",
			    domain->v2 ? "v2" : domain->levels ? "v1" : "none");
	assert_int_equal(d->pasids_state, DATUM_OK);
	assert_int_equal(!!d->pasids.ops, domain->v2);
	if (!domain->v2)
		return;
	assert_int_equal(d->pasids.root, fake_phys(m->k, m->gcr3));
	assert_int_equal(d->pasids.levels, 1);
	assert_true(d->pasids.serves_plain);
}

static void check_devices(const struct fake_machine *m, const struct snapshot *s)
{
	assert_int_equal(s->n_devices, m->n_functions);
	for (unsigned i = 0; i < m->n_functions; i++) {
		const struct fake_function *f = &fake_functions[i];
		const struct device *d = &s->devices[i];
		char name[32];

		snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", f->segment, f->devid >> 8,
			 f->devid >> 3 & 31, f->devid & 7);
		assert_string_equal(d->name, name);
		assert_ptr_equal(snapshot_device(s, f->segment, f->devid), d);
		assert_int_equal(d->pci_device, m->pci_devs[i]);
		assert_int_equal(d->data, m->data[i]);
		assert_datum(d->vendor, f->vendor);
		assert_datum(d->device_id, f->device);
		assert_datum(d->alias, f->alias);
		assert_text(d->driver, f->driver);
		if (f->iommu == 0xff)
			assert_int_equal(d->iommu.state, DATUM_NONE);
		else
			assert_datum(d->iommu, f->iommu);
		if (f->domain < FAKE_DOMAINS) {
			const struct domain *domain = device_domain(s, d);

			assert_non_null(domain);
			assert_int_equal(domain->address, m->domains[f->domain]);
		} else {
			assert_int_equal(d->domain.state, DATUM_NONE);
		}
		check_entry(m, f, d);
		check_translation(m, f, d);
	}
}

static void check_group_domain(const struct fake_machine *m, const struct snapshot *s,
			       struct datum index, uint64_t address)
{
	if (!fake_has(m->k, "struct iommu_group", "domain")) {
		assert_int_equal(index.state, DATUM_ABSENT);
	} else if (!address) {
		assert_int_equal(index.state, DATUM_NONE);
	} else {
		const struct domain *d;

		assert_int_equal(index.state, DATUM_OK);
		d = &s->domains[index.value];
		assert_int_equal(d->address ? d->address : d->core_address, address);
	}
}

/* Two windows of the hardware, and the unity map of the NVMe. */
static void check_reserved(const struct group *g, bool has_unity_map)
{
	unsigned n = 0;

	assert_int_equal(g->reserved_state, DATUM_OK);
	assert_int_equal(g->n_reserved, has_unity_map ? 3 : 2);
	if (has_unity_map) {
		assert_int_equal(g->reserved[n].start, FAKE_UNITY_START);
		assert_int_equal(g->reserved[n].end, FAKE_UNITY_END - 1);
		assert_string_equal(g->reserved[n++].type, "direct");
	}
	assert_int_equal(g->reserved[n].start, 0xfee00000);
	assert_int_equal(g->reserved[n].end, 0xfeefffff);
	assert_string_equal(g->reserved[n++].type, "msi");
	assert_int_equal(g->reserved[n].start, 0xfd00000000);
	assert_int_equal(g->reserved[n].end, 0xffffffffff);
	assert_string_equal(g->reserved[n].type, "reserved");
}

static void check_groups(const struct fake_machine *m, const struct snapshot *s)
{
	assert_int_equal(s->n_groups, m->n_groups);
	for (unsigned i = 0; i < m->n_groups; i++) {
		const struct group *g = &s->groups[i];
		uint64_t domain = 0, default_domain = 0;
		unsigned n = 0;

		assert_datum(g->id, i);
		assert_int_equal(g->address, m->groups[i]);
		assert_int_equal(g->name.state, DATUM_NONE);
		for (unsigned j = 0; j < m->n_functions; j++) {
			const struct fake_function *f = &fake_functions[j];

			if (f->group != (int)i)
				continue;
			assert_true(n < g->n_devices);
			assert_int_equal(g->devices[n++], j);
			assert_datum(s->devices[j].group, i);
			domain = f->domain == DOMAIN_DETACHED ? m->blocked : m->domains[f->domain];
			if (f->domain != DOMAIN_VM && f->domain != DOMAIN_DETACHED)
				default_domain = domain;
		}
		assert_int_equal(g->n_devices, n);
		check_reserved(g, fake_functions[FUNCTION_NVME].group == (int)i);
		check_group_domain(m, s, g->domain, domain);
		check_group_domain(m, s, g->default_domain, default_domain);
	}
	for (unsigned j = 0; j < m->n_functions; j++)
		if (fake_functions[j].group < 0)
			assert_int_equal(s->devices[j].group.state, DATUM_NONE);
}

static const struct domain *find_domain(const struct snapshot *s, uint64_t address)
{
	for (uint32_t i = 0; i < s->n_domains; i++)
		if (s->domains[i].address == address)
			return &s->domains[i];
	fail_msg("no domain 0x%" PRIx64, address);
	return NULL;
}

struct leaves {
	struct leaf *at;
	size_t n, room;
};

static struct error *collect_leaf(void *arg, const struct leaf *leaf)
{
	struct leaf *slot = vec_push((struct leaves *)arg);

	assert_non_null(slot);
	*slot = *leaf;
	return NULL;
}

static struct error *no_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	(void)arg;
	fail_msg("unknown 0x%" PRIx64 "+0x%" PRIx64 ": %s", iova, size, error_message(err));
	return NULL;
}

static int compare_leaves(const void *a, const void *b)
{
	const struct leaf *la = a, *lb = b;

	return (la->iova > lb->iova) - (la->iova < lb->iova);
}

/* What a walk tells is what was mapped, in order. */
static void check_walk(const struct fake_domain *f, const struct fake_view *view,
		       const struct page_table *table)
{
	struct leaves leaves = {0}, expected = {0};
	const struct page_table_visitor visitor = {
		.leaf = collect_leaf, .unknown = no_unknown, .arg = &leaves};

	assert_null(table->ops->walk(view->target, table, 0, UINT64_MAX, &visitor));
	for (size_t i = 0; i < f->n_mappings; i++) {
		const struct fake_mapping *map = &f->mappings[i];

		collect_leaf(&expected,
			     &(struct leaf){map->iova, map->pa, map->size, map->read, map->write});
	}
	qsort(expected.at, expected.n, sizeof(*expected.at), compare_leaves);
	assert_int_equal(leaves.n, expected.n);
	for (size_t i = 0; i < leaves.n; i++) {
		assert_int_equal(leaves.at[i].iova, expected.at[i].iova);
		assert_int_equal(leaves.at[i].pa, expected.at[i].pa);
		assert_int_equal(leaves.at[i].size, expected.at[i].size);
		assert_int_equal(leaves.at[i].read, expected.at[i].read);
		assert_int_equal(leaves.at[i].write, expected.at[i].write);
	}
	vec_free(&leaves);
	vec_free(&expected);
}

static bool is_mapped(const struct fake_domain *f, uint64_t iova)
{
	for (size_t i = 0; i < f->n_mappings; i++)
		if (iova >= f->mappings[i].iova && iova - f->mappings[i].iova < f->mappings[i].size)
			return true;
	return false;
}

static void check_iova(const struct fake_domain *f, const struct fake_view *view,
		       const struct page_table *table, uint64_t iova,
		       const struct fake_mapping *map)
{
	struct translation t;

	assert_null(table->ops->translate(view->target, table, iova, &t));
	assert_int_equal(t.mapped, map || is_mapped(f, iova));
	if (!t.mapped)
		assert_non_null(t.stopped);
	if (!map)
		return;
	assert_int_equal(t.pa, map->pa + (iova - map->iova));
	assert_int_equal(t.page_size, map->size);
	assert_int_equal(t.read, map->read);
	assert_int_equal(t.write, map->write);
	assert_int_equal(t.steps[t.n_steps - 1].level, map->level);
	unsigned levels = f->v2 ? FAKE_GUEST_LEVELS : f->levels;
	if (!map->skip_from)
		assert_int_equal(t.n_steps, levels - map->level + 1);
	else
		assert_true(t.n_steps < levels - map->level + 1);
}

/* Within every mapping and on both sides of it, and in the part that a skipped level leaves out. */
static void check_iovas(const struct fake_domain *f, const struct fake_view *view,
			const struct page_table *table)
{
	for (size_t i = 0; i < f->n_mappings; i++) {
		const struct fake_mapping *map = &f->mappings[i];
		const uint64_t inside[] = {0, 1, map->size / 2, map->size - 4096 + 7,
					   map->size - 1};

		for (size_t j = 0; j < ARRAY_SIZE(inside); j++)
			check_iova(f, view, table, map->iova + inside[j], map);
		check_iova(f, view, table, map->iova - 1, NULL);
		check_iova(f, view, table, map->iova + map->size, NULL);
		if (map->skip_from)
			check_iova(f, view, table, map->iova + (UINT64_C(1) << 30), NULL);
	}
}

/* Before Linux 4.1 domains had no type: lazy flushing can't be told from it. */
static uint64_t expected_type(const struct era *era, const struct fake_domain *f)
{
	return era->without_types && f->type == TYPE_DMA_FQ ? TYPE_DMA : f->type;
}

static const char *type_name(uint64_t type)
{
	return type == TYPE_UNMANAGED  ? "unmanaged"
	       : type == TYPE_DMA      ? "dma"
	       : type == TYPE_IDENTITY ? "identity"
				       : "dma-fq";
}

static void check_domain_members(const struct fake_machine *m, const struct snapshot *s,
				 unsigned index, const struct domain *d)
{
	bool behind[FAKE_ALL_IOMMUS] = {false};
	unsigned n = 0, n_iommus = 0;

	for (unsigned j = 0; j < m->n_functions; j++) {
		if (fake_functions[j].domain != index)
			continue;
		assert_true(n < d->n_devices);
		assert_ptr_equal(&s->devices[d->devices[n++]], &s->devices[j]);
		behind[fake_functions[j].iommu] = true;
	}
	assert_int_equal(d->n_devices, n);
	for (unsigned i = 0; i < FAKE_ALL_IOMMUS; i++)
		if (behind[i])
			assert_int_equal(d->iommus[n_iommus++], i);
	assert_int_equal(d->n_iommus, n_iommus);
}

static void check_domains(const struct era *era, const struct fake_machine *m,
			  const struct fake_view *view)
{
	const struct snapshot *s = view->s;

	assert_int_equal(s->n_domains, m->n_domains + !!m->blocked);
	for (unsigned i = 0; i < m->n_domains; i++) {
		const struct fake_domain *f = &fake_domains[i];
		const struct domain *d = find_domain(s, m->domains[i]);

		assert_datum(d->id, f->id);
		assert_datum(d->type, expected_type(era, f));
		assert_string_equal(d->type_name, type_name(expected_type(era, f)));
		check_domain_members(m, s, i, d);
		bool unknown = f->v2 && !has_guest_tables(m);

		assert_string_equal(d->pt_format ? d->pt_format : "none",
				    f->v2 ? "v2" : f->levels ? "v1" : "none");
		assert_int_equal(d->table_state, unknown ? DATUM_ABSENT : DATUM_OK);
		if (unknown || (!f->v2 && !f->levels)) {
			assert_null(d->table.ops);
			continue;
		}
		assert_int_equal(d->table.levels, f->v2 ? FAKE_GUEST_LEVELS : f->levels);
		assert_int_equal(d->table.root, fake_phys(m->k, m->roots[i]));
		check_walk(f, view, &d->table);
		check_iovas(f, view, &d->table);
	}
	if (m->blocked) {
		const struct domain *d = find_domain(s, 0);

		assert_int_equal(d->core_address, m->blocked);
		assert_string_equal(d->type_name, "blocked");
		assert_int_equal(d->id.state, DATUM_NONE);
	}
}

static bool id_is_taken(const struct era *era, const struct fake_machine *m, unsigned id)
{
	if (!id)
		return !strcmp(era->ids, "bitmap"); /* an IDA starts at 1 */
	for (unsigned i = 0; i < m->n_domains; i++)
		if (fake_domains[i].id == id || fake_domains[i].guest_id == id)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(fake_extra_ids); i++)
		if (fake_extra_ids[i] == id)
			return true;
	return false;
}

static void check_ids(const struct era *era, const struct fake_machine *m, const struct snapshot *s)
{
	assert_int_equal(s->ids.state, DATUM_OK);
	assert_string_equal(s->ids.allocator, era->ids);
	assert_int_equal(s->ids.n_bits, 65536);
	for (unsigned id = 0; id < 65536; id++)
		assert_int_equal(s->ids.bitmap[id / 64] >> id % 64 & 1, id_is_taken(era, m, id));
}

/* Aliases have an entry, though no function may bear their number. */
static void check_read_entry(const struct fake_machine *m, const struct fake_view *view)
{
	struct hw_entry entry = {0};
	uint64_t words[4];
	struct error *err;

	fake_entry(m, &fake_functions[FUNCTION_ALIASED], words);
	assert_null(view->driver->ops->read_entry(view->driver, view->s, 0, 0x0100, &entry));
	assert_int_equal(entry.state, DATUM_OK);
	assert_memory_equal(entry.words, words, sizeof(words));
	assert_null(view->driver->ops->read_entry(view->driver, view->s, 0, 0xffff, &entry));
	assert_int_equal(entry.state, DATUM_NONE); /* the table ends before it */
	err = view->driver->ops->read_entry(view->driver, view->s, 7, 0x0100, &entry);
	assert_int_equal(error_code(err), ERROR_NOT_FOUND);
	error_free(err);
}

static void test_era(void **state)
{
	const struct era *era = *state;
	struct fake_machine *m = fake_machine_new(&era->options, era->segments);
	struct fake_view view;

	fake_view_open(m, &view);
	check_problems(view.s);
	check_variants(era, m, &view);
	check_abilities(&view.driver->kernel->core_set);
	check_abilities(&view.driver->needs);
	check_iommus(m, view.s);
	check_devices(m, view.s);
	check_groups(m, view.s);
	check_domains(era, m, &view);
	check_ids(era, m, view.s);
	check_read_entry(m, &view);
	fake_view_close(&view);
	fake_machine_free(m);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(eras)];

	for (size_t i = 0; i < ARRAY_SIZE(eras); i++)
		tests[i] = (struct CMUnitTest){
			.name = eras[i].name,
			.test_func = test_era,
			.initial_state = (void *)&eras[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
