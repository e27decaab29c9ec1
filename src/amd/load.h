/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that fill the snapshot, in the order in which they run. Only src/amd includes this. */
#ifndef AMD_LOAD_H
#define AMD_LOAD_H

#include "amd/driver.h"
#include "base/key_index.h"
#include "kernel/group.h"
#include "kernel/pci.h"

struct dte_verdict; /* amd/hw/dte.h */

/* What was met on the way, addresses not yet turned into indexes. */
struct load {
	struct amd *amd;
	struct kernel *kernel;
	struct snapshot *snapshot;
	struct reader reader;
	struct pci_functions functions;
	struct iommu_groups groups;
	/* Indexes in the snapshot by the addresses of kernel objects. */
	struct key_index domains_by_address, domains_by_core, iommus_by_address, devices_by_device;
	/* Physical memory of the capture kernel, end inclusive; both 0: none reserved. */
	struct memory_region {
		uint64_t start, end;
	} crash_regions[2];
};

struct error *load_segments(struct load *load); /* into load->amd, once */
struct error *load_iommus(struct load *load);
struct error *load_functions(struct load *load); /* and groups */
struct error *load_domains(struct load *load);
struct error *load_devices(struct load *load);
struct error *load_groups(struct load *load);
struct error *load_regions(struct load *load);
struct error *load_domain_members(struct load *load);
struct error *load_ids(struct load *load);
struct error *load_interrupts(struct load *load);
struct error *load_rings(struct load *load);
struct error *load_requesters(struct load *load);
struct error *load_settings(struct load *load);
struct error *load_unity_maps(struct load *load);
struct error *load_specials(struct load *load);

extern const struct need_table setting_needs; /* what load_settings() reads */

/* NULL: no such segment. */
const struct amd_segment *amd_segment(const struct amd *amd, uint32_t number);

/* Of what hangs on a segment that amd_segment() does not have: DATUM_NONE, or why it may lack it. */
enum datum_state amd_segment_state(const struct amd *amd);

/* A table's element at devid; the table may be vmalloc'ed, so each is read by itself. */
struct datum table_element(struct load *load, struct datum table, uint16_t devid, unsigned size,
			   const char *what);

/* Reads the table of that devid into arena; the load's snapshot holds SNAPSHOT_INTERRUPTS. */
struct error *interrupt_table_read(struct load *load, uint32_t segment, uint16_t devid,
				   struct arena *arena, struct interrupt_table *ret);

/* The index of the object at that address, as a datum: an address not met is DATUM_CORRUPT, and a
   problem of the reader's object. */
struct datum index_of(struct load *load, const struct key_index *map, struct datum address,
		      const char *what);

/* A domain, by the addresses of its objects, 0 where it has none. */
struct domain_name {
	uint64_t address, core;
	struct table_anchor holder; /* a pointer to it, set as long as it is in use; size 0: not known */
};

/* domain->table and what goes with it. */
void domain_read_table(struct load *load, const struct domain_name *name, struct domain *domain);

/* What the driver has given a device for requests with PASIDs. state DATUM_NONE: no table. */
struct pasid_place {
	enum datum_state state;
	uint64_t root; /* physical */
	unsigned levels;
	struct datum domain_id; /* that tags its translations; DATUM_ABSENT: the domain's own ID */
};

struct pasid_place pasid_place_read(struct load *load, const struct device *device);

/* device->pasids, and what follows from it; the rest of the device is there. verdict: on its entry,
 * where that could be read. */
struct error *device_read_pasids(struct load *load, struct device *device,
				 const struct dte_verdict *verdict);

const char *domain_variant_name(const struct amd *amd);
const char *guest_table_variant_name(const struct amd *amd);
const char *pasid_variant_name(const struct amd *amd);
const char *ids_variant_name(const struct amd *amd);
const char *segment_variant_name(const struct amd *amd);
const char *interrupt_variant_name(const struct amd *amd);

/* Reads one entry of a segment's device table; judges nothing. */
void entry_read(struct load *load, const struct amd_segment *segment, uint16_t devid,
		struct hw_entry *ret);

/* A capture kernel has given the device an interrupt table of its own. */
bool entry_has_captured_interrupts(const struct load *load, const struct dte_verdict *verdict);

/* Who wrote it, held against the domain that the driver has attached. */
enum entry_writer entry_writer(struct load *load, struct device *device,
			       const struct dte_verdict *verdict);

#endif
