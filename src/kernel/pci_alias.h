/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under which requester IDs a PCI function's requests may arrive, beside its own: as
 * pci_for_each_dma_alias() has them (drivers/pci/search.c).
 */
#ifndef KERNEL_PCI_ALIAS_H
#define KERNEL_PCI_ALIAS_H

#include "kernel/pci.h"

struct pci_alias {
	uint16_t devid;
	const char *why; /* static: "bridge"; "kernel": pci_add_dma_alias() */
};

/* As many as are told of one function; a mask has 256 bits. */
#define PCI_ALIASES_MAX 64

struct pci_aliases {
	struct pci_alias at[PCI_ALIASES_MAX];
	unsigned n;
	enum datum_state state; /* DATUM_OK: these are all; else there may be more */
};

void pci_aliases_read(struct reader *reader, const struct pci_function *function,
		      struct pci_aliases *ret);

#endif
