/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IOMMU driver of the kernel: who fills the snapshot in. To add a vendor: a folder beside amd/
 * with one struct iommu_driver_ops, and a row in the table of src/cmd/session.c.
 */
#ifndef MODEL_DRIVER_H
#define MODEL_DRIVER_H

#include "kernel/kernel.h"
#include "model/snapshot.h"

/* How this kernel has a thing that kernels have in several ways; variant NULL: in none we know. */
struct driver_variant {
	const char *what, *variant;
};

#define DRIVER_VARIANTS_MAX 16

/* What can be wrong with an entry of the hardware's table by itself. */
enum entry_flaw_kind {
	FLAW_RESERVED, /* bits that must be zero are not */
	FLAW_VALID,    /* its valid bits contradict each other */
	FLAW_VALUE,    /* a field has a value that hardware rejects */
	FLAW_LIMIT,    /* a field asks for more than this IOMMU can do */
	FLAW_GUEST,    /* the fields of guest translation contradict each other or this IOMMU */
	FLAW_ROOT,     /* a table is asked for, but no address is given */
};

struct entry_flaw {
	enum entry_flaw_kind kind;
	unsigned word;       /* of the entry, that shows it */
	const char *message; /* static text */
};

#define ENTRY_FLAWS_MAX 32

struct iommu_driver {
	const struct iommu_driver_ops *ops;
	struct need_set needs; /* resolved when the kernel is opened */
	const struct need_table *extra_table; /* what only some commands read */
	struct need_set extra;		      /* likewise, resolved when the first of them asks */
	struct kernel *kernel; /* the session's; set before detect() */
};

struct iommu_driver_ops {
	const char *name; /* "amd_iommu" */
	struct error *(*create)(struct iommu_driver **ret);
	void (*destroy)(struct iommu_driver *driver);
	/* NULL: it is in use. ERROR_NOT_FOUND with what was looked for: it is not. */
	struct error *(*detect)(struct iommu_driver *driver);
	/* Reads the parts (enum snapshot_part, ORed) that the snapshot lacks; what can't be read is in
	   its problems. */
	struct error *(*load)(struct iommu_driver *driver, unsigned parts, struct snapshot *snapshot);
	/* The hardware table's entry of any devid, whether the kernel knows such a device or not. */
	struct error *(*read_entry)(struct iommu_driver *driver, struct snapshot *snapshot,
				    uint32_t segment, uint16_t devid, struct hw_entry *ret);
	/*
	 * What is wrong with the words of an entry; at most ENTRY_FLAWS_MAX, returns how many. features: of the
	 * IOMMU that the device is behind; not DATUM_OK: what hangs on them is left out.
	 */
	size_t (*entry_flaws)(const uint64_t *words, struct datum features, uint64_t sme_mask,
			      struct entry_flaw *ret);
	/*
	 * A requester ID's interrupt table, whether the kernel knows such a device or not; its entries
	 * are in arena. The snapshot holds SNAPSHOT_INTERRUPTS.
	 */
	struct error *(*read_interrupt_table)(struct iommu_driver *driver, struct snapshot *snapshot,
					      uint32_t segment, uint16_t devid,
					      struct arena *arena, struct interrupt_table *ret);
	/* At most DRIVER_VARIANTS_MAX; returns how many. */
	size_t (*variants)(const struct iommu_driver *driver, struct driver_variant *ret);
};

#endif
