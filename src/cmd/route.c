/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/route.h"

#include "base/parse.h"
#include "cmd/select.h"

static struct error *route_by_pasid(struct target *target, const struct device *d, uint32_t pasid,
				    struct route *r)
{
	struct error *err = d->pasids.ops->find(target, &d->pasids, pasid, &r->pasid, &r->table);

	r->known = !err;
	r->reason = r->pasid.stopped;
	return err;
}

/*
 * The driver's domain is what was meant when the machine stopped, and equals the entry unless a
 * capture kernel or a fault has changed that.
 */
static void route_by_domain(struct route *r)
{
	if (r->domain && r->domain->table_state == DATUM_OK && r->domain->table.ops) {
		r->known = true;
		r->table = r->domain->table;
		r->domain_id = r->domain->id;
	} else {
		r->reason = "the page table of the device's domain is not known";
	}
}

bool route_is_by_pasids(const struct device *d)
{
	return (d->dma == DMA_GUEST || d->dma == DMA_NESTED) && d->pasids_state == DATUM_OK &&
	       d->pasids.ops;
}

struct error *route_find(struct target *target, const struct snapshot *s, const struct device *d,
			 const uint32_t *pasid, struct route *ret)
{
	*ret = (struct route){.domain = device_domain(s, d), .domain_id = d->domain_id};
	if (d->dma == DMA_BLOCKED || d->dma == DMA_ILLEGAL) {
		ret->known = true;
		ret->reason = "the device table entry blocks the device's DMA";
	} else if (pasid && d->pasids_state != DATUM_OK) {
		ret->reason = "whether the device has a table of PASIDs is not known";
	} else if (pasid && !d->pasids.ops) {
		ret->known = true;
		ret->reason = "the device has no table of PASIDs: requests with one are aborted";
	} else if (pasid) {
		return route_by_pasid(target, d, *pasid, ret);
	} else if (d->dma == DMA_PASSTHROUGH || d->dma == DMA_UNCHECKED) {
		ret->known = ret->through = true;
	} else if (route_is_by_pasids(d)) {
		return route_by_pasid(target, d, 0, ret);
	} else {
		route_by_domain(ret);
	}
	return NULL;
}

struct error *route_pasid_option(const struct command_call *call, uint32_t *pasid, bool *given)
{
	const char *text = call_option(call, "pasid");
	uint64_t number;

	*given = text;
	if (!text)
		return NULL;
	struct error *err = parse_number(text, &number);
	if (err)
		return err;
	if (number > PASID_MAX)
		return error_new(ERROR_USAGE, "%s is no PASID: they have 20 bits", text);
	*pasid = (uint32_t)number;
	return NULL;
}
