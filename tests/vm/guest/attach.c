// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attaches one PCI function to VFIO, maps memory of every interesting shape, and
 * prints where the pages really are.
 *
 *	attach GROUP BDF [CDEV]
 *
 * With CDEV, the name of the device in /dev/vfio/devices, iommufd maps the memory, not VFIO's own container.
 *
 * Truth goes to file descriptor 4, one tab-separated fact per line:
 *	mapping NAME IOVA SIZE READ WRITE	a live mapping ...
 *	run IOVA PA SIZE			... and its physically contiguous parts
 *	refused NAME IOVA SIZE REASON		the kernel would not map this
 *	unmapped NAME IOVA SIZE			was mapped, is no longer
 *	vectors KIND COUNT			interrupts enabled through VFIO
 *	owner PID COMMAND			this process, which holds the container or context
 * Standard output gets "attached", or the reason why not. The process then stays,
 * because its open descriptors are what keeps the mappings alive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ioctl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE		4096UL
#define HUGE		(2UL << 20)
#define SCATTERED_PAGES	1024
#define HUGE_PAGES	16	/* must not exceed hugepages= on the command line */
#define SPARSE_PAGES	16
#define READ		VFIO_DMA_MAP_FLAG_READ
#define WRITE		VFIO_DMA_MAP_FLAG_WRITE

/* linux/iommufd.h and what newer linux/vfio.h have for it; Debian 12's headers are older. */
#define IOMMU_IOAS_ALLOC		_IO(';', 0x81)
#define IOMMU_IOAS_MAP			_IO(';', 0x85)
#define IOMMU_IOAS_UNMAP		_IO(';', 0x86)
#define IOMMU_MAP_FIXED_IOVA		(1U << 0)
#define IOMMU_MAP_WRITEABLE		(1U << 1)
#define IOMMU_MAP_READABLE		(1U << 2)
#define BIND_IOMMUFD			_IO(';', 100 + 18)
#define ATTACH_IOMMUFD_PT		_IO(';', 100 + 19)

struct ioas_alloc {
	uint32_t size, flags, out_id;
};

struct ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length;
};

struct bind_iommufd {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct attach_iommufd {
	uint32_t argsz, flags, pt_id;
};

static FILE *truth;
static uint32_t ioas; /* the address space of iommufd's, or 0: VFIO's container maps */

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(": %s\n", strerror(errno));
	fflush(stdout);
	exit(1);
}

/* Physical address of a touched page. The pages are pinned later, and nothing migrates
 * them between here and there unnoticed: the truth is printed after the pinning. */
static uint64_t physical(const void *address)
{
	static int pagemap = -1;
	uint64_t entry;

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pread(pagemap, &entry, sizeof(entry), (uintptr_t)address / PAGE * sizeof(entry)) !=
	    sizeof(entry))
		die("pagemap");
	if (!(entry >> 63))
		die("page %p is not present", address);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static void print_runs(uint64_t iova, const char *address, uint64_t size)
{
	uint64_t start = physical(address), length = PAGE;

	for (uint64_t offset = PAGE; offset < size; offset += PAGE) {
		uint64_t pa = physical(address + offset);

		if (pa == start + length) {
			length += PAGE;
			continue;
		}
		fprintf(truth, "run\t0x%" PRIx64 "\t0x%" PRIx64 "\t0x%" PRIx64 "\n",
			iova + offset - length, start, length);
		start = pa;
		length = PAGE;
	}
	fprintf(truth, "run\t0x%" PRIx64 "\t0x%" PRIx64 "\t0x%" PRIx64 "\n",
		iova + size - length, start, length);
}

/* container: or, with ioas, the file of iommufd. */
static int map_memory(int container, uint64_t iova, void *address, uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request),
		.flags = flags,
		.vaddr = (uintptr_t)address,
		.iova = iova,
		.size = size,
	};
	struct ioas_map to_ioas = {
		.size = sizeof(to_ioas),
		.flags = IOMMU_MAP_FIXED_IOVA | (flags & READ ? IOMMU_MAP_READABLE : 0) |
			 (flags & WRITE ? IOMMU_MAP_WRITEABLE : 0),
		.ioas_id = ioas,
		.user_va = (uintptr_t)address,
		.iova = iova,
		.length = size,
	};

	return ioas ? ioctl(container, IOMMU_IOAS_MAP, &to_ioas)
		    : ioctl(container, VFIO_IOMMU_MAP_DMA, &request);
}

/* How many bytes were unmapped; 0 after a failure. */
static uint64_t unmap_memory(int container, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request),
		.iova = iova,
		.size = size,
	};
	struct ioas_unmap from_ioas = {
		.size = sizeof(from_ioas),
		.ioas_id = ioas,
		.iova = iova,
		.length = size,
	};

	if (ioas)
		return ioctl(container, IOMMU_IOAS_UNMAP, &from_ioas) ? 0 : from_ioas.length;
	return ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request) ? 0 : request.size;
}

