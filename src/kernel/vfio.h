/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which processes hold devices, by the files of VFIO and iommufd that they have open. That takes
 * types of the kernel proper only: a file is VFIO's when its operations are module vfio's, the name
 * under which it was opened says what it is (drivers/vfio, drivers/iommu/iommufd), and what the
 * group goes by as its owner is the file, or what the file stands for
 * (iommu_group_claim_dma_owner()).
 *
 * A capture holds, of the tasks that have no such file, nothing but that they are there.
 */
#ifndef KERNEL_VFIO_H
#define KERNEL_VFIO_H

#include "base/vec.h"
#include "kernel/task.h"

enum vfio_kind {
	VFIO_CONTAINER, /* /dev/vfio/vfio: struct vfio_container */
	VFIO_GROUP,	/* /dev/vfio/7: struct vfio_group */
	VFIO_DEVICE,	/* of a device: "[vfio-device]", or /dev/vfio/devices/vfio3 */
	VFIO_IOMMUFD, /* /dev/iommu, or /dev/vfio/vfio where iommufd makes it: struct iommufd_ctx */
};

struct vfio_file {
	enum vfio_kind kind;
	uint64_t address;   /* struct file */
	uint64_t object;    /* its private_data */
	const char *name;   /* the last part of its path, hostile */
	struct datum group; /* number, of a VFIO_GROUP */
};

struct vfio_holder {
	uint64_t task; /* struct task_struct */
	uint64_t pid;
	struct text name;
	size_t first_file, n_files; /* in vfio_holders.files */
};

struct vfio_holders {
	struct tasks tasks;
	struct arena arena;
	VEC(struct vfio_holder) holders; /* by PID */
	VEC(struct vfio_file) files;
	enum datum_state state; /* DATUM_OK: these are all */
};

/*
 * All of them. What can't be read is a problem of reader's and a state. ERROR_NOT_FOUND: this
 * kernel's tasks are not known. End it with vfio_holders_free().
 */
struct error *vfio_holders_read(struct reader *reader, struct vfio_holders *ret);
void vfio_holders_free(struct vfio_holders *holders); /* zeroed is fine */

/* Who has claimed the group, by its struct iommu_group: a pointer; DATUM_NONE: nobody. */
struct datum vfio_group_owner(struct reader *reader, const struct vfio_holders *holders,
			      uint64_t group);

/* The file gives its holder the group of that number, which goes by that owner. */
bool vfio_file_holds(const struct vfio_file *file, struct datum number, struct datum owner);

#endif
