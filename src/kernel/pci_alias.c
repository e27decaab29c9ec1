/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/pci_alias.h"

#define DEVFNS 256
#define DEPTH_MAX 256 /* buses above one another: there are no more numbers */

/* include/linux/pci.h, enum pci_dev_flags */
enum {
	FLAG_ALIAS_DEVFN = 1 << 4, /* until Linux 4.6 */
	FLAG_BRIDGE_ALIAS = 1 << 5,
	FLAG_XLATE_ROOT = 1 << 9,
	FLAG_NO_BRIDGE_ALIAS = 1 << 14, /* from Linux 7.0 on */
};

/* PCI Express capability, device/port type (uapi/linux/pci_regs.h) */
enum {
	PORT_ROOT = 4,
	PORT_UPSTREAM = 5,
	PORT_DOWNSTREAM = 6,
	PORT_TO_PCI = 7,
	PORT_FROM_PCI = 8,
};

static void note_state(struct pci_aliases *aliases, enum datum_state state)
{
	if (aliases->state == DATUM_OK && state != DATUM_OK && state != DATUM_NONE)
		aliases->state = state;
}

static void add_alias(struct pci_aliases *aliases, unsigned devid, const char *why)
{
	for (unsigned i = 0; i < aliases->n; i++)
		if (aliases->at[i].devid == devid)
			return;
	if (aliases->n == PCI_ALIASES_MAX)
		note_state(aliases, DATUM_CORRUPT);
	else
		aliases->at[aliases->n++] = (struct pci_alias){(uint16_t)devid, why};
}

/* Before Linux 4.7 there is one at most, and before 3.16 none. */
static void add_devfn(struct reader *r, const struct pci_function *f, struct pci_aliases *ret)
{
	const struct found *core = r->kernel->core, *member = &core[CORE_PCI_ALIAS_DEVFN];

	if (!is_found(member))
		return;
	struct datum flags = reader_member(r, f->pci_dev, &core[CORE_PCI_DEV_FLAGS], "flags");
	struct datum devfn = reader_member(r, f->pci_dev, member, "alias");
	note_state(ret, flags.state);
	note_state(ret, devfn.state);
	if (flags.state == DATUM_OK && devfn.state == DATUM_OK && flags.value & FLAG_ALIAS_DEVFN)
		add_alias(ret, (f->devid & 0xff00u) | (devfn.value & 0xff), "kernel");
}

/* IDs on its own bus that it is known to use, whatever its address. */
static void add_mask(struct reader *r, const struct pci_function *f, struct pci_aliases *ret)
{
	const struct found *member = &r->kernel->core[CORE_PCI_ALIAS_MASK];
	struct datum mask = {0};

	if (is_found(member))
		mask = reader_pointer(r, f->pci_dev, member, "alias mask");
	else
		add_devfn(r, f, ret);
	note_state(ret, mask.state);
	for (unsigned i = 0; i < DEVFNS / 64 && mask.state == DATUM_OK; i++) {
		const struct found word = {
			.state = LOOKUP_FOUND, .name = "mask", .value = i * 8, .size = 8};
		struct datum bits = reader_member(r, mask.value, &word, "alias mask");

		note_state(ret, bits.state);
		for (unsigned bit = 0; bit < 64 && bits.state == DATUM_OK; bit++)
			if (bits.value >> bit & 1)
				add_alias(ret, (f->devid & 0xff00u) | (i * 64 + bit), "kernel");
	}
}

struct bridge {
	uint64_t flags, devid, below; /* below: its first ID on the bus that it leads to */
	unsigned port;		      /* 0: it is no PCI Express device */
};

/* Through struct pci_dev's bus or subordinate: that bus' number. */
static struct datum bus_number(struct reader *r, uint64_t pci_dev, enum core_need member)
{
	const struct found *core = r->kernel->core;
	struct datum bus = reader_pointer(r, pci_dev, &core[member], "bus");

	if (bus.state != DATUM_OK)
		return bus;
	return reader_member(r, bus.value, &core[CORE_BUS_NUMBER], "bus number");
}

static enum datum_state read_bridge(struct reader *r, uint64_t pci_dev, struct bridge *ret)
{
	const struct found *core = r->kernel->core;
	const struct datum all[] = {
		reader_member(r, pci_dev, &core[CORE_PCI_DEV_FLAGS], "bridge's flags"),
		reader_member(r, pci_dev, &core[CORE_PCI_PCIE_CAP],
			      "bridge's PCI Express capability"),
		reader_member(r, pci_dev, &core[CORE_PCI_PCIE_FLAGS], "bridge's type"),
		reader_member(r, pci_dev, &core[CORE_PCI_DEVFN], "bridge's devfn"),
		bus_number(r, pci_dev, CORE_PCI_BUS),
		bus_number(r, pci_dev, CORE_PCI_SUBORDINATE),
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].state != DATUM_OK)
			return all[i].state == DATUM_NONE ? DATUM_CORRUPT : all[i].state;
	*ret = (struct bridge){
		.flags = all[0].value,
		.devid = (all[4].value & 0xff) << 8 | (all[3].value & 0xff),
		.below = (all[5].value & 0xff) << 8,
		.port = all[1].value ? all[2].value >> 4 & 0xf : 0,
	};
	return DATUM_OK;
}

/* What becomes of the IDs of requests that come through it. */
static void pass_bridge(const struct bridge *b, struct pci_aliases *ret)
{
	switch (b->port) {
	case PORT_ROOT:
	case PORT_UPSTREAM:
	case PORT_DOWNSTREAM:
		break;
	case PORT_TO_PCI:
		if (!(b->flags & FLAG_NO_BRIDGE_ALIAS))
			add_alias(ret, (unsigned)b->below, "bridge");
		break;
	case PORT_FROM_PCI:
		add_alias(ret, (unsigned)b->devid, "bridge");
		break;
	case 0:
		add_alias(ret, (unsigned)(b->flags & FLAG_BRIDGE_ALIAS ? b->below : b->devid),
			  "bridge");
		break;
	}
}

static void add_bridges(struct reader *r, const struct pci_function *f, struct pci_aliases *ret)
{
	const struct found *core = r->kernel->core;
	struct datum bus = reader_pointer(r, f->pci_dev, &core[CORE_PCI_BUS], "bus");

	for (unsigned depth = 0; bus.state == DATUM_OK; depth++) {
		struct datum parent =
			reader_pointer(r, bus.value, &core[CORE_BUS_PARENT], "parent");
		struct datum self = reader_pointer(r, bus.value, &core[CORE_BUS_SELF], "bridge");
		struct bridge bridge;

		if (depth == DEPTH_MAX)
			parent.state = problems_add(
				r->problems,
				error_new(ERROR_CORRUPT, "more than %d buses above one another",
					  DEPTH_MAX),
				"requester IDs", "%s", reader_object_text(r));
		note_state(ret, self.state);
		if (parent.state == DATUM_OK && self.state == DATUM_OK) {
			enum datum_state state = read_bridge(r, self.value, &bridge);

			note_state(ret, state);
			if (state == DATUM_OK && bridge.flags & FLAG_XLATE_ROOT)
				return;
			if (state == DATUM_OK)
				pass_bridge(&bridge, ret);
		}
		bus = parent; /* none: it was a root bus */
	}
	note_state(ret, bus.state);
}

void pci_aliases_read(struct reader *r, const struct pci_function *f, struct pci_aliases *ret)
{
	ret->n = 0;
	ret->state = DATUM_OK;
	add_bridges(r, f, ret);
	add_mask(r, f, ret);
}
