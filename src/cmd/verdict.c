/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/verdict.h"

#include <inttypes.h>

#include "amd/hw/domids.h"
#include "amd/hw/dte.h"
#include "amd/hw/pte.h"
#include "out/buffer.h"

static const char *access_phrase(bool read, bool write)
{
	if (read && write)
		return "reads and writes allowed";
	return read ? "only reads allowed" : write ? "only writes allowed" : "no access allowed";
}

/* What the page tables are, where there are any; "" otherwise. */
static const char *dte_tables(struct arena *arena, const struct dte_verdict *v)
{
	const char *access = access_phrase(v->read, v->write);

	switch (v->dma) {
	case DTE_DMA_HOST:
		return arena_printf(arena, ", %u levels, root 0x%" PRIx64 ", %s", v->host_levels,
				    v->host_root, access);
	case DTE_DMA_GUEST:
		return arena_printf(arena, ", %u levels, GCR3 table 0x%" PRIx64 " (%u levels), %s",
				    v->guest_levels, v->gcr3_root, v->gcr3_levels, access);
	case DTE_DMA_NESTED:
		return arena_printf(arena,
				    ", GCR3 table 0x%" PRIx64 ", host root 0x%" PRIx64
				    " (%u levels), %s",
				    v->gcr3_root, v->host_root, v->host_levels, access);
	case DTE_DMA_PASSTHROUGH:
		return arena_printf(arena, ", %s", access);
	default:
		return "";
	}
}

static const char *dte_interrupts(struct arena *arena, const struct dte_verdict *v)
{
	if (v->interrupts != DTE_INTERRUPTS_REMAPPED)
		return "";
	return arena_printf(arena, ", %u entries at 0x%" PRIx64, v->irt_entries, v->irt_root);
}

/* "; rejected: paging mode 7 is reserved, ..." */
static const char *dte_illegal(struct arena *arena, const struct dte_verdict *v)
{
	const char *text = "";

	for (unsigned i = 0; text && i < DTE_ILLEGAL_KINDS; i++)
		if (v->illegal & 1u << i)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "; ",
					    dte_illegal_names[i].meaning);
	return text;
}

/* The tag that its translations bear; blocked and unchecked DMA has none. */
static const char *dte_domain(struct arena *arena, const struct dte_verdict *v, const uint64_t *words)
{
	if (v->dma != DTE_DMA_HOST && v->dma != DTE_DMA_GUEST && v->dma != DTE_DMA_NESTED &&
	    v->dma != DTE_DMA_PASSTHROUGH)
		return "";
	return arena_printf(arena, ", domain 0x%" PRIx64, dte_get(words, DTE_DOMAIN_ID));
}

const char *verdict_of_dte(struct arena *arena, const uint64_t *words, uint64_t sme_mask)
{
	struct dte_verdict v = dte_judge(words, sme_mask);
	const char *tables = dte_tables(arena, &v);
	const char *domain = dte_domain(arena, &v, words);
	const char *interrupts = dte_interrupts(arena, &v);
	const char *illegal = dte_illegal(arena, &v);

	if (!tables || !domain || !interrupts || !illegal)
		return NULL;
	return arena_printf(
		arena, "DMA is %s%s%s%s; interrupts are %s%s%s", dte_dma_names[v.dma].meaning,
		tables, domain, v.pasid_translated ? "; requests with a PASID use the guest tables" : "",
		dte_interrupt_names[v.interrupts].meaning, interrupts, illegal);
}

static const char *pte_rule(struct arena *arena, const struct pte *p)
{
	return arena_printf(arena, "present, but hardware does not use it: %s",
			    pte_rule_names[p->rule].meaning);
}

static const char *pte_leaf(struct arena *arena, const struct pte *p)
{
	char size[NUMBER_MAX + 1];

	size[format_size(size, UINT64_C(1) << p->page_shift)] = '\0';
	return arena_printf(arena, "a page of %s at 0x%" PRIx64 ", %s%s", size, p->address,
			    access_phrase(p->read, p->write),
			    p->odd_address ? "; address bits below the page's size are set" : "");
}

static const char *pte_sentence(struct arena *arena, const struct pte *p)
{
	switch ((enum pte_kind)p->kind) {
	case PTE_ABSENT:
		return "not present: nothing is mapped here";
	case PTE_TABLE:
		return arena_printf(arena, "points to a level %u table at 0x%" PRIx64 ", %s",
				    p->next_level, p->address, access_phrase(p->read, p->write));
	case PTE_LEAF:
		return pte_leaf(arena, p);
	case PTE_INVALID:
		break;
	}
	return pte_rule(arena, p);
}

/* The lowest level at which the entry can stand: what it says about itself is the same at each. */
static unsigned pte_lowest_level(uint64_t entry)
{
	unsigned next = entry >> 9 & 7, level = 1;

	if (next && next != 7)
		return next < PT_LEVEL_MAX ? next + 1 : PT_LEVEL_MAX;
	while (next == 7 && level + 1 < PT_LEVEL_MAX &&
	       pte_v1_encoded_shift(entry, 0) > pt_shift(level + 1))
		level++;
	return level;
}

const char *verdict_of_pte(struct arena *arena, uint64_t entry, unsigned level)
{
	bool sized_by_level = entry & 1 && (entry >> 9 & 7) == 0;
	struct pte p = pte_v1_decode(entry, level ? level : pte_lowest_level(entry), 0);

	if (level || !sized_by_level)
		return pte_sentence(arena, &p);
	return arena_printf(arena, "a page at 0x%" PRIx64 ", %s; --level tells its size",
			    entry & PTE_ADDRESS, access_phrase(p.read, p.write));
}

const char *verdict_of_pte_v2(struct arena *arena, uint64_t entry, unsigned level)
{
	struct pte p = pte_v2_decode(entry, level ? level : 1, 0);

	return level || p.kind == PTE_ABSENT ? pte_sentence(arena, &p) : NULL;
}

const char *verdict_of_domids(struct arena *arena, const uint64_t *words, size_t n_words)
{
	struct domids ids = domids_count(words, n_words);

	return arena_printf(arena, "%u %s set: %u %s%s", ids.set, ids.set == 1 ? "bit" : "bits",
			    ids.domains, ids.domains == 1 ? "domain" : "domains",
			    ids.reserved ? " and the reserved 0"
					 : ", and the reserved 0 is not set");
}
