/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dumps in every container, made here of one machine state: a kernel's image, its page tables, and
 * VMCOREINFO that says where they are, or QEMU's CPU state that leads there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "blob.h"
#include "scratch.h"
#include "target/boot_info.h"
#include "target/machine.h"
#include "target/memory_open.h"
#include "target/target.h"

/*
 * Physical memory: 12 pages at 0, then one that was filtered out, then none; and the kernel's image
 * at 32 MB, moved by 4 MB from the address that it is linked for.
 */
enum {
	TOP = 0x1000,
	PUD = 0x2000,
	PMD = 0x3000,
	TOP_5 = 0x4000, /* above TOP in a machine with five levels */
	PATTERN = 0x5000, /* every 8 bytes hold their own address */
	INFO = 0x7000,    /* VMCOREINFO in the kernel's own memory */
	IDT = 0x8000,
	EXCLUDED = 0xc000,
	IMAGE = 0x2000000,
	IMAGE_SIZE = 0x4000,
	UTS = IMAGE + 0x40,
	INFO_POINTER = IMAGE + 0x1000,
	HANDLER = IMAGE + 0x20010,
	BANNER = IMAGE + 0x3000,
};

#define KASLR UINT64_C(0x400000)
#define LINK(pa) (START_KERNEL_MAP + 0x4000000 + (pa) - IMAGE)
#define RUN(pa) (LINK(pa) + KASLR)
#define PHYS_BASE ((uint64_t)IMAGE - 0x4000000 - KASLR)

struct context {
	struct scratch scratch;
	struct blob memory; /* physical, from 0 on */
	char info[512];     /* VMCOREINFO */
	bool five_levels;
	unsigned notes;
};

static void take_note(void *arg, const char *line)
{
	(void)line;
	++*(unsigned *)arg;
}

/* The page table lies in low memory: its symbol is what the load offset makes of that. */
static uint64_t root(const struct context *c)
{
	return c->five_levels ? TOP_5 : TOP;
}

static void make_info(struct context *c)
{
	snprintf(c->info, sizeof(c->info),
		 "OSRELEASE=6.1.0-test\nSYMBOL(init_uts_ns)=%" PRIx64
		 "\nSYMBOL(init_top_pgt)=%" PRIx64 "\nNUMBER(phys_base)=%" PRId64
		 "\nNUMBER(pgtable_l5_enabled)=%d\nKERNELOFFSET=%" PRIx64 "\n",
		 RUN(UTS), START_KERNEL_MAP + root(c) - PHYS_BASE, (int64_t)PHYS_BASE,
		 c->five_levels, KASLR);
}

static void make_memory(struct context *c)
{
	struct blob *m = &c->memory;

	blob_fill(m, 0, 0, IMAGE + IMAGE_SIZE);
	blob_le(m, TOP_5 + 511 * 8, TOP | 0x63, 8);
	blob_le(m, TOP + 511 * 8, PUD | 0x63, 8);
	blob_le(m, PUD + 510 * 8, PMD | 0x63, 8);
	blob_le(m, PMD, 0xe3, 8); /* low memory at START_KERNEL_MAP, for what is no symbol */
	blob_le(m, PMD + (RUN(IMAGE) >> 21 & 511) * 8, IMAGE | 0xe3, 8);
	for (uint64_t at = PATTERN; at < PATTERN + PAGE_SIZE; at += 8)
		blob_le(m, at, at, 8);
	blob_put(m, INFO, c->info, strlen(c->info) + 1);
	blob_put(m, UTS, "Linux", 6);
	blob_put(m, UTS + 130, "6.1.0-test", 11);
	blob_put(m, BANNER, "Linux version 6.1.0-test (me) #1", 33);
	blob_le(m, INFO_POINTER, START_KERNEL_MAP + INFO, 8);
	blob_le(m, IDT, RUN(HANDLER) & 0xffff, 2);
	blob_le(m, IDT + 4, 0x8e00, 2);
	blob_le(m, IDT + 6, RUN(HANDLER) >> 16 & 0xffff, 2);
	blob_le(m, IDT + 8, RUN(HANDLER) >> 32, 4);
	blob_fill(m, EXCLUDED - PAGE_SIZE, 0x5a, PAGE_SIZE);
	blob_fill(m, EXCLUDED, 0xee, PAGE_SIZE); /* no dump has these */
}

