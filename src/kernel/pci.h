/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI functions that the kernel knows, by its tree of buses, and what it says of each. */
#ifndef KERNEL_PCI_H
#define KERNEL_PCI_H

#include "kernel/kernel.h"

struct pci_function {
	uint64_t pci_dev; /* address of the struct pci_dev */
	uint64_t device;  /* address of the struct device in it */
	uint32_t segment; /* 0 when this kernel's buses do not say */
	uint16_t devid;   /* bus << 8 | device << 3 | function */
	struct datum vendor, device_id, class;
	struct datum external; /* plugged in from outside: Thunderbolt and the like */
	struct text driver;    /* bound to it; in the caller's arena */
	/* Addresses: its struct iommu_group, what the IOMMU's driver keeps of it, its domain there. */
	struct datum group, data, domain;
};

struct pci_functions {
	struct pci_function *at;
	size_t n, room;
	enum datum_state state; /* DATUM_OK: these are all; else why some are missing */
};

/*
 * All functions, sorted by segment and devid. data_domain: the member of the driver's data that points to a
 * function's domain. What can't be read is noted in reader->problems, the rest is there all the same; fails
 * only when nothing can be had. The caller frees with vec_free.
 */
struct error *pci_functions_read(struct reader *reader, struct arena *arena,
				 const struct found *data_domain, struct pci_functions *ret);

/* Where `data` is found in this kernel; NULL: nowhere. */
const char *pci_data_variant_name(const struct kernel *kernel);

/* "0000:a1:00.1" */
#define PCI_NAME_SIZE 16
void pci_name(char name[PCI_NAME_SIZE], uint32_t segment, uint16_t devid);
/* What the reader is told to read now is of this function. */
void pci_function_is_read(struct reader *reader, const struct pci_function *function);

#endif
