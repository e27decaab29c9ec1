/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table entries of both formats, v1 (host, AMD 48882 2.2.3) and v2 (guest, the processor's
 * long-mode format), and of the GCR3 table, decoded into one shape. A table is 4 KiB: 512 entries
 * of 8 bytes. Level 1 maps 4 KiB pages, every level above it 9 more bits.
 *
 * All of it is inline: a walker calls it for each of millions of entries. tests/unit holds it equal
 * to the layout rows.
 */
#ifndef AMD_HW_PTE_H
#define AMD_HW_PTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/layout.h"

#define PT_ENTRIES 512
#define PT_BYTES 4096
#define PT_LEVEL_MAX 6 /* of v1; v2 has 4 or 5 levels */

extern const struct layout pte_layout;    /* v1, next level 0 or 7: maps a page */
extern const struct layout pde_layout;    /* v1, next level 1 to 6: points to a table */
extern const struct layout pte_v2_layout; /* v2, maps a page */
extern const struct layout pde_v2_layout; /* v2, points to a table */
extern const struct layout gcr3_layout;

enum pte_kind {
	PTE_ABSENT,
	PTE_TABLE,
	PTE_LEAF,
	PTE_INVALID, /* present, but breaks a rule: hardware does not use it, a walk stops here */
};

/* The rule that a PTE_INVALID entry breaks. */
enum pte_rule {
	PTE_RULE_NONE,
	PTE_RULE_RESERVED, /* reserved bits are set */
	PTE_RULE_LEVEL,    /* the next level is not below this one */
	PTE_RULE_TOP_LEAF, /* a page at a level that holds tables only */
	PTE_RULE_SMALL,    /* the encoded page is smaller than the entry's span */
	PTE_RULE_LARGE,    /* the encoded page is larger than the whole table's span */
	PTE_RULE_ENDLESS,  /* the size code has no end: address bits 51:12 are all ones */
	PTE_RULES,
};

extern const struct field_value pte_rule_names[]; /* indexed by enum pte_rule */

struct pte {
	uint64_t address;   /* physical: the page's or the table's first byte */
	uint8_t kind;       /* enum pte_kind */
	uint8_t rule;       /* enum pte_rule */
	uint8_t next_level; /* PTE_TABLE: the level of the table at address, below this one */
	uint8_t page_shift; /* PTE_LEAF: log2 of the page's bytes */
	bool read, write;   /* of this entry alone: a walk ands them along its way */
	bool accessed, dirty;
	bool coherent;    /* v1 FC: accesses are forced coherent */
	bool odd_address; /* PTE_LEAF: address bits below the page's size were set, and dropped */
};

#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define PTE_V1_RESERVED UINT64_C(0x01f0000000000000) /* 56:52 */
#define PDE_V1_RESERVED UINT64_C(0x1ff0000000000000) /* 60:52 */
#define GCR3_RESERVED UINT64_C(0xfff0000000000ffe)

/* log2 of the bytes that one entry of a table at this level (1 to 6) spans. */
static inline unsigned pt_shift(unsigned level)
{
	return 12 + 9 * (level - 1);
}

static inline uint64_t pt_span(unsigned level)
{
	return UINT64_C(1) << pt_shift(level);
}

/* Which entry of a table at this level serves iova. At level 6 only 128 entries can be reached. */
static inline unsigned pt_index(uint64_t iova, unsigned level)
{
	return iova >> pt_shift(level) & (PT_ENTRIES - 1);
}

/* The highest address that tables of this many levels (1 to 6) translate. */
static inline uint64_t pt_max_iova(unsigned levels)
{
	return levels >= PT_LEVEL_MAX ? UINT64_MAX : (UINT64_C(1) << (12 + 9 * levels)) - 1;
}

/*
 * The address bits that an entry at `level` skips when it points to a table at next_level: they are
 * indexed by no table, and an address in which one of them is set has no translation. 0: no level
 * is skipped.
 */
static inline uint64_t pt_skipped_bits(unsigned level, unsigned next_level)
{
	return (UINT64_C(1) << pt_shift(level)) - (UINT64_C(1) << pt_shift(next_level + 1));
}

/*
 * How the entries of one encoded (next level 7) page lie in a table at this level: as many
 * consecutive copies, 1 to 512.
 */
static inline unsigned pt_copies(unsigned level, unsigned page_shift)
{
	return page_shift > pt_shift(level) ? 1u << (page_shift - pt_shift(level)) : 1;
}

/*
 * log2 of the page size that a next-level-7 entry encodes: the address bits below the page's size
 * are ones but the highest of them, which is 0. 8 KiB (13) to 2^52; 53 when no bit is 0.
 */
static inline unsigned pte_v1_encoded_shift(uint64_t entry, uint64_t sme_mask)
{
	return __builtin_ctzll(~((entry & ~sme_mask & PTE_ADDRESS) | 0xfff)) + 1;
}

