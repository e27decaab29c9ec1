/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/elf_notes.h"

#include <string.h>

#include "base/bytes.h"

#define NOTE_HEADER 12

bool elf_note_next(const uint8_t *notes, size_t size, size_t *offset, struct elf_note *ret)
{
	if (!range_within(*offset, NOTE_HEADER, size))
		return false;
	uint64_t name_size = get_le32(notes + *offset);
	uint64_t desc_size = get_le32(notes + *offset + 4);
	uint64_t name_at = *offset + NOTE_HEADER;
	uint64_t desc_at = name_at + ((name_size + 3) & ~UINT64_C(3));

	if (!range_within(desc_at, desc_size, size))
		return false;
	const char *name = (const char *)notes + name_at;
	*ret = (struct elf_note){
		.name = name_size && !name[name_size - 1] ? name : "",
		.type = get_le32(notes + *offset + 8),
		.desc = notes + desc_at,
		.desc_size = (uint32_t)desc_size,
	};
	uint64_t end = desc_at + ((desc_size + 3) & ~UINT64_C(3));
	*offset = end < size ? end : size;
	return true;
}

bool elf_note_find(const uint8_t *notes, size_t size, const char *name, struct elf_note *ret)
{
	struct elf_note note;

	for (size_t offset = 0; elf_note_next(notes, size, &offset, &note);) {
		if (!strcmp(note.name, name)) {
			*ret = note;
			return true;
		}
	}
	return false;
}
