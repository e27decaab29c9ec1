/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The neutral state of a machine's IOMMUs, as commands and checks see it. A driver (amd/driver.h)
 * fills it in from a kernel; nothing here knows which. Owned by one arena, immutable once loaded,
 * cross-references are indexes. Data that could not be read say why (base/datum.h).
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "base/arena.h"
#include "base/datum.h"
#include "base/layout.h"
#include "model/interrupts.h"
#include "model/page_table.h"
#include "model/rings.h"
#include "model/settings.h"

struct kernel;

enum snapshot_part {
	SNAPSHOT_IOMMUS = 1,
	SNAPSHOT_DEVICES = 2, /* with groups and domains, and the IOMMUs */
	SNAPSHOT_IDS = 4,     /* the domain-ID allocator, and the devices */
	SNAPSHOT_RINGS = 16,  /* what the driver keeps of the rings, and the IOMMUs */
	SNAPSHOT_INTERRUPTS = 8, /* the kernel's interrupts that are remapped, the CPUs, the devices */
	SNAPSHOT_REQUESTERS = 64, /* the devices' requester IDs, and the devices */
	SNAPSHOT_SETTINGS = 128, /* how the driver is set up, and the IOMMUs */
	SNAPSHOT_FIRMWARE = 32, /* what the driver has of the firmware's table, and the devices */
};

#define ENTRY_WORDS_MAX 4

/* Who wrote a hardware table entry, as far as the kernel's own objects tell. */
enum entry_writer {
	WRITER_NONE,    /* all zero: nobody */
	WRITER_KERNEL,  /* it is what this kernel's objects ask for */
	WRITER_CAPTURE, /* the capture kernel of this crash: it points into its memory */
	WRITER_UNKNOWN, /* it differs from this kernel's objects, or they can't be read */
};

/* What becomes of a device's DMA. */
enum dma_fate {
	DMA_UNKNOWN,     /* what it hangs on can't be read */
	DMA_TRANSLATED,  /* by the host's table */
	DMA_GUEST,       /* by a guest's or process's table */
	DMA_NESTED,      /* by a guest's table, whose addresses the host's translates */
	DMA_PASSTHROUGH, /* reaches physical memory as it is */
	DMA_UNCHECKED,   /* likewise: hardware has no valid entry for the device */
	DMA_BLOCKED,
	DMA_ILLEGAL,     /* blocked: hardware rejects the entry */
};

/* What becomes of a device's interrupts. */
enum interrupt_fate {
	INTERRUPTS_UNKNOWN, /* its entry can't be read, or is another kernel's */
	INTERRUPTS_REMAPPED,
	INTERRUPTS_BLOCKED,
	INTERRUPTS_UNMAPPED, /* they reach the CPUs as the device sends them */
};

/* A device's entry in the hardware's table. */
struct hw_entry {
	enum datum_state state;        /* DATUM_OK: words hold it */
	uint64_t words[ENTRY_WORDS_MAX];
	const struct layout *layout;
	struct datum address;          /* physical */
	enum entry_writer writer;
};

struct ring {
	struct datum address; /* physical; DATUM_NONE: not in use */
	uint64_t size;        /* bytes */
};

struct iommu_unit {
	struct datum segment;
	struct datum devid; /* of the IOMMU's own PCI function */
	struct datum index;
	struct datum address; /* of the driver's object */
	struct datum mmio, mmio_size;
	struct datum features, features2, capability;
	struct datum acpi_flags;
	struct datum exclusion_start, exclusion_size;
	struct ring command_ring, event_ring, page_request_ring, guest_ring;
	struct datum device_table; /* physical */
	struct datum interrupts_enabled;
	struct datum taken_over; /* boolean: it was translating when this kernel started */
	struct text name; /* "ivhd0" */
};

struct segment {
	uint32_t number;
	struct datum last_devid;
	struct datum device_table; /* kernel virtual; physical is in each IOMMU */
	struct datum device_table_size;
};

struct device {
	uint32_t segment;
	uint16_t devid;
	const char *name;    /* "0000:a1:00.1" */
	uint64_t device;     /* struct device */
	uint64_t pci_device; /* struct pci_dev; 0: the kernel has no such PCI function any more */
	uint64_t data;       /* the driver's per-device object; 0: none */
	struct datum vendor, device_id, class;
	struct text driver;
	struct datum group;  /* index in groups */
	struct datum domain; /* index in domains: the driver's idea */
	uint64_t domain_word; /* kernel virtual address of the pointer that says so; 0: there is none */
	struct datum iommu;  /* index in iommus */
	struct datum alias;  /* devid that its DMA bears, when it is another */
	struct hw_entry entry;
	/* What hardware goes by: from the entry, or where the capture kernel has written over that,
	   from the driver's objects. */
	struct datum domain_id, paging_mode, pt_root;
	const char *pt_format;  /* of that table: "v1", "v2"; NULL: none, or not known */
	struct datum int_remap; /* boolean */
	enum interrupt_fate interrupts;
	/* Boolean: the firmware or the kernel says that it can be plugged in from outside, or that it is not to be
	   trusted. */
	struct datum external;
	enum dma_fate dma;
	const struct requester_id *requesters; /* with SNAPSHOT_REQUESTERS; its own ID first */
	uint32_t n_requesters;
	enum datum_state requesters_state; /* DATUM_OK: these are all */
	enum datum_state pasids_state; /* DATUM_OK: pasids says what there is */
	struct pasid_table pasids;
	/* Where the entry has a table of PASIDs and what the driver keeps of it can't be read: why. */
	enum datum_state driver_pasids;
};

