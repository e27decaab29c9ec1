/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/kdump_safe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "target/elf_notes.h"

/*
 * libkdumpfile makes an attribute of each line: of KEY=value lines.KEY, and of TYPE(NAME)=value
 * also TYPE.NAME, where each dot in a key leads one directory down (vmcoreinfo.c, attr.c).
 *  - A key that begins with a dot: create_attr_path() looks for the key "" before it, whose
 *    length lookup_dir_attr() counts down to SIZE_MAX, and reads on until memory ends.
 *  - A.B where A has a value: a value is taken for the address of a directory's contents.
 *  - A long key is copied to the stack, and all its dots are gone through for each of them.
 *  - A NUL within a key: the key's copy is shorter than its length says.
 */
#define KEY_MAX 255
#define TEXT_MAX (64 << 10) /* a page, of the largest that kernels have */

struct key {
	const unsigned char *at;
	size_t length;
};

struct keys {
	struct key *at;
	size_t n, room;
};

/* What parts a key's names sorts before all else, so that what lies under a key follows it. */
static int rank(unsigned char c)
{
	return c == '.' || c == '(' ? 0 : c;
}

static int key_compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	for (size_t i = 0; i < x->length && i < y->length; i++)
		if (rank(x->at[i]) != rank(y->at[i]))
			return rank(x->at[i]) - rank(y->at[i]);
	return (x->length > y->length) - (x->length < y->length);
}

static bool is_above(const struct key *x, const struct key *y)
{
	const struct key start = {y->at, x->length};

	return x->length < y->length && !rank(y->at[x->length]) && !key_compare(x, &start);
}

/* The names that a key leads through: without the bracket at its end. */
static bool key_names(const char *line, size_t length, struct key *ret)
{
	if (!length || length > KEY_MAX || line[0] == '.')
		return false;
	*ret = (struct key){(const unsigned char *)line, length - (line[length - 1] == ')')};
	for (size_t i = 0; i < ret->length; i++)
		if (ret->at[i] <= ' ' || ret->at[i] > '~' || ret->at[i] == ')')
			return false;
	return true;
}

static struct error *damaged(void)
{
	return error_new(ERROR_CORRUPT, "its VMCOREINFO is damaged" CORE_FILE_COPY_ADVICE);
}

static struct error *keys_collect(const char *text, size_t size, struct keys *keys)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		const char *equals = memchr(text, '=', (size_t)(line_end - text));
		struct key names;

		if (line_end > text) {
			const char *key_end = equals ? equals : line_end;
			if (!key_names(text, (size_t)(key_end - text), &names))
				return damaged();
			struct key *slot = vec_push(keys);
			if (!slot)
				return error_no_memory;
			*slot = names;
		}
		text = line_end + 1;
	}
	return NULL;
}

struct error *vmcoreinfo_check(const char *text, size_t size)
{
	struct keys keys = {0};

	while (size && !text[size - 1])
		size--;
	struct error *err = size > TEXT_MAX ? damaged() : keys_collect(text, size, &keys);
	if (!err && keys.n)
		qsort(keys.at, keys.n, sizeof(*keys.at), key_compare);
	for (size_t i = 1; i < keys.n && !err; i++)
		if (is_above(&keys.at[i - 1], &keys.at[i]))
			err = damaged();
	vec_free(&keys);
	return err;
}

/* A name without its NUL is one to libkdumpfile. */
static struct error *notes_check(const uint8_t *notes, size_t size)
{
	struct error *err = NULL;
	struct elf_note note;

	for (size_t offset = 0; !err && elf_note_next(notes, size, &offset, &note);)
		if (!*note.name || !strncmp(note.name, "VMCOREINFO", 10))
			err = vmcoreinfo_check((const char *)note.desc, note.desc_size);
	return err;
}

static struct error *text_check(const uint8_t *text, size_t size)
{
	return vmcoreinfo_check((const char *)text, size);
}

static struct error *region_check(const struct core_file *file, const struct kdump_region *region,
				  struct error *(*check)(const uint8_t *, size_t))
{
	_cleanup_(freep) void *bytes = NULL;

	if (!region->size)
		return NULL;
	struct error *err = core_file_read_alloc(file, region->offset, region->size, &bytes);
	return err ? error_prepend(err, "kdump notes") : check(bytes, region->size);
}

/*
 * Headers are tried as a 32-bit machine's first, little-endian and big-endian. There the block size
 * lies where a 64-bit header has the low half of its time stamp's microseconds.
 */
static bool is_taken_for_32_bit(const uint8_t *header, uint32_t (*get)(const void *))
{
	enum { BLOCK_SIZE = 416, BITMAP_BLOCKS = 424, MAX_MAPNR = 428 };
	enum { BLOCK_SIZE_MIN = 1 << 12, BLOCK_SIZE_MAX = 1 << 18 };
	uint64_t block = get(header + BLOCK_SIZE);

	return block >= BLOCK_SIZE_MIN && block <= BLOCK_SIZE_MAX &&
	       8 * block * get(header + BITMAP_BLOCKS) >= get(header + MAX_MAPNR);
}

static uint32_t get_be32(const void *p)
{
	return __builtin_bswap32(get_le32(p));
}

static struct error *header_check(const struct core_file *file)
{
	uint8_t header[KDUMP_HEADER_SIZE];
	struct error *err = core_file_read(file, 0, header, sizeof(header));

	if (err)
		return error_prepend(err, "kdump header");
	return is_taken_for_32_bit(header, get_le32) || is_taken_for_32_bit(header, get_be32)
		       ? error_new(ERROR_CORRUPT, "its kdump header could be a 32-bit machine's")
		       : NULL;
}

/* The first file's notes are read, by what each header says of where they are. */
struct error *kdump_safe_check(const struct kdump_pages *pages)
{
	const struct kdump_part *first = pages->parts, *end = first + pages->n_parts;

	while (first->first == first->end)
		first++;
	struct error *err = header_check(first->file);
	for (const struct kdump_part *part = first; part < end && !err; part++) {
		err = region_check(first->file, &part->vmcoreinfo, text_check);
		if (!err)
			err = region_check(first->file, &part->notes, notes_check);
	}
	return err;
}
