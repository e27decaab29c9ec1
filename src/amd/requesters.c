/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requester IDs of each device: what the bus makes of its own, and the driver's alias table. */
#include "amd/load.h"
#include "kernel/pci_alias.h"

static uint32_t add_requester(struct requester_id *at, uint32_t n, uint16_t devid, const char *why)
{
	for (uint32_t i = 0; i < n; i++)
		if (at[i].devid == devid)
			return n;
	at[n] = (struct requester_id){devid, why};
	return n + 1;
}

static struct error *read_requesters(struct load *load, struct device *device)
{
	const struct pci_function function = {
		.pci_dev = device->pci_device,
		.device = device->device,
		.segment = device->segment,
		.devid = device->devid,
	};
	struct pci_aliases aliases;

	reader_object_name(&load->reader, device->name);
	pci_aliases_read(&load->reader, &function, &aliases);
	struct requester_id *at =
		arena_alloc(&load->snapshot->arena, (aliases.n + 2) * sizeof(*at));
	if (!at)
		return error_no_memory;
	uint32_t n = add_requester(at, 0, device->devid, "own");
	for (unsigned i = 0; i < aliases.n; i++)
		n = add_requester(at, n, aliases.at[i].devid, aliases.at[i].why);
	if (device->alias.state == DATUM_OK)
		n = add_requester(at, n, (uint16_t)device->alias.value, "driver");
	device->requesters = at;
	device->n_requesters = n;
	device->requesters_state = aliases.state;
	if (device->alias.state != DATUM_OK && device->alias.state != DATUM_NONE &&
	    aliases.state == DATUM_OK)
		device->requesters_state = device->alias.state;
	return NULL;
}

struct error *load_requesters(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_devices && !err; i++) {
		err = target_poll(load->kernel->target);
		if (!err)
			err = read_requesters(load, &s->devices[i]);
	}
	return err;
}
