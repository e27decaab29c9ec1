/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GCR3 table: from a PASID to the root of its page table (AMD 48882 2.2.6.3). */
#include <inttypes.h>

#include "amd/walk.h"
#include "amd/walk_private.h"

/* Shared by the PASIDs that an entry of this level serves. */
static uint64_t entry_pasids(unsigned level)
{
	return UINT64_C(1) << 9 * (level - 1);
}

static struct page_table table_at(const struct pasid_table *t, uint32_t pasid, uint64_t root)
{
	struct page_table table = t->pages;

	table.root = root;
	/* PASID 0's serves requests without a PASID, which use all address bits of the table. */
	table.sign_extended = pasid != 0;
	return table;
}

static const struct page_table *table_host(const struct pasid_table *t)
{
	return t->in_host ? t->pages.host : NULL;
}

static const char *step_meaning(const struct pte *p)
{
	if (p->kind == PTE_ABSENT)
		return "no table for this PASID";
	if (p->kind == PTE_INVALID)
		return pte_rule_names[p->rule].meaning;
	return p->next_level ? "PASID table" : "root of the PASID's page table";
}

static struct error *find_once(struct target *target, const struct pasid_table *t, uint32_t pasid,
			       struct translation *steps, struct page_table *ret)
{
	uint64_t pa = t->root, entry;

	*steps = (struct translation){.read = true, .write = true};
	*ret = (struct page_table){0};
	if (pasid >= entry_pasids(t->levels + 1)) {
		steps->stopped = "the PASID is beyond what a table of so many levels has";
		return NULL;
	}
	for (unsigned level = t->levels; level; level--) {
		struct error *err = NULL;

		if (table_host(t))
			err = host_translate(target, table_host(t), &pa, steps, NULL);
		if (err || steps->stopped)
			return err;
		uint64_t at = pa + gcr3_index(pasid, level) * 8;
		err = target_read_u64(target, SPACE_PHYS, at, &entry);
		if (err) {
			steps->stopped = "the PASID table cannot be read";
			return error_prepend(err, "level %u PASID table entry", level);
		}
		struct pte p = gcr3_decode(entry, level, t->pages.sme_mask);
		const struct walk_step step = {
			.level = level,
			.entry_address = at,
			.entry = entry,
			.next_level = p.kind == PTE_TABLE ? p.next_level : 0,
			.stage = "pasid",
			.meaning = step_meaning(&p),
		};
		translation_step(steps, &step);
		if (p.kind != PTE_TABLE) {
			steps->stopped = step.meaning;
			return NULL;
		}
		pa = p.address;
	}
	*ret = table_at(t, pasid, pa);
	return NULL;
}

static struct error *gcr3_find(struct target *target, const struct pasid_table *t, uint32_t pasid,
			       struct translation *steps, struct page_table *ret)
{
	for (unsigned i = 1;; i++) {
		struct error *err = find_once(target, t, pasid, steps, ret);

		if (!target->moving || err)
			return err;
		err = translation_confirm(target, &t->pages, steps);
		if (!err || i == WALK_TRIES || error_code(err) != ERROR_TORN)
			return err;
		error_free(err);
	}
}

struct each {
	struct target *target;
	const struct pasid_table *table;
	const struct pasid_visitor *visitor;
};

static struct error *tell_pasids(const struct each *e, uint64_t first, unsigned level,
				 struct error *err)
{
	uint64_t last = first + entry_pasids(level + 1) - 1;

	return e->visitor->unknown(e->visitor->arg, (uint32_t)first,
				   (uint32_t)(last < PASID_MAX ? last : PASID_MAX), err);
}

/* A PASID has 20 bits: of a table of three levels only the first entries can be reached. */
static struct error *each_below(const struct each *e, uint64_t pa, unsigned level, uint64_t first)
{
	const struct page_table *host = table_host(e->table);
	struct translation x = {.read = true, .write = true};
	uint8_t bytes[PT_BYTES];
	struct error *err = target_poll(e->target);

	if (!err && host)
		err = host_translate(e->target, host, &pa, &x, NULL);
	if (!err && x.stopped)
		err = error_new(ERROR_CORRUPT, "PASID table at guest address 0x%" PRIx64 ": %s", pa,
				x.stopped);
	if (!err)
		err = target_read(e->target, SPACE_PHYS, pa, bytes, sizeof(bytes));
	if (err)
		return error_is_unreadable(err)
			       ? tell_pasids(e, first, level,
					     error_prepend(err, "level %u PASID table", level))
			       : err;
	for (unsigned i = 0; i < PT_ENTRIES && !err; i++) {
		uint64_t pasid = first + i * entry_pasids(level), entry = get_le64(bytes + i * 8);
		struct pte p = gcr3_decode(entry, level, e->table->pages.sme_mask);

		if (pasid > PASID_MAX)
			break;
		if (p.kind == PTE_INVALID) {
			err = tell_pasids(e, pasid, level - 1,
					  error_new(ERROR_CORRUPT,
						    "PASID table entry 0x%016" PRIx64 ": %s", entry,
						    pte_rule_names[p.rule].meaning));
		} else if (p.kind == PTE_TABLE && p.next_level) {
			err = each_below(e, p.address, p.next_level, pasid);
		} else if (p.kind == PTE_TABLE) {
			struct page_table table = table_at(e->table, (uint32_t)pasid, p.address);

			err = e->visitor->table(e->visitor->arg, (uint32_t)pasid, &table);
		}
	}
	return err;
}

static struct error *gcr3_each(struct target *target, const struct pasid_table *t,
			       const struct pasid_visitor *visitor)
{
	const struct each each = {target, t, visitor};

	return each_below(&each, t->root, t->levels, 0);
}

const struct pasid_table_ops gcr3_table = {gcr3_find, gcr3_each};
