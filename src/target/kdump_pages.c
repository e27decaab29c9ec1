/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/kdump_pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* Offsets in the 64-bit disk_dump_header and, a block later, kdump_sub_header. */
enum {
	HEADER_VERSION = 8,
	HEADER_MACHINE = 272, /* utsname.machine, 65 bytes; QEMU may leave it blank */
	HEADER_BLOCK_SIZE = 428,
	HEADER_SUB_BLOCKS = 432,
	HEADER_BITMAP_BLOCKS = 436,
	HEADER_MAX_MAPNR = 440,

	SUB_PHYS_BASE = 0,
	SUB_SPLIT = 12,
	SUB_START_PFN = 16,
	SUB_END_PFN = 24,
	SUB_VMCOREINFO = 32, /* offset and size in the file; header version 3 on */
	SUB_NOTES = 48,      /* the same; version 4 on */
	SUB_ERASEINFO = 64,  /* the same; version 5 on */
	SUB_START_PFN_64 = 80,
	SUB_END_PFN_64 = 88,
	SUB_MAX_MAPNR_64 = 96, /* version 6 on, as are the two before */
	SUB_SIZE = 104,

	DESCRIPTOR_OFFSET = 0,
	DESCRIPTOR_LENGTH = 8,
	DESCRIPTOR_FLAGS = 12,
	DESCRIPTOR_SIZE = 24,
};

#define RANK_BYTES 512

static struct error *machine_check(const uint8_t *header)
{
	char machine[66] = {0};

	memcpy(machine, header + HEADER_MACHINE, 65);
	for (const char *p = machine; *p; p++) {
		if (*p < ' ' || *p > '~')
			return error_new(ERROR_CORRUPT, "its kdump header is damaged");
	}
	if (*machine && strcmp(machine, "x86_64"))
		return error_new(ERROR_OTHER,
				 "is from %s: only 64-bit x86 has AMD IOMMUs that can be read here",
				 machine);
	return NULL;
}

static struct error *part_check(const struct kdump_part *part, uint64_t block)
{
	bool is_empty = part->is_split && part->first == part->end;

	if (block != PAGE_SIZE)
		return error_new(ERROR_CORRUPT,
				 "its kdump header is damaged or of another architecture (pages of "
				 "%" PRIu64 " bytes)",
				 block);
	/* makedumpfile does not write an empty part's bitmaps to their end. */
	if (!is_empty && part->descriptors_at > part->file->size)
		return error_new(ERROR_CORRUPT, "is truncated in its header: its page bitmaps end "
						"at offset 0x%" PRIx64 ", the file at 0x%" PRIx64,
				 part->descriptors_at, part->file->size);
	if (part->bitmaps_size > CORE_FILE_ALLOC_MAX || part->n_pages > part->bitmaps_size * 8 ||
	    part->first > part->end || part->end > part->n_pages)
		return error_new(ERROR_CORRUPT,
				 "its kdump header is damaged (0x%" PRIx64 " pages, this file for "
				 "0x%" PRIx64 " to 0x%" PRIx64 ")",
				 part->n_pages, part->first, part->end);
	return NULL;
}

/* libkdumpfile allocates what the sub-header says that a region has, and then reads it. */
static struct error *regions_locate(struct kdump_part *part, unsigned version, const uint8_t *sub)
{
	struct kdump_region erased;
	const struct {
		unsigned version, field; /* from which version on; where its offset and size are */
		struct kdump_region *region;
		const char *what;
	} regions[] = {
		{3, SUB_VMCOREINFO, &part->vmcoreinfo, "VMCOREINFO"},
		{4, SUB_NOTES, &part->notes, "notes"},
		{5, SUB_ERASEINFO, &erased, "list of what was erased"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		uint64_t offset = get_le64(sub + regions[i].field);
		uint64_t size = get_le64(sub + regions[i].field + 8);

		if (version < regions[i].version)
			continue;
		if (!range_within(offset, size, part->file->size))
			return error_new(ERROR_CORRUPT,
					 "its kdump header is damaged (%s of 0x%" PRIx64
					 " bytes at 0x%" PRIx64 ")",
					 regions[i].what, size, offset);
		*regions[i].region = (struct kdump_region){offset, size};
	}
	return NULL;
}

static struct error *region_read(const struct core_file *file, const struct kdump_region *region,
				 void **ret)
{
	return region->offset && region->size
		       ? core_file_read_alloc(file, region->offset, region->size, ret)
		       : NULL;
}

static struct error *notes_read(const struct kdump_part *part, struct memory_notes *notes)
{
	void *vmcoreinfo = NULL, *elf_notes = NULL;
	struct error *err = region_read(part->file, &part->vmcoreinfo, &vmcoreinfo);

