/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers kept from one run to the next: $XDG_CACHE_HOME/iommuscope/BUILD-ID.layouts. It only saves
 * time, so nothing that goes wrong with it is an error: a damaged file is ignored and replaced, a
 * read-only home or a full disk is noted and passed over.
 */
#ifndef TARGET_LAYOUT_CACHE_H
#define TARGET_LAYOUT_CACHE_H

#include "target/layout_file.h"
#include "target/target.h"

/* The cache file's path, the caller's; NULL: no valid build ID, or no home to keep it in. */
char *layout_cache_path(const char *build_id);

/* Adds what is cached for build_id to file; nothing when there is nothing fit. */
void layout_cache_read(const struct target_spec *spec, const char *path, const char *build_id,
		       struct layout_file *file);

/* Adds the rows of file, whose build_id is set, to the cache. Safe for several at once. */
void layout_cache_write(const struct target_spec *spec, const char *path,
			const struct layout_file *file);

#endif
