/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>

#include "fake_machine.h"

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amd/hw/dte.h"
#include "amd/hw/pte.h"
#include "base/cleanup.h"

/* amd_iommu_types.h */
enum { PD_DMA_OPS = 1, PD_IOMMUV2 = 8 };
enum { PD_MODE_V1 = 1, PD_MODE_V2 = 2 };

enum { TYPE_UNMANAGED = 1, TYPE_DMA = 3, TYPE_IDENTITY = 4, TYPE_DMA_FQ = 0xb };

#define RW true, true
#define RO true, false

static const struct fake_mapping nic_mappings[] = {
	{0xfffff000, 0x123456000, 0x1000, 1, 0, RW},
	{0xffffe000, 0x123457000, 0x1000, 1, 0, RO},
};

static const struct fake_mapping vm_mappings[] = {
	{0, 0x10000000, 0x1000, 1, 0, RW},
	{0x1000, 0x7fff000, 0x1000, 1, 0, RW},
	{0x3000, 0x10003000, 0x1000, 1, 0, RO},
	{0x4000, 0x10004000, 0x4000, 1, 0, RW},	    /* 4 copies */
	{0x10000, 0x20010000, 0x2000, 1, 0, RW},    /* 2 copies */
	{0x100000, 0x20100000, 0x100000, 1, 0, RW}, /* 256 copies */
	{0x200000, 0x30000000, 0x200000, 2, 0, RW},
	{0x800000, 0x31000000, 0x800000, 2, 0, RW}, /* 4 copies */
	{0x40000000, 0x40000000, 0x40000000, 3, 0, RW},
	{0x80000000, 0x100000000, 0x80000000, 3, 0, RW}, /* 2 copies */
	{0x28000000000, 0x5005000, 0x1000, 1, 4, RW},	 /* levels 3 and 2 skipped */
	{0x30000000000, 0x6000000, 0x200000, 2, 4, RW},	 /* level 3 skipped */
	{0xfffffffff000, 0x6400000, 0x1000, 1, 0, RW},
};

static const struct fake_mapping bridge_mappings[] = {
	{0x1fffffffffff000, 0x50000000, 0x1000, 1, 0, RW}, /* the last page of 5 levels */
};

static const struct fake_mapping fast_mappings[] = {
	{0x1000, 0x51000000, 0x1000, 1, 0, RW},
	{UINT64_C(0xffffffffffe00000), 0x52000000, 0x100000, 1, 0, RW},
	{UINT64_C(0xfffffffffffff000), 0x53000000, 0x1000, 1, 0, RW},
};

static const struct fake_mapping far_mappings[] = {
	{0x5000, 0x54000000, 0x1000, 1, 0, RW},
};

static const struct fake_mapping guest_mappings[] = {
	{0x1000, 0x55000000, 0x1000, 1, 0, RW},
	{0x2000, 0x55002000, 0x1000, 1, 0, RO},
	{0x600000, 0x56000000, 0x200000, 2, 0, RW},
	{0x40000000, 0x80000000, 0x40000000, 3, 0, RW},
	{0x7ffffffff000, 0x57000000, 0x1000, 1, 0, RW},
	{0xfffffffff000, 0x58000000, 0x1000, 1, 0, RW}, /* PASID 0 has no sign to extend */
};

#define MAPPINGS(a) a, ARRAY_SIZE(a)

const struct fake_domain fake_domains[FAKE_DOMAINS] = {
	[DOMAIN_NIC] = {1, 0, TYPE_DMA, 3, false, MAPPINGS(nic_mappings)},
	[DOMAIN_VM] = {0x79, 0, TYPE_UNMANAGED, 4, false, MAPPINGS(vm_mappings)},
	[DOMAIN_IDENTITY] = {3, 0, TYPE_IDENTITY, 0, false, NULL, 0},
	[DOMAIN_BRIDGE] = {4, 0, TYPE_DMA, 5, false, MAPPINGS(bridge_mappings)},
	[DOMAIN_FAST] = {5, 0, TYPE_DMA_FQ, 6, false, MAPPINGS(fast_mappings)},
	[DOMAIN_GUEST] = {8, 9, TYPE_DMA, 0, true, MAPPINGS(guest_mappings)},
	[DOMAIN_FAR] = {0x31, 0, TYPE_DMA, 3, false, MAPPINGS(far_mappings)},
};

