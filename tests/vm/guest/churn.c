// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gives a PCI function to VFIO and takes it back, over and over, so that its domain and page
 * tables come and go while somebody looks at them.
 *
 *	churn GROUP LOG
 *
 * In each round: a container with other mappings than in the round before, small pages replaced by
 * a large one and back. The memory that this frees is taken again at once and filled with what looks
 * like entries of a page table, so that whoever follows a stale pointer shows mappings to DECOY.
 *
 * LOG gets each mapping before it is made, a line each: iova pa size (hexadecimal). Whatever is
 * not in it never existed. Ends on SIGTERM, with "rounds N" as the log's last line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	     4096UL
#define HUGE	     (2UL << 20)
#define SMALL_PAGES  64
#define SLOTS	     24 /* places for small pages, of which each round takes every second or so */
#define DECOY_PAGES  256
/* AMD's host format: present, a leaf, may be read and written; far behind any memory. */
#define DECOY	     0x6000bad000000001ULL
#define IOVA_SMALL   0x10000000UL
#define IOVA_HUGE    0x40000000UL

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t physical(const void *address)
{
	static int pagemap = -1;
	uint64_t entry;

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)address / PAGE * sizeof(entry)) !=
		    sizeof(entry) ||
	    !(entry >> 63))
		die("pagemap");
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static char *pages(size_t size, int flags)
{
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | flags, -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	memset(area, 0x5a, size);
	return area;
}

static uint64_t write_log(FILE *log, uint64_t iova, const char *address, uint64_t size)
{
	uint64_t pa = physical(address);

	fprintf(log, "%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", iova, pa, size);
	fflush(log);
	return pa;
}

static void map(int container, FILE *log, uint64_t iova, char *address, uint64_t size)
{
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)address,
		.iova = iova,
		.size = size,
	};

	uint64_t pa = write_log(log, iova, address, size);

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &request))
		die("map");
	if (physical(address) != pa) /* migrated before it was pinned */
		write_log(log, iova, address, size);
}

static void unmap(int container, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request),
		.iova = iova,
		.size = size,
	};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request))
		die("unmap");
}

/* The allocator hands the pages that were freed last out first. */
static void fill_freed_memory(void)
{
	uint64_t *area = mmap(NULL, DECOY_PAGES * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		die("mmap of decoys");
	for (size_t i = 0; i < DECOY_PAGES * PAGE / sizeof(*area); i++)
		area[i] = DECOY + i % 512 * PAGE;
	munmap(area, DECOY_PAGES * PAGE);
}

/* A page to a table: slots lie 2 MB and a page apart. */
static void map_small(int container, FILE *log, char *small, unsigned int round)
{
	for (unsigned int i = 0; i < SLOTS; i++)
		if ((i ^ round) % 2 || i % 5 == round % 5)
			map(container, log, IOVA_SMALL + i * (HUGE + PAGE),
			    small + (i * 7 + round * 11) % SMALL_PAGES * PAGE, PAGE);
}

/* Small pages and a large one take turns at the same IOVA: the table between them comes and goes. */
static void map_in_turns(int container, FILE *log, char *small, char *huge, unsigned int round)
{
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int k = 0; k < 4; k++)
			map(container, log, IOVA_HUGE + (k + round % 8) * PAGE,
			    small + (k * 13 + round * 3 + i) % SMALL_PAGES * PAGE, PAGE);
		unmap(container, IOVA_HUGE, HUGE);
		map(container, log, IOVA_HUGE, huge, HUGE);
		fill_freed_memory();
		unmap(container, IOVA_HUGE, HUGE);
	}
}

static void attach_once(const char *group_path, FILE *log, char *small, char *huge,
			unsigned int round)
{
	int container = open("/dev/vfio/vfio", O_RDWR), group = open(group_path, O_RDWR);

	if (container < 0 || group < 0)
		die(group_path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		die("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("VFIO_SET_IOMMU");
	map_small(container, log, small, round);
	map_in_turns(container, log, small, huge, round);
	usleep(round % 4 * 10000);
	close(group);
	close(container);
	fill_freed_memory();
}

int main(int argc, char **argv)
{
	char path[64];
	unsigned int round = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: churn GROUP LOG\n");
		return 2;
	}
	FILE *log = fopen(argv[2], "w");

	if (!log)
		die(argv[2]);
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);
	signal(SIGTERM, end);

	char *small = pages(SMALL_PAGES * PAGE, 0);
	char *huge = pages(HUGE, MAP_HUGETLB);

	for (; !ended; round++)
		attach_once(path, log, small, huge, round);
	fprintf(log, "rounds %u\n", round);
	fclose(log);
	return 0;
}
