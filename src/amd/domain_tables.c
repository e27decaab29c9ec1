/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each kernel keeps a domain's page table. */
#include <inttypes.h>

#include "amd/load.h"
#include "amd/walk.h"
#include "base/cleanup.h"

#define PAGE_MASK UINT64_C(0xfff)
#define LEVELS_MAX 6 /* of a v1 table, AMD 48882 2.2.3 */
#define PD_FLAG_V2 8 /* up to Linux 6.8: the domain's DMA goes by guest tables */

struct table_place {
	uint64_t root; /* kernel virtual */
	uint64_t levels;
};

/*
 * Where a domain's v1 table is, newest kernels first; the first row whose first member is there counts.
 * To add a kernel's way: its rows in AMD_NEEDS, a reader here, a row below.
 */
struct table_variant {
	enum amd_need members[2]; /* that hold it; AMD_N: only one */
	const char *name;
	struct error *(*read)(struct amd *amd, uint64_t domain, struct table_place *ret);
};

/* top_of_table: bits 2:0 the top level counted from 0, the rest the table's address. */
static struct error *read_generic_pt(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	uint64_t top;
	struct error *err = kernel_read_member(amd->base.kernel, domain, &amd->found[AMD_PD_AMDV1_TOP],
					       &top);

	if (!err)
		*ret = (struct table_place){.root = top & ~UINT64_C(7), .levels = (top & 7) + 1};
	return err;
}

static struct error *read_apart(struct amd *amd, uint64_t domain, const struct found *root,
				const struct found *mode, struct table_place *ret)
{
	struct table_place place;
	struct error *err = kernel_read_member(amd->base.kernel, domain, root, &place.root);

	if (!err)
		err = kernel_read_member(amd->base.kernel, domain, mode, &place.levels);
	if (!err)
		*ret = place;
	return err;
}

static struct error *read_io_pgtable(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	return read_apart(amd, domain, &amd->found[AMD_PD_IOP_ROOT], &amd->found[AMD_PD_IOP_MODE],
			  ret);
}

static struct error *read_old_members(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	return read_apart(amd, domain, &amd->found[AMD_PD_PT_ROOT], &amd->found[AMD_PD_PT_MODE],
			  ret);
}

/* amd_iommu_domain_get_pgtable(): bits 2:0 the mode, the rest the table's address. */
static struct error *read_packed_word(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	uint64_t word;
	struct error *err = kernel_read_member(amd->base.kernel, domain,
					       &amd->found[AMD_PD_PACKED_ROOT], &word);

	if (!err)
		*ret = (struct table_place){.root = word & ~PAGE_MASK, .levels = word & 7};
	return err;
}

static const struct table_variant table_variants[] = {
	{{AMD_PD_AMDV1_TOP, AMD_N}, "generic_pt (amdv1.amdpt.common.top_of_table)", read_generic_pt},
	{{AMD_PD_IOP_ROOT, AMD_PD_IOP_MODE}, "io_pgtable (iop.root, iop.mode)", read_io_pgtable},
	{{AMD_PD_PACKED_ROOT, AMD_N}, "pt_root with the mode in its low bits", read_packed_word},
	{{AMD_PD_PT_ROOT, AMD_PD_PT_MODE}, "pt_root and mode", read_old_members},
};

static const struct table_variant *table_variant(const struct amd *amd)
{
	for (size_t i = 0; i < ARRAY_SIZE(table_variants); i++)
		if (is_found(&amd->found[table_variants[i].members[0]]))
			return &table_variants[i];
	return NULL;
}

const char *domain_variant_name(const struct amd *amd)
{
	const struct table_variant *variant = table_variant(amd);

	return variant ? variant->name : NULL;
}

/* 1: the domain's DMA goes by guest-format tables, which its v1 members say nothing about. */
static struct datum domain_is_v2(struct load *load, uint64_t domain)
{
	const struct found *f = load->amd->found;
	bool has_mode = is_found(&f[AMD_PD_MODE]);
	struct datum d = reader_member(&load->reader, domain,
				       &f[has_mode ? AMD_PD_MODE : AMD_PD_FLAGS],
				       "page-table format");

	if (d.state == DATUM_ABSENT)
		return datum_ok(0);
	if (d.state != DATUM_OK)
		return d;
	return datum_ok(has_mode ? is_found(&f[AMD_MODE_V2]) && d.value == f[AMD_MODE_V2].value
				 : !!(d.value & PD_FLAG_V2));
}

/* What tells a walk on a running machine that the table is still the domain's. */
static struct error *set_anchors(struct load *load, const struct domain_name *name,
				 const struct table_variant *variant, struct page_table *table)
{
	struct error *err = NULL;

	if (name->holder.size)
		table->anchors[table->n_anchors++] = name->holder;
	for (size_t i = 0; i < ARRAY_SIZE(variant->members) && !err; i++) {
		struct table_anchor *anchor = &table->anchors[table->n_anchors];

		if (variant->members[i] == AMD_N)
			continue;
		const struct found *member = &load->amd->found[variant->members[i]];
		anchor->address = name->address + member->value;
		anchor->size = member->size;
		err = kernel_read_member(load->kernel, name->address, member, &anchor->value);
		table->n_anchors++;
	}
	return err;
}

static struct error *read_table(struct load *load, const struct domain_name *name,
				struct page_table *ret)
{
	struct amd *amd = load->amd;
	const struct table_variant *variant = table_variant(amd);
	struct page_table table = {.ops = &page_table_v1};
	struct table_place place;

	if (!variant)
		return need_missing(&amd->base.needs, AMD_PD_IOP_ROOT);
	struct error *err = variant->read(amd, name->address, &place);
	if (err || !place.root || !place.levels)
		return err; /* no table: passthrough, or never mapped */
	if (place.levels > LEVELS_MAX || place.root & PAGE_MASK)
		return error_new(ERROR_CORRUPT, "table 0x%" PRIx64 " with %" PRIu64
				 " levels is none that hardware takes", place.root, place.levels);
	table.levels = (unsigned)place.levels;
	table.sme_mask = amd->base.kernel->target->sme_mask;
	err = target_translate(amd->base.kernel->target, place.root, &table.root);
	if (!err)
		err = set_anchors(load, name, variant, &table);
	if (!err)
		*ret = table;
	return err;
}

void domain_read_table(struct load *load, const struct domain_name *name, struct domain *domain)
{
	struct reader *r = &load->reader;
	struct datum v2 = domain_is_v2(load, domain->address);

	domain->table_state = v2.state;
	if (v2.state != DATUM_OK)
		return;
	if (v2.value) {
		domain->pt_format = "v2";
		domain->table_state = DATUM_ABSENT;
		return;
	}
	struct error *err = read_table(load, name, &domain->table);
	if (err)
		domain->table_state = problems_add(r->problems, err, "page table", "%s", r->object);
	else if (domain->table.ops)
		domain->pt_format = domain->table.ops->name;
}
