/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions with what the driver and the device table hold of them; groups. */
#include <inttypes.h>
#include <stdlib.h>

#include "amd/hw/dte.h"
#include "amd/load.h"
#include "amd/walk.h"

static struct error *read_groups(struct load *load)
{
	uint64_t *referred = calloc(load->functions.n + 1, sizeof(*referred));

	if (!referred)
		return error_no_memory;
	for (size_t i = 0; i < load->functions.n; i++)
		if (load->functions.at[i].group.state == DATUM_OK)
			referred[i] = load->functions.at[i].group.value;
	struct error *err = iommu_groups_read(&load->reader, &load->snapshot->arena, referred,
					      load->functions.n, &load->groups);
	free(referred);
	return err;
}

struct error *load_functions(struct load *load)
{
	struct error *err = pci_functions_read(&load->reader, &load->snapshot->arena,
					       &load->amd->found[AMD_DATA_DOMAIN],
					       &load->functions);

	return err ? err : read_groups(load);
}

struct datum index_of(struct load *load, const struct key_index *map, struct datum address,
		      const char *what)
{
	if (address.state != DATUM_OK)
		return address;
	int64_t index = key_index_find(map, address.value);
	if (index >= 0)
		return datum_ok((uint64_t)index);
	struct error *err = error_new(ERROR_CORRUPT,
				      "0x%" PRIx64 " is none of those that were found",
				      address.value);
	return (struct datum){
		.state = problems_add(load->reader.problems, err, what, "%s",
				      reader_object_text(&load->reader)),
	};
}

struct datum table_element(struct load *load, struct datum table, uint16_t devid, unsigned size,
			   const char *what)
{
	const struct found element = {
		.state = LOOKUP_FOUND,
		.name = what,
		.value = (uint64_t)devid * size,
		.size = size,
	};

	return table.state == DATUM_OK
		       ? reader_member(&load->reader, table.value, &element, what)
		       : (struct datum){.state = table.state};
}

static const enum dma_fate dma_fates[DTE_DMA_KINDS] = {
	[DTE_DMA_UNCHECKED] = DMA_UNCHECKED, [DTE_DMA_BLOCKED] = DMA_BLOCKED,
	[DTE_DMA_DENIED] = DMA_BLOCKED,      [DTE_DMA_PASSTHROUGH] = DMA_PASSTHROUGH,
	[DTE_DMA_HOST] = DMA_TRANSLATED,     [DTE_DMA_GUEST] = DMA_GUEST,
	[DTE_DMA_NESTED] = DMA_NESTED,       [DTE_DMA_ILLEGAL] = DMA_ILLEGAL,
};

static const enum interrupt_fate interrupt_fates[DTE_INTERRUPTS_KINDS] = {
	[DTE_INTERRUPTS_UNMAPPED] = INTERRUPTS_UNMAPPED,
	[DTE_INTERRUPTS_ABORTED] = INTERRUPTS_BLOCKED,
	[DTE_INTERRUPTS_FORWARDED] = INTERRUPTS_UNMAPPED,
	[DTE_INTERRUPTS_REMAPPED] = INTERRUPTS_REMAPPED,
	[DTE_INTERRUPTS_ILLEGAL] = INTERRUPTS_BLOCKED,
};

/* What hardware makes of the device, by its entry. */
static void judge_entry(struct load *load, struct device *device, const struct dte_verdict *v)
{
	uint64_t sme_mask = load->kernel->target->sme_mask;
	const struct datum unknown = {.state = device->entry.state};

	device->domain_id = device->paging_mode = device->pt_root = device->int_remap = unknown;
	if (device->entry.state != DATUM_OK)
		return;
	device->dma = dma_fates[v->dma];
	device->int_remap = datum_ok(v->interrupts == DTE_INTERRUPTS_REMAPPED);
	if (!entry_has_captured_interrupts(load, v))
		device->interrupts = interrupt_fates[v->interrupts];
	if (v->dma == DTE_DMA_UNCHECKED) {
		device->domain_id = device->paging_mode = device->pt_root = (struct datum){0};
		return;
	}
	device->domain_id = datum_ok(dte_get(device->entry.words, DTE_DOMAIN_ID));
	device->paging_mode = datum_ok(v->host_levels);
	device->pt_root = v->host_levels ? datum_ok(v->host_root) : (struct datum){0};
	device->pt_format = v->host_levels ? page_table_v1.name : NULL;
	if (v->dma == DTE_DMA_ILLEGAL) { /* of no effect, but shown as they are */
		device->paging_mode = datum_ok(dte_get(device->entry.words, DTE_MODE));
		device->pt_root = datum_ok(dte_get(device->entry.words, DTE_PT_ROOT) & ~sme_mask);
	}
}