static int set_up_levels(void **state, bool five_levels)
{
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->five_levels = five_levels;
	scratch_make(&c->scratch);
	make_info(c);
	make_memory(c);
	*state = c;
	return 0;
}

static int set_up(void **state)
{
	return set_up_levels(state, false);
}

static int set_up_five_levels(void **state)
{
	return set_up_levels(state, true);
}

static int tear_down(void **state)
{
	struct context *c = *state;

	scratch_remove(&c->scratch);
	blob_free(&c->memory);
	free(c);
	return 0;
}

/* What is in the dump of a page, and the code that reading it gives. */
static enum error_code page_state(uint64_t pa)
{
	if (pa == EXCLUDED)
		return ERROR_EXCLUDED;
	return pa < EXCLUDED || (pa >= IMAGE && pa < IMAGE + IMAGE_SIZE) ? ERROR_OTHER
									 : ERROR_FAULT;
}

/* The next page that is worth a look: between low memory and the image lies nothing. */
static uint64_t page_after(uint64_t pa)
{
	pa += PAGE_SIZE;
	return pa > EXCLUDED + 4 * PAGE_SIZE && pa < IMAGE - 2 * PAGE_SIZE ? IMAGE - 2 * PAGE_SIZE
									   : pa;
}

/* QEMU's state of a CPU that runs the kernel, with a PCID in CR3. */
static void put_cpu(const struct context *c, struct blob *notes)
{
	struct blob cpu = {0};

	blob_le(&cpu, 0, 1, 4);
	blob_le(&cpu, 4, 440, 4);
	blob_le(&cpu, 384, START_KERNEL_MAP + IDT, 8);
	blob_le(&cpu, 392, 0x80050033, 8);
	blob_le(&cpu, 416, root(c) | 0x123, 8);
	blob_le(&cpu, 424, c->five_levels ? 0x1000 : 0, 8);
	blob_le(&cpu, 432, 0, 8);
	blob_note(notes, "QEMU", 0, cpu.at, cpu.n);
	blob_free(&cpu);
}

enum notes { NOTES_NONE, NOTES_VMCOREINFO, NOTES_QEMU };

static void make_notes(const struct context *c, enum notes kind, struct blob *notes)
{
	static const char prstatus[336];

	blob_note(notes, "CORE", 1, prstatus, sizeof(prstatus));
	if (kind == NOTES_QEMU)
		put_cpu(c, notes);
	if (kind == NOTES_VMCOREINFO)
		blob_note(notes, "VMCOREINFO", 0, c->info, strlen(c->info));
}

/* with_virtual: as QEMU's paging=true, the image's pages again and again, whole and cut. */
static void make_elf(const struct context *c, enum notes kind, bool with_virtual, struct blob *elf)
{
	struct blob notes = {0};
	uint64_t low = 0x3000, image = low + EXCLUDED, first = with_virtual ? 0x2000 : IMAGE_SIZE;

	make_notes(c, kind, &notes);
	const struct blob_segment segments[] = {
		{PT_NOTE, 0x400, 0, 0, notes.n, notes.n},
		{PT_LOAD, image, 0, IMAGE, first, first},
		{PT_LOAD, low, 0, 0, EXCLUDED, EXCLUDED + PAGE_SIZE},
		{PT_LOAD, image, RUN(IMAGE), IMAGE, 0x2000, 0x2000},
		{PT_LOAD, image + 0x1000, RUN(IMAGE) + 0x1000, IMAGE + 0x1000, 0x3000, 0x3000},
		{PT_LOAD, low + 0x5000, RUN(IMAGE) + 0x9000, 0x5000, 0x1000, 0x1000},
	};
	blob_elf_core(elf, segments, with_virtual ? 6 : 3);
	blob_put(elf, 0x400, notes.at, notes.n);
	blob_put(elf, low, c->memory.at, EXCLUDED);
	blob_put(elf, image, c->memory.at + IMAGE, IMAGE_SIZE);
	blob_free(&notes);
}

