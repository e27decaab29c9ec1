// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel module that stops the IOMMU's command processor, as a hardware error would, and then
 *maps and unmaps a page: the driver asks for an invalidation that is never done.
 *
 * A line in the kernel's log, after the device's name, says which:
 *	rig stuck IOVA SIZE
 */
#define STRUCT_PAGE_SIZE 64UL
#define PAGE_SIZE 4096UL
#define BIDIRECTIONAL 0
#define MMIO_BASE 0xfed80000UL /* QEMU's */
#define MMIO_SIZE 0x4000UL
#define CONTROL 0x0018
#define COMMAND_HEAD 0x2000
#define COMMAND_TAIL 0x2008
#define TRIES 10
#define COMMAND_BUFFER_ON (1UL << 12)
#define DEVICE_NAME "0000:00:08.0"

struct bus_type;
struct device;
struct page;

extern struct bus_type pci_bus_type;
extern unsigned long vmemmap_base;

struct device *bus_find_device(struct bus_type *bus, struct device *start, const void *data,
			       int (*match)(struct device *, const void *));
int device_match_name(struct device *dev, const void *name);
void _dev_info(struct device *dev, const char *format, ...);
volatile void *ioremap(unsigned long address, unsigned long size);
unsigned long dma_map_page_attrs(struct device *dev, struct page *page, unsigned long offset,
				 unsigned long size, int direction, unsigned long attributes);
void dma_unmap_page_attrs(struct device *dev, unsigned long iova, unsigned long size, int direction,
			  unsigned long attributes);

static unsigned int register_at(volatile char *mmio, unsigned long offset)
{
	return *(volatile unsigned int *)(mmio + offset);
}

static unsigned long unmap_unheard(struct device *dev, volatile char *mmio)
{
	/* Any page does but that at address 0, which the kernel takes for none. */
	unsigned long iova =
		dma_map_page_attrs(dev, (struct page *)(vmemmap_base + STRUCT_PAGE_SIZE), 0,
				   PAGE_SIZE, BIDIRECTIONAL, 0);

	*(volatile unsigned long *)(mmio + CONTROL) &= ~COMMAND_BUFFER_ON;
	dma_unmap_page_attrs(dev, iova, PAGE_SIZE, BIDIRECTIONAL, 0);
	return iova;
}

static int stuck_init(void)
{
	struct device *dev = bus_find_device(&pci_bus_type, 0, DEVICE_NAME, device_match_name);
	volatile char *mmio = ioremap(MMIO_BASE, MMIO_SIZE);

	if (!dev || !mmio)
		return -19; /* ENODEV */

	/* Now and then the bit is set again at once; whether it held, the ring's two ends tell. */
	unsigned long iova;
	int tries = TRIES;

	do
		iova = unmap_unheard(dev, mmio);
	while (register_at(mmio, COMMAND_HEAD) == register_at(mmio, COMMAND_TAIL) && --tries);
	if (!tries)
		return -5; /* EIO */
	_dev_info(dev, "rig stuck 0x%lx 0x%lx\n", iova, PAGE_SIZE);
	return 0;
}

#define MODULE_NAME "stuck"
#define MODULE_INIT stuck_init
#include "kmodule.h"