/*
 * The capture kernel has written over the entry: what hardware did when this kernel crashed is then
 * what the driver had asked for. The entry itself stays as it was found.
 */
static void take_driver_view(struct load *load, struct device *device)
{
	static const struct datum none = {0};
	const struct domain *domain = device_domain(load->snapshot, device);

	device->interrupts = INTERRUPTS_UNKNOWN;
	if (!domain || domain->table_state != DATUM_OK) {
		device->domain_id = device->paging_mode = device->pt_root =
			(struct datum){.state = domain ? domain->table_state : DATUM_ABSENT};
		device->dma = DMA_UNKNOWN;
		return;
	}
	bool translated = domain->table.ops, guest = domain->table.ops == &page_table_v2;
	device->domain_id = domain->id;
	device->paging_mode = domain->address ? datum_ok(domain->table.levels) : none;
	device->pt_root = translated ? datum_ok(domain->table.root) : none;
	device->pt_format = domain->pt_format;
	device->dma = guest		? DMA_GUEST
		      : translated	? DMA_TRANSLATED
		      : domain->address ? DMA_PASSTHROUGH
					: DMA_BLOCKED;
	struct pasid_place place = pasid_place_read(load, device);
	if (guest && place.state == DATUM_OK && place.domain_id.state != DATUM_ABSENT)
		device->domain_id = place.domain_id;
}

static struct error *read_device(struct load *load, size_t i, struct device *ret)
{
	const struct pci_function *f = &load->functions.at[i];
	const struct amd_segment *segment = amd_segment(load->amd, f->segment);
	struct reader *r = &load->reader;
	struct arena *arena = &load->snapshot->arena;
	struct device *d = ret;
	struct dte_verdict verdict = {0};

	pci_function_is_read(&load->reader, f);
	d->segment = f->segment;
	d->devid = f->devid;
	d->name = arena_strdup(arena, reader_object_text(r));
	d->device = f->device;
	d->pci_device = f->pci_dev;
	d->data = f->data.state == DATUM_OK ? f->data.value : 0;
	if (d->data && is_found(&load->amd->found[AMD_DATA_DOMAIN]))
		d->domain_word = d->data + load->amd->found[AMD_DATA_DOMAIN].value;
	d->vendor = f->vendor;
	d->device_id = f->device_id;
	d->external = f->external;
	d->class = f->class;
	d->driver = f->driver;
	d->domain = index_of(load, &load->domains_by_address, f->domain, "domain");
	d->iommu = d->alias = (struct datum){.state = amd_segment_state(load->amd)};
	d->entry = (struct hw_entry){
		.state = amd_segment_state(load->amd),
		.layout = &dte_layout,
		.writer = WRITER_UNKNOWN,
	};
	if (segment) {
		struct datum iommu = table_element(load, segment->rlookup_table, f->devid, 8,
						   "IOMMU");

		d->iommu = datum_is(iommu, 0) ? (struct datum){0}
					      : index_of(load, &load->iommus_by_address, iommu,
							 "IOMMU");
		d->alias = table_element(load, segment->alias_table, f->devid, 2, "alias");
		entry_read(load, segment, f->devid, &d->entry);
	}
	if (d->entry.state == DATUM_OK)
		verdict = dte_judge(d->entry.words, load->kernel->target->sme_mask);
	judge_entry(load, d, &verdict);
	d->entry.writer = entry_writer(load, d, &verdict);
	if (d->entry.writer == WRITER_CAPTURE)
		take_driver_view(load, d);
	return device_read_pasids(load, d, &verdict);
}

static void read_crash_region(struct load *load, enum core_need symbol, struct memory_region *ret)
{
	const struct found *core = load->kernel->core;

	if (!is_found(&core[symbol]))
		return;
	reader_object_name(&load->reader, core[symbol].name);
	struct datum start = reader_member(&load->reader, core[symbol].value,
					   &core[CORE_RESOURCE_START], "start");
	struct datum end = reader_member(&load->reader, core[symbol].value,
					 &core[CORE_RESOURCE_END], "end");
	if (start.state == DATUM_OK && end.state == DATUM_OK && start.value)
		*ret = (struct memory_region){start.value, end.value};
}

