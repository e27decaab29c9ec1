// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has QEMU's educational device (1234:11e8) do DMA that the IOMMU must refuse.
 *
 *	fault BDF read|write IOVA ...
 *
 * Standard output gets, for each DMA in its turn, a tab-separated line:
 *	dma BDF read|write IOVA SIZE
 * "read" is what the device does: it reads memory.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* docs/specs/edu in QEMU's source */
#define REGISTERS 0x1000
#define DMA_SOURCE 0x80
#define DMA_TARGET 0x88
#define DMA_COUNT 0x90
#define DMA_COMMAND 0x98
#define DMA_BUFFER 0x40000 /* the device's own memory, as its DMA engine sees it */
#define START 1U
#define TO_MEMORY 2U
#define SIZE 4U	  /* more would be several requests, and events */
#define COMMAND 4 /* PCI configuration space */
#define BUS_MASTER 4U

static int enable_bus_master(const char *bdf)
{
	char path[96];
	uint16_t command;
	int file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", bdf);
	file = open(path, O_WRONLY);
	if (file < 0 || write(file, "1", 1) != 1)
		return -1;
	close(file);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	file = open(path, O_RDWR);
	if (file < 0 || pread(file, &command, sizeof(command), COMMAND) != sizeof(command))
		return -1;
	command |= BUS_MASTER;
	if (pwrite(file, &command, sizeof(command), COMMAND) != sizeof(command))
		return -1;
	return close(file);
}

static volatile uint64_t *registers(const char *bdf)
{
	char path[96];
	int file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", bdf);
	file = open(path, O_RDWR);
	return file < 0 ? MAP_FAILED
			: mmap(NULL, REGISTERS, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
}

/* The device answers a tenth of a second after it was asked. */
static int run_dma(volatile uint64_t *device, uint64_t iova, int write)
{
	device[DMA_SOURCE / 8] = write ? DMA_BUFFER : iova;
	device[DMA_TARGET / 8] = write ? iova : DMA_BUFFER;
	device[DMA_COUNT / 8] = SIZE;
	device[DMA_COMMAND / 8] = START | (write ? TO_MEMORY : 0);
	for (int i = 0; i < 1000; i++) {
		usleep(10000);
		if (!(device[DMA_COMMAND / 8] & START))
			return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	volatile uint64_t *device;

	if (argc < 4 || argc % 2) {
		fprintf(stderr, "usage: fault BDF read|write IOVA ...\n");
		return 2;
	}
	if (enable_bus_master(argv[1])) {
		perror("fault: bus master");
		return 1;
	}
	device = registers(argv[1]);
	if (device == MAP_FAILED) {
		perror("fault: resource0");
		return 1;
	}
	for (int i = 2; i < argc; i += 2) {
		uint64_t iova = strtoull(argv[i + 1], NULL, 0);

		if (run_dma(device, iova, !strcmp(argv[i], "write"))) {
			fprintf(stderr, "fault: the DMA to 0x%" PRIx64 " does not end\n", iova);
			return 1;
		}
		printf("dma\t%s\t%s\t0x%" PRIx64 "\t0x%x\n", argv[1], argv[i], iova, SIZE);
	}
	return 0;
}