	notes->vmcoreinfo = vmcoreinfo;
	if (!err)
		err = region_read(part->file, &part->notes, &elf_notes);
	notes->elf_notes = elf_notes;
	if (elf_notes)
		notes->elf_notes_size = part->notes.size;
	return err ? error_prepend(err, "kdump notes") : NULL;
}

/* notes may be NULL. */
static struct error *part_read(const struct core_file *file, struct memory_notes *notes,
			       struct kdump_part *ret)
{
	uint8_t h[KDUMP_HEADER_SIZE], sub[SUB_SIZE];
	struct error *err = core_file_read(file, 0, h, sizeof(h));

	if (err)
		return error_prepend(err, "kdump header");
	err = machine_check(h);
	if (err)
		return err;
	unsigned version = get_le32(h + HEADER_VERSION);
	uint64_t block = get_le32(h + HEADER_BLOCK_SIZE);
	err = core_file_read(file, block, sub, sizeof(sub));
	if (err)
		return error_prepend(err, "kdump sub-header");
	struct kdump_part part = {
		.file = file,
		.is_split = get_le32(sub + SUB_SPLIT) != 0,
		.n_pages = get_le32(h + HEADER_MAX_MAPNR),
		.first = get_le64(sub + SUB_START_PFN),
		.end = get_le64(sub + SUB_END_PFN),
		.bitmaps_at = (1 + (uint64_t)get_le32(h + HEADER_SUB_BLOCKS)) * block,
		.bitmaps_size = get_le32(h + HEADER_BITMAP_BLOCKS) * block,
	};
	if (version >= 6) {
		part.n_pages = get_le64(sub + SUB_MAX_MAPNR_64);
		part.first = get_le64(sub + SUB_START_PFN_64);
		part.end = get_le64(sub + SUB_END_PFN_64);
	}
	if (!part.is_split) {
		part.first = 0;
		part.end = part.n_pages;
	}
	part.descriptors_at = part.bitmaps_at + part.bitmaps_size;
	err = part_check(&part, block);
	if (!err)
		err = regions_locate(&part, version, sub);
	if (!err && notes) {
		notes->phys_base = get_le64(sub + SUB_PHYS_BASE);
		notes->has_phys_base = true;
		err = notes_read(&part, notes);
	}
	if (!err)
		*ret = part;
	return err;
}

static int part_compare(const void *a, const void *b)
{
	const struct kdump_part *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Sorts the parts. One that was not given would look like excluded pages. */
static struct error *parts_check(struct kdump_part *parts, size_t n)
{
	uint64_t expected = 0;

	for (size_t i = 0; i < n; i++) {
		if (n > 1 && !parts[i].is_split)
			return error_new(ERROR_USAGE,
					 "%s: is no part of a split dump, and only such parts are "
					 "given with several -c",
					 parts[i].file->path);
		if (parts[i].n_pages != parts[0].n_pages)
			return error_new(ERROR_USAGE,
					 "%s and %s are parts of different split dumps",
					 parts[0].file->path, parts[i].file->path);
	}
	qsort(parts, n, sizeof(*parts), part_compare);
	for (size_t i = 0; i < n && parts[i].first <= expected; i++) {
		if (parts[i].first < expected)
			return error_new(ERROR_USAGE, "%s: this part of the split dump is given "
						      "twice",
					 parts[i].file->path);
		expected = parts[i].end;
	}
	if (expected < parts[0].n_pages)
		return error_new(
			ERROR_OTHER,
			"%s: is one part of a split dump, and the part from page 0x%" PRIx64
			" on is missing: give every part with its own -c",
			parts[0].file->path, expected);
	if (!expected)
		return error_new(ERROR_CORRUPT, "%s: is a kdump without pages",
				 parts[0].file->path);
	return NULL;
}

static bool bit_get(const struct kdump_bitmap *bitmap, uint64_t page)
{
	return bitmap->bits[page / 8] >> (page % 8) & 1;
}

static unsigned count_bits(const uint8_t *bytes, size_t n)
{
	unsigned count = 0;

	for (; n >= 8; n -= 8, bytes += 8)
		count += (unsigned)__builtin_popcountll(get_le64(bytes));
	for (; n; n--)
		count += (unsigned)__builtin_popcount(*bytes++);
	return count;
}

/* Set bits before page. */
static uint64_t bit_rank(const struct kdump_bitmap *bitmap, uint64_t page)
{
	uint64_t byte = page / 8, block = byte / RANK_BYTES;

	return bitmap->ranks[block] +
	       count_bits(bitmap->bits + block * RANK_BYTES, byte % RANK_BYTES) +
	       (unsigned)__builtin_popcount(bitmap->bits[byte] & ((1u << (page % 8)) - 1));
}

static struct error *bitmap_new(uint64_t n_pages, struct kdump_bitmap *ret)
{
	uint64_t bytes = n_pages / 8 + 1;

	ret->bits = calloc(1, bytes);
	ret->ranks = calloc(bytes / RANK_BYTES + 1, sizeof(*ret->ranks));
	return ret->bits && ret->ranks ? NULL : error_no_memory;
}

/*
 * Takes over a part's own pages from its file. Each part has room for all bits, but which of the
 * others' are in it depends on the writer.
 */
static struct error *bitmap_add(struct kdump_bitmap *bitmap, const struct kdump_part *part,
				uint64_t offset)
{
	_cleanup_(freep) void *bits = NULL;
	struct error *err = core_file_read_alloc(part->file, offset + part->first / 8,
						 (part->end - 1) / 8 - part->first / 8 + 1, &bits);

	if (err)
		return error_prepend(err, "%s: page bitmap", part->file->path);
	const uint8_t *from = bits;
	uint64_t page = part->first;
	for (; page < part->end && page % 8; page++)
		bitmap->bits[page / 8] |= from[page / 8 - part->first / 8] & (1u << (page % 8));
	if (part->end - page >= 8) {
		memcpy(bitmap->bits + page / 8, from + (page / 8 - part->first / 8),
		       (part->end - page) / 8);
		page = part->end & ~UINT64_C(7);
	}
	for (; page < part->end; page++)
		bitmap->bits[page / 8] |= from[page / 8 - part->first / 8] & (1u << (page % 8));
	return NULL;
}

static void bitmap_count(struct kdump_bitmap *bitmap, uint64_t n_pages)
{
	uint64_t blocks = n_pages / 8 / RANK_BYTES;

	for (uint64_t i = 0; i < blocks; i++)
		bitmap->ranks[i + 1] =
			bitmap->ranks[i] + count_bits(bitmap->bits + i * RANK_BYTES, RANK_BYTES);
}

static struct error *bitmaps_read(struct kdump_pages *pages)
{
	struct error *err = bitmap_new(pages->n_pages, &pages->ram);

	if (!err)
		err = bitmap_new(pages->n_pages, &pages->held);
	for (size_t i = 0; i < pages->n_parts && !err; i++) {
		const struct kdump_part *part = &pages->parts[i];
		uint64_t half = part->bitmaps_size / 2;
		/* A file with room for one bitmap only has that of the pages held. */
		bool has_both = half * 8 >= part->n_pages;

		if (part->first == part->end)
			continue;
		err = bitmap_add(&pages->ram, part, part->bitmaps_at);
		if (!err)
			err = bitmap_add(&pages->held, part,
					 part->bitmaps_at + (has_both ? half : 0));
	}
	if (!err)
		bitmap_count(&pages->held, pages->n_pages);
	return err;
}

struct error *kdump_pages_read(const struct core_file *files, size_t n, struct memory_notes *notes,
			       struct kdump_pages *ret)
{
	struct kdump_pages pages = {.parts = calloc(n, sizeof(*pages.parts)), .n_parts = n};
	struct error *err = pages.parts ? NULL : error_no_memory;

	for (size_t i = 0; i < n && !err; i++) {
		err = part_read(&files[i], i ? NULL : notes, &pages.parts[i]);
		if (err)
			err = error_prepend(err, "%s", files[i].path);
	}
	if (!err)
		err = parts_check(pages.parts, n);
	if (!err) {
		pages.n_pages = pages.parts[0].n_pages;
		err = bitmaps_read(&pages);
	}
	if (err) {
		kdump_pages_free(&pages);
		return err;
	}
	*ret = pages;
	return NULL;
}

static const struct kdump_part *part_of(const struct kdump_pages *pages, uint64_t page)
{
	const struct kdump_part *part = pages->parts;

	while (page >= part->end)
		part++;
	return part;
}

struct error *kdump_pages_find(const struct kdump_pages *pages, uint64_t page,
			       struct kdump_place *ret)
{
	uint8_t descriptor[DESCRIPTOR_SIZE];
	uint64_t pa = page << PAGE_SHIFT;

	if (page >= pages->n_pages || (!bit_get(&pages->ram, page) && !bit_get(&pages->held, page)))
		return error_new(ERROR_FAULT, "no memory at physical address 0x%" PRIx64, pa);
	if (!bit_get(&pages->held, page))
		return error_new(ERROR_EXCLUDED,
				 "the dump does not hold physical address 0x%" PRIx64, pa);
	const struct kdump_part *part = part_of(pages, page);
	uint64_t number = bit_rank(&pages->held, page) - bit_rank(&pages->held, part->first);
	struct error *err =
		core_file_read(part->file, part->descriptors_at + number * DESCRIPTOR_SIZE,
			       descriptor, sizeof(descriptor));
	if (err)
		return error_prepend(err, "physical address 0x%" PRIx64, pa);
	uint64_t offset = get_le64(descriptor + DESCRIPTOR_OFFSET);
	uint32_t length = get_le32(descriptor + DESCRIPTOR_LENGTH);
	if (!length || length > PAGE_SIZE)
		return error_new(ERROR_CORRUPT,
				 "physical address 0x%" PRIx64 ": its page descriptor is damaged",
				 pa);
	if (!range_within(offset, length, part->file->size))
		return error_new(
			ERROR_CORRUPT,
			"physical address 0x%" PRIx64 ": the file is truncated: it ends at "
			"offset 0x%" PRIx64 " and the page is at 0x%" PRIx64 CORE_FILE_COPY_ADVICE,
			pa, part->file->size, offset);
	*ret = (struct kdump_place){part->file, offset, length,
				    get_le32(descriptor + DESCRIPTOR_FLAGS)};
	return NULL;
}

bool kdump_pages_next(const struct kdump_pages *pages, uint64_t *page)
{
	for (uint64_t i = *page; i < pages->n_pages; i++) {
		if (i % 8 == 0 && !pages->held.bits[i / 8]) {
			i += 7;
		} else if (bit_get(&pages->held, i)) {
			*page = i;
			return true;
		}
	}
	return false;
}

static void bitmap_free(struct kdump_bitmap *bitmap)
{
	free(bitmap->bits);
	free(bitmap->ranks);
}

void kdump_pages_free(struct kdump_pages *pages)
{
	bitmap_free(&pages->ram);
	bitmap_free(&pages->held);
	free(pages->parts);
	*pages = (struct kdump_pages){0};
}