static void map(int container, const char *name, uint64_t iova, void *address, uint64_t size,
		uint32_t flags)
{
	if (map_memory(container, iova, address, size, flags)) {
		fprintf(truth, "refused\t%s\t0x%" PRIx64 "\t0x%" PRIx64 "\t%s\n", name, iova, size,
			strerror(errno));
		return;
	}
	fprintf(truth, "mapping\t%s\t0x%" PRIx64 "\t0x%" PRIx64 "\t%d\t%d\n", name, iova, size,
		!!(flags & READ), !!(flags & WRITE));
	print_runs(iova, address, size);
}

/* Mapped and unmapped again: the emptied tables stay behind, the leaves must not. */
static void map_and_unmap(int container, const char *name, uint64_t iova, void *address,
			  uint64_t size)
{
	if (map_memory(container, iova, address, size, READ | WRITE))
		die("map %s", name);
	if (unmap_memory(container, iova, size) != size)
		die("unmap %s", name);
	fprintf(truth, "unmapped\t%s\t0x%" PRIx64 "\t0x%" PRIx64 "\n", name, iova, size);
}

/* Ordinary pages whose neighbours are not physical neighbours: first touched in a
 * shuffled order, from a fixed seed so that every run asks for the same. */
static char *scattered_pages(unsigned int count)
{
	unsigned int order[count];
	uint32_t random = 1;
	char *area = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	madvise(area, count * PAGE, MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < count; i++)
		order[i] = i;
	for (unsigned int i = count - 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;
		unsigned int j = (random >> 8) % (i + 1);
		unsigned int swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (unsigned int i = 0; i < count; i++)
		memset(area + order[i] * PAGE, 0x5a, PAGE);
	return area;
}

struct huge_page {
	uint64_t pa;
	off_t offset;
};

static int by_physical(const void *a, const void *b)
{
	const struct huge_page *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

/* Huge pages laid out in physical order, so that neighbours in memory are neighbours in
 * the area wherever the kernel gave us such: that is what yields leaves above 2 MB. */
static char *huge_pages(struct huge_page *pages, unsigned int count)
{
	int file = memfd_create("huge", MFD_HUGETLB);

	if (file < 0 || ftruncate(file, count * HUGE))
		die("memfd");

	char *any = mmap(NULL, count * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	/* One huge page more, to align the fixed mappings below. */
	char *room = mmap(NULL, (count + 1) * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (any == MAP_FAILED || room == MAP_FAILED)
		die("%u huge pages", count);
	memset(any, 0xa5, count * HUGE);
	for (unsigned int i = 0; i < count; i++)
		pages[i] = (struct huge_page){physical(any + i * HUGE), (off_t)(i * HUGE)};
	qsort(pages, count, sizeof(*pages), by_physical);

	char *area = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));

	for (unsigned int i = 0; i < count; i++) {
		char *page = mmap(area + i * HUGE, HUGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, pages[i].offset);

		if (page == MAP_FAILED)
			die("mmap of a huge page");
		*(volatile char *)page = (char)0xa5;
	}
	return area;
}

/* Index of the first huge page of an ascending run of `length`, its address a multiple of
 * the run's size; -1 if memory was not that tidy. */
static int contiguous_run(const struct huge_page *pages, unsigned int count, unsigned int length)
{
	for (unsigned int i = 0; i + length <= count; i++)
		if (pages[i].pa % (length * HUGE) == 0 &&
		    pages[i + length - 1].pa == pages[i].pa + (length - 1) * HUGE)
			return (int)i;
	return -1;
}

static void map_huge(int container)
{
	struct huge_page pages[HUGE_PAGES];
	char *area = huge_pages(pages, HUGE_PAGES);
	int run;

	/* IOVA two megabytes off a larger boundary: leaves of exactly 2 MB. */
	map(container, "huge", 0x40200000, area, 2 * HUGE, READ | WRITE);
	run = contiguous_run(pages, HUGE_PAGES, 4);
	if (run >= 0)
		map(container, "huge-8m", 0x80000000, area + (unsigned int)run * HUGE, 4 * HUGE,
		    READ | WRITE);
	run = contiguous_run(pages, HUGE_PAGES, 2);
	if (run >= 0)
		map(container, "huge-4m", 0x90000000, area + (unsigned int)run * HUGE, 2 * HUGE,
		    READ | WRITE);
	/* 64 KB + 32 KB of one huge page: enlarged leaves below 2 MB. */
	map(container, "part-of-huge", 0xa0000000, area + (HUGE_PAGES - 1) * HUGE, 0x18000,
	    READ | WRITE);
	/* All of them at one go, up and across a 1 GB boundary. */
	map(container, "all-huge", 0x13f000000, area, HUGE_PAGES * HUGE, READ | WRITE);
	map_and_unmap(container, "huge-unmapped", 0x180000000, area, 2 * HUGE);
}

static void map_pages(int container)
{
	char *area = scattered_pages(SCATTERED_PAGES);
	char *page = scattered_pages(SPARSE_PAGES + 8);

	map(container, "scattered", 0x10000000, area, SCATTERED_PAGES * PAGE, READ | WRITE);
	/* The same memory a second time: one physical page, two IOVAs. */
	map(container, "alias", 0x20000000, area, 4 * PAGE, READ | WRITE);
	map(container, "read-only", 0x30000000, page, PAGE, READ);
	map(container, "write-only", 0x30001000, page + PAGE, PAGE, WRITE);
	map(container, "zero", 0, page + 2 * PAGE, PAGE, READ | WRITE);
	map(container, "below-msi", 0xfedff000, page + 3 * PAGE, PAGE, READ | WRITE);
	map(container, "above-msi", 0xfef00000, page + 4 * PAGE, PAGE, READ | WRITE);
	map(container, "in-msi", 0xfee00000, page + 5 * PAGE, PAGE, READ | WRITE);
	map(container, "above-2^47", 0x800000010000, page + 6 * PAGE, PAGE, READ | WRITE);
	map(container, "top-of-2^48", 0xfffffffff000, page + 7 * PAGE, PAGE, READ | WRITE);
	/* One page to a table: a stride of 2 MB and one page. */
	for (unsigned int i = 0; i < SPARSE_PAGES; i++)
		map(container, "sparse", 0x200000000 + i * (HUGE + PAGE), page + (8 + i) * PAGE,
		    PAGE, READ | WRITE);
	map_and_unmap(container, "unmapped", 0x50000000, area, 16 * PAGE);
}

/* Interrupts through VFIO, so that the remapping table has entries of this device too. */
static bool enable_vectors(int device, unsigned int index, const char *name)
{
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};

	if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &info) || !info.count)
		return false;

	size_t size = sizeof(struct vfio_irq_set) + info.count * sizeof(int32_t);
	struct vfio_irq_set *set = calloc(1, size);

	if (!set)
		die("calloc");
	*set = (struct vfio_irq_set){
		.argsz = (uint32_t)size,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = index,
		.count = info.count,
	};
	for (unsigned int i = 0; i < info.count; i++) {
		int32_t event = eventfd(0, 0);

		memcpy(set->data + i * sizeof(event), &event, sizeof(event));
	}

	bool enabled = !ioctl(device, VFIO_DEVICE_SET_IRQS, set);

	free(set);
	if (enabled)
		fprintf(truth, "vectors\t%s\t%u\n", name, info.count);
	return enabled;
}