#define KDUMP_BITMAPS (3 * PAGE_SIZE)
#define KDUMP_DESCRIPTORS (KDUMP_BITMAPS + 2 * PAGE_SIZE)

/* A kdump of uncompressed pages; split: the part for [first, end). */
static void make_kdump(const struct context *c, enum notes kind, bool split, uint64_t first,
		       uint64_t end, struct blob *kdump)
{
	const uint64_t n_pages = (IMAGE + IMAGE_SIZE) / PAGE_SIZE, bitmaps = KDUMP_BITMAPS;
	const uint64_t descriptors = KDUMP_DESCRIPTORS, data = descriptors + PAGE_SIZE;
	struct blob notes = {0};
	uint64_t held = 0;

	make_notes(c, kind, &notes);
	blob_put(kdump, 0, "KDUMP   ", 8);
	blob_le(kdump, 8, 6, 4);
	blob_le(kdump, 428, PAGE_SIZE, 4);
	blob_le(kdump, 432, 2, 4);
	blob_le(kdump, 436, 2, 4);
	blob_le(kdump, 440, n_pages, 4);
	blob_le(kdump, 460, 1, 4);
	blob_le(kdump, PAGE_SIZE + 12, split, 4);
	blob_le(kdump, PAGE_SIZE + 16, first, 8);
	blob_le(kdump, PAGE_SIZE + 24, end, 8);
	blob_le(kdump, PAGE_SIZE + 80, first, 8);
	blob_le(kdump, PAGE_SIZE + 88, end, 8);
	blob_le(kdump, PAGE_SIZE + 96, n_pages, 8);
	blob_le(kdump, PAGE_SIZE + 48, PAGE_SIZE + 256, 8);
	blob_le(kdump, PAGE_SIZE + 56, notes.n, 8);
	blob_put(kdump, PAGE_SIZE + 256, notes.at, notes.n);
	if (kind == NOTES_VMCOREINFO) {
		blob_le(kdump, PAGE_SIZE + 32, PAGE_SIZE + 256 + notes.n, 8);
		blob_le(kdump, PAGE_SIZE + 40, strlen(c->info), 8);
		blob_put(kdump, PAGE_SIZE + 256 + notes.n, c->info, strlen(c->info));
	}
	blob_fill(kdump, bitmaps, 0, 3 * PAGE_SIZE);
	for (uint64_t page = first; page < end; page++) {
		enum error_code code = page_state(page * PAGE_SIZE);
		uint64_t descriptor = descriptors + held * 24, at = data + held * PAGE_SIZE;

		if (code != ERROR_FAULT)
			kdump->at[bitmaps + page / 8] |= (uint8_t)(1 << page % 8);
		if (code != ERROR_OTHER)
			continue;
		kdump->at[bitmaps + PAGE_SIZE + page / 8] |= (uint8_t)(1 << page % 8);
		blob_le(kdump, descriptor, at, 8);
		blob_le(kdump, descriptor + 8, PAGE_SIZE, 4);
		blob_put(kdump, at, c->memory.at + page * PAGE_SIZE, PAGE_SIZE);
		held++;
	}
	blob_free(&notes);
}

#define ALL_PAGES ((IMAGE + IMAGE_SIZE) / PAGE_SIZE)

/* In records of 5000 bytes, the last first. */
static void make_flattened(const struct blob *from, struct blob *flat)
{
	const size_t size = 5000;

	blob_put(flat, 0, "makedumpfile", 12);
	blob_be64(flat, 16, 1);
	blob_be64(flat, 24, 1);
	blob_fill(flat, 32, 0, 4096 - 32);
	for (size_t i = (from->n - 1) / size + 1; i--;) {
		size_t n = from->n - i * size < size ? from->n - i * size : size;

		blob_be64(flat, flat->n, i * size);
		blob_be64(flat, flat->n, n);
		blob_put(flat, flat->n, from->at + i * size, n);
	}
	blob_be64(flat, flat->n, UINT64_MAX);
	blob_be64(flat, flat->n, UINT64_MAX);
}

