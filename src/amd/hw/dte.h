/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device table entry: 256 bits that say, for one requester ID, what the IOMMU does with its DMA
 * and interrupts. A table of up to 65536, indexed by device ID, 32 bytes each (AMD 48882 2.2.2).
 */
#ifndef AMD_HW_DTE_H
#define AMD_HW_DTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/layout.h"

#define DTE_BYTES 32
#define DTE_WORDS 4

/* The rows of dte_layout; add a field in dte_rows.h. */
enum dte_row {
#define ROW(id, ...) DTE_##id,
#include "amd/hw/dte_rows.h"
#undef ROW
	DTE_ROWS,
};

extern const struct layout dte_layout;

/* The raw field, pieces joined. Addresses still carry the memory encryption bit. */
static inline uint64_t dte_get(const uint64_t words[DTE_WORDS], enum dte_row row)
{
	return layout_get(&dte_layout, words, row);
}

/* What becomes of DMA requests that need a translation and carry no PASID. */
enum dte_dma {
	DTE_DMA_UNCHECKED,   /* V = 0: not the IOMMU's business */
	DTE_DMA_BLOCKED,     /* TV = 0 */
	DTE_DMA_DENIED,      /* IR = IW = 0, whatever the tables say */
	DTE_DMA_PASSTHROUGH, /* mode 0 */
	DTE_DMA_HOST,        /* v1 tables */
	DTE_DMA_GUEST,       /* v2 tables */
	DTE_DMA_NESTED,      /* v2 tables, whose addresses the v1 tables translate again */
	DTE_DMA_ILLEGAL,     /* a field has a value that hardware rejects */
	DTE_DMA_KINDS,
};

/* What becomes of fixed and arbitrated interrupts. */
enum dte_interrupts {
	DTE_INTERRUPTS_UNMAPPED,  /* IV = 0 */
	DTE_INTERRUPTS_ABORTED,   /* IntCtl 0 */
	DTE_INTERRUPTS_FORWARDED, /* IntCtl 1 */
	DTE_INTERRUPTS_REMAPPED,  /* IntCtl 2 */
	DTE_INTERRUPTS_ILLEGAL,
	DTE_INTERRUPTS_KINDS,
};

/* Values that make hardware log ILLEGAL_DEV_TABLE_ENTRY: bit numbers in dte_verdict.illegal. */
enum dte_illegal {
	DTE_ILLEGAL_MODE,
	DTE_ILLEGAL_HAD,
	DTE_ILLEGAL_GLX,
	DTE_ILLEGAL_GUEST_PAGING_MODE,
	DTE_ILLEGAL_INT_CTL,
	DTE_ILLEGAL_INT_TAB_LEN,
	DTE_ILLEGAL_RESERVED, /* leaves dma as it is: newer hardware may know the bits */
	DTE_ILLEGAL_KINDS,
};

/* Indexed by the enumerators; name is a word for JSON, meaning a phrase for a sentence. */
extern const struct field_value dte_dma_names[];       /* "DMA is ..." */
extern const struct field_value dte_interrupt_names[]; /* "interrupts are ..." */
extern const struct field_value dte_illegal_names[];

/* Facts are 0 or false where they have no meaning; addresses come without the encryption bit. */
struct dte_verdict {
	enum dte_dma dma;
	enum dte_interrupts interrupts;
	bool read, write;      /* what the entry allows; the page tables may allow less */
	bool pasid_translated; /* requests with a PASID use the guest tables, whatever dma says */
	uint8_t host_levels;   /* 1 to 6; 0: no host page table */
	uint8_t guest_levels;  /* 4 or 5 */
	uint8_t gcr3_levels;   /* 1 to 3 */
	uint16_t irt_entries;  /* 1 to 2048, when interrupts are remapped */
	uint8_t illegal;       /* bits 1 << enum dte_illegal */
	uint64_t host_root;    /* physical */
	uint64_t gcr3_root;    /* physical; a guest address under hardware-assisted nesting */
	uint64_t irt_root;     /* physical */
};

/* sme_mask: the memory encryption bit of physical addresses, 0 when there is none. */
struct dte_verdict dte_judge(const uint64_t words[DTE_WORDS], uint64_t sme_mask);

#endif