struct error *load_devices(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_iommus; i++)
		if (!key_index_add(&load->iommus_by_address, s->iommus[i].address.value, i))
			return error_no_memory;
	key_index_sort(&load->iommus_by_address);
	read_crash_region(load, CORE_CRASH_RES, &load->crash_regions[0]);
	read_crash_region(load, CORE_CRASH_LOW_RES, &load->crash_regions[1]);
	s->devices = arena_alloc(&s->arena, load->functions.n * sizeof(*s->devices));
	if (!s->devices)
		return error_no_memory;
	s->n_devices = (uint32_t)load->functions.n;
	s->devices_state = load->functions.state;
	for (uint32_t i = 0; i < s->n_devices && !err; i++) {
		err = target_poll(load->kernel->target);
		if (!err)
			err = read_device(load, i, &s->devices[i]);
		if (!err && !key_index_add(&load->devices_by_device, s->devices[i].device, i))
			err = error_no_memory;
	}
	key_index_sort(&load->devices_by_device);
	return err;
}

/* group_device.dev may be of another bus (ACPI, platform): those are no PCI functions and not listed. */
static struct error *read_group(struct load *load, const struct iommu_group *g, struct group *ret)
{
	struct snapshot *s = load->snapshot;
	uint32_t *members = arena_alloc(&s->arena, g->n_members * sizeof(*members));
	enum datum_state members_state = g->members_state;
	uint32_t n = 0;

	if (!members)
		return error_no_memory;
	for (size_t i = 0; i < g->n_members; i++) {
		int64_t device = key_index_find(&load->devices_by_device,
						load->groups.members.at[g->first_member + i]);

		if (device >= 0)
			members[n++] = (uint32_t)device;
		else if (members_state == DATUM_OK)
			members_state = load->functions.state;
	}
	if (g->id.state == DATUM_OK)
		reader_object_number(&load->reader, "group %" PRIu64, g->id.value);
	else
		reader_object_number(&load->reader, "IOMMU group 0x%" PRIx64, g->address);
	*ret = (struct group){
		.address = g->address,
		.id = g->id,
		.name = g->name,
		.default_domain = index_of(load, &load->domains_by_core, g->default_domain,
					   "default domain"),
		.domain = index_of(load, &load->domains_by_core, g->domain, "domain"),
		.owner_count = g->owner_count,
		.devices = members,
		.n_devices = n,
		.members_state = members_state,
	};
	return NULL;
}

struct error *load_groups(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct key_index by_address = {0};
	struct error *err = NULL;

	s->groups = arena_alloc(&s->arena, load->groups.groups.n * sizeof(*s->groups));
	if (!s->groups)
		return error_no_memory;
	s->n_groups = (uint32_t)load->groups.groups.n;
	s->groups_state = load->groups.state;
	for (uint32_t i = 0; i < s->n_groups && !err; i++) {
		err = read_group(load, &load->groups.groups.at[i], &s->groups[i]);
		if (!err && !key_index_add(&by_address, s->groups[i].address, i))
			err = error_no_memory;
	}
	key_index_sort(&by_address);
	for (uint32_t i = 0; i < s->n_devices; i++) {
		reader_object_name(&load->reader, s->devices[i].name);
		s->devices[i].group = index_of(load, &by_address, load->functions.at[i].group,
					       "group");
	}
	key_index_free(&by_address);
	return err;
}

/* A domain's devices, and the IOMMUs that they are behind: by the devices' own references. */
struct error *load_domain_members(struct load *load)
{
	struct snapshot *s = load->snapshot;
	uint32_t *devices = arena_alloc(&s->arena, s->n_devices * sizeof(*devices));
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].domain.state == DATUM_OK)
			s->domains[s->devices[i].domain.value].n_devices++;
	for (uint32_t d = 0; d < s->n_domains && devices; d++) {
		s->domains[d].devices = devices + at;
		at += s->domains[d].n_devices;
		s->domains[d].n_devices = 0;
	}
	for (uint32_t i = 0; i < s->n_devices && devices; i++) {
		if (s->devices[i].domain.state != DATUM_OK)
			continue;
		struct domain *d = &s->domains[s->devices[i].domain.value];
		((uint32_t *)d->devices)[d->n_devices++] = i;
	}
	for (uint32_t d = 0; d < s->n_domains && devices; d++) {
		struct domain *domain = &s->domains[d];
		uint32_t *iommus = arena_alloc(&s->arena, s->n_iommus * sizeof(*iommus));

		if (!iommus)
			return error_no_memory;
		for (uint32_t u = 0; u < s->n_iommus; u++)
			for (uint32_t i = 0; i < domain->n_devices; i++)
				if (datum_is(s->devices[domain->devices[i]].iommu, u)) {
					iommus[domain->n_iommus++] = u;
					break;
				}
		domain->iommus = iommus;
	}
	return devices ? NULL : error_no_memory;
}
