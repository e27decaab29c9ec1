/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the kernel of a dump lies: its load offset, page tables and encryption bit. From VMCOREINFO
 * where the dump has it; else QEMU's CPU state leads to the kernel, and in its memory VMCOREINFO is
 * found all the same.
 */
#ifndef TARGET_BOOT_INFO_H
#define TARGET_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target/machine.h"
#include "target/vmcoreinfo.h"

struct boot_info {
	struct vmcoreinfo vmcoreinfo; /* empty: this kernel keeps none */
	char *release;                /* NULL: unknown */
	uint64_t kaslr_offset;        /* bytes added to link-time addresses */
	uint64_t phys_base; /* physical address = link address - START_KERNEL_MAP + this */
	uint64_t root;                /* physical address of the kernel's top page table */
	uint64_t sme_mask;
	unsigned levels;
};

/*
 * Everything but the numbers, which the caller has set: for a capture, which brings them along.
 * vmcoreinfo: the text; NULL: none.
 */
struct error *boot_info_complete(struct machine *machine, const char *vmcoreinfo,
				 struct boot_info *info);

/* LINK-TIME addresses, as symbol_source_lookup() gives them. */
struct boot_symbols {
	struct error *(*lookup)(void *arg, struct lookup *rows, size_t n);
	void *arg;
};

/*
 * Finds it, sets machine's page tables up (root, levels, sme_mask) and checks that Linux is there.
 * symbols are asked only when VMCOREINFO is not in the dump's notes.
 */
struct error *boot_info_find(struct machine *machine, const struct target_spec *spec,
			     const struct boot_symbols *symbols, struct boot_info *ret);

void boot_info_free(struct boot_info *info);

#endif