/* Opens n files named "0", "1", ... of the scratch folder. */
static struct error *open_files(struct context *c, size_t n, struct target **ret)
{
	char *paths[4] = {NULL};
	const char *cores[4];
	char name[2] = "0";

	assert_in_range(n, 1, 4);
	for (size_t i = 0; i < n; i++, name[0]++)
		cores[i] = paths[i] = scratch_path(&c->scratch, name);
	struct target_spec spec = {
		.cores = cores,
		.n_cores = n,
		.no_symbols = true,
		.no_cache = true,
		.note = take_note,
		.note_arg = &c->notes,
	};
	struct error *err = target_open(&spec, ret);
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	return err;
}

static struct error *open_blob(struct context *c, const struct blob *blob, struct target **ret)
{
	scratch_write(&c->scratch, "0", blob->at, blob->n);
	return open_files(c, 1, ret);
}

static void assert_no_error(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

/* Each page in full and a word of it, and one virtual read. */
static void check_memory(const struct context *c, struct target *t)
{
	uint8_t bytes[PAGE_SIZE];

	for (uint64_t pa = 0; pa < IMAGE + IMAGE_SIZE + 4 * PAGE_SIZE; pa = page_after(pa)) {
		enum error_code expected = page_state(pa);
		struct error *err = target_read(t, SPACE_PHYS, pa, bytes, sizeof(bytes));
		uint64_t word = 0;

		assert_int_equal(err ? error_code(err) : ERROR_OTHER, expected);
		error_free(err);
		err = target_read_u64(t, SPACE_PHYS, pa + 0x828, &word);
		assert_int_equal(err ? error_code(err) : ERROR_OTHER, expected);
		error_free(err);
		if (expected != ERROR_OTHER)
			continue;
		assert_memory_equal(bytes, c->memory.at + pa, PAGE_SIZE);
		assert_memory_equal(&word, c->memory.at + pa + 0x828, 8);
	}
	char *text = NULL;
	assert_null(target_read_string(t, SPACE_VIRT, RUN(UTS), 64, &text));
	assert_string_equal(text, "Linux");
	free(text);
	struct target_facts facts = target_facts(t);
	assert_string_equal(facts.release, "6.1.0-test");
	assert_int_equal(facts.kaslr_offset, KASLR);
	assert_int_equal(facts.phys_base, PHYS_BASE);
	assert_int_equal(facts.page_table, root(c));
	assert_int_equal(facts.page_levels, c->five_levels ? 5 : 4);
}

static void check_blob(struct context *c, const struct blob *blob, const char *format)
{
	struct target *t = NULL;

	assert_no_error(open_blob(c, blob, &t));
	check_memory(c, t);
	assert_string_equal(target_facts(t).format, format);
	target_close(t);
}

/* As it is, and flattened. */
static void check_container(struct context *c, struct blob *blob, const char *format)
{
	struct blob flat = {0};
	char flat_format[32];

	check_blob(c, blob, format);
	snprintf(flat_format, sizeof(flat_format), "flattened %s", format);
	make_flattened(blob, &flat);
	check_blob(c, &flat, flat_format);
	blob_free(&flat);
	blob_free(blob);
}

/* With VMCOREINFO in a note, and without: then it is found in the kernel's memory. */
static void test_containers(void **state)
{
	struct context *c = *state;
	struct blob blob = {0};

	for (enum notes kind = NOTES_VMCOREINFO; kind <= NOTES_QEMU; kind++) {
		make_elf(c, kind, false, &blob);
		check_container(c, &blob, "elf");
		make_elf(c, kind, true, &blob);
		check_container(c, &blob, "elf");
		make_kdump(c, kind, false, 0, ALL_PAGES, &blob);
		check_container(c, &blob, "kdump");
	}
	assert_int_equal(c->notes, 0);
}

static void write_parts(struct context *c, const uint64_t (*ranges)[2], size_t n)
{
	char name[2] = "0";

	for (size_t i = 0; i < n; i++, name[0]++) {
		struct blob part = {0};

		make_kdump(c, NOTES_VMCOREINFO, true, ranges[i][0], ranges[i][1], &part);
		scratch_write(&c->scratch, name, part.at, part.n);
		blob_free(&part);
	}
}

/* In any order; a part may be empty. */
static void test_split(void **state)
{
	static const uint64_t sets[][4][2] = {
		{{0, 5}, {5, 0x2001}, {0x2001, ALL_PAGES}, {ALL_PAGES, ALL_PAGES}},
		{{0x2001, ALL_PAGES}, {0, 7}, {7, 7}, {7, 0x2001}},
		{{ALL_PAGES, ALL_PAGES}, {8, ALL_PAGES}, {0, 0}, {0, 8}},
	};
	struct context *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		struct target *t = NULL;

		write_parts(c, sets[i], 4);
		assert_no_error(open_files(c, 4, &t));
		check_memory(c, t);
		target_close(t);
	}
}

