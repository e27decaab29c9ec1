// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel module with a driver's mistakes: what it maps for DMA it does not unmap as it should.
 *
 * Each mistake is a line in the kernel's log, after the device's name:
 *	rig leak KIND IOVA PA SIZE
 */
#define PAGE_SIZE 4096UL
#define STRUCT_PAGE_SIZE 64UL
#define GFP_KERNEL 0xcc0U
#define BIDIRECTIONAL 0
#define IOMMU_READ 1
#define BLOCK_ORDER 5U
/* Below what the DMA API gives out, which it does from 4 GB down. */
#define FIXED_IOVA 0x12340000UL

#define UNMAPPED_BY_NOBODY "0000:00:05.0"
#define WITHOUT_DRIVER "0000:00:08.0"

struct bus_type;
struct device;
struct iommu_domain;
struct page;

extern struct bus_type pci_bus_type;
extern unsigned long page_offset_base, vmemmap_base;

struct device *bus_find_device(struct bus_type *bus, struct device *start, const void *data,
			       int (*match)(struct device *, const void *));
int device_match_name(struct device *dev, const void *name);
void _dev_info(struct device *dev, const char *format, ...);
unsigned long dma_map_page_attrs(struct device *dev, struct page *page, unsigned long offset,
				 unsigned long size, int direction, unsigned long attributes);
struct iommu_domain *iommu_get_domain_for_dev(struct device *dev);
/* The last argument came with 6.3; a kernel without it does not look. */
int iommu_map(struct iommu_domain *domain, unsigned long iova, unsigned long pa, unsigned long size,
	      int protection, unsigned int gfp);
unsigned long iommu_unmap(struct iommu_domain *domain, unsigned long iova, unsigned long size);
void free_pages(unsigned long address, unsigned int order);

/* Renamed with 6.10: the loader leaves the one that is not there at 0. */
typedef unsigned long get_pages_fn(unsigned int gfp, unsigned int order);
extern get_pages_fn __get_free_pages __attribute__((weak));
extern get_pages_fn get_free_pages_noprof __attribute__((weak));
static get_pages_fn *volatile getters[] = {__get_free_pages, get_free_pages_noprof};

static unsigned long get_block(void)
{
	get_pages_fn *get = getters[0] ? getters[0] : getters[1];

	return get(GFP_KERNEL, BLOCK_ORDER);
}

static unsigned long physical(unsigned long address)
{
	return address - page_offset_base;
}

static unsigned long map_page(struct device *dev, unsigned long address)
{
	unsigned long page = vmemmap_base + physical(address) / PAGE_SIZE * STRUCT_PAGE_SIZE;

	return dma_map_page_attrs(dev, (struct page *)page, 0, PAGE_SIZE, BIDIRECTIONAL, 0);
}

static void tell(struct device *dev, const char *kind, unsigned long iova, unsigned long pa)
{
	_dev_info(dev, "rig leak %s 0x%lx 0x%lx 0x%lx\n", kind, iova, pa, PAGE_SIZE);
}

static void forget_to_unmap(struct device *dev)
{
	unsigned long address = get_block();

	tell(dev, "never-unmapped", map_page(dev, address), physical(address));
}

/* The block is large, so that its pages go back to the buddy allocator and not to a CPU's list,
 * from where they would soon be used again. */
static void free_while_mapped(struct device *dev)
{
	unsigned long block = get_block(), address = block + PAGE_SIZE;

	tell(dev, "freed", map_page(dev, address), physical(address));
	free_pages(block, BLOCK_ORDER);
}

static void map_without_iova(struct device *dev)
{
	unsigned long address = get_block();

	if (!iommu_map(iommu_get_domain_for_dev(dev), FIXED_IOVA, physical(address), PAGE_SIZE,
		       IOMMU_READ, GFP_KERNEL))
		tell(dev, "without-iova", FIXED_IOVA, physical(address));
}

static void unmap_behind_the_allocator(struct device *dev)
{
	unsigned long address = get_block(), iova = map_page(dev, address);

	if (iommu_unmap(iommu_get_domain_for_dev(dev), iova, PAGE_SIZE) == PAGE_SIZE)
		tell(dev, "without-mapping", iova, physical(address));
}

static int leak_init(void)
{
	struct device *driven =
		bus_find_device(&pci_bus_type, 0, UNMAPPED_BY_NOBODY, device_match_name);
	struct device *idle = bus_find_device(&pci_bus_type, 0, WITHOUT_DRIVER, device_match_name);

	if (!driven || !idle)
		return -19; /* ENODEV */
	forget_to_unmap(driven);
	free_while_mapped(driven);
	map_without_iova(idle);
	unmap_behind_the_allocator(idle);
	return 0;
}

#define MODULE_NAME "leak"
#define MODULE_INIT leak_init
#include "kmodule.h"
