/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that a test lays out by offset, to be written as a file. Every failure fails the test. */
#ifndef TESTS_UNIT_BLOB_H
#define TESTS_UNIT_BLOB_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. What was never put is zero. */
struct blob {
	uint8_t *at;
	size_t n;
};

void blob_put(struct blob *blob, size_t offset, const void *bytes, size_t n);
void blob_fill(struct blob *blob, size_t offset, uint8_t byte, size_t n);
void blob_le(struct blob *blob, size_t offset, uint64_t value, unsigned size);
void blob_be64(struct blob *blob, size_t offset, uint64_t value);

/* An ELF note behind what is there. */
void blob_note(struct blob *blob, const char *name, uint32_t type, const void *desc, size_t size);

void blob_free(struct blob *blob);

/* A segment of an ELF core; its bytes stand in the file at offset. */
struct blob_segment {
	uint32_t type;
	uint64_t offset, va, pa, file_size, memory_size;
};

/* The headers of an x86-64 ELF core: 64 bytes and 56 per segment. */
void blob_elf_core(struct blob *blob, const struct blob_segment *segments, size_t n);

#endif