static void assert_refused(struct error *err, const char *words)
{
	assert_non_null(err);
	if (!strstr(error_message(err), words))
		fail_msg("\"%s\" does not say \"%s\"", error_message(err), words);
	assert_null(strchr(error_message(err), '\n'));
	error_free(err);
}

static void test_split_incomplete(void **state)
{
	static const uint64_t ranges[][2] = {{0, 5}, {5, 0x2001}, {0x2001, ALL_PAGES}, {0, 5}};
	struct context *c = *state;
	struct blob blob = {0};
	struct target *t = NULL;

	write_parts(c, ranges, 4);
	assert_refused(open_files(c, 1, &t), "the part from page 0x5 on is missing");
	assert_refused(open_files(c, 2, &t), "the part from page 0x2001 on is missing");
	assert_refused(open_files(c, 4, &t), "twice");
	write_parts(c, ranges + 1, 2);
	assert_refused(open_files(c, 2, &t), "the part from page 0x0 on is missing");
	make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &blob);
	scratch_write(&c->scratch, "1", blob.at, blob.n);
	assert_refused(open_files(c, 2, &t), "no part of a split dump");
	scratch_write_text(&c->scratch, "1", "text");
	assert_refused(open_files(c, 2, &t), "no part of a split kdump");
	assert_null(t);
	blob_free(&blob);
}

/* Cut anywhere: one clear line, or it opens, and what is there is right and the rest no zeros. */
static void check_cut(struct context *c, const struct blob *whole, size_t n)
{
	const struct blob cut = {.at = whole->at, .n = n};
	struct target *t = NULL;
	struct error *err = open_blob(c, &cut, &t);
	uint8_t bytes[PAGE_SIZE];

	if (err) {
		assert_null(strchr(error_message(err), '\n'));
		error_free(err);
		return;
	}
	for (uint64_t pa = 0; pa < IMAGE + IMAGE_SIZE; pa = page_after(pa)) {
		err = target_read(t, SPACE_PHYS, pa, bytes, sizeof(bytes));
		if (!err)
			assert_memory_equal(bytes, c->memory.at + pa, PAGE_SIZE);
		else if (error_code(err) != page_state(pa))
			assert_int_equal(error_code(err), ERROR_CORRUPT);
		error_free(err);
	}
	target_close(t);
}

static void test_truncated(void **state)
{
	struct context *c = *state;
	struct blob blob = {0}, flat = {0};
	struct target *t = NULL;
	uint64_t word;

	make_elf(c, NOTES_VMCOREINFO, true, &blob);
	for (size_t n = 1; n < blob.n; n += n < 2000 ? 13 : 1021)
		check_cut(c, &blob, n);
	blob_free(&blob);
	make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &blob);
	make_flattened(&blob, &flat);
	for (size_t n = 1; n < blob.n; n += 509)
		check_cut(c, &blob, n);
	for (size_t n = 1; n < flat.n; n += 1021)
		check_cut(c, &flat, n);
	/* In the data: it opens, what is there is answered, what is not is said to be truncated. */
	blob.n -= IMAGE_SIZE + 1;
	assert_no_error(open_blob(c, &blob, &t));
	assert_null(target_read_u64(t, SPACE_PHYS, PATTERN + 8, &word));
	assert_int_equal(word, PATTERN + 8);
	struct error *err = target_read_u64(t, SPACE_PHYS, IMAGE, &word);
	assert_int_equal(error_code(err), ERROR_CORRUPT);
	assert_refused(err, "truncated");
	target_close(t);
	blob_free(&blob);
	blob_free(&flat);
}

