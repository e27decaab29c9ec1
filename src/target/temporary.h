/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place for what does not fit in memory: a file without a name, gone when it is closed. */
#ifndef TARGET_TEMPORARY_H
#define TARGET_TEMPORARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* In $TMPDIR, else in /var/tmp (large and on disk, unlike many a /tmp), else in /tmp. */
struct error *temporary_file(int *ret);

/*
 * Makes and opens the file "path.XXXXXX", which is to take path's place once it is complete: its name is
 * the caller's. Refused when something is at path that is no regular file: a device, a pipe.
 */
struct error *temporary_beside(const char *path, char **ret_name, int *ret_fd);

/* Writes all of it at offset; an error says what to do when there is no room. */
struct error *temporary_write(int fd, const void *bytes, size_t len, uint64_t offset);

#endif
