/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/x86_64.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "target/memory.h"

/* AMD 24593, section 5.3: bits of an entry, the same in every level. */
#define ENTRY_PRESENT (UINT64_C(1) << 0)
#define ENTRY_PAGE_SIZE (UINT64_C(1) << 7) /* levels 2 and 3: a page of 2 MB or 1 GB */
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define TLB_FREE 1

void x86_64_flush(struct x86_64 *x86)
{
	for (size_t i = 0; i < X86_64_TLB_SLOTS; i++)
		x86->tlb[i].va = TLB_FREE;
}

static unsigned level_shift(unsigned level)
{
	return PAGE_SHIFT + 9 * (level - 1);
}

static bool is_canonical(uint64_t va, unsigned levels)
{
	uint64_t high = va >> (level_shift(levels + 1) - 1);

	return !high || high == UINT64_MAX >> (level_shift(levels + 1) - 1);
}

static struct error *walk(struct x86_64 *x86, uint64_t va, uint64_t *ret)
{
	uint64_t table = x86->root & ENTRY_ADDRESS & ~x86->sme_mask;

	for (unsigned level = x86->levels; level; level--) {
		unsigned shift = level_shift(level);
		uint64_t entry_at = table + bits(va, shift, 9) * 8;
		uint8_t bytes[8];
		struct error *err = x86->read(x86->arg, entry_at, bytes, sizeof(bytes));

		if (err)
			return error_prepend(err, "level %u page table", level);
		uint64_t entry = get_le64(bytes);
		if (!(entry & ENTRY_PRESENT))
			return error_new(ERROR_FAULT,
					 "not mapped (level %u entry at physical 0x%" PRIx64
					 " is 0x%" PRIx64 ")",
					 level, entry_at, entry);
		uint64_t address = entry & ENTRY_ADDRESS & ~x86->sme_mask;
		bool large = entry & ENTRY_PAGE_SIZE && (level == 2 || level == 3);
		if (entry & ENTRY_PAGE_SIZE && level > 3)
			return error_new(ERROR_CORRUPT,
					 "level %u page table entry 0x%" PRIx64
					 " at physical 0x%" PRIx64 " has a reserved bit set",
					 level, entry, entry_at);
		if (level == 1 || large) {
			/* A large page's low address bits are PAT and reserved. */
			*ret = (address & ~bit_mask(shift)) | (va & bit_mask(shift));
			return NULL;
		}
		table = address;
	}
	return error_new(ERROR_OTHER, "no page tables");
}

struct error *x86_64_translate(struct x86_64 *x86, uint64_t va, uint64_t *ret)
{
	uint64_t page = va & ~(PAGE_SIZE - 1), pa;
	struct x86_64_tlb_slot *slot = &x86->tlb[va >> PAGE_SHIFT & (X86_64_TLB_SLOTS - 1)];

	if (slot->va == page) {
		*ret = slot->pa | (va & (PAGE_SIZE - 1));
		return NULL;
	}
	if (!is_canonical(va, x86->levels))
		return error_new(ERROR_FAULT, "virtual address 0x%" PRIx64 " is not canonical", va);
	struct error *err = walk(x86, page, &pa);
	if (err)
		return error_prepend(err, "virtual address 0x%" PRIx64, va);
	if (!x86->moving)
		*slot = (struct x86_64_tlb_slot){.va = page, .pa = pa};
	*ret = pa | (va & (PAGE_SIZE - 1));
	return NULL;
}