/* Packs the pages of a kdump where they are. */
static void pack_pages(struct blob *kdump)
{
	for (size_t at = KDUMP_DESCRIPTORS; get_le64(kdump->at + at); at += 24) {
		uint8_t packed[PAGE_SIZE];
		uLongf size = sizeof(packed);

		assert_int_equal(
			compress(packed, &size, kdump->at + get_le64(kdump->at + at), PAGE_SIZE),
			Z_OK);
		memcpy(kdump->at + get_le64(kdump->at + at), packed, size);
		blob_le(kdump, at + 8, size, 4);
		blob_le(kdump, at + 12, 1, 4);
	}
}

/* What libkdumpfile is not given: the pages that zlib has packed are read all the same. */
static void check_unsafe(struct context *c, struct blob *kdump, const char *why)
{
	struct target *t = NULL;
	char words[100];
	uint64_t word;

	snprintf(words, sizeof(words), "libkdumpfile is not given the dump: %s", why);
	assert_no_error(open_blob(c, kdump, &t));
	for (int round = 0; round < 2; round++)
		assert_refused(target_read_u64(t, SPACE_PHYS, PATTERN, &word), words);
	target_close(t);
	pack_pages(kdump);
	assert_no_error(open_blob(c, kdump, &t));
	check_memory(c, t);
	target_close(t);
	blob_free(kdump);
}

static void test_unsafe_kdump(void **state)
{
	enum { BLOCK_SIZE = 416, BITMAP_BLOCKS = 424 }; /* in a 32-bit machine's header */
	static const uint32_t block_sizes[] = {0x1000, 0x40000,
					       0x00100000 /* 0x1000, big-endian */};
	struct context *c = *state;
	struct blob kdump = {0};

	for (size_t i = 0; i < ARRAY_SIZE(block_sizes); i++) {
		make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &kdump);
		blob_le(&kdump, BLOCK_SIZE, block_sizes[i], 4);
		blob_le(&kdump, BITMAP_BLOCKS, 1, 4);
		check_unsafe(c, &kdump, "its kdump header could be a 32-bit machine's");
	}
	snprintf(c->info + strlen(c->info), sizeof(c->info) - strlen(c->info), ".a=1\n");
	for (int in_note = 0; in_note < 2; in_note++) {
		make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &kdump);
		if (in_note) /* only */
			blob_le(&kdump, get_le64(kdump.at + PAGE_SIZE + 32) + strlen(c->info) - 5,
				'b', 1);
		else
			blob_le(&kdump, PAGE_SIZE + 56, 0, 8);
		check_unsafe(c, &kdump, "its VMCOREINFO is damaged; copy it anew");
	}
}

/* Any byte of the headers changed: nothing may crash or take for ever. */
static void test_damaged(void **state)
{
	struct context *c = *state;
	uint64_t random = 88172645463325252;

	for (unsigned kind = 0; kind < 2; kind++) {
		struct blob blob = {0};

		if (kind)
			make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &blob);
		else
			make_elf(c, NOTES_VMCOREINFO, true, &blob);
		for (unsigned i = 0; i < 400; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			size_t at = (random >> 8) % (kind && i % 2 ? 0x5800 : 0x480);
			size_t place = kind && i % 4 == 1 ? PAGE_SIZE + at % 104 : at;
			uint8_t before = blob.at[place];
			struct target *t = NULL;

			blob.at[place] = (uint8_t)random;
			struct error *err = open_blob(c, &blob, &t);
			for (uint64_t pa = 0; !err && pa < EXCLUDED; pa += PAGE_SIZE) {
				uint64_t word;

				error_free(target_read_u64(t, SPACE_PHYS, pa, &word));
			}
			error_free(err);
			target_close(t);
			blob.at[place] = before;
		}
		blob_free(&blob);
	}
}

