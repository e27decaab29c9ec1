// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches one PCI function to VFIO and maps a lot of memory, so that every leaf is one page:
 * the same pages, which are no neighbours, at one IOVA after the other.
 *
 *	many GROUP BDF
 *
 * Truth goes to file descriptor 4, "attached" or the reason why not to standard output, as
 * attach.c does it:
 *	window IOVA SIZE	... each of which maps the same pages:
 *	pages HASH COUNT NEIGHBOURS	FNV-1a over the frame numbers (8 bytes each, lowest first)
 *				in order of IOVA; how many follow their predecessor
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 131072UL /* 512 MB */
#define WINDOWS 32UL
#define STRIDE (PAGES * PAGE)
#define BASE 0x100000000UL

static FILE *truth;

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(1);
}

/* One file's pages, touched in a shuffled order of a fixed seed. */
static char *scattered_pages(void)
{
	uint32_t *order = malloc(PAGES * sizeof(*order)), random = 1;
	int file = memfd_create("many", 0);

	if (!order || file < 0 || ftruncate(file, PAGES * PAGE))
		die("memfd");

	char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (area == MAP_FAILED)
		die("mmap");
	for (uint32_t i = 0; i < PAGES; i++)
		order[i] = i;
	for (uint32_t i = PAGES - 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;
		uint32_t j = (random >> 8) % (i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (uint32_t i = 0; i < PAGES; i++)
		area[order[i] * PAGE] = 1;
	free(order);
	return area;
}

static void print_pages(const char *area)
{
	uint64_t *frames = malloc(PAGES * sizeof(*frames)), hash = 0xcbf29ce484222325;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	size_t neighbours = 0;

	if (!frames || pread(pagemap, frames, PAGES * sizeof(*frames),
			     (off_t)((uintptr_t)area / PAGE * sizeof(*frames))) !=
			       (ssize_t)(PAGES * sizeof(*frames)))
		die("pagemap");
	for (size_t i = 0; i < PAGES; i++) {
		frames[i] &= (1ULL << 55) - 1;
		neighbours += i && frames[i] == frames[i - 1] + 1;
		for (int shift = 0; shift < 64; shift += 8)
			hash = (hash ^ (frames[i] >> shift & 0xff)) * 0x100000001b3;
	}
	fprintf(truth, "pages\t0x%016" PRIx64 "\t%lu\t%zu\n", hash, PAGES, neighbours);
	free(frames);
}

int main(int argc, char **argv)
{
	char path[64];

	if (argc != 3) {
		fprintf(stderr, "usage: many GROUP BDF\n");
		return 2;
	}
	truth = fdopen(4, "w");
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);

	int container = open("/dev/vfio/vfio", O_RDWR), group = open(path, O_RDWR);

	if (!truth || container < 0 || group < 0)
		die(path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ||
	    ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[2]) < 0)
		die("VFIO");

	char *area = scattered_pages();

	for (uint64_t i = 0; i < WINDOWS; i++) {
		struct vfio_iommu_type1_dma_map request = {
			.argsz = sizeof(request),
			.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)area,
			.iova = BASE + i * STRIDE,
			.size = STRIDE,
		};

		if (ioctl(container, VFIO_IOMMU_MAP_DMA, &request))
			die("VFIO_IOMMU_MAP_DMA");
		fprintf(truth, "window\t0x%" PRIx64 "\t0x%lx\n", BASE + i * STRIDE, STRIDE);
	}
	print_pages(area);
	fprintf(truth, "owner\t%d\t%s %s %s\n", getpid(), argv[0], argv[1], argv[2]);
	fflush(truth);
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
