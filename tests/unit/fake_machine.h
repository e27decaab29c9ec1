/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One machine, built in a fake kernel of any era: IOMMUs, PCI functions behind buses, groups,
 *domains with page tables, device tables and the domain-ID allocator. What it consists of stands in
 *the tables below, which are the truth that tests hold the snapshot against; the addresses of what
 *was built are in struct fake_machine, for tests that break it.
 *
 *	0000:00:00.2  the IOMMU itself         0000:01:01.0  a NIC behind it, alias 0000:01:00.0
 *	0000:00:04.0  a NIC, DMA domain        0000:80:00.2  the second IOMMU
 *	0000:00:05.0  of the VM                0000:a1:00.0  a NIC, DMA domain of 6 levels
 *	0000:00:06.0  an NVMe, identity        0000:a1:00.1  of the VM
 *	0000:00:07.0  detached                 0001:00:00.2  the third IOMMU, with two segments
 *	0000:00:08.0  a GPU, v2 domain         0001:00:04.0  a NIC, with two segments
 *	0000:00:1c.0  a bridge
 *	0000:01:00.0  a device behind it
 */
#ifndef UNIT_FAKE_MACHINE_H
#define UNIT_FAKE_MACHINE_H

#include "cmd/session.h"
#include "fake_kernel.h"
#include "model/driver.h"

/* One leaf of a page table. */
struct fake_mapping {
	uint64_t iova, pa, size;
	uint8_t level;	   /* of the table that holds the entries */
	uint8_t skip_from; /* the table of this level points straight to that one; 0: none does */
	bool read, write;
};

struct fake_domain {
	uint16_t id;
	uint16_t guest_id; /* v2: the ID in the device's own guest information, from Linux 6.9 on */
	uint8_t type;	   /* include/linux/iommu.h */
	uint8_t levels;	   /* of the v1 table; 0: none */
	bool v2; /* its mappings are of a v2 table of FAKE_GUEST_LEVELS, PASID 0's */
	const struct fake_mapping *mappings;
	size_t n_mappings;
};

enum fake_domain_index {
	DOMAIN_NIC,
	DOMAIN_VM,
	DOMAIN_IDENTITY,
	DOMAIN_BRIDGE,
	DOMAIN_FAST,
	DOMAIN_GUEST,
	DOMAIN_FAR,
	FAKE_DOMAINS,
	DOMAIN_DETACHED, /* of functions: no domain */
	DOMAIN_NO_DATA,	 /* of functions: not a device that the driver serves */
};

struct fake_function {
	uint16_t segment, devid, vendor, device, alias;
	uint8_t domain;	    /* enum fake_domain_index */
	uint8_t iommu;	    /* index; 0xff: none */
	int8_t group;	    /* ID; -1: none */
	const char *driver; /* NULL: none */
};

enum fake_function_index {
	FUNCTION_IOMMU_0,
	FUNCTION_NIC,
	FUNCTION_VM,
	FUNCTION_NVME,
	FUNCTION_DETACHED,
	FUNCTION_GUEST,
	FUNCTION_BRIDGE,
	FUNCTION_BEHIND,
	FUNCTION_ALIASED,
	FUNCTION_IOMMU_1,
	FUNCTION_FAST,
	FUNCTION_VM_2,
	FAKE_FUNCTIONS, /* without the second segment */
	FUNCTION_IOMMU_2 = FAKE_FUNCTIONS,
	FUNCTION_FAR,
	FAKE_ALL_FUNCTIONS,
};

#define FAKE_GROUPS 8 /* IDs 0 to 7; 8 is the second segment's */
#define FAKE_ALL_GROUPS 9
#define FAKE_IOMMUS 2
#define FAKE_ALL_IOMMUS 3
#define FAKE_GUEST_LEVELS 4
#define FAKE_LAST_DEVID 0xa1ff
#define FAKE_UNITY_START UINT64_C(0xb7000000)
#define FAKE_UNITY_END UINT64_C(0xb7100000) /* its first byte behind */

extern const struct fake_domain fake_domains[FAKE_DOMAINS];
extern const struct fake_function fake_functions[FAKE_ALL_FUNCTIONS];
extern const uint16_t fake_extra_ids[3]; /* allocated, and nobody's */

struct fake_machine {
	struct fake_kernel *k;
	unsigned n_segments, n_functions, n_groups, n_domains, n_iommus;
	uint64_t segments[2]; /* struct amd_iommu_pci_seg, where there are any */
	uint64_t dev_table[2], alias_table[2], rlookup_table[2];
	uint64_t iommus[FAKE_ALL_IOMMUS];
	uint64_t pci_devs[FAKE_ALL_FUNCTIONS], data[FAKE_ALL_FUNCTIONS];
	uint64_t groups[FAKE_ALL_GROUPS];
	uint64_t domains[FAKE_DOMAINS], roots[FAKE_DOMAINS];
	uint64_t blocked; /* the core's domain object; 0: this era has none */
	uint64_t buses[5], n_buses;
	uint64_t gcr3;
	uint64_t unity_map; /* of FUNCTION_NVME: FAKE_UNITY_START to FAKE_UNITY_END */
	uint64_t id_bitmap; /* the bitmap, or the IDA's first chunk */
	uint64_t id_node;   /* the IDA's node */
};

/* segments: 1 or 2. Ends with fake_machine_free(). */
struct fake_machine *fake_machine_new(const struct fake_options *options, unsigned segments);
void fake_machine_free(struct fake_machine *m); /* NULL is fine */

/* The entry of a device table that the driver would write for the function. */
void fake_entry(const struct fake_machine *m, const struct fake_function *f, uint64_t words[4]);
uint64_t fake_entry_address(const struct fake_machine *m, unsigned segment, uint16_t devid);

/* The virtual address of the v1 entry for iova in the table at `level`, which has to be there. */
uint64_t fake_pte(const struct fake_machine *m, enum fake_domain_index domain, uint64_t iova,
		  unsigned level);

/* The entry of a v2 table that the driver writes: a table, or a page of any level. */
uint64_t fake_guest_table_entry(const struct fake_machine *m, uint64_t va);
uint64_t fake_guest_page_entry(const struct fake_machine *m, const struct fake_mapping *map);

/* Maps into the v2 table at the virtual address root, whose tables lie in the kernel's memory. */
void fake_guest_map(struct fake_machine *m, uint64_t root, unsigned levels,
		    const struct fake_mapping *map);

/* What the driver writes into a v1 table's entry that points to the table at va, of level `next`.
 */
uint64_t fake_table_entry(const struct fake_machine *m, uint64_t va, unsigned next);

/* The machine as the program sees it: image written, target, kernel and driver opened, all loaded.
 */
struct fake_view {
	const char *core;
	struct target_spec spec;
	struct session *session;
	struct target *target;
	struct iommu_driver *driver;
	struct snapshot *s;
};

void fake_view_open(struct fake_machine *m, struct fake_view *ret);
/* Likewise; false: it could not be opened (close it all the same). */
bool fake_view_try(struct fake_machine *m, struct fake_view *ret);
void fake_view_close(struct fake_view *view);

#endif