const uint16_t fake_extra_ids[3] = {40, 1500, 2050};

const struct fake_function fake_functions[FAKE_ALL_FUNCTIONS] = {
	[FUNCTION_IOMMU_0] = {0, 0x0002, 0x1022, 0x1631, 0x0002, DOMAIN_NO_DATA, 0xff, -1, NULL},
	[FUNCTION_NIC] = {0, 0x0020, 0x8086, 0x10d3, 0x0020, DOMAIN_NIC, 0, 0, "e1000e"},
	[FUNCTION_VM] = {0, 0x0028, 0x8086, 0x10d3, 0x0028, DOMAIN_VM, 0, 1, "vfio-pci"},
	[FUNCTION_NVME] = {0, 0x0030, 0x1b36, 0x0010, 0x0030, DOMAIN_IDENTITY, 0, 2, "nvme"},
	[FUNCTION_DETACHED] = {0, 0x0038, 0x1b36, 5, 0x0038, DOMAIN_DETACHED, 0, 7, NULL},
	[FUNCTION_GUEST] = {0, 0x0040, 0x1002, 0x1638, 0x0040, DOMAIN_GUEST, 0, 3, "amdgpu"},
	[FUNCTION_BRIDGE] = {0, 0x00e0, 0x1b36, 0x000e, 0x00e0, DOMAIN_BRIDGE, 0, 4, "pcieport"},
	[FUNCTION_BEHIND] = {0, 0x0100, 0x1234, 0x11e8, 0x0100, DOMAIN_BRIDGE, 0, 4, NULL},
	[FUNCTION_ALIASED] = {0, 0x0108, 0x8086, 0x100e, 0x0100, DOMAIN_BRIDGE, 0, 4, "e1000"},
	[FUNCTION_IOMMU_1] = {0, 0x8002, 0x1022, 0x1631, 0x8002, DOMAIN_NO_DATA, 0xff, -1, NULL},
	[FUNCTION_FAST] = {0, 0xa100, 0x15b3, 0x1017, 0xa100, DOMAIN_FAST, 1, 5, "mlx5_core"},
	[FUNCTION_VM_2] = {0, 0xa101, 0x15b3, 0x1018, 0xa101, DOMAIN_VM, 1, 6, "vfio-pci"},
	[FUNCTION_IOMMU_2] = {1, 0x0002, 0x1022, 0x1631, 0x0002, DOMAIN_NO_DATA, 0xff, -1, NULL},
	[FUNCTION_FAR] = {1, 0x0020, 0x8086, 0x10d3, 0x0020, DOMAIN_FAR, 2, 8, "e1000e"},
};

/* Buses; the parent is a row, -1: a root bus. */
static const struct {
	uint16_t segment;
	uint8_t number;
	int8_t parent;
} buses[] = {{0, 0x00, -1}, {0, 0x80, -1}, {0, 0x01, 0}, {0, 0xa1, 1}, {1, 0x00, -1}};

static void set_field(const struct layout *layout, uint64_t *words, const char *key, uint64_t value)
{
	int row = layout_find(layout, key);

	assert_true(row >= 0);
	assert_true(layout_set(layout, words, (size_t)row, value));
}

/* A table's address as its users have it: physical, with the encryption bit. */
static uint64_t hardware_address(const struct fake_machine *m, uint64_t va)
{
	return fake_phys(m->k, va) | fake_options(m->k)->sme_mask;
}

/* Page tables. */

uint64_t fake_table_entry(const struct fake_machine *m, uint64_t va, unsigned next)
{
	uint64_t entry = 0;

	set_field(&pde_layout, &entry, "pr", 1);
	set_field(&pde_layout, &entry, "next_level", next);
	set_field(&pde_layout, &entry, "address", hardware_address(m, va));
	set_field(&pde_layout, &entry, "ir", 1);
	set_field(&pde_layout, &entry, "iw", 1);
	return entry;
}

static uint64_t encode_page(const struct fake_mapping *map, uint64_t sme_mask)
{
	uint64_t entry = 0;
	bool usual = map->size == UINT64_C(1) << (12 + 9 * (map->level - 1));
	uint64_t size_code = usual ? 0 : ((map->size >> 1) - 1) & ~UINT64_C(0xfff);

	set_field(&pte_layout, &entry, "pr", 1);
	set_field(&pte_layout, &entry, "next_level", usual ? 0 : 7);
	set_field(&pte_layout, &entry, "address", map->pa | size_code | sme_mask);
	set_field(&pte_layout, &entry, "fc", 1);
	set_field(&pte_layout, &entry, "ir", map->read);
	set_field(&pte_layout, &entry, "iw", map->write);
	return entry;
}