/* A requester ID under which a device's requests may arrive. */
struct requester_id {
	uint16_t devid;
	const char *why; /* static: "own", "bridge", "kernel", "driver" (its alias table) */
};

/* IOVAs that must not be given out; bounds included. */
struct reserved_region {
	uint64_t start, end;
	const char *type; /* as sysfs has it: "direct", "reserved", "msi" */
	const char *reason;
};

/* Memory that the firmware's table wants devices to reach, as the driver has kept it. */
struct firmware_region {
	uint32_t segment;
	uint16_t first, last; /* devids */
	uint64_t start, end;  /* bounds included */
	bool read, write;
	bool exclusion; /* untranslated, where hardware can do that */
};

/* A device without a PCI function: the requester ID that the firmware's table gives it. */
struct special_device {
	const char *kind; /* "ioapic", "hpet", "acpi" */
	uint32_t id;	  /* of an I/O APIC or HPET */
	struct text hid, uid;
	uint32_t segment;
	uint16_t devid;
	bool by_command_line; /* and not by the firmware */
};

struct group {
	uint64_t address;
	struct datum id;
	struct text name;
	struct datum default_domain, domain; /* indexes in domains */
	struct datum owner_count;
	const uint32_t *devices; /* indexes in devices */
	uint32_t n_devices;
	enum datum_state members_state;  /* DATUM_OK: the devices are all there */
	enum datum_state reserved_state; /* DATUM_OK: all are known */
	const struct reserved_region *reserved; /* by start, overlaps of one type joined */
	uint32_t n_reserved;
};

struct domain {
	uint64_t address;       /* the driver's object; 0: the core's object only */
	uint64_t core_address;  /* struct iommu_domain; 0: none in this kernel */
	uint64_t iova_domain;   /* struct iova_domain that the driver keeps; 0: the core may have one */
	struct datum id;
	uint64_t id_address;    /* kernel virtual; 0: it bears none */
	struct datum type;      /* raw */
	uint64_t type_address;  /* kernel virtual; 0: it bears none */
	const char *type_name;  /* "dma-fq"; NULL: unknown */
	const char *pt_format;  /* "v1", "v2"; NULL: none or unknown */
	enum datum_state table_state;
	struct page_table table; /* for DATUM_OK with ops */
	const uint32_t *devices; /* that the driver has attached to it */
	uint32_t n_devices;
	const uint32_t *iommus;
	uint32_t n_iommus;
};

struct domain_ids {
	const char *allocator; /* "bitmap", "ida"; NULL: none found */
	enum datum_state state;
	bool is_bitmap;         /* ID n is bit n at address, too */
	uint64_t address;       /* of the allocator, kernel virtual; 0: unknown */
	const uint64_t *bitmap; /* ID n: bit n; for DATUM_OK */
	uint32_t n_bits;
};

struct snapshot {
	struct arena arena;
	struct problems problems;
	unsigned parts; /* loaded: enum snapshot_part */
	bool moving;	/* of a machine that runs: by now it may be otherwise */
	/* DATUM_OK: all of them are here; else why some may be missing. */
	enum datum_state iommus_state, devices_state, groups_state, domains_state;
	struct iommu_unit *iommus;
	uint32_t n_iommus;
	struct segment *segments;
	uint32_t n_segments;
	struct device *devices; /* by segment and devid */
	uint32_t n_devices;
	struct group *groups; /* by id */
	uint32_t n_groups;
	struct domain *domains; /* by id (one that is not known is 0), then address */
	uint32_t n_domains;
	struct domain_ids ids;
	struct interrupts interrupts;
	const struct ring_facts *ring_facts; /* by index of the IOMMU */
	const struct driver_setting *settings;
	size_t n_settings;
	const struct unit_settings *unit_settings; /* by index of the IOMMU */
	struct firmware_region *regions; /* with SNAPSHOT_DEVICES */
	uint32_t n_regions;
	enum datum_state regions_state; /* DATUM_OK: these are all */
	struct special_device *specials;
	uint32_t n_specials;
	enum datum_state specials_state;
};

/* The device of that segment and devid; NULL: not among them. */
const struct device *snapshot_device(const struct snapshot *snapshot, uint32_t segment,
				     uint16_t devid);

/* How many domains bear the ID (not 0), the first of them in *ret. */
uint32_t snapshot_domains_of_id(const struct snapshot *snapshot, uint64_t id,
				const struct domain **ret);

/* "dma", "dma-fq", ...: an iommu_domain.type of include/linux/iommu.h; NULL: not one we know. */
const char *domain_type_name(uint64_t type);

/* The domain that the driver has attached the device to; NULL: none, or not known. */
const struct domain *device_domain(const struct snapshot *snapshot, const struct device *device);

void snapshot_free(struct snapshot *snapshot); /* leaves it empty and usable */

#endif
