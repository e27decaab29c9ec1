/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source of system physical memory: an ELF core, a kdump-compressed file, the text of a test
 * image, a capture. It knows nothing of virtual addresses; those are x86_64.h's.
 *
 * To add a source: write its ops, embed struct memory first in your own struct, fill in what the
 * container says beside the memory (struct memory_notes), and call your opener from dump.c.
 *
 * A read that fails says which, by its code: ERROR_EXCLUDED (the machine had this page and the file
 * does not hold it), ERROR_FAULT (the machine has no memory there), ERROR_IO, ERROR_CORRUPT (the
 * file is truncated or damaged there). The message names the physical address.
 */
#ifndef TARGET_MEMORY_H
#define TARGET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)

#define PHYSICAL_END (UINT64_C(1) << 52) /* no x86-64 machine has memory behind */

struct memory;

struct memory_ops {
	/* Whole or not at all; [pa, pa + len) lies within one page, unless the memory is moving, or
	   within what `held` has told. */
	struct error *(*read)(struct memory *, uint64_t pa, void *buf, size_t len);
	/* How many bytes from pa on one read can have. NULL: not known, and none beyond pa's page.
	 */
	uint64_t (*held)(struct memory *, uint64_t pa);
	/*
	 * Moves *pa up to the first page from there on of which the file holds something; false:
	 * there is none. *pa and the answer are page-aligned.
	 */
	bool (*next)(struct memory *, uint64_t *pa);
	void (*close)(struct memory *); /* frees the memory */
};

/* What the container says of the machine beside its memory. All of it is hostile. */
struct memory_notes {
	uint8_t *elf_notes; /* the contents of PT_NOTE or of kdump's notes region; NULL: none */
	size_t elf_notes_size;
	char *vmcoreinfo;   /* NUL-terminated text; NULL: none */
	bool has_phys_base; /* says where the kernel's image lies, older kernels need it */
	uint64_t phys_base;
};

struct memory_cache; /* memory.c's */

struct memory {
	const struct memory_ops *ops;
	const char *format; /* of the container: "elf", "kdump", "flattened elf" */
	bool moving; /* it changes while it is read: nothing of it is kept */
	struct memory_notes notes;
	struct memory_cache *cache;
};

/* Any range. The cache makes many small reads of one page cheap; whole pages go past it. */
struct error *memory_read(struct memory *memory, uint64_t pa, void *buf, size_t len);

void memory_close(struct memory *memory); /* NULL is fine */

static inline void memory_closep(struct memory **memory)
{
	memory_close(*memory);
}

#endif