static uint64_t entry_at(uint64_t table, uint64_t iova, unsigned level)
{
	return table + (iova >> (12 + 9 * (level - 1)) & 511) * 8;
}

/* The virtual address of the table that a table entry points to. */
static uint64_t table_of(const struct fake_machine *m, uint64_t entry)
{
	uint64_t linear = m->iommus[0] - fake_phys(m->k, m->iommus[0]);

	return linear + (entry & PTE_ADDRESS & ~fake_options(m->k)->sme_mask);
}

static void map_page(struct fake_machine *m, uint64_t root, unsigned levels,
		     const struct fake_mapping *map)
{
	uint64_t span = UINT64_C(1) << (12 + 9 * (map->level - 1)), table = root;

	for (unsigned level = levels, next; level > map->level; level = next) {
		uint64_t at = entry_at(table, map->iova, level);

		next = level == map->skip_from ? map->level : level - 1;
		if (!fake_read64(m->k, at)) {
			uint64_t below = fake_alloc_bytes(m->k, FAKE_PAGE);

			fake_write(m->k, at, 8, fake_table_entry(m, below, next));
		}
		table = table_of(m, fake_read64(m->k, at));
	}
	for (uint64_t part = 0; part < map->size; part += span)
		fake_write(m->k, entry_at(table, map->iova + part, map->level), 8,
			   encode_page(map, fake_options(m->k)->sme_mask));
}

uint64_t fake_pte(const struct fake_machine *m, enum fake_domain_index domain, uint64_t iova,
		  unsigned level)
{
	uint64_t table = m->roots[domain];
	unsigned at = fake_domains[domain].levels;

	while (at > level) {
		uint64_t entry = fake_read64(m->k, entry_at(table, iova, at));

		assert_true(entry & 1);
		at = entry >> 9 & 7;
		table = table_of(m, entry);
	}
	assert_int_equal(at, level);
	return entry_at(table, iova, level);
}

/* Domains: every member that the era has of it. */

static void put_table(struct fake_machine *m, uint64_t domain, uint64_t root, unsigned levels)
{
	static const char pd[] = "struct protection_domain";
	struct fake_kernel *k = m->k;

	if (levels)
		fake_put_if(k, domain, pd, "amdv1.amdpt.common.top_of_table", root | (levels - 1));
	fake_put_if(k, domain, pd, "iop.root", root);
	fake_put_if(k, domain, pd, "iop.mode", levels);
	fake_put_if(k, domain, pd, "iop.pt_root.counter", root | levels);
	if (fake_has(k, pd, "mode")) {
		fake_put(k, domain, pd, "mode", levels);
		fake_put(k, domain, pd, "pt_root", root);
	}
	fake_put_if(k, domain, pd, "pt_root.counter", root | levels);
}

uint64_t fake_guest_table_entry(const struct fake_machine *m, uint64_t va)
{
	uint64_t entry = 0;

	set_field(&pde_v2_layout, &entry, "p", 1);
	set_field(&pde_v2_layout, &entry, "rw", 1);
	set_field(&pde_v2_layout, &entry, "us", 1);
	set_field(&pde_v2_layout, &entry, "address", hardware_address(m, va));
	return entry;
}

uint64_t fake_guest_page_entry(const struct fake_machine *m, const struct fake_mapping *map)
{
	uint64_t entry = 0;

	set_field(&pte_v2_layout, &entry, "p", 1);
	set_field(&pte_v2_layout, &entry, "us", map->read);
	set_field(&pte_v2_layout, &entry, "rw", map->write);
	set_field(&pte_v2_layout, &entry, "ps", map->level > 1);
	set_field(&pte_v2_layout, &entry, "address", map->pa | fake_options(m->k)->sme_mask);
	return entry;
}

void fake_guest_map(struct fake_machine *m, uint64_t root, unsigned levels,
		    const struct fake_mapping *map)
{
	uint64_t table = root;

	for (unsigned level = levels; level > map->level; level--) {
		uint64_t at = entry_at(table, map->iova, level);

		if (!fake_read64(m->k, at))
			fake_write(m->k, at, 8,
				   fake_guest_table_entry(m, fake_alloc_bytes(m->k, FAKE_PAGE)));
		table = table_of(m, fake_read64(m->k, at));
	}
	fake_write(m->k, entry_at(table, map->iova, map->level), 8, fake_guest_page_entry(m, map));
}