static inline struct pte pte_v1_leaf(struct pte p, uint64_t entry, unsigned level,
				     uint64_t sme_mask)
{
	unsigned shift = pt_shift(level);
	bool encoded = entry >> 9 & 7;

	if (encoded)
		shift = pte_v1_encoded_shift(entry, sme_mask);
	p.odd_address = !encoded && p.address & ((UINT64_C(1) << shift) - 1);
	p.address &= ~((UINT64_C(1) << shift) - 1);
	p.page_shift = shift;
	p.coherent = entry >> 60 & 1;
	p.dirty = entry >> 6 & 1;
	if (entry & PTE_V1_RESERVED)
		p.rule = PTE_RULE_RESERVED;
	else if (level >= PT_LEVEL_MAX)
		p.rule = PTE_RULE_TOP_LEAF;
	else if (shift > 52)
		p.rule = PTE_RULE_ENDLESS;
	else if (shift < pt_shift(level))
		p.rule = PTE_RULE_SMALL;
	else if (shift > pt_shift(level + 1))
		p.rule = PTE_RULE_LARGE;
	p.kind = p.rule ? PTE_INVALID : PTE_LEAF;
	return p;
}

/*
 * An entry of a v1 table at `level`, 1 to 6. What an invalid entry's fields would mean is decoded
 * all the same. sme_mask: the memory encryption bit, 0 when there is none.
 */
static inline struct pte pte_v1_decode(uint64_t entry, unsigned level, uint64_t sme_mask)
{
	unsigned next = entry >> 9 & 7;
	struct pte p = {0};

	if (!(entry & 1))
		return p;
	p.address = entry & ~sme_mask & PTE_ADDRESS;
	p.read = entry >> 61 & 1;
	p.write = entry >> 62 & 1;
	p.accessed = entry >> 5 & 1;
	if (next == 0 || next == 7)
		return pte_v1_leaf(p, entry, level, sme_mask);
	p.next_level = next;
	if (next >= level)
		p.rule = PTE_RULE_LEVEL;
	else if (entry & PDE_V1_RESERVED)
		p.rule = PTE_RULE_RESERVED;
	p.kind = p.rule ? PTE_INVALID : PTE_TABLE;
	return p;
}

/* Bits that tell a plain page of a v1 table's own size from anything else that is present, below level 6. */
#define PTE_V1_PLAIN_MASK (UINT64_C(7) << 9 | PTE_V1_RESERVED)

/*
 * An entry of a v2 table at `level`, 1 to 5. Bit 7 makes a page of a level 2 or 3 entry; at level 1
 * it is part of the memory type. read and write are those of user accesses: no device is let make
 * others (the driver turns on no PASID privilege, pci_enable_pasid(pdev, 0)).
 */
static inline struct pte pte_v2_decode(uint64_t entry, unsigned level, uint64_t sme_mask)
{
	struct pte p = {0};
	bool large = level > 1 && entry >> 7 & 1;
	uint64_t below = pt_span(level) - 1;

	if (!(entry & 1))
		return p;
	p.address = entry & ~sme_mask & PTE_ADDRESS;
	p.read = entry >> 2 & 1;
	p.write = p.read && entry >> 1 & 1;
	p.accessed = entry >> 5 & 1;
	if (level > 1 && !large) {
		p.next_level = level - 1;
		p.kind = PTE_TABLE;
		return p;
	}
	p.dirty = entry >> 6 & 1;
	p.page_shift = pt_shift(level);
	if (level > 3)
		p.rule = PTE_RULE_TOP_LEAF;
	else if (p.address & below & ~(UINT64_C(1) << 12)) /* bit 12 of a large page: memory type */
		p.rule = PTE_RULE_RESERVED;
	p.address &= ~below;
	p.kind = p.rule ? PTE_INVALID : PTE_LEAF;
	return p;
}

/*
 * An entry of a GCR3 table at `level`, 1 to 3: points to the next one, or at level 1 to the root of
 * a v2 page table (next_level 0).
 */
static inline struct pte gcr3_decode(uint64_t entry, unsigned level, uint64_t sme_mask)
{
	struct pte p = {0};

	if (!(entry & 1))
		return p;
	p.address = entry & ~sme_mask & PTE_ADDRESS;
	p.next_level = level - 1;
	p.read = p.write = true;
	if (entry & GCR3_RESERVED & ~sme_mask)
		p.rule = PTE_RULE_RESERVED;
	p.kind = p.rule ? PTE_INVALID : PTE_TABLE;
	return p;
}

/* Which entry of a GCR3 table at this level serves a PASID. */
static inline unsigned gcr3_index(uint32_t pasid, unsigned level)
{
	return pasid >> (9 * (level - 1)) & (PT_ENTRIES - 1);
}

#endif
