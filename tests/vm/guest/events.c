// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel module that does what an IOMMU does: it writes entries into the event log and moves
 * the tail. The next event of the IOMMU's own raises the interrupt, and the driver reads and tells
 * all of them.
 *
 * QEMU's IOMMU (7.2 to 11.1) leaves address and domain out of its events; these here are whole, and
 * of every type.
 *
 * Each entry is a line in the kernel's log, after the device's name:
 *	rig event NAME WORD0 WORD1
 */
#define MMIO_BASE 0xfed80000UL /* QEMU's */
#define MMIO_SIZE 0x4000UL
#define DEVICE_TABLE 0x0000
#define COMMAND_BUFFER 0x0008
#define EVENT_LOG 0x0010
#define EVENT_TAIL 0x2018
#define ADDRESS_MASK 0x000ffffffffff000UL
#define RING_MASK 0x1fffUL /* 512 entries, as the driver has it */
#define DEVICE_ID 0x0040UL /* 00:08.0 */
#define DEVICE_NAME "0000:00:08.0"
#define NO_DEVICE_ID 0x02ffUL /* no such function */

struct bus_type;
struct device;

extern struct bus_type pci_bus_type;
extern unsigned long page_offset_base;

struct device *bus_find_device(struct bus_type *bus, struct device *start, const void *data,
			       int (*match)(struct device *, const void *));
int device_match_name(struct device *dev, const void *name);
void _dev_info(struct device *dev, const char *format, ...);
volatile void *ioremap(unsigned long address, unsigned long size);

/* AMD I/O Virtualization Technology Specification, 48882, section 2.5. The driver tells no more
 * than 10 faults of one device in 5 seconds: these are 6, and those that guest/fault.c makes 4. */
enum { COMMAND_ADDRESS = 1 }; /* instead of an address: where the command buffer is */

static const struct {
	const char *name;
	unsigned long type, device, flags, address;
	int with_domain;
} events[] = {
	{"page-fault-read", 2, DEVICE_ID, 0x000, 0x55551000, 1},
	{"page-fault-write", 2, DEVICE_ID, 0x020, 0x66662040, 1},
	{"page-fault-permission", 2, DEVICE_ID, 0x070, 0x12340080, 1},
	{"page-fault-interrupt", 2, DEVICE_ID, 0x008, 0xfdf8000123, 1},
	{"page-fault-no-device", 2, NO_DEVICE_ID, 0x020, 0x88880000, 0},
	{"illegal-dev-table-entry", 1, DEVICE_ID, 0x020, 0x99990000, 0},
	{"dev-tab-hardware-error", 3, DEVICE_ID, 0x200, 0x1000, 0},
	{"page-tab-hardware-error", 4, DEVICE_ID, 0x420, 0x2000, 1},
	{"illegal-command", 5, 0, 0, COMMAND_ADDRESS, 0},
	{"command-hardware-error", 6, 0, 0x200, COMMAND_ADDRESS, 0},
	{"iotlb-inv-timeout", 7, DEVICE_ID, 0, 0x3000, 0},
	{"invalid-device-request", 8, DEVICE_ID, 0x020, 0xfee10000, 0},
	{"invalid-ppr-request", 9, DEVICE_ID, 0x000, 0xaaaa0000, 0},
	{"rmp-page-fault", 13, DEVICE_ID, 0x020, 0x4000, 1},
	{"rmp-hardware-error", 14, DEVICE_ID, 0x020, 0x5000, 1},
};

static unsigned long register_at(const volatile char *mmio, unsigned long offset)
{
	return *(const volatile unsigned long *)(mmio + offset);
}

static unsigned long *memory_at(unsigned long pa)
{
	return (unsigned long *)(page_offset_base + pa);
}

/* What the device table entry says, as the hardware would copy it. */
static unsigned long domain_of(const volatile char *mmio, unsigned long device_id)
{
	unsigned long table = register_at(mmio, DEVICE_TABLE) & ADDRESS_MASK;

	return memory_at(table + device_id * 32)[1] & 0xffff;
}

static int events_init(void)
{
	struct device *dev = bus_find_device(&pci_bus_type, 0, DEVICE_NAME, device_match_name);
	volatile char *mmio = ioremap(MMIO_BASE, MMIO_SIZE);

	if (!dev || !mmio)
		return -19; /* ENODEV */

	unsigned long ring = register_at(mmio, EVENT_LOG) & ADDRESS_MASK;
	unsigned long commands = register_at(mmio, COMMAND_BUFFER) & ADDRESS_MASK;
	unsigned long tail = register_at(mmio, EVENT_TAIL) & RING_MASK;

	for (unsigned int i = 0; i < sizeof(events) / sizeof(*events); i++) {
		unsigned long *entry = memory_at(ring + tail);
		unsigned long domain =
			events[i].with_domain ? domain_of(mmio, events[i].device) : 0;

		entry[0] = events[i].device | domain << 32 | events[i].flags << 48 |
			   events[i].type << 60;
		entry[1] = events[i].address == COMMAND_ADDRESS ? commands : events[i].address;
		tail = (tail + 16) & RING_MASK;
		_dev_info(dev, "rig event %s 0x%lx 0x%lx\n", events[i].name, entry[0], entry[1]);
	}
	*(volatile unsigned int *)(mmio + EVENT_TAIL) = (unsigned int)tail;
	return 0;
}

#define MODULE_NAME "events"
#define MODULE_INIT events_init
#include "kmodule.h"