/* A v2 domain's v1 members hold nothing, but generic_pt has its top of table at the same place. */
static void put_guest_table(struct fake_machine *m, uint64_t domain, const struct fake_domain *d)
{
	static const char pd[] = "struct protection_domain";
	uint64_t root = fake_alloc_bytes(m->k, FAKE_PAGE);
	uint64_t level = fake_symbol(m->k, "amd_iommu_gpt_level");

	m->gcr3 = fake_alloc_bytes(m->k, FAKE_PAGE);
	m->roots[d - fake_domains] = root;
	for (size_t i = 0; i < d->n_mappings; i++)
		fake_guest_map(m, root, FAKE_GUEST_LEVELS, &d->mappings[i]);
	fake_write(m->k, m->gcr3, 8, hardware_address(m, root) | 1);
	if (level)
		fake_write(m->k, level, 4, FAKE_GUEST_LEVELS);
	fake_put_if(m->k, domain, pd, "amdv2.x86_64_pt.common.top_of_table",
		    root | (FAKE_GUEST_LEVELS - 1));
	fake_put_if(m->k, domain, pd, "iop.pgd", root);
	fake_put_if(m->k, domain, pd, "gcr3_tbl", m->gcr3);
	fake_put_if(m->k, domain, pd, "pd_mode", PD_MODE_V2);
}

/* The core's object; Linux 3.10 has one only for domains of the IOMMU API. */
static void put_core(struct fake_machine *m, uint64_t domain, const struct fake_domain *d)
{
	static const char pd[] = "struct protection_domain";
	struct fake_kernel *k = m->k;

	if (fake_has(k, pd, "domain")) {
		fake_put(k, domain + fake_offset(k, pd, "domain"), "struct iommu_domain", "type",
			 d->type);
	} else if (d->type == TYPE_UNMANAGED) {
		uint64_t core = fake_alloc(k, "struct iommu_domain");

		fake_put(k, core, "struct iommu_domain", "priv", domain);
		fake_put(k, domain, pd, "iommu_domain", core);
	}
}

static uint64_t core_of(const struct fake_machine *m, unsigned domain)
{
	if (domain == DOMAIN_DETACHED)
		return m->blocked;
	return m->domains[domain] + fake_offset(m->k, "struct protection_domain", "domain");
}

static void build_domain(struct fake_machine *m, unsigned index)
{
	static const char pd[] = "struct protection_domain";
	const struct fake_domain *d = &fake_domains[index];
	uint64_t domain = fake_alloc(m->k, pd), list = fake_symbol(m->k, "amd_iommu_pd_list");
	bool dma = d->type == TYPE_DMA || d->type == TYPE_DMA_FQ;

	m->domains[index] = domain;
	fake_put(m->k, domain, pd, "id", d->id);
	fake_put_if(m->k, domain, pd, "flags", (d->v2 ? PD_IOMMUV2 : 0) | (dma ? PD_DMA_OPS : 0));
	put_core(m, domain, d);
	if (list)
		fake_list_add(m->k, list, domain + fake_offset(m->k, pd, "list"));
	if (d->v2) {
		put_guest_table(m, domain, d);
		return;
	}
	if (d->levels) {
		fake_put_if(m->k, domain, pd, "pd_mode", PD_MODE_V1);
		m->roots[index] = fake_alloc_bytes(m->k, FAKE_PAGE);
	}
	put_table(m, domain, m->roots[index], d->levels);
	for (size_t i = 0; i < d->n_mappings; i++)
		map_page(m, m->roots[index], d->levels, &d->mappings[i]);
}

static void build_domains(struct fake_machine *m)
{
	static const char ops[] = "struct iommu_ops";
	uint64_t list = fake_symbol(m->k, "amd_iommu_pd_list");

	if (list)
		fake_list_init(m->k, list);
	m->n_domains = m->n_segments > 1 ? FAKE_DOMAINS : DOMAIN_FAR;
	for (unsigned i = 0; i < m->n_domains; i++)
		build_domain(m, i);
	if (!fake_has(m->k, ops, "blocked_domain"))
		return;
	m->blocked = fake_alloc(m->k, "struct iommu_domain");
	fake_put(m->k, fake_symbol(m->k, "amd_iommu_ops"), ops, "blocked_domain", m->blocked);
	fake_put(m->k, fake_symbol(m->k, "amd_iommu_ops"), ops, "identity_domain",
		 core_of(m, DOMAIN_IDENTITY));
}

