/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/address_range.h"

#include <stddef.h>

#include "base/cleanup.h"

#define HYPERTRANSPORT_BITS 40

static const struct address_range ranges[] = {
	{0xfee00000, 0xfeefffff, "interrupt window",
	 "a write here is an interrupt (MSI), remapped by the interrupt table and not by page tables",
	 false},
	{0xfd00000000, 0xfdf7ffffff, "HyperTransport interrupts, reserved",
	 "reserved for interrupts; no device has business here", true},
	{0xfdf8000000, 0xfdf8ffffff, "HyperTransport interrupt and EOI",
	 "interrupt messages, allowed by IntCtl of the device table entry", true},
	{0xfdf9000000, 0xfdf90fffff, "HyperTransport legacy interrupt acknowledge",
	 "an answer of the legacy interrupt controller", true},
	{0xfdf9100000, 0xfdf91fffff, "HyperTransport system management",
	 "system management messages, allowed by SysMgt of the device table entry", true},
	{0xfdf9200000, 0xfdfaffffff, "HyperTransport, reserved", "reserved", true},
	{0xfdfb000000, 0xfdfbffffff, "HyperTransport address translation",
	 "address translation messages", true},
	{0xfdfc000000, 0xfdfdffffff, "HyperTransport I/O space",
	 "port I/O, allowed by IoCtl of the device table entry", true},
	{0xfdfe000000, 0xfdffffffff, "HyperTransport configuration space",
	 "configuration accesses, which a device may not make", true},
	{0xfe00000000, 0xfe1fffffff, "HyperTransport extended configuration and messages",
	 "configuration accesses and device messages", true},
	{0xfe20000000, 0xffffffffff, "HyperTransport, reserved", "reserved", true},
};

const struct address_range *address_range_find(uint64_t address)
{
	/* Hardware logs the HyperTransport ranges' addresses with their sign extended. */
	if (address >> HYPERTRANSPORT_BITS == UINT64_MAX >> HYPERTRANSPORT_BITS)
		address &= (UINT64_C(1) << HYPERTRANSPORT_BITS) - 1;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (address >= ranges[i].first && address <= ranges[i].last)
			return &ranges[i];
	return NULL;
}