static void test_refused(void **state)
{
	struct context *c = *state;
	struct blob blob = {0};
	struct target *t = NULL;

	assert_refused(open_files(c, 1, &t), "No such file");
	scratch_write_text(&c->scratch, "0/file", "");
	assert_refused(open_files(c, 1, &t), "is a directory");
	scratch_remove(&c->scratch);
	scratch_make(&c->scratch);
	scratch_write_text(&c->scratch, "0", "");
	assert_refused(open_files(c, 1, &t), "is empty");
	scratch_write_text(&c->scratch, "0", "a text that is no dump");
	assert_refused(open_files(c, 1, &t), "is not a dump");
	scratch_write(&c->scratch, "0", "\x28\xb5\x2f\xfd and so on", 14);
	assert_refused(open_files(c, 1, &t), "compressed with zstd");

	make_elf(c, NOTES_VMCOREINFO, false, &blob);
	blob_le(&blob, 18, EM_AARCH64, 2);
	assert_refused(open_blob(c, &blob, &t), "is from arm64");
	blob_le(&blob, 18, EM_X86_64, 2);
	blob_le(&blob, 16, ET_EXEC, 2);
	assert_refused(open_blob(c, &blob, &t), "not a core");
	blob_free(&blob);
	make_kdump(c, NOTES_VMCOREINFO, false, 0, ALL_PAGES, &blob);
	blob_put(&blob, 272, "s390x", 6);
	assert_refused(open_blob(c, &blob, &t), "is from s390x");
	blob_free(&blob);

	/* Memory of a machine that runs no Linux. */
	make_elf(c, NOTES_NONE, false, &blob);
	assert_refused(open_blob(c, &blob, &t), "neither VMCOREINFO nor QEMU's CPU state");
	blob_free(&blob);
	blob_fill(&c->memory, INFO, 0, PAGE_SIZE);
	make_elf(c, NOTES_QEMU, false, &blob);
	assert_refused(open_blob(c, &blob, &t), "no Linux kernel is found");
	blob_free(&blob);
	blob_put(&c->memory, UTS, "Plan9", 6);
	make_elf(c, NOTES_VMCOREINFO, false, &blob);
	assert_refused(open_blob(c, &blob, &t), "no Linux kernel is where its VMCOREINFO says");
	assert_null(t);
	blob_free(&blob);
}

/* The link-time symbols of the kernel; `moved` bytes off for another kernel's. */
struct symbols {
	uint64_t table; /* physical */
	uint64_t moved;
	bool has_info;
};

static struct error *lookup(void *arg, struct lookup *rows, size_t n)
{
	enum { TABLE = 2 };
	static const struct {
		const char *name;
		uint64_t address;
	} known[] = {
		{"asm_exc_divide_error", LINK(HANDLER)},
		{"linux_banner", LINK(BANNER)},
		[TABLE] = {"init_top_pgt", START_KERNEL_MAP - PHYS_BASE - KASLR},
		{"vmcoreinfo_data", LINK(INFO_POINTER)},
	};
	const struct symbols *symbols = arg;

	for (size_t i = 0; i < n; i++) {
		rows[i].state = LOOKUP_ABSENT;
		for (size_t j = 0; j < ARRAY_SIZE(known) - !symbols->has_info; j++) {
			if (strcmp(rows[i].name, known[j].name))
				continue;
			rows[i].state = LOOKUP_FOUND;
			rows[i].value = known[j].address + symbols->moved +
					(j == TABLE ? symbols->table : 0);
		}
	}
	return NULL;
}

static struct error *machine_reader(struct target *target, enum space space, uint64_t addr,
				    void *buf, size_t len)
{
	return machine_read(target, space, addr, buf, len);
}

static struct error *find_boot(struct context *c, struct symbols *symbols, struct boot_info *ret)
{
	static const struct target_ops ops = {.kind = "test", .read = machine_reader};
	const struct target_spec spec = {.symbols = "vmlinux"};
	const struct boot_symbols source = {.lookup = lookup, .arg = symbols};
	struct machine machine = {.base.ops = &ops};
	struct core_file file = {.fd = -1};
	struct blob blob = {0};
	char *path = scratch_path(&c->scratch, "0");