/* IOMMUs and the tables of segments. */

static uint64_t alloc_table(struct fake_machine *m, uint64_t size)
{
	return fake_symbol(m->k, "pdom_ids") ? fake_vmalloc(m->k, size)
					     : fake_alloc_bytes(m->k, size);
}

static void build_segment(struct fake_machine *m, unsigned segment)
{
	static const char type[] = "struct amd_iommu_pci_seg";
	struct fake_kernel *k = m->k;
	uint64_t n = FAKE_LAST_DEVID + 1, object = 0;

	m->dev_table[segment] = fake_alloc_bytes(k, n * 32);
	m->alias_table[segment] = alloc_table(m, n * 2);
	m->rlookup_table[segment] = alloc_table(m, n * 8);
	for (uint64_t devid = 0; devid < n; devid++)
		fake_write(k, m->alias_table[segment] + devid * 2, 2, devid);
	if (fake_has(k, type, "list")) { /* also where it has no tables */
		object = m->segments[segment] = fake_alloc(k, type);
		fake_put(k, object, type, "id", segment);
		fake_list_add(k, fake_symbol(k, "amd_iommu_pci_seg_list"), object);
	}
	if (fake_has(k, type, "dev_table")) {
		fake_put(k, object, type, "last_bdf", FAKE_LAST_DEVID);
		fake_put(k, object, type, "dev_table", m->dev_table[segment]);
		fake_put(k, object, type, "alias_table", m->alias_table[segment]);
		fake_put(k, object, type, "rlookup_table", m->rlookup_table[segment]);
		return;
	}
	assert_int_equal(segment, 0);
	fake_write(k, fake_symbol(k, "amd_iommu_last_bdf"), 2, FAKE_LAST_DEVID);
	fake_write(k, fake_symbol(k, "amd_iommu_dev_table"), 8, m->dev_table[0]);
	fake_write(k, fake_symbol(k, "amd_iommu_alias_table"), 8, m->alias_table[0]);
	fake_write(k, fake_symbol(k, "amd_iommu_rlookup_table"), 8, m->rlookup_table[0]);
}

/* The firmware wants the NVMe's buffer mapped one to one. */
static void build_unity_map(struct fake_machine *m, unsigned segment)
{
	static const char type[] = "struct unity_map_entry";
	struct fake_kernel *k = m->k;
	uint64_t head = fake_symbol(k, "amd_iommu_unity_map");

	if (!head)
		head = m->segments[segment] +
		       fake_offset(k, "struct amd_iommu_pci_seg", "unity_map");
	fake_list_init(k, head);
	if (segment)
		return;
	m->unity_map = fake_alloc(k, type);
	fake_put(k, m->unity_map, type, "devid_start", fake_functions[FUNCTION_NVME].devid);
	fake_put(k, m->unity_map, type, "devid_end", fake_functions[FUNCTION_NVME].devid);
	fake_put(k, m->unity_map, type, "address_start", FAKE_UNITY_START);
	fake_put(k, m->unity_map, type, "address_end", FAKE_UNITY_END);
	fake_put(k, m->unity_map, type, "prot", 3);
	fake_list_add(k, head, m->unity_map);
}

static void build_iommu(struct fake_machine *m, unsigned index)
{
	static const uint16_t devids[] = {0x0002, 0x8002, 0x0002};
	static const char type[] = "struct amd_iommu";
	struct fake_kernel *k = m->k;
	uint64_t iommu = fake_alloc(k, type), mmio = 0xfeb80000 + index * 0x100000;
	unsigned segment = index == 2;
	bool by_pointer = fake_size(k, type, "pci_seg") == 8;

	m->iommus[index] = iommu;
	fake_list_add(k, fake_symbol(k, "amd_iommu_list"), iommu);
	fake_put(k, iommu, type, "index", index);
	fake_put(k, iommu, type, "devid", devids[index]);
	fake_put(k, iommu, type, "pci_seg", by_pointer ? m->segments[segment] : segment);
	fake_put(k, iommu, type, "mmio_phys", mmio);
	fake_put_if(k, iommu, type, "mmio_phys_end", 0x80000); /* despite its name */
	fake_put(k, iommu, type, "features", 0xf77ef22294ada);
	fake_put(k, iommu, type, "cmd_buf", fake_alloc_bytes(k, 8192));
	fake_put(k, iommu, type, "evt_buf", fake_alloc_bytes(k, 8192));
}

