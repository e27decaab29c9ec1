/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/capture.h"
#include "target/elf_notes.h"

struct capture_range {
	uint64_t pa, end;
	enum capture_state state;
};

struct capture_memory {
	struct memory base;
	struct memory *elf;
	struct capture_range *at; /* by address */
	size_t n;
};

static bool note_find(const struct memory *memory, struct elf_note *ret)
{
	const struct memory_notes *notes = &memory->notes;

	return notes->elf_notes &&
	       elf_note_find(notes->elf_notes, notes->elf_notes_size, CAPTURE_NOTE_NAME, ret) &&
	       ret->type == CAPTURE_NOTE_TYPE;
}

bool capture_is(const struct memory *memory)
{
	struct elf_note note;

	return note_find(memory, &note);
}

/* The first range that ends behind pa; NULL: none does. */
static const struct capture_range *range_from(const struct capture_memory *m, uint64_t pa)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->at[middle].end <= pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->n ? &m->at[low] : NULL;
}

static struct error *range_error(const struct capture_range *range, uint64_t pa)
{
	switch (range->state) {
	case CAPTURE_FAULT:
		return error_new(ERROR_FAULT, "no memory at physical address 0x%" PRIx64, pa);
	case CAPTURE_CORRUPT:
		return error_new(ERROR_CORRUPT,
				 "physical address 0x%" PRIx64 ": was truncated or damaged in the "
				 "dump that was captured",
				 pa);
	case CAPTURE_IO:
		return error_new(ERROR_IO,
				 "physical address 0x%" PRIx64 ": could not be read when it was "
				 "captured",
				 pa);
	case CAPTURE_HELD:
		break;
	}
	return NULL;
}

static struct error *capture_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	struct capture_memory *m = container_of(memory, struct capture_memory, base);

	for (uint64_t at = pa; at < pa + len;) {
		const struct capture_range *range = range_from(m, at);

		if (!range || range->pa > at)
			return error_new(ERROR_EXCLUDED,
					 "the capture does not hold physical address 0x%" PRIx64,
					 at);
		struct error *err = range_error(range, at);
		if (err)
			return err;
		at = range->end;
	}
	return memory_read(m->elf, pa, buf, len);
}

static uint64_t capture_held(struct memory *memory, uint64_t pa)
{
	struct capture_memory *m = container_of(memory, struct capture_memory, base);
	const struct capture_range *range = range_from(m, pa);

	return range && range->pa <= pa && range->state == CAPTURE_HELD ? range->end - pa : 0;
}

static bool capture_next(struct memory *memory, uint64_t *pa)
{
	struct capture_memory *m = container_of(memory, struct capture_memory, base);

	return m->elf->ops->next(m->elf, pa);
}

static void capture_close(struct memory *memory)
{
	struct capture_memory *m = container_of(memory, struct capture_memory, base);

	memory_close(m->elf);
	free(m->at);
	free(m);
}

static const struct memory_ops capture_memory_ops = {
	.read = capture_read,
	.held = capture_held,
	.next = capture_next,
	.close = capture_close,
};

static struct error *ranges_parse(struct capture_memory *m, const uint8_t *bytes, uint64_t n)
{
	uint64_t behind = 0;

	m->at = calloc(n + 1, sizeof(*m->at));
	if (!m->at)
		return error_no_memory;
	for (uint64_t i = 0; i < n; i++, bytes += CAPTURE_RANGE_WORDS * 8) {
		uint64_t pa = get_le64(bytes), len = get_le64(bytes + 8);
		uint64_t state = get_le64(bytes + 16);

		if (pa < behind || !range_within(pa, len, PHYSICAL_END) || state > CAPTURE_IO)
			return error_new(ERROR_CORRUPT, "its range %" PRIu64 " is damaged", i);
		behind = pa + len;
		m->at[i] = (struct capture_range){
			.pa = pa,
			.end = behind,
			.state = (enum capture_state)state,
		};
	}
	m->n = n;
	return NULL;
}

static struct error *note_parse(struct capture_memory *m, const struct elf_note *note,
				struct boot_info *boot, struct layout_file *layouts)
{
	uint64_t word[CAPTURE_WORDS];
	uint64_t head = sizeof(word), room = note->desc_size;

	if (room < head)
		return error_new(ERROR_CORRUPT, "its note is cut short");
	for (size_t i = 0; i < CAPTURE_WORDS; i++)
		word[i] = get_le64(note->desc + i * 8);
	if (word[CAPTURE_WORD_VERSION] != CAPTURE_VERSION)
		return error_new(ERROR_OTHER,
				 "was written by another version of iommuscope (format %" PRIu64
				 ", not %d)",
				 word[CAPTURE_WORD_VERSION], CAPTURE_VERSION);
	if (word[CAPTURE_WORD_LEVELS] != 4 && word[CAPTURE_WORD_LEVELS] != 5)
		return error_new(ERROR_CORRUPT, "its note is damaged");
	uint64_t n = word[CAPTURE_WORD_RANGES], size = CAPTURE_RANGE_WORDS * 8;
	if (n > (room - head) / size || word[CAPTURE_WORD_TEXT] > room - head - n * size)
		return error_new(ERROR_CORRUPT, "its note is cut short");
	boot->kaslr_offset = word[CAPTURE_WORD_KASLR];
	boot->phys_base = word[CAPTURE_WORD_PHYS_BASE];
	boot->root = word[CAPTURE_WORD_PAGE_TABLE];
	boot->sme_mask = word[CAPTURE_WORD_SME_MASK];
	boot->levels = (unsigned)word[CAPTURE_WORD_LEVELS];
	struct error *err = ranges_parse(m, note->desc + head, n);
	if (!err)
		err = layout_file_parse(layouts, (const char *)note->desc + head + n * size,
					word[CAPTURE_WORD_TEXT]);
	return err;
}

struct error *capture_memory_open(struct memory **memory, struct boot_info *boot,
				  struct layout_file *layouts)
{
	struct capture_memory *m = calloc(1, sizeof(*m));
	struct elf_note note;
	struct error *err = NULL;

	if (!m)
		return error_no_memory;
	if (note_find(*memory, &note))
		err = note_parse(m, &note, boot, layouts);
	else
		err = error_new(ERROR_CORRUPT, "its note is missing");
	if (err) {
		free(m->at);
		free(m);
		return error_prepend(err, "capture");
	}
	m->base = (struct memory){
		.ops = &capture_memory_ops,
		.format = "capture",
		.notes = (*memory)->notes,
	};
	(*memory)->notes = (struct memory_notes){0};
	m->elf = *memory;
	*memory = &m->base;
	return NULL;
}
