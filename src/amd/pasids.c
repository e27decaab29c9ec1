/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PASID table a device goes by: its entry's, or where that is not this kernel's, the
 * driver's. */
#include "amd/hw/dte.h"
#include "amd/hw/registers.h"
#include "amd/load.h"
#include "amd/walk.h"

#define GLX_MAX 2 /* three levels; 3 is reserved */

/*
 * Where the driver keeps it: with the device from Linux 6.9 on, with its domain before. To add a
 * kernel's way: its rows in AMD_NEEDS, a row here.
 */
static const struct pasid_variant {
	enum amd_need table, levels, id; /* id AMD_N: the domain's */
	bool in_domain;
	const char *name;
} variants[] = {
	{AMD_DATA_GCR3, AMD_DATA_GLX, AMD_DATA_GCR3_ID, false, "per device (gcr3_info)"},
	{AMD_PD_GCR3, AMD_PD_GLX, AMD_N, true, "per domain (gcr3_tbl, glx)"},
};

static const struct pasid_variant *pasid_variant(const struct amd *amd)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++)
		if (is_found(&amd->found[variants[i].table]))
			return &variants[i];
	return NULL;
}

const char *pasid_variant_name(const struct amd *amd)
{
	const struct pasid_variant *variant = pasid_variant(amd);

	return variant ? variant->name : NULL;
}

struct pasid_place pasid_place_read(struct load *load, const struct device *device)
{
	const struct found *f = load->amd->found;
	const struct pasid_variant *v = pasid_variant(load->amd);
	const struct domain *domain = device_domain(load->snapshot, device);
	struct pasid_place ret = {.domain_id = {.state = DATUM_ABSENT}};
	uint64_t object = v && v->in_domain ? (domain ? domain->address : 0) : device->data;

	if (!v || !object) {
		ret.state = v ? DATUM_NONE : DATUM_ABSENT;
		return ret;
	}
	struct reader *r = &load->reader;
	struct datum table = reader_pointer(r, object, &f[v->table], "PASID table");
	struct datum glx = reader_member(r, object, &f[v->levels], "PASID table's levels");
	struct datum root = reader_translate(r, table, "PASID table");
	ret.state = root.state;
	if (root.state == DATUM_OK && (glx.state != DATUM_OK || glx.value > GLX_MAX))
		ret.state = glx.state == DATUM_OK ? DATUM_CORRUPT : glx.state;
	if (ret.state != DATUM_OK)
		return ret;
	ret.root = root.value;
	ret.levels = (unsigned)glx.value + 1;
	if (v->id != AMD_N)
		ret.domain_id = reader_member(r, object, &f[v->id], "domain ID for PASIDs");
	return ret;
}

/* Where the capture kernel has written over the entry: as the crashed kernel's driver had it. */
static void take_driver_table(struct load *load, struct device *device)
{
	const struct domain *domain = device_domain(load->snapshot, device);
	struct pasid_place place = pasid_place_read(load, device);

	device->pasids_state = place.state == DATUM_NONE ? DATUM_OK : place.state;
	if (place.state != DATUM_OK)
		return;
	device->pasids = (struct pasid_table){
		.ops = &gcr3_table,
		.root = place.root,
		.levels = place.levels,
		.serves_plain = device->dma == DMA_GUEST,
		.pages = {.ops = &page_table_v2, .levels = 4},
	};
	if (domain && domain->table.ops == &page_table_v2)
		device->pasids.pages.levels = domain->table.levels;
}

/* Two stages: AMD 48882 2.2.6, and EFR2's GCR3TRPMode, which the driver turns on wherever it is
 * there. */
static struct error *add_host(struct load *load, struct device *device,
			      const struct dte_verdict *verdict)
{
	struct snapshot *s = load->snapshot;
	struct page_table *host = arena_alloc(&s->arena, sizeof(*host));
	struct datum features2 = device->iommu;

	if (!host)
		return error_no_memory;
	*host = (struct page_table){
		.ops = &page_table_v1,
		.root = verdict->host_root,
		.levels = verdict->host_levels,
		.sme_mask = load->kernel->target->sme_mask,
	};
	device->pasids.pages.host = host;
	if (device->iommu.state == DATUM_OK)
		features2 = s->iommus[device->iommu.value].features2;
	device->pasids.in_host =
		features2.state == DATUM_OK && features2.value & EFR2_GCR3_IN_GUEST;
	if (features2.state != DATUM_OK && features2.state != DATUM_ABSENT)
		device->pasids_state = features2.state;
	return NULL;
}

static struct error *take_entry_table(struct load *load, struct device *device,
				      const struct dte_verdict *v)
{
	device->pasids_state = DATUM_OK;
	if (!v->pasid_translated)
		return NULL;
	device->pasids = (struct pasid_table){
		.ops = &gcr3_table,
		.root = v->gcr3_root,
		.levels = v->gcr3_levels,
		.serves_plain = v->dma == DTE_DMA_GUEST || v->dma == DTE_DMA_NESTED,
		.pages = {.ops = &page_table_v2, .levels = v->guest_levels},
	};
	return v->host_levels ? add_host(load, device, v) : NULL;
}

/* A device whose requests go by PASID 0's table: that is its page table. */
static struct error *take_plain_table(struct load *load, struct device *device)
{
	struct reader *r = &load->reader;
	struct translation steps;
	struct page_table table;
	struct error *err =
		device->pasids.ops->find(load->kernel->target, &device->pasids, 0, &steps, &table);

	if (err && !error_is_unreadable(err))
		return err;
	device->pt_format = page_table_v2.name;
	device->paging_mode = datum_ok(device->pasids.pages.levels);
	if (err)
		device->pt_root.state =
			problems_add(r->problems, err, "page table", "%s", reader_object_text(r));
	else
		device->pt_root = table.ops ? datum_ok(table.root) : (struct datum){0};
	return NULL;
}

struct error *device_read_pasids(struct load *load, struct device *device,
				 const struct dte_verdict *verdict)
{
	struct error *err = NULL;

	reader_object_name(&load->reader, device->name);
	device->pasids_state = device->entry.state;
	if (device->entry.state != DATUM_OK)
		return NULL;
	if (device->entry.writer == WRITER_CAPTURE)
		take_driver_table(load, device);
	else
		err = take_entry_table(load, device, verdict);
	device->pasids.pages.sme_mask = load->kernel->target->sme_mask;
	if (err || !device->pasids.ops || device->pasids_state != DATUM_OK ||
	    device->dma != DMA_GUEST)
		return err;
	return take_plain_table(load, device);
}
