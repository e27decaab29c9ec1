// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The speed of light: reads pages of a dump and looks at every word of them once, and that is all.
 *
 *	read_pages DUMP LIST
 *
 * LIST holds one record per page: offset in the file, bytes there, 1 if they are compressed with
 * zlib, all of 64 bits, little-endian. Prints how many words are present page-table entries (bit
 *0).
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PAGE 4096

struct record {
	uint64_t offset, size, compressed;
};

static void die(const char *what)
{
	fprintf(stderr, "read_pages: %s: %s\n", what, errno ? strerror(errno) : "cannot be read");
	exit(1);
}

static void read_all(int fd, void *buffer, size_t size, uint64_t offset, const char *path)
{
	if (pread(fd, buffer, size, (off_t)offset) != (ssize_t)size)
		die(path);
}

static void inflate_page(const uint8_t *packed, size_t size, uint64_t words[PAGE / 8])
{
	uLongf length = PAGE;

	if (uncompress((Bytef *)words, &length, packed, size) != Z_OK || length != PAGE)
		die("zlib");
}

int main(int argc, char **argv)
{
	uint64_t words[PAGE / 8], present = 0;
	uint8_t packed[PAGE];
	struct record record;

	if (argc != 3) {
		fprintf(stderr, "usage: read_pages DUMP LIST\n");
		return 2;
	}
	int fd = open(argv[1], O_RDONLY);
	FILE *list = fopen(argv[2], "r");

	if (fd < 0 || !list)
		die(fd < 0 ? argv[1] : argv[2]);
	while (fread(&record, sizeof(record), 1, list) == 1) {
		uint64_t size = le64toh(record.size), offset = le64toh(record.offset);

		errno = 0;
		if (size > PAGE || (!record.compressed && size != PAGE))
			die(argv[2]);
		read_all(fd, record.compressed ? (void *)packed : words, size, offset, argv[1]);
		if (record.compressed)
			inflate_page(packed, size, words);
		for (size_t i = 0; i < PAGE / 8; i++)
			present += le64toh(words[i]) & 1;
	}
	printf("%llu\n", (unsigned long long)present);
	return 0;
}
