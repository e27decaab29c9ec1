// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints what each PCI function was told to send as an interrupt, from its MSI and MSI-X
 * registers: with interrupt remapping the data is the index of the remapping table's entry.
 *
 *	msi BDF...
 *
 * Standard output gets a tab-separated line for each vector that was ever set up, of a function
 * whose MSI or MSI-X is enabled:
 *	msi BDF KIND INDEX ADDRESS DATA MASKED
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* PCI Local Bus Specification 3.0, chapter 6 */
#define CONFIG_SIZE 256
#define CAPABILITIES 0x34
#define CAP_MSI 0x05
#define CAP_MSIX 0x11
#define MSI_ENABLE 0x0001
#define MSI_64_BIT 0x0080
#define MSIX_ENABLE 0x8000
#define MSIX_ENTRY_WORDS 4

static unsigned int word(const uint8_t *at)
{
	return at[0] | (unsigned int)at[1] << 8;
}

static uint32_t dword(const uint8_t *at)
{
	return word(at) | (uint32_t)word(at + 2) << 16;
}

static void print_msi(const char *bdf, const uint8_t *cap)
{
	unsigned int control = word(cap + 2);
	unsigned int count = 1U << (control >> 4 & 7);
	uint64_t address = dword(cap + 4);
	unsigned int data = word(cap + (control & MSI_64_BIT ? 12 : 8));

	if (!(control & MSI_ENABLE))
		return;
	if (control & MSI_64_BIT)
		address |= (uint64_t)dword(cap + 8) << 32;
	/* Several vectors differ in the data's low bits. */
	for (unsigned int i = 0; i < count; i++)
		printf("msi\t%s\tmsi\t%u\t0x%" PRIx64 "\t0x%x\t0\n", bdf, i, address,
		       (data & ~(count - 1)) | i);
}

static int print_msix(const char *bdf, const uint8_t *cap)
{
	unsigned int control = word(cap + 2), count = (control & 0x7ff) + 1;
	uint32_t table = dword(cap + 4), offset = table & ~7U;
	size_t size = offset + count * MSIX_ENTRY_WORDS * sizeof(uint32_t);
	char path[96];
	int file;

	if (!(control & MSIX_ENABLE))
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u", bdf, table & 7);
	file = open(path, O_RDONLY);
	if (file < 0) {
		perror(path);
		return 1;
	}

	const volatile uint32_t *words = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);

	close(file);
	if (words == MAP_FAILED) {
		perror(path);
		return 1;
	}
	for (unsigned int i = 0; i < count; i++) {
		const volatile uint32_t *entry =
			words + offset / sizeof(uint32_t) + (size_t)i * MSIX_ENTRY_WORDS;
		uint32_t low = entry[0], high = entry[1], data = entry[2], masked = entry[3] & 1;

		if (low) /* has been given an address, ever */
			printf("msi\t%s\tmsix\t%u\t0x%" PRIx64 "\t0x%x\t%u\n", bdf, i,
			       (uint64_t)high << 32 | low, data, masked);
	}
	munmap((void *)words, size);
	return 0;
}

static int print_function(const char *bdf)
{
	uint8_t config[CONFIG_SIZE] = {0};
	char path[96];
	int failed = 0, file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	file = open(path, O_RDONLY);
	if (file < 0 || read(file, config, sizeof(config)) < 64) {
		perror(path);
		return 1;
	}
	close(file);
	/* Bounded: a list of capabilities that runs in a circle is the device's fault. */
	for (unsigned int at = config[CAPABILITIES] & ~3U, left = 48; at && left;
	     at = config[at + 1] & ~3U, left--) {
		if (config[at] == CAP_MSI)
			print_msi(bdf, config + at);
		if (config[at] == CAP_MSIX)
			failed |= print_msix(bdf, config + at);
	}
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= print_function(argv[i]);
	return failed;
}
