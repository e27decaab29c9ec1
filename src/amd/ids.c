/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domain-ID allocator: a bitmap up to Linux 6.12, an IDA from 6.13. */
#include "amd/load.h"
#include "base/bytes.h"
#include "kernel/xarray.h"
#include "model/domain_ids.h"

const char *ids_variant_name(const struct amd *amd)
{
	if (is_found(&amd->found[AMD_PDOM_IDS]))
		return "ida";
	return is_found(&amd->found[AMD_PD_BITMAP]) ? "bitmap" : NULL;
}

/* amd_iommu_pd_alloc_bitmap is a pointer to one bit per ID. */
static struct error *read_bitmap(struct load *load, uint64_t *ret_address, uint64_t *bitmap)
{
	struct kernel *kernel = load->kernel;
	struct error *err =
		kernel_read_symbol(kernel, &load->amd->found[AMD_PD_BITMAP], 8, ret_address);

	if (!err)
		err = target_read(kernel->target, SPACE_VIRT, *ret_address, bitmap, DOMAIN_IDS / 8);
	for (size_t i = 0; i < DOMAIN_IDS / 64 && !err; i++)
		bitmap[i] = get_le64(&bitmap[i]);
	return err;
}

struct error *load_ids(struct load *load)
{
	struct amd *amd = load->amd;
	struct snapshot *s = load->snapshot;
	uint64_t *bitmap = arena_alloc(&s->arena, DOMAIN_IDS / 8);
	const char *allocator = ids_variant_name(amd);

	if (!bitmap)
		return error_no_memory;
	bool is_ida = is_found(&amd->found[AMD_PDOM_IDS]);
	s->ids = (struct domain_ids){
		allocator, DATUM_ABSENT, allocator && !is_ida, 0, bitmap, DOMAIN_IDS};
	if (!allocator) {
		problems_add(&s->problems, need_missing(&amd->base.needs, AMD_PDOM_IDS), "allocator",
			     "domain IDs");
		return NULL;
	}
	if (is_ida)
		s->ids.address = amd->found[AMD_PDOM_IDS].value;
	struct error *err = is_ida ? ida_read(amd->base.kernel, s->ids.address, bitmap, DOMAIN_IDS)
				   : read_bitmap(load, &s->ids.address, bitmap);
	s->ids.state = DATUM_OK;
	if (err)
		s->ids.state = problems_add(&s->problems, err, "allocator", "domain IDs");
	return NULL;
}
