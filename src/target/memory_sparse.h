/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory made of single pages put together by hand, for test images. */
#ifndef TARGET_MEMORY_SPARSE_H
#define TARGET_MEMORY_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/memory.h"

#define SPARSE_PAGES_MAX (UINT64_C(1) << 16) /* 256 MB of contents */

struct error *sparse_memory_new(struct memory **ret);

/* The rest of a page that was not there yet is zero. */
struct error *sparse_memory_write(struct memory *memory, uint64_t pa, const void *bytes,
				  size_t len);

/* Where no page has contents: zeros, or excluded pages (which win over zeros). */
struct error *sparse_memory_add_zero(struct memory *memory, uint64_t pa, uint64_t size);
struct error *sparse_memory_add_excluded(struct memory *memory, uint64_t pa, uint64_t size);

#endif
