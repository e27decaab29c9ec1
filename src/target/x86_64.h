/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel virtual addresses to physical ones through the page tables, with 4 or 5 levels
 * (AMD 24593, section 5.3).
 *
 * Done here and not by libaddrxlat: `capture` has to know exactly which page-table words an answer
 * stood on, every container has to behave alike, and an error has to say whether the address is
 * unmapped or a table is missing from the dump.
 */
#ifndef TARGET_X86_64_H
#define TARGET_X86_64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Where the kernel's image is linked as if physical address 0 were loaded there. */
#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)

#define X86_64_TLB_SLOTS 1024

struct x86_64_tlb_slot {
	uint64_t va, pa; /* of a 4 KB page; va is 1 in a free slot */
};

/* Set the first five by hand, then call x86_64_flush(). */
struct x86_64 {
	uint64_t root;     /* physical address of the top table */
	unsigned levels;   /* 4 or 5 */
	uint64_t sme_mask; /* taken off every address in a table */
	/* Reads a table word of 8 bytes. */
	struct error *(*read)(void *arg, uint64_t pa, void *buf, size_t len);
	void *arg;
	bool moving; /* the tables change: no translation is kept */
	struct x86_64_tlb_slot tlb[X86_64_TLB_SLOTS];
};

/*
 * ERROR_FAULT: not canonical, or not mapped (which entry of which level is not present). A table
 * that could not be read gives that read's code.
 */
struct error *x86_64_translate(struct x86_64 *x86, uint64_t va, uint64_t *ret);

/* Forgets translations, so that the next ones read the tables again. */
void x86_64_flush(struct x86_64 *x86);

#endif