/* Buses and functions. */

static uint64_t bus_of(const struct fake_machine *m, const struct fake_function *f)
{
	for (unsigned i = 0; i < m->n_buses; i++)
		if (buses[i].segment == f->segment && buses[i].number == f->devid >> 8)
			return m->buses[i];
	fail();
	return 0;
}

static void build_buses(struct fake_machine *m)
{
	static const char type[] = "struct pci_bus";
	struct fake_kernel *k = m->k;
	uint64_t roots = fake_symbol(k, "pci_root_buses");

	fake_list_init(k, roots);
	m->n_buses = m->n_segments > 1 ? ARRAY_SIZE(buses) : ARRAY_SIZE(buses) - 1;
	for (unsigned i = 0; i < m->n_buses; i++) {
		uint64_t bus = fake_alloc(k, type), sysdata = fake_alloc(k, "struct pci_sysdata");
		uint64_t head = buses[i].parent < 0 ? roots
						    : m->buses[buses[i].parent] +
							      fake_offset(k, type, "children");

		m->buses[i] = bus;
		fake_put(k, sysdata, "struct pci_sysdata", "domain", buses[i].segment);
		fake_put(k, bus, type, "number", buses[i].number);
		fake_put(k, bus, type, "sysdata", sysdata);
		fake_list_init(k, bus + fake_offset(k, type, "children"));
		fake_list_init(k, bus + fake_offset(k, type, "devices"));
		fake_list_add(k, head, bus + fake_offset(k, type, "node"));
	}
}

void fake_entry(const struct fake_machine *m, const struct fake_function *f, uint64_t words[4])
{
	const struct fake_domain *d = f->domain < FAKE_DOMAINS ? &fake_domains[f->domain] : NULL;
	bool own_id = fake_has(m->k, "struct iommu_dev_data", "gcr3_info.domid");

	memset(words, 0, 4 * sizeof(*words));
	set_field(&dte_layout, words, "v", 1);
	if (!d) /* detached */
		return;
	set_field(&dte_layout, words, "tv", 1);
	set_field(&dte_layout, words, "ir", 1);
	set_field(&dte_layout, words, "iw", 1);
	set_field(&dte_layout, words, "mode", d->levels);
	set_field(&dte_layout, words, "domain_id", d->v2 && own_id ? d->guest_id : d->id);
	if (d->levels)
		set_field(&dte_layout, words, "pt_root", hardware_address(m, m->roots[f->domain]));
	if (d->v2) {
		set_field(&dte_layout, words, "gv", 1);
		set_field(&dte_layout, words, "giov", 1);
		set_field(&dte_layout, words, "gcr3_root", hardware_address(m, m->gcr3));
	}
	set_field(&dte_layout, words, "iv", 1);
	set_field(&dte_layout, words, "int_tab_len", 9);
	set_field(&dte_layout, words, "irt_root", 0x819256000);
	set_field(&dte_layout, words, "int_ctl", 2);
}

uint64_t fake_entry_address(const struct fake_machine *m, unsigned segment, uint16_t devid)
{
	return m->dev_table[segment] + devid * UINT64_C(32);
}

static void put_entry(struct fake_machine *m, const struct fake_function *f)
{
	uint64_t words[4];

	fake_entry(m, f, words);
	for (unsigned i = 0; i < 4; i++) {
		fake_write(m->k, fake_entry_address(m, f->segment, f->devid) + i * 8, 8, words[i]);
		fake_write(m->k, fake_entry_address(m, f->segment, f->alias) + i * 8, 8, words[i]);
	}
	fake_write(m->k, m->alias_table[f->segment] + f->devid * 2, 2, f->alias);
	fake_write(m->k, m->rlookup_table[f->segment] + f->devid * 8, 8, m->iommus[f->iommu]);
}

