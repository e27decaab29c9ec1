/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF notes in a buffer, 4-byte aligned, as kernels, QEMU and we write them. */
#ifndef TARGET_ELF_NOTES_H
#define TARGET_ELF_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_note {
	const char *name; /* NUL-terminated; "" when the note has none, or one that does not end */
	uint32_t type;
	const uint8_t *desc; /* within the buffer */
	uint32_t desc_size;
};

/*
 * The note at *offset; moves *offset behind it. false: the end, or what is there is no note
 * (the rest of a damaged buffer is not looked at).
 */
bool elf_note_next(const uint8_t *notes, size_t size, size_t *offset, struct elf_note *ret);

/* The first note of that name. */
bool elf_note_find(const uint8_t *notes, size_t size, const char *name, struct elf_note *ret);

#endif
