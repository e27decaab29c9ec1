/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "target/capture.h"
#include "target/temporary.h"

#define EHDR_SIZE 64
#define PHDR_SIZE 56
#define SHDR_SIZE 64

/* A page of which something was read. */
struct page {
	uint64_t number;
	size_t range; /* index of the first range that reaches into it */
	bool is_zero; /* nothing but zeros was read: shares one block of the file */
};

/* A PT_LOAD: a run of pages, or one page that is zero. */
struct segment {
	uint64_t pa, size;
	bool is_zero;
};

struct writer {
	struct target *target;
	FILE *out;
	int write_errno; /* of the first write that failed */
	VEC(struct recorder_range) ranges;
	VEC(struct page) pages;
	VEC(struct segment) segments;
	VEC(char) note;	      /* both notes, as they are in the file */
	uint64_t page_offset; /* virtual address of physical 0 in the direct map; 0: unknown */
};

static struct error *range_add(void *arg, const struct recorder_range *range)
{
	struct writer *w = arg;
	struct recorder_range *slot = vec_push(&w->ranges);

	if (!slot)
		return error_no_memory;
	*slot = *range;
	return NULL;
}

static uint64_t range_end(const struct recorder_range *range)
{
	return range->pa + range->len;
}

/* The bytes of a page that were read, the rest zero. */
static struct error *page_fill(struct writer *w, const struct page *page, uint8_t bytes[PAGE_SIZE])
{
	uint64_t start = page->number << PAGE_SHIFT, end = start + PAGE_SIZE;
	struct error *err = NULL;

	memset(bytes, 0, PAGE_SIZE);
	for (size_t i = page->range; i < w->ranges.n && w->ranges.at[i].pa < end && !err; i++) {
		const struct recorder_range *range = &w->ranges.at[i];
		uint64_t from = range->pa > start ? range->pa : start;
		uint64_t to = range_end(range) < end ? range_end(range) : end;

		if (range->failed == ERROR_OTHER)
			err = target_read(w->target, SPACE_PHYS, from, bytes + (from - start),
					  to - from);
	}
	return err;
}

static bool is_zero(const uint8_t bytes[PAGE_SIZE])
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, PAGE_SIZE - 1);
}

static struct error *page_add(struct writer *w, uint64_t number, size_t range)
{
	uint8_t bytes[PAGE_SIZE];
	struct page *page = vec_push(&w->pages);

	if (!page)
		return error_no_memory;
	*page = (struct page){.number = number, .range = range};
	struct error *err = page_fill(w, page, bytes);
	page->is_zero = !err && is_zero(bytes);
	return err;
}

static struct error *pages_collect(struct writer *w)
{
	struct error *err = NULL;

	for (size_t i = 0; i < w->ranges.n && !err; i++) {
		const struct recorder_range *range = &w->ranges.at[i];
		uint64_t number = range->pa >> PAGE_SHIFT;

		if (range->failed != ERROR_OTHER)
			continue;
		if (w->pages.n && w->pages.at[w->pages.n - 1].number == number)
			number++;
		for (; number << PAGE_SHIFT < range_end(range) && !err; number++)
			err = page_add(w, number, i);
		if (!err)
			err = target_poll(w->target);
	}
	return err;
}

static struct error *segments_collect(struct writer *w)
{
	for (size_t i = 0; i < w->pages.n; i++) {
		const struct page *page = &w->pages.at[i];
		uint64_t pa = page->number << PAGE_SHIFT;
		struct segment *last = w->segments.n ? &w->segments.at[w->segments.n - 1] : NULL;

		if (last && !page->is_zero && !last->is_zero && last->pa + last->size == pa) {
			last->size += PAGE_SIZE;
			continue;
		}
		struct segment *segment = vec_push(&w->segments);
		if (!segment)
			return error_no_memory;
		*segment = (struct segment){.pa = pa, .size = PAGE_SIZE, .is_zero = page->is_zero};
	}
	return NULL;
}

static struct error *note_bytes(struct writer *w, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char *slot = vec_push(&w->note);

		if (!slot)
			return error_no_memory;
		*slot = ((const char *)bytes)[i];
	}
	return NULL;
}

static struct error *note_pad(struct writer *w)
{
	static const char zeros[4];

	return note_bytes(w, zeros, -w->note.n & 3);
}

static struct error *note_head(struct writer *w, const char *name, uint64_t size, uint32_t type)
{
	if (size > UINT32_MAX)
		return error_new(ERROR_OTHER, "the capture holds too many ranges for an ELF note");
	uint32_t words[3] = {htole32((uint32_t)strlen(name) + 1), htole32((uint32_t)size),
			     htole32(type)};
	struct error *err = note_bytes(w, words, sizeof(words));
	if (!err)
		err = note_bytes(w, name, strlen(name) + 1);
	return err ? err : note_pad(w);
}

