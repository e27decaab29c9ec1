/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of one VM that devices of another reach. Whose VM a domain is the kernel's IOMMU objects
 * do not say; but domains of one VM map the same memory, all of it, and those of two VMs nothing in
 * common.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/page_owner.h"
#include "check/page_tables.h"

/* Domains that have less than a tenth of their pages in common are not of one VM. */
#define COMMON_PARTS 10
#define PAGE_BYTES UINT64_C(4096)
/* More pages than any machine has (16 TB), so that damage does not go on for ever. */
#define PAGES_MAX ((uint64_t)1 << 32)

/* What the domain under way has in common with one before it. */
struct meeting {
	uint64_t n, iova, pa; /* pages; of the first */
};

struct foreign_walk {
	struct check *check;
	const struct rule *rule;
	const struct domain *domain;
	struct domain_words words;
	struct page_owners owners;
	uint32_t index; /* of the domain, among all */
	uint64_t n_pages_left;
	uint64_t *n_pages;	  /* by domain */
	struct meeting *meetings; /* by domain met */
};

/* The page is the domain's, or another's that had it first. */
static void claim_page(struct foreign_walk *w, uint16_t *owner, uint64_t iova, uint64_t pa)
{
	if (!*owner)
		*owner = (uint16_t)(w->index + 1);
	if (*owner == w->index + 1)
		return;
	struct meeting *m = &w->meetings[*owner - 1];
	if (!m->n++)
		*m = (struct meeting){1, iova, pa};
}

/* By chunks: a damaged table's leaf can be of any size. */
static struct error *visit_leaf(void *arg, const struct leaf *leaf)
{
	struct foreign_walk *w = arg;
	uint64_t here;

	for (uint64_t at = 0; at < leaf->size && w->n_pages_left; at += here) {
		uint64_t pa = leaf->pa + at, in_chunk = pa % OWNER_CHUNK_BYTES;
		struct owner_chunk *chunk;

		here = OWNER_CHUNK_BYTES - in_chunk;
		if (here > leaf->size - at)
			here = leaf->size - at;
		if (here > w->n_pages_left * PAGE_BYTES)
			here = w->n_pages_left * PAGE_BYTES;
		w->n_pages_left -= here / PAGE_BYTES;
		w->n_pages[w->index] += here / PAGE_BYTES;
		if (!page_owners_chunk(&w->owners, pa, &chunk))
			return error_no_memory;
		for (uint64_t i = 0; i < here && chunk; i += PAGE_BYTES)
			claim_page(w, &chunk->owners[(in_chunk + i) / PAGE_BYTES],
				   leaf->iova + at + i, pa + i);
	}
	return NULL;
}

static struct error *visit_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct foreign_walk *w = arg;

	(void)iova;
	(void)size;
	check_gap_of(w->check, w->rule, w->words.object, "page table", err);
	return NULL;
}

static struct error *visit_damage(void *arg, const struct table_damage *damage)
{
	(void)arg;
	(void)damage;
	return NULL; /* told by the rules about page tables */
}

static void judge_meetings(struct foreign_walk *w)
{
	const struct snapshot *s = w->check->snapshot;

	for (uint32_t i = 0; i < s->n_domains; i++) {
		const struct meeting *m = &w->meetings[i];
		uint64_t own = w->n_pages[w->index], others = w->n_pages[i];

		if (!m->n || m->n * COMMON_PARTS >= (own < others ? own : others))
			continue;
		struct check_finding *f = check_find(
			w->check, w->rule, w->words.object, w->words.stable, CONFIDENCE_LIKELY,
			"IOVA 0x%" PRIx64 " leads to 0x%" PRIx64 ", which %s maps too: %" PRIu64
			" of its pages are also the other's",
			m->iova, m->pa, domain_words(s, &s->domains[i]).object, m->n);
		check_entry_word(w->check, f, &w->domain->table, m->iova);
	}
}

static bool is_vms(const struct domain *domain)
{
	return domain->type_name && !strcmp(domain->type_name, "unmanaged");
}

static struct error *walk_domain(struct foreign_walk *w, uint32_t index)
{
	const struct snapshot *s = w->check->snapshot;
	const struct page_table_visitor visitor = {
		.leaf = visit_leaf, .damaged = visit_damage, .unknown = visit_unknown, .arg = w};

	w->domain = &s->domains[index];
	w->words = domain_words(s, w->domain);
	w->index = index;
	if (!check_known(w->check, w->rule, w->words.object, "page table",
			 w->domain->table_state) ||
	    !w->domain->table.ops)
		return NULL;
	memset(w->meetings, 0, s->n_domains * sizeof(*w->meetings));
	struct error *err = w->domain->table.ops->walk(w->check->target, &w->domain->table, 0,
						       UINT64_MAX, &visitor);
	if (err && error_is_unreadable(err)) {
		check_gap_of(w->check, w->rule, w->words.object, "page table", err);
		err = NULL;
	}
	if (!err)
		judge_meetings(w);
	return err;
}

struct error *check_foreign(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(freep) uint64_t *n_pages = calloc(s->n_domains + 1, sizeof(*n_pages));
	_cleanup_(freep) struct meeting *meetings = calloc(s->n_domains + 1, sizeof(*meetings));
	struct foreign_walk w = {
		.check = check,
		.rule = foreign_rule(),
		.n_pages_left = PAGES_MAX,
		.n_pages = n_pages,
		.meetings = meetings,
	};
	struct error *err = n_pages && meetings ? NULL : error_no_memory;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_domains && !err; i++) {
		check_known(check, w.rule, domain_words(s, &s->domains[i]).object, "type",
			    s->domains[i].type.state);
		n += is_vms(&s->domains[i]);
	}
	/* Owners are noted in 16 bits; one domain alone has nothing in common with another. */
	for (uint32_t i = 0; i < s->n_domains && i < UINT16_MAX && n > 1 && !err; i++)
		if (is_vms(&s->domains[i]))
			err = walk_domain(&w, i);
	if (w.owners.is_full || !w.n_pages_left)
		check_unknown(check, w.rule, "domains of VMs", "all of their pages", DATUM_STOPPED,
			      "they map more memory than is held against one another");
	page_owners_free(&w.owners);
	return err;
}
