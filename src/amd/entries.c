/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device table entries: reading them, and telling whose they are. */
#include <string.h>

#include "amd/hw/dte.h"
#include "amd/load.h"
#include "amd/walk.h"
#include "base/bytes.h"

void entry_read(struct load *load, const struct amd_segment *segment, uint16_t devid,
		struct hw_entry *ret)
{
	struct reader *r = &load->reader;
	uint8_t bytes[DTE_BYTES];

	*ret = (struct hw_entry){.layout = &dte_layout, .writer = WRITER_UNKNOWN};
	ret->state = segment->dev_table.state;
	if (ret->state != DATUM_OK)
		return;
	if (segment->last_devid.state == DATUM_OK && devid > segment->last_devid.value) {
		ret->state = DATUM_NONE; /* past the table: hardware has no entry for it either */
		return;
	}
	uint64_t virt = segment->dev_table.value + (uint64_t)devid * DTE_BYTES;
	ret->address = reader_translate(r, datum_ok(virt), "device table entry");
	if (ret->address.state != DATUM_OK) {
		ret->state = ret->address.state;
		return;
	}
	struct error *err =
		target_read_stable(r->kernel->target, SPACE_VIRT, virt, bytes, sizeof(bytes));
	if (err) {
		ret->state = problems_add(r->problems, err, "device table entry", "%s",
					  reader_object_text(r));
		return;
	}
	for (unsigned i = 0; i < DTE_WORDS; i++)
		ret->words[i] = get_le64(bytes + i * 8);
}

static bool entry_is_blank(const struct hw_entry *entry)
{
	return !(entry->words[0] | entry->words[1] | entry->words[2] | entry->words[3]);
}

/* The PASID table in the entry is the one that the driver has for the device; *id: the ID that goes
 * with it. */
static bool pasids_fit(struct load *load, struct device *device,
		       const struct dte_verdict *verdict, struct datum *id)
{
	struct pasid_place place = pasid_place_read(load, device);

	if (place.state == DATUM_ABSENT) { /* kept in a way that is not known */
		*id = device->domain_id;
		return true;
	}
	device->driver_pasids = place.state == DATUM_OK && place.domain_id.state != DATUM_ABSENT
					? place.domain_id.state
					: place.state;
	if (place.domain_id.state != DATUM_ABSENT)
		*id = place.domain_id;
	return place.state == DATUM_OK && verdict->gcr3_root == place.root &&
	       verdict->gcr3_levels == place.levels;
}

/*
 * amd_iommu set_dte_entry(): what the driver writes for a domain. Detached devices (no domain) are
 * blocked, by TV = 0 or by mode 0 without permissions.
 */
static bool entry_fits_domain(struct load *load, struct device *device,
			      const struct dte_verdict *verdict)
{
	const struct snapshot *s = load->snapshot;
	bool blocked = verdict->dma == DTE_DMA_BLOCKED || verdict->dma == DTE_DMA_DENIED ||
		       verdict->dma == DTE_DMA_UNCHECKED;

	if (device->domain.state != DATUM_OK)
		return blocked;
	const struct domain *domain = &s->domains[device->domain.value];
	if (!domain->address)
		return blocked;
	struct datum id = domain->id;
	if (verdict->pasid_translated && !pasids_fit(load, device, verdict, &id))
		return false;
	if (id.state != DATUM_OK || !datum_is(device->domain_id, id.value))
		return false;
	if (domain->pt_format && !strcmp(domain->pt_format, page_table_v2.name))
		return verdict->pasid_translated;
	if (domain->table_state != DATUM_OK)
		return false;
	if (!domain->table.ops)
		return verdict->dma == DTE_DMA_PASSTHROUGH;
	return verdict->dma == DTE_DMA_HOST && verdict->host_root == domain->table.root &&
	       verdict->host_levels == domain->table.levels;
}

static bool region_holds(const struct memory_region *region, uint64_t address)
{
	return region->end && address >= region->start && address <= region->end;
}

/* The capture kernel's own tables lie in the memory that this kernel had set aside for it. */
static bool in_capture_memory(const struct load *load, uint64_t address)
{
	return address && (region_holds(&load->crash_regions[0], address) ||
			   region_holds(&load->crash_regions[1], address));
}

bool entry_has_captured_interrupts(const struct load *load, const struct dte_verdict *verdict)
{
	return in_capture_memory(load, verdict->irt_root);
}

enum entry_writer entry_writer(struct load *load, struct device *device,
			       const struct dte_verdict *verdict)
{
	const struct hw_entry *entry = &device->entry;

	if (entry->state != DATUM_OK)
		return WRITER_UNKNOWN;
	if (entry_is_blank(entry))
		return WRITER_NONE;
	if (in_capture_memory(load, verdict->host_root) ||
	    in_capture_memory(load, verdict->gcr3_root))
		return WRITER_CAPTURE;
	bool known = device->domain.state == DATUM_OK || device->domain.state == DATUM_NONE;
	return known && entry_fits_domain(load, device, verdict) ? WRITER_KERNEL : WRITER_UNKNOWN;
}