static void build_data(struct fake_machine *m, unsigned index, uint64_t device)
{
	static const char type[] = "struct iommu_dev_data";
	const struct fake_function *f = &fake_functions[index];
	struct fake_kernel *k = m->k;
	uint64_t data = m->data[index] = fake_alloc(k, type);

	fake_put(k, data, type, "devid", f->devid);
	fake_put_if(k, data, type, "alias", f->alias);
	if (f->domain < FAKE_DOMAINS)
		fake_put(k, data, type, "domain", m->domains[f->domain]);
	if (f->domain == DOMAIN_GUEST) {
		fake_put_if(k, data, type, "gcr3_info.gcr3_tbl", m->gcr3);
		fake_put_if(k, data, type, "gcr3_info.domid", fake_domains[f->domain].guest_id);
	}
	if (fake_has(k, "struct dev_iommu", "priv")) {
		uint64_t param = fake_alloc(k, "struct dev_iommu");

		fake_put(k, param, "struct dev_iommu", "priv", data);
		fake_put(k, device, "struct device", "iommu", param);
	} else {
		fake_put(k, device, "struct device", "archdata.iommu", data);
	}
	put_entry(m, f);
}

static void build_function(struct fake_machine *m, unsigned index)
{
	static const char type[] = "struct pci_dev";
	const struct fake_function *f = &fake_functions[index];
	struct fake_kernel *k = m->k;
	uint64_t pci_dev = fake_alloc(k, type);
	uint64_t device = pci_dev + fake_offset(k, type, "dev");

	m->pci_devs[index] = pci_dev;
	fake_list_add(k, bus_of(m, f) + fake_offset(k, "struct pci_bus", "devices"),
		      pci_dev + fake_offset(k, type, "bus_list"));
	fake_put(k, pci_dev, type, "devfn", f->devid & 0xff);
	fake_put(k, pci_dev, type, "vendor", f->vendor);
	fake_put(k, pci_dev, type, "device", f->device);
	if (f->driver) {
		uint64_t driver = fake_alloc(k, "struct device_driver");

		fake_put(k, driver, "struct device_driver", "name", fake_string(k, f->driver));
		fake_put(k, device, "struct device", "driver", driver);
	}
	if (f->domain != DOMAIN_NO_DATA)
		build_data(m, index, device);
}

/* Groups. */

static void add_member(struct fake_machine *m, unsigned index)
{
	const struct fake_function *f = &fake_functions[index];
	struct fake_kernel *k = m->k;
	const char *type = fake_has(k, "struct group_device", "list") ? "struct group_device"
								      : "struct iommu_device";
	uint64_t member = fake_alloc(k, type), group = m->groups[f->group];
	uint64_t device = m->pci_devs[index] + fake_offset(k, "struct pci_dev", "dev");

	fake_put(k, member, type, "dev", device);
	fake_list_add(k, group + fake_offset(k, "struct iommu_group", "devices"),
		      member + fake_offset(k, type, "list"));
	fake_put(k, device, "struct device", "iommu_group", group);
	if (!fake_has(k, "struct iommu_group", "domain"))
		return;
	uint64_t core = core_of(m, f->domain);
	fake_put(k, group, "struct iommu_group", "domain", core);
	if (f->domain != DOMAIN_VM && f->domain != DOMAIN_DETACHED)
		fake_put(k, group, "struct iommu_group", "default_domain", core);
}

static void build_groups(struct fake_machine *m)
{
	static const char type[] = "struct iommu_group";
	struct fake_kernel *k = m->k;
	uint64_t kset = fake_alloc(k, "struct kset");
	uint64_t head = kset + fake_offset(k, "struct kset", "list");

	fake_write(k, fake_symbol(k, "iommu_group_kset"), 8, kset);
	fake_list_init(k, head);
	for (unsigned i = 0; i < m->n_groups; i++) {
		m->groups[i] = fake_alloc(k, type);
		fake_put(k, m->groups[i], type, "id", i);
		fake_list_init(k, m->groups[i] + fake_offset(k, type, "devices"));
		fake_list_add(k, head,
			      m->groups[i] + fake_offset(k, type, "kobj") +
				      fake_offset(k, "struct kobject", "entry"));
	}
	for (unsigned i = 0; i < m->n_functions; i++)
		if (fake_functions[i].group >= 0)
			add_member(m, i);
}

/* Domain IDs. */

