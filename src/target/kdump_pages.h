/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the pages of a kdump-compressed dump are: its headers, bitmaps and page descriptors, over
 * all files of a split set. What is in the pages is left to memory_kdump.c, for the most part to
 * libkdumpfile; but that takes what lies behind the end of a truncated file for zeros, so a page is
 * located here first.
 *
 * Pages are numbers: physical address / 4096.
 */
#ifndef TARGET_KDUMP_PAGES_H
#define TARGET_KDUMP_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/core_file.h"
#include "target/memory.h"

/* One file, for the pages [first, end); in a split set it may be for none. */
struct kdump_part {
	const struct core_file *file;
	bool is_split;
	uint64_t first, end;
	uint64_t n_pages; /* of the whole dump */
	uint64_t bitmaps_at, bitmaps_size, descriptors_at; /* in the file */
	struct kdump_region {
		uint64_t offset, size; /* in the file, and within it; size 0: none */
	} vmcoreinfo, notes;
};

#define KDUMP_HEADER_SIZE 464

struct kdump_bitmap {
	uint8_t *bits;
	uint64_t *ranks; /* set bits before each block of it */
};

struct kdump_pages {
	struct kdump_part *parts; /* in the order of their pages */
	size_t n_parts;
	uint64_t n_pages;
	struct kdump_bitmap ram;  /* pages that the machine had */
	struct kdump_bitmap held; /* pages that the files hold */
};

/*
 * Reads and checks the headers of the files (in any order; they stay the caller's and have to
 * outlive ret), the notes of the first into notes. Errors name the file.
 */
struct error *kdump_pages_read(const struct core_file *files, size_t n, struct memory_notes *notes,
			       struct kdump_pages *ret);

/* Flags of a page descriptor: how the page is compressed. 0: not at all. */
#define KDUMP_PAGE_ZLIB 1

/* A page as its file has it: 1 to PAGE_SIZE bytes. */
struct kdump_place {
	const struct core_file *file;
	uint64_t offset;
	uint32_t length, flags;
};

/*
 * Where the page is; it is there in full. Else ERROR_FAULT, ERROR_EXCLUDED, ERROR_CORRUPT
 * (truncated) or ERROR_IO.
 */
struct error *kdump_pages_find(const struct kdump_pages *pages, uint64_t page,
			       struct kdump_place *ret);

/* The first page from *page on that is held; false: none. */
bool kdump_pages_next(const struct kdump_pages *pages, uint64_t *page);

void kdump_pages_free(struct kdump_pages *pages);

#endif
