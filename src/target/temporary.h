/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place for what does not fit in memory: a file without a name, gone when it is closed. */
#ifndef TARGET_TEMPORARY_H
#define TARGET_TEMPORARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

/* As file_temporary(). */
struct error *temporary_file(int *ret);

/* As file_replace_begin(), with an error that says why not. */
struct error *temporary_beside(const char *path, bool with_folders, struct file_replacement *ret);

/* Writes all of it at offset; an error says what to do when there is no room. */
struct error *temporary_write(int fd, const void *bytes, size_t len, uint64_t offset);

#endif