/* The device's file; *container gets the file that maps for it. */
static int open_by_group(const char *group_name, const char *bdf, int *container)
{
	char path[64];
	int group, device;

	snprintf(path, sizeof(path), "/dev/vfio/%s", group_name);
	*container = open("/dev/vfio/vfio", O_RDWR);
	group = open(path, O_RDWR);
	if (*container < 0 || group < 0)
		die("%s", path);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, container))
		die("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		die("VFIO_SET_IOMMU");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (device < 0)
		die("VFIO_GROUP_GET_DEVICE_FD");
	return device;
}

/* The same by iommufd. */
static int open_by_iommufd(const char *cdev, int *context)
{
	struct ioas_alloc alloc = {.size = sizeof(alloc)};
	struct bind_iommufd bind = {.argsz = sizeof(bind)};
	struct attach_iommufd attach = {.argsz = sizeof(attach)};
	char path[64];
	int device;

	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", cdev);
	*context = open("/dev/iommu", O_RDWR);
	device = open(path, O_RDWR);
	if (*context < 0 || device < 0)
		die("%s", path);
	bind.iommufd = *context;
	if (ioctl(device, BIND_IOMMUFD, &bind))
		die("VFIO_DEVICE_BIND_IOMMUFD");
	if (ioctl(*context, IOMMU_IOAS_ALLOC, &alloc))
		die("IOMMU_IOAS_ALLOC");
	ioas = attach.pt_id = alloc.out_id;
	if (ioctl(device, ATTACH_IOMMUFD_PT, &attach))
		die("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	return device;
}

int main(int argc, char **argv)
{
	int container, device;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: attach GROUP BDF [CDEV]\n");
		return 2;
	}
	truth = fdopen(4, "w");
	if (!truth)
		die("file descriptor 4");
	device = argc == 4 ? open_by_iommufd(argv[3], &container)
			   : open_by_group(argv[1], argv[2], &container);
	map_pages(container);
	map_huge(container);
	if (!enable_vectors(device, VFIO_PCI_MSIX_IRQ_INDEX, "msix"))
		enable_vectors(device, VFIO_PCI_MSI_IRQ_INDEX, "msi");
	fprintf(truth, "owner\t%d\t%s %s %s%s%s\n", getpid(), argv[0], argv[1], argv[2],
		argc == 4 ? " " : "", argc == 4 ? argv[3] : "");
	fflush(truth);
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
