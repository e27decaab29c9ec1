/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each kernel keeps a domain's page table. */
#include <inttypes.h>

#include "amd/load.h"
#include "amd/walk.h"
#include "base/cleanup.h"

#define PAGE_MASK UINT64_C(0xfff)
#define PD_FLAG_V2 8 /* up to Linux 6.8: the domain's DMA goes by guest tables */

struct table_place {
	uint64_t root; /* kernel virtual */
	uint64_t levels;
};

/*
 * Where a domain's table is, newest kernels first; the first row whose first member is there
 * counts. To add a kernel's way: its rows in AMD_NEEDS, a reader here, a row below.
 */
struct table_variant {
	enum amd_need members[2]; /* that hold it; AMD_N: only one */
	const char *name;
	struct error *(*read)(struct amd *amd, uint64_t domain, struct table_place *ret);
};

/* top_of_table: bits 2:0 the top level counted from 0, the rest the table's address. */
static struct error *read_top(struct amd *amd, uint64_t domain, enum amd_need member,
			      struct table_place *ret)
{
	uint64_t top;
	struct error *err = kernel_read_member(amd->base.kernel, domain, &amd->found[member], &top);

	if (!err)
		*ret = (struct table_place){.root = top & ~UINT64_C(7), .levels = (top & 7) + 1};
	return err;
}

static struct error *read_generic_pt(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	return read_top(amd, domain, AMD_PD_AMDV1_TOP, ret);
}

static struct error *read_generic_pt_v2(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	return read_top(amd, domain, AMD_PD_AMDV2_TOP, ret);
}

/* All v2 tables have as many levels, 4 in kernels that do not say. */
static struct error *read_io_pgtable_v2(struct amd *amd, uint64_t domain, struct table_place *ret)
{
	const struct found *level = &amd->found[AMD_GPT_LEVEL];
	struct table_place place = {.levels = 4};
	struct error *err = NULL;

	if (is_found(level))
		err = kernel_read_symbol(amd->base.kernel, level, 4, &place.levels);
	if (!err)
		err = kernel_read_member(amd->base.kernel, domain, &amd->found[AMD_PD_IOP_PGD],
					 &place.root);
	if (!err)
		*ret = place;
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

static const struct table_variant v2_variants[] = {
	{{AMD_PD_AMDV2_TOP, AMD_N},
	 "generic_pt (amdv2.x86_64_pt.common.top_of_table)",
	 read_generic_pt_v2},
	{{AMD_PD_IOP_PGD, AMD_N}, "io_pgtable (iop.pgd)", read_io_pgtable_v2},
};

/* The formats; levels: what hardware takes. */
static const struct table_format {
	const struct page_table_ops *ops;
	const struct table_variant *variants;
	size_t n_variants;
	uint64_t levels_min, levels_max;
	enum amd_need usual; /* named where no variant is there */
} formats[] = {
	{&page_table_v1, table_variants, ARRAY_SIZE(table_variants), 1, 6, AMD_PD_IOP_ROOT},
	{&page_table_v2, v2_variants, ARRAY_SIZE(v2_variants), 4, 5, AMD_PD_IOP_PGD},
};

static const struct table_variant *table_variant(const struct amd *amd,
						 const struct table_format *format)
{
	for (size_t i = 0; i < format->n_variants; i++)
		if (is_found(&amd->found[format->variants[i].members[0]]))
			return &format->variants[i];
	return NULL;
}

const char *domain_variant_name(const struct amd *amd)
{
	const struct table_variant *variant = table_variant(amd, &formats[0]);

	return variant ? variant->name : NULL;
}

const char *guest_table_variant_name(const struct amd *amd)
{
	const struct table_variant *variant = table_variant(amd, &formats[1]);

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
				const struct table_format *format, struct page_table *ret)
{
	struct amd *amd = load->amd;
	const struct table_variant *variant = table_variant(amd, format);
	struct page_table table = {.ops = format->ops};
	struct table_place place;

	if (!variant)
		return need_missing(&amd->base.needs, format->usual);
	struct error *err = variant->read(amd, name->address, &place);
	if (err || !place.root || !place.levels)
		return err; /* no table: passthrough, or never mapped */
	if (place.levels > format->levels_max || place.levels < format->levels_min ||
	    place.root & PAGE_MASK)
		return error_new(ERROR_CORRUPT,
				 "table 0x%" PRIx64 " with %" PRIu64
				 " levels is none that hardware takes",
				 place.root, place.levels);
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
		domain->pt_format = page_table_v2.name;
		/* Before Linux 6.1 such a domain has page tables of PASIDs only, each a process's
		 * own. */
		if (!table_variant(load->amd, &formats[1])) {
			domain->table_state = DATUM_ABSENT;
			return;
		}
	}
	struct error *err = read_table(load, name, &formats[!!v2.value], &domain->table);
	if (err)
		domain->table_state =
			problems_add(r->problems, err, "page table", "%s", reader_object_text(r));
	else if (domain->table.ops)
		domain->pt_format = domain->table.ops->name;
}