/* Sets the bit of id in a bitmap, or in the chunk of an IDA that has it. */
static void take_id(struct fake_machine *m, unsigned id)
{
	bool ida = fake_symbol(m->k, "pdom_ids");
	uint64_t words = m->id_bitmap;
	unsigned bit = ida ? id % 1024 : id;

	if (ida && id / 1024) {
		uint64_t slot =
			m->id_node + fake_offset(m->k, "struct xa_node", "slots") + id / 1024 * 8;
		uint64_t entry = fake_read64(m->k, slot);

		if (bit < 62) { /* in the slot itself */
			fake_write(m->k, slot, 8, entry | UINT64_C(2) << bit | 1);
			return;
		}
		words = entry ? entry : fake_alloc_bytes(m->k, 128);
		fake_write(m->k, slot, 8, words);
	}
	words += bit / 64 * 8;
	fake_write(m->k, words, 8, fake_read64(m->k, words) | UINT64_C(1) << bit % 64);
}

static void build_ids(struct fake_machine *m)
{
	struct fake_kernel *k = m->k;
	uint64_t ida = fake_symbol(k, "pdom_ids");

	m->id_bitmap = fake_alloc_bytes(k, ida ? 128 : 8192);
	if (ida) {
		m->id_node = fake_alloc(k, "struct xa_node");
		fake_put(k, ida + fake_offset(k, "struct ida", "xa"), "struct xarray", "xa_head",
			 m->id_node | 2);
		fake_write(k, m->id_node + fake_offset(k, "struct xa_node", "slots"), 8,
			   m->id_bitmap);
	} else {
		fake_write(k, fake_symbol(k, "amd_iommu_pd_alloc_bitmap"), 8, m->id_bitmap);
		take_id(m, 0);
	}
	for (unsigned i = 0; i < m->n_domains; i++) {
		take_id(m, fake_domains[i].id);
		if (fake_domains[i].guest_id)
			take_id(m, fake_domains[i].guest_id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fake_extra_ids); i++)
		take_id(m, fake_extra_ids[i]);
}

struct fake_machine *fake_machine_new(const struct fake_options *options, unsigned segments)
{
	struct fake_machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->k = fake_new(options);
	m->n_segments = segments;
	m->n_functions = segments > 1 ? FAKE_ALL_FUNCTIONS : FAKE_FUNCTIONS;
	m->n_groups = segments > 1 ? FAKE_ALL_GROUPS : FAKE_GROUPS;
	m->n_iommus = segments > 1 ? FAKE_ALL_IOMMUS : FAKE_IOMMUS;
	if (fake_symbol(m->k, "amd_iommu_pci_seg_list"))
		fake_list_init(m->k, fake_symbol(m->k, "amd_iommu_pci_seg_list"));
	fake_list_init(m->k, fake_symbol(m->k, "amd_iommu_list"));
	for (unsigned i = 0; i < segments; i++)
		build_segment(m, i);
	for (unsigned i = 0; i < segments; i++)
		build_unity_map(m, i);
	for (unsigned i = 0; i < m->n_iommus; i++)
		build_iommu(m, i);
	build_domains(m);
	build_buses(m);
	for (unsigned i = 0; i < m->n_functions; i++)
		build_function(m, i);
	build_groups(m);
	build_ids(m);
	return m;
}

void fake_machine_free(struct fake_machine *m)
{
	if (!m)
		return;
	fake_free(m->k);
	free(m);
}

static struct error *open_view(struct fake_machine *m, struct fake_view *ret)
{
	*ret = (struct fake_view){.core = fake_image(m->k)};
	ret->spec = (struct target_spec){.cores = &ret->core, .n_cores = 1};
	struct error *err = session_new(&ret->spec, &ret->session);

	if (!err)
		err = session_target(ret->session, &ret->target);
	unlink(ret->core); /* all of it is in memory now; a failing test leaves no file behind */
	if (!err)
		err = session_driver(ret->session, &ret->driver);
	if (!err)
		err = session_snapshot(ret->session, SNAPSHOT_DEVICES | SNAPSHOT_IDS, &ret->s);
	return err;
}

void fake_view_open(struct fake_machine *m, struct fake_view *ret)
{
	struct error *err = open_view(m, ret);

	if (err)
		fail_msg("%s: %s", fake_options(m->k)->layouts, error_message(err));
}

bool fake_view_try(struct fake_machine *m, struct fake_view *ret)
{
	struct error *err = open_view(m, ret);
	bool is_open = !err;

	if (err)
		assert_true(*error_message(err));
	error_free(err);
	return is_open;
}

void fake_view_close(struct fake_view *view)
{
	session_free(view->session);
}