	make_elf(c, NOTES_QEMU, false, &blob);
	scratch_write(&c->scratch, "0", blob.at, blob.n);
	assert_no_error(core_file_open(path, &file));
	assert_no_error(elf_memory_open(&file, &machine.memory));
	struct error *err = boot_info_find(&machine, &spec, &source, ret);
	machine_done(&machine);
	blob_free(&blob);
	free(path);
	return err;
}

#define C_BIT (UINT64_C(1) << 47)

/* Memory encryption in a kernel whose VMCOREINFO does not know of it. */
static void test_sme_mask(void **state)
{
	static const struct {
		uint64_t bit, wanted;
	} cases[] = {{0, 0}, {C_BIT, C_BIT}, {UINT64_C(1) << 51, UINT64_C(1) << 51}};
	struct context *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blob *m = &c->memory, blob = {0};
		uint64_t bit = cases[i].bit;
		struct target *t = NULL;

		blob_le(m, TOP_5 + 511 * 8, TOP | 0x63 | bit, 8);
		blob_le(m, TOP + 511 * 8, PUD | 0x63 | bit, 8);
		blob_le(m, PUD + 510 * 8, PMD | 0x63 | bit, 8);
		blob_le(m, PMD + (RUN(IMAGE) >> 21 & 511) * 8, IMAGE | 0xe3 | bit, 8);
		make_elf(c, NOTES_VMCOREINFO, false, &blob);
		assert_no_error(open_blob(c, &blob, &t));
		assert_int_equal(target_facts(t).sme_mask, cases[i].wanted);
		check_memory(c, t);
		target_close(t);
		blob_free(&blob);
	}
}

/* Tables that lead nowhere are no encryption. */
static void test_no_sme_mask(void **state)
{
	struct context *c = *state;
	struct target *t = NULL;
	struct blob blob = {0};

	blob_le(&c->memory, TOP + 511 * 8, PUD | 0x63 | C_BIT, 8);
	blob_le(&c->memory, PUD + 510 * 8, 0, 8);
	make_elf(c, NOTES_VMCOREINFO, false, &blob);
	assert_refused(open_blob(c, &blob, &t), "no Linux kernel is where its VMCOREINFO says");
	blob_free(&blob);
}

/* From a CPU's interrupt descriptors, with a vmlinux; VMCOREINFO where the kernel keeps one. */
static void test_qemu_cpu(void **state)
{
	struct context *c = *state;

	for (int has_info = 0; has_info < 2; has_info++) {
		struct symbols symbols = {.table = root(c), .has_info = has_info};
		struct boot_info boot = {0};

		assert_no_error(find_boot(c, &symbols, &boot));
		assert_int_equal(boot.kaslr_offset, KASLR);
		assert_int_equal(boot.phys_base, PHYS_BASE);
		assert_int_equal(boot.root, root(c));
		assert_int_equal(boot.levels, c->five_levels ? 5 : 4);
		assert_string_equal(boot.release, "6.1.0-test");
		assert_int_equal(boot.vmcoreinfo.n > 0, has_info);
		boot_info_free(&boot);
	}
}

/* Another build's vmlinux: the kernel's own words count; where it has none, that is refused. */
static void test_qemu_cpu_other_vmlinux(void **state)
{
	struct context *c = *state;
	struct symbols symbols = {.table = TOP, .has_info = true, .moved = 0x1010};
	struct boot_info boot = {0};

	assert_no_error(find_boot(c, &symbols, &boot));
	assert_int_equal(boot.root, TOP);
	boot_info_free(&boot);
	blob_fill(&c->memory, INFO, 0, PAGE_SIZE);
	assert_refused(find_boot(c, &symbols, &boot), "is not the vmlinux's asm_exc_divide_error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_containers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_containers, set_up_five_levels, tear_down),
		cmocka_unit_test_setup_teardown(test_split, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_split_incomplete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unsafe_kdump, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sme_mask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sme_mask, set_up_five_levels, tear_down),
		cmocka_unit_test_setup_teardown(test_no_sme_mask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_qemu_cpu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_qemu_cpu, set_up_five_levels, tear_down),
		cmocka_unit_test_setup_teardown(test_qemu_cpu_other_vmlinux, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