static struct error *note_word(struct writer *w, uint64_t word)
{
	word = htole64(word);
	return note_bytes(w, &word, sizeof(word));
}

static enum capture_state state_of(enum error_code failed)
{
	switch (failed) {
	case ERROR_OTHER:
		return CAPTURE_HELD;
	case ERROR_FAULT:
		return CAPTURE_FAULT;
	case ERROR_CORRUPT:
		return CAPTURE_CORRUPT;
	default:
		return CAPTURE_IO;
	}
}

static struct error *own_note(struct writer *w, const struct target_facts *facts, const char *text,
			      size_t length)
{
	const uint64_t words[CAPTURE_WORDS] = {
		[CAPTURE_WORD_VERSION] = CAPTURE_VERSION,
		[CAPTURE_WORD_KASLR] = facts->kaslr_offset,
		[CAPTURE_WORD_PHYS_BASE] = facts->phys_base,
		[CAPTURE_WORD_PAGE_TABLE] = facts->page_table,
		[CAPTURE_WORD_SME_MASK] = facts->sme_mask,
		[CAPTURE_WORD_LEVELS] = facts->page_levels,
		[CAPTURE_WORD_RANGES] = w->ranges.n,
		[CAPTURE_WORD_TEXT] = length,
	};
	struct error *err = note_head(
		w, CAPTURE_NOTE_NAME,
		sizeof(words) + w->ranges.n * CAPTURE_RANGE_WORDS * 8 + length, CAPTURE_NOTE_TYPE);

	for (size_t i = 0; i < CAPTURE_WORDS && !err; i++)
		err = note_word(w, words[i]);
	for (size_t i = 0; i < w->ranges.n && !err; i++) {
		err = note_word(w, w->ranges.at[i].pa);
		if (!err)
			err = note_word(w, w->ranges.at[i].len);
		if (!err)
			err = note_word(w, state_of(w->ranges.at[i].failed));
	}
	if (!err)
		err = note_bytes(w, text, length);
	return err ? err : note_pad(w);
}

static struct error *notes_collect(struct writer *w)
{
	struct target_facts facts = target_facts(w->target);
	_cleanup_(layout_file_freep) struct layout_file layouts = {0};
	_cleanup_(freep) char *text = NULL;
	size_t length = 0;
	struct error *err = target_export(w->target, &layouts);

	if (!err)
		err = layout_file_format(&layouts, &text, &length);
	if (!err && facts.vmcoreinfo) {
		err = note_head(w, "VMCOREINFO", strlen(facts.vmcoreinfo), 0);
		if (!err)
			err = note_bytes(w, facts.vmcoreinfo, strlen(facts.vmcoreinfo));
		if (!err)
			err = note_pad(w);
	}
	return err ? err : own_note(w, &facts, text, length);
}

/* Other tools like virtual addresses; ours needs none. */
static void find_page_offset(struct writer *w)
{
	uint64_t at = 0;
	struct error *err = target_symbol(w->target, "page_offset_base", &at);

	if (!err)
		err = target_read_u64(w->target, SPACE_VIRT, at, &w->page_offset);
	error_free(err);
}

static void put_word(uint8_t *at, uint64_t word, unsigned size)
{
	word = htole64(word);
	memcpy(at, &word, size);
}

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
	/* Errors stay in the stream, and are asked for at its end; why, only the first one tells.
	 */
	if (fwrite(bytes, 1, len, w->out) < len && !w->write_errno)
		w->write_errno = errno;
}

static void put_phdr(struct writer *w, uint32_t type, uint64_t offset, uint64_t va, uint64_t pa,
		     uint64_t size)
{
	uint8_t h[PHDR_SIZE] = {0};

	put_word(h, type, 4);
	put_word(h + 4, type == PT_LOAD ? PF_R | PF_W | PF_X : 0, 4);
	put_word(h + 8, offset, 8);
	put_word(h + 16, va, 8);
	put_word(h + 24, pa, 8);
	put_word(h + 32, size, 8);
	put_word(h + 40, size, 8);
	put_word(h + 48, type == PT_LOAD ? PAGE_SIZE : 4, 8);
	put_bytes(w, h, sizeof(h));
}

