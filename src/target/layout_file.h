/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols and type layouts as text: the layout cache, the note in a capture, the export of the
 * `kernel` command and the test images all hold this one format.
 *
 *	iommuscope-layouts 1
 *	build-id 5c3f...                        (may be missing)
 *	release 6.1.0-44-amd64                  (may be missing)
 *	enum protection_domain_mode.PD_MODE_V1 1
 *	enum .PT_FEAT_FULL_VA 1                 (of whichever enum)
 *	member struct amd_iommu.devid 90:2      (offset:size in bytes)
 *	member struct pci_dev.is_virtfn 2088:1:4:1   (offset:size:first bit:bits)
 *	size struct amd_iommu 1240
 *	symbol amd_iommu_list 0xffffffff8309a5f0     (link-time, without KASLR)
 *
 * The lines after the head are written sorted, and read in any order. In place of the value `-`
 * says that there is no such thing (known absent), `?` that several symbols bear the name. Empty
 * lines and lines that begin with # are skipped.
 *
 * Text may come from a stranger: whatever does not follow this exactly is refused.
 */
#ifndef TARGET_LAYOUT_FILE_H
#define TARGET_LAYOUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "target/lookup.h"

#define LAYOUT_FILE_MAGIC "iommuscope-layouts 1" /* the first line */
#define LAYOUT_FILE_MAX (16u << 20) /* bytes of text */
#define LAYOUT_NAME_MAX 255         /* characters of a type, a symbol, a member path */

/* An answered row set. Zeroed is empty and ready. Read the fields, change through the functions. */
struct layout_file {
	const char *build_id, *release; /* NULL: not said */
	struct lookup *at;              /* answered rows, in the order of adding */
	size_t n, room;
	uint32_t *index; /* open addressing: 1 + place in `at`, 0 free */
	size_t index_size;
	struct arena arena;
};

/* The row's line would read back as the same row. Enumerators: type is "enum NAME" or NULL. */
bool layout_row_is_sound(const struct lookup *row);

/* Fills in the row's answer; false: nothing is known of it (row untouched). */
bool layout_file_find(const struct layout_file *file, struct lookup *row);

/* Adds an answered row, or replaces the answer that was there. The names are copied. */
struct error *layout_file_add(struct layout_file *file, const struct lookup *row);

/* Adds all that from has. */
struct error *layout_file_merge(struct layout_file *file, const struct layout_file *from);

/* The build ID is stored in lower case. ERROR_CORRUPT when the text is no such thing. */
struct error *layout_file_set_build_id(struct layout_file *file, const char *build_id);
struct error *layout_file_set_release(struct layout_file *file, const char *release);

/* One line without its newline, not the first one. ERROR_CORRUPT says what is wrong with it. */
struct error *layout_file_parse_line(struct layout_file *file, const char *line, size_t length);

/* The whole text. On failure the file holds the lines before the bad one. */
struct error *layout_file_parse(struct layout_file *file, const char *text, size_t length);

/* The whole text, NUL-terminated; ret is the caller's, length without the NUL. */
struct error *layout_file_format(const struct layout_file *file, char **ret, size_t *length);

/*
 * Writes the text to path: whole, or nothing changes there, whoever else writes it at the same
 * time. with_folders: as for file_replace_begin(). Errors do not name the path.
 */
struct error *layout_file_save(const struct layout_file *file, const char *path, bool with_folders);

void layout_file_free(struct layout_file *file); /* leaves it empty and usable */

static inline void layout_file_freep(struct layout_file *file)
{
	layout_file_free(file);
}

/* 4 to 64 bytes in hex digits, as build IDs are. */
bool build_id_is_valid(const char *text);

/* Printable, no blanks, and fit to be a file's name. */
bool release_is_valid(const char *text);

#endif
