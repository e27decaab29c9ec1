/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture: the part of a dump that was read while a recorder listened, and what its kernel's
 * symbols and types came to. A standard ELF core (a PT_LOAD per run of pages, blank where nothing
 * was read, the kernel's VMCOREINFO as a note), so that other tools read it too; and a note of ours,
 * which says exactly what it holds.
 *
 * The note: name "IOMMUSCOPE", contents little-endian 64-bit words
 *
 *	version (1), KASLR offset, phys_base, top page table, SME mask, page-table levels,
 *	number of ranges, bytes of text,
 *	per range: physical address, bytes, enum capture_state; by address, without overlaps
 *	text as in layout_file.h
 */
#ifndef TARGET_CAPTURE_H
#define TARGET_CAPTURE_H

#include <stdbool.h>

#include "base/error.h"
#include "target/boot_info.h"
#include "target/layout_file.h"
#include "target/memory.h"
#include "target/recorder.h"
#include "target/target.h"

#define CAPTURE_NOTE_NAME "IOMMUSCOPE"
/* Not a small number: some readers take type 1 for a CPU's state whatever the name. */
#define CAPTURE_NOTE_TYPE 0x494f4d55
#define CAPTURE_VERSION 1

/* Words of the note before the ranges, and of each range. */
enum {
	CAPTURE_WORD_VERSION,
	CAPTURE_WORD_KASLR,
	CAPTURE_WORD_PHYS_BASE,
	CAPTURE_WORD_PAGE_TABLE,
	CAPTURE_WORD_SME_MASK,
	CAPTURE_WORD_LEVELS,
	CAPTURE_WORD_RANGES,
	CAPTURE_WORD_TEXT,
	CAPTURE_WORDS,

	CAPTURE_RANGE_WORDS = 3,
};

/* What reading a range came to in the dump; what is in no range is excluded. */
enum capture_state {
	CAPTURE_HELD,
	CAPTURE_FAULT,
	CAPTURE_CORRUPT,
	CAPTURE_IO,
};

/*
 * Writes what recorder noted of target, and everything that target_lookup() has answered, to path:
 * a new file takes its place when it is complete, else nothing changes. ret: its size in bytes.
 */
struct error *capture_write(struct target *target, struct recorder *recorder, const char *path,
			    uint64_t *ret_size);

/* The ELF core's notes say that it is a capture. */
bool capture_is(const struct memory *memory);

/*
 * *memory is the ELF core; on success it is replaced by one that reads just what the capture holds.
 * The numbers of boot are filled in, and layouts, both the caller's to free on failure too.
 */
struct error *capture_memory_open(struct memory **memory, struct boot_info *boot,
				  struct layout_file *layouts);

#endif
