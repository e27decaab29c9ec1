/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that a target is read from: opened with the checks that every kind of dump wants, and
 * read at offsets. Nothing is mapped: a file that shrinks while it is read, or a bad sector under
 * it, is then an error and not a SIGBUS.
 */
#ifndef TARGET_CORE_FILE_H
#define TARGET_CORE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct core_file {
	int fd;        /* owned; -1: none */
	uint64_t size; /* bytes */
	const char *path; /* as the user gave it, for messages; the caller's */
};

/*
 * A regular file or block device, not empty. Errors say what it is instead, without the path. path
 * has to outlive ret.
 */
struct error *core_file_open(const char *path, struct core_file *ret);

/* The end of a message that says "truncated": what to do. */
#define CORE_FILE_COPY_ADVICE "; copy it anew, or see whether the disk was full when it was written"

/*
 * Whole or not at all. Past the end of the file: ERROR_CORRUPT ("truncated"); what the system
 * refuses: ERROR_IO. Both name the offset.
 */
struct error *core_file_read(const struct core_file *file, uint64_t offset, void *buf, size_t len);

/*
 * `len` bytes from offset into memory of the caller's, one NUL added behind them. Neither more than
 * the file has nor than the limit (a file may be large and empty): lengths come from hostile
 * headers.
 */
#define CORE_FILE_ALLOC_MAX (UINT64_C(256) << 20)
struct error *core_file_read_alloc(const struct core_file *file, uint64_t offset, uint64_t len,
				   void **ret);

void core_file_close(struct core_file *file);

#endif
