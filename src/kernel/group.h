/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's IOMMU groups (drivers/iommu/iommu.c), by the kset behind /sys/kernel/iommu_groups. */
#ifndef KERNEL_GROUP_H
#define KERNEL_GROUP_H

#include "kernel/kernel.h"

struct iommu_group {
	uint64_t address;
	struct datum id;
	struct text name; /* in the caller's arena */
	/* Addresses of struct iommu_domain; DATUM_NONE: NULL. */
	struct datum default_domain, domain;
	struct datum owner_count;
	size_t first_member, n_members; /* in iommu_groups.members */
	enum datum_state members_state; /* DATUM_OK: these are all; else why some are missing */
};

struct iommu_groups {
	struct {
		struct iommu_group *at;
		size_t n, room;
	} groups; /* by id */
	struct {
		uint64_t *at; /* addresses of struct device */
		size_t n, room;
	} members;
	enum datum_state state; /* DATUM_OK: the kernel's list of groups was read to its end */
};

/*
 * As pci_functions_read: the caller frees with iommu_groups_free. No groups at all is no error.
 * referred: addresses of groups that others refer to, 0 for none; where the kernel's list of groups
 * is damaged, it is made whole from these.
 */
struct error *iommu_groups_read(struct reader *reader, struct arena *arena,
				const uint64_t *referred, size_t n_referred,
				struct iommu_groups *ret);
void iommu_groups_free(struct iommu_groups *groups);

#endif
