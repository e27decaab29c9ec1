/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "blob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

static void reach(struct blob *blob, size_t n)
{
	if (n <= blob->n)
		return;
	blob->at = realloc(blob->at, n);
	assert_non_null(blob->at);
	memset(blob->at + blob->n, 0, n - blob->n);
	blob->n = n;
}

void blob_put(struct blob *blob, size_t offset, const void *bytes, size_t n)
{
	reach(blob, offset + n);
	memcpy(blob->at + offset, bytes, n);
}

void blob_fill(struct blob *blob, size_t offset, uint8_t byte, size_t n)
{
	reach(blob, offset + n);
	memset(blob->at + offset, byte, n);
}

void blob_le(struct blob *blob, size_t offset, uint64_t value, unsigned size)
{
	value = htole64(value);
	blob_put(blob, offset, &value, size);
}

void blob_be64(struct blob *blob, size_t offset, uint64_t value)
{
	value = htobe64(value);
	blob_put(blob, offset, &value, sizeof(value));
}

void blob_note(struct blob *blob, const char *name, uint32_t type, const void *desc, size_t size)
{
	size_t at = blob->n;

	blob_le(blob, at, strlen(name) + 1, 4);
	blob_le(blob, at + 4, size, 4);
	blob_le(blob, at + 8, type, 4);
	blob_put(blob, at + 12, name, strlen(name) + 1);
	reach(blob, (blob->n + 3) & ~(size_t)3);
	blob_put(blob, blob->n, desc, size);
	reach(blob, (blob->n + 3) & ~(size_t)3);
}

void blob_free(struct blob *blob)
{
	free(blob->at);
	*blob = (struct blob){0};
}

void blob_elf_core(struct blob *blob, const struct blob_segment *segments, size_t n)
{
	blob_put(blob, 0, ELFMAG, SELFMAG);
	blob_le(blob, EI_CLASS, ELFCLASS64, 1);
	blob_le(blob, EI_DATA, ELFDATA2LSB, 1);
	blob_le(blob, EI_VERSION, EV_CURRENT, 1);
	blob_le(blob, 16, ET_CORE, 2);
	blob_le(blob, 18, EM_X86_64, 2);
	blob_le(blob, 20, EV_CURRENT, 4);
	blob_le(blob, 32, 64, 8);
	blob_le(blob, 52, 64, 2);
	blob_le(blob, 54, 56, 2);
	blob_le(blob, 56, n, 2);
	for (size_t i = 0; i < n; i++) {
		size_t at = 64 + i * 56;

		blob_le(blob, at, segments[i].type, 4);
		blob_le(blob, at + 8, segments[i].offset, 8);
		blob_le(blob, at + 16, segments[i].va, 8);
		blob_le(blob, at + 24, segments[i].pa, 8);
		blob_le(blob, at + 32, segments[i].file_size, 8);
		blob_le(blob, at + 40, segments[i].memory_size, 8);
	}
}