/* is_many: the number of program headers does not fit, and stands in a section header. */
static void put_ehdr(struct writer *w, uint64_t n, bool is_many)
{
	uint8_t h[EHDR_SIZE] = {ELFMAG0,    ELFMAG1,	 ELFMAG2,   ELFMAG3,
				ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
	uint8_t section[SHDR_SIZE] = {0};

	put_word(h + 16, ET_CORE, 2);
	put_word(h + 18, EM_X86_64, 2);
	put_word(h + 20, EV_CURRENT, 4);
	put_word(h + 32, EHDR_SIZE + (is_many ? SHDR_SIZE : 0), 8);
	put_word(h + 40, is_many ? EHDR_SIZE : 0, 8);
	put_word(h + 52, EHDR_SIZE, 2);
	put_word(h + 54, PHDR_SIZE, 2);
	put_word(h + 56, is_many ? PN_XNUM : n, 2);
	put_word(h + 58, is_many ? SHDR_SIZE : 0, 2);
	put_word(h + 60, is_many ? 1 : 0, 2);
	put_bytes(w, h, sizeof(h));
	put_word(section + 44, n, 4);
	if (is_many)
		put_bytes(w, section, sizeof(section));
}

static struct error *put_pages(struct writer *w)
{
	uint8_t bytes[PAGE_SIZE] = {0};
	struct error *err = NULL;

	put_bytes(w, bytes, sizeof(bytes)); /* the block of all zero pages */
	for (size_t i = 0; i < w->pages.n && !err; i++) {
		if (w->pages.at[i].is_zero)
			continue;
		err = page_fill(w, &w->pages.at[i], bytes);
		put_bytes(w, bytes, sizeof(bytes));
		if (!err)
			err = target_poll(w->target);
	}
	return err;
}

static struct error *put_all(struct writer *w)
{
	static const uint8_t zeros[PAGE_SIZE];
	uint64_t n = w->segments.n + 1;
	bool is_many = n >= PN_XNUM;
	uint64_t note_at = EHDR_SIZE + (is_many ? SHDR_SIZE : 0) + n * PHDR_SIZE;
	uint64_t note_end = note_at + w->note.n;
	uint64_t zero_at = (note_end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	uint64_t next = zero_at + PAGE_SIZE;

	put_ehdr(w, n, is_many);
	put_phdr(w, PT_NOTE, note_at, 0, 0, w->note.n);
	for (size_t i = 0; i < w->segments.n; i++) {
		const struct segment *s = &w->segments.at[i];

		put_phdr(w, PT_LOAD, s->is_zero ? zero_at : next,
			 w->page_offset ? w->page_offset + s->pa : 0, s->pa, s->size);
		if (!s->is_zero)
			next += s->size;
	}
	put_bytes(w, w->note.at, w->note.n);
	put_bytes(w, zeros, zero_at - note_end);
	return put_pages(w);
}

/* path takes the place of what was there only when all of it is on the disk. */
static struct error *write_file(struct writer *w, const char *path, uint64_t *ret_size)
{
	struct file_replacement file;
	off_t size = 0;

	struct error *err = temporary_beside(path, false, &file);
	if (err)
		return error_prepend(err, "%s", path);
	w->out = fdopen(file.fd, "w");
	if (!w->out) {
		close(file.fd);
		file_replace_end(&file, false);
		return error_no_memory;
	}
	errno = 0; /* of the first write that fails; what is read for it is in memory */
	err = put_all(w);
	if (!err && (fflush(w->out) || ferror(w->out) || fsync(file.fd) ||
		     (size = lseek(file.fd, 0, SEEK_END)) < 0))
		err = error_errno(w->write_errno ? w->write_errno
				  : errno	 ? errno
						 : EIO,
				  "%s", path);
	if (fclose(w->out) && !err)
		err = error_errno(errno, "%s", path);
	if (file_replace_end(&file, !err) && !err)
		err = error_errno(errno, "%s", path);
	if (!err)
		*ret_size = (uint64_t)size;
	return err;
}

struct error *capture_write(struct target *target, struct recorder *recorder, const char *path,
			    uint64_t *ret_size)
{
	struct writer w = {.target = target};
	struct recorder *attached = target->recorder;
	struct error *err;

	find_page_offset(&w);	 /* while it listens: then the capture has this too */
	target->recorder = NULL; /* what is read again is noted already */
	err = recorder_visit(recorder, range_add, &w);
	if (!err)
		err = pages_collect(&w);
	if (!err)
		err = segments_collect(&w);
	if (!err)
		err = notes_collect(&w);
	if (!err)
		err = write_file(&w, path, ret_size);
	target->recorder = attached;
	vec_free(&w.ranges);
	vec_free(&w.pages);
	vec_free(&w.segments);
	vec_free(&w.note);
	return err;
}
