/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout_file.h: from text, to text, and to a file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "target/layout_file.h"
#include "target/temporary.h"

#define ENUM_PREFIX "enum "

/* Reading. */

/* Digits up to `end` (a character or the text's end), which is stepped over. */
static bool take_number(const char **text, unsigned base, char end, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t value = 0;
	const char *c = *text;

	for (; *c && *c != end; c++) {
		const char *digit = memchr(digits, *c, base);
		uint64_t next;
		if (!digit || __builtin_mul_overflow(value, (uint64_t)base, &next) ||
		    __builtin_add_overflow(next, (uint64_t)(digit - digits), &value))
			return false;
	}
	if (c == *text || *c != end)
		return false;
	*text = *c ? c + 1 : c;
	*ret = value;
	return true;
}

static bool parse_address(const char *text, struct lookup *row)
{
	if (strncmp(text, "0x", 2))
		return false;
	text += 2;
	return take_number(&text, 16, '\0', &row->value);
}

static bool parse_size(const char *text, struct lookup *row)
{
	return take_number(&text, 10, '\0', &row->value) && row->value <= UINT32_MAX;
}

/* offset:size or offset:size:first:width; the width's bits lie within size. */
static bool parse_place(const char *text, struct lookup *row)
{
	uint64_t offset, size, first = 0, width = 0;
	const char *second = strchr(text, ':');
	bool has_bits = second && strchr(second + 1, ':');

	if (!take_number(&text, 10, ':', &offset) ||
	    !take_number(&text, 10, has_bits ? ':' : '\0', &size))
		return false;
	if (offset > UINT32_MAX || size > UINT32_MAX)
		return false;
	if (has_bits) {
		if (!take_number(&text, 10, ':', &first) || !take_number(&text, 10, '\0', &width))
			return false;
		if (!size || size > 8 || (size & (size - 1)))
			return false;
		if (!width || width > 64 || first > 63 || first + width > size * 8)
			return false;
	}
	row->value = offset;
	row->size = size;
	row->bit_first = first;
	row->bit_width = width;
	return true;
}

static bool parse_signed(const char *text, struct lookup *row)
{
	bool negative = *text == '-';
	uint64_t value;

	text += negative;
	if (!take_number(&text, 10, '\0', &value) || value > (uint64_t)INT64_MAX + negative)
		return false;
	row->value = negative ? -value : value;
	return true;
}

/* One row per kind of line: its first word and how its value is read. */
static const struct line_kind {
	const char *word;
	bool (*parse_value)(const char *text, struct lookup *row);
} line_kinds[] = {
	[LOOKUP_SYMBOL] = {"symbol", parse_address},
	[LOOKUP_SIZE] = {"size", parse_size},
	[LOOKUP_MEMBER] = {"member", parse_place},
	[LOOKUP_ENUMERATOR] = {"enum", parse_signed},
};

/* Splits subject in place at the first dot, as kind wants it. */
static bool parse_subject(char *subject, struct lookup *row)
{
	char *dot = strchr(subject, '.');

	switch (row->kind) {
	case LOOKUP_SYMBOL:
		row->name = subject;
		break;
	case LOOKUP_SIZE:
		row->type = subject;
		break;
	case LOOKUP_MEMBER:
	case LOOKUP_ENUMERATOR:
		if (!dot)
			return false;
		*dot = '\0';
		row->type = *subject ? subject : NULL;
		row->name = dot + 1;
		break;
	}
	return layout_row_is_sound(row);
}

static bool parse_value(const char *text, struct lookup *row)
{
	row->state = !strcmp(text, "-")   ? LOOKUP_ABSENT
		     : !strcmp(text, "?") ? LOOKUP_AMBIGUOUS
					  : LOOKUP_FOUND;
	return row->state != LOOKUP_FOUND || line_kinds[row->kind].parse_value(text, row);
}

/* line: NUL-terminated, changed. first and last space cut it into word, subject and value. */
static struct error *parse_row(struct layout_file *file, char *line)
{
	char *subject = strchr(line, ' '), *value = strrchr(line, ' ');

	if (!subject || subject == value)
		return error_new(ERROR_CORRUPT, "not a layout line");
	*subject++ = '\0';
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(line_kinds); i++) {
		if (strcmp(line, line_kinds[i].word))
			continue;
		struct lookup row = {.kind = i};
		char typed[sizeof(ENUM_PREFIX) + LAYOUT_NAME_MAX + LAYOUT_NAME_MAX];
		if (i == LOOKUP_ENUMERATOR && *subject != '.') {
			/* The line's first word already says "enum". */
			if (snprintf(typed, sizeof(typed), ENUM_PREFIX "%s", subject) >=
			    (int)sizeof(typed))
				return error_new(ERROR_CORRUPT, "too long a name");
			subject = typed;
		}
		if (!parse_subject(subject, &row))
			return error_new(ERROR_CORRUPT, "not a name of a %s", line_kinds[i].word);
		if (!parse_value(value, &row))
			return error_new(ERROR_CORRUPT, "not a value of a %s", line_kinds[i].word);
		struct lookup earlier = row;
		if (layout_file_find(file, &earlier))
			return error_new(ERROR_CORRUPT, "said twice");
		return layout_file_add(file, &row);
	}
	return error_new(ERROR_CORRUPT, "not a layout line");
}

static const char *after_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	return strncmp(line, word, length) || line[length] != ' ' ? NULL : line + length + 1;
}

struct error *layout_file_parse_line(struct layout_file *file, const char *line, size_t length)
{
	char copy[3 * LAYOUT_NAME_MAX];
	const char *value;

	if (!length || *line == '#')
		return NULL;
	if (length >= sizeof(copy) || memchr(line, '\0', length))
		return error_new(ERROR_CORRUPT, "not a layout line");
	memcpy(copy, line, length);
	copy[length] = '\0';
	if ((value = after_word(copy, "build-id")))
		return file->build_id ? error_new(ERROR_CORRUPT, "said twice")
				      : layout_file_set_build_id(file, value);
	if ((value = after_word(copy, "release")))
		return file->release ? error_new(ERROR_CORRUPT, "said twice")
				     : layout_file_set_release(file, value);
	return parse_row(file, copy);
}

struct error *layout_file_parse(struct layout_file *file, const char *text, size_t length)
{
	const char *end = text + length;
	size_t number = 1;

	if (length > LAYOUT_FILE_MAX)
		return error_new(ERROR_CORRUPT, "layouts of over %u MiB", LAYOUT_FILE_MAX >> 20);
	for (const char *line = text; line < end; number++) {
		const char *newline = memchr(line, '\n', end - line);
		size_t line_length = newline ? newline - line : end - line;
		struct error *err = NULL;

		if (number > 1)
			err = layout_file_parse_line(file, line, line_length);
		else if (line_length != strlen(LAYOUT_FILE_MAGIC) ||
			 memcmp(line, LAYOUT_FILE_MAGIC, line_length))
			err = error_new(ERROR_CORRUPT, "does not begin with \"%s\"",
					LAYOUT_FILE_MAGIC);
		if (err)
			return error_prepend(err, "layouts, line %zu", number);
		line += line_length + !!newline;
	}
	return number > 1 ? NULL : error_new(ERROR_CORRUPT, "layouts: empty");
}

/* Writing. */

static char *format_value(struct arena *arena, const struct lookup *row)
{
	if (row->state != LOOKUP_FOUND)
		return arena_strdup(arena, row->state == LOOKUP_ABSENT ? "-" : "?");
	switch (row->kind) {
	case LOOKUP_SYMBOL:
		return arena_printf(arena, "0x%" PRIx64, row->value);
	case LOOKUP_SIZE:
		return arena_printf(arena, "%" PRIu64, row->value);
	case LOOKUP_MEMBER:
		if (!row->bit_width)
			return arena_printf(arena, "%" PRIu64 ":%" PRIu32, row->value, row->size);
		return arena_printf(arena, "%" PRIu64 ":%" PRIu32 ":%u:%u", row->value, row->size,
				    row->bit_first, row->bit_width);
	case LOOKUP_ENUMERATOR:
		return arena_printf(arena, "%" PRId64, (int64_t)row->value);
	}
	return NULL;
}

static char *format_row(struct arena *arena, const struct lookup *row)
{
	const char *type = row->type ? row->type : "", *name = row->name ? row->name : "";
	const char *value = format_value(arena, row);

	if (row->kind == LOOKUP_ENUMERATOR && row->type)
		type += strlen(ENUM_PREFIX);
	return value ? arena_printf(arena, "%s %s%s%s %s\n", line_kinds[row->kind].word, type,
				    row->kind == LOOKUP_MEMBER || row->kind == LOOKUP_ENUMERATOR
					    ? "."
					    : "",
				    name, value)
		     : NULL;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of all rows, sorted, in arena; false: out of memory. */
static bool format_rows(const struct layout_file *file, struct arena *arena, char ***ret)
{
	char **lines = arena_alloc(arena, (file->n + 1) * sizeof(*lines));

	if (!lines)
		return false;
	for (size_t i = 0; i < file->n; i++) {
		lines[i] = format_row(arena, &file->at[i]);
		if (!lines[i])
			return false;
	}
	qsort(lines, file->n, sizeof(*lines), compare_lines);
	*ret = lines;
	return true;
}

struct error *layout_file_format(const struct layout_file *file, char **ret, size_t *length)
{
	_cleanup_(arena_free) struct arena arena = {0};
	char **lines;
	char *text = NULL;
	FILE *out;

	if (!format_rows(file, &arena, &lines) || !(out = open_memstream(&text, length)))
		return error_no_memory;
	fputs(LAYOUT_FILE_MAGIC "\n", out);
	if (file->build_id)
		fprintf(out, "build-id %s\n", file->build_id);
	if (file->release)
		fprintf(out, "release %s\n", file->release);
	for (size_t i = 0; i < file->n; i++)
		fputs(lines[i], out);
	if (fclose(out)) {
		free(text);
		return error_no_memory;
	}
	*ret = text;
	return NULL;
}

/* Saving. */

static bool write_all(int fd, const char *text, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t n = write(fd, text + done, length - done);
		if (n <= 0)
			return false;
		done += n;
	}
	return true;
}

/* Under another name first. */
static struct error *replace_file(const char *path, bool with_folders, const char *text, size_t length)
{
	struct file_replacement file;
	struct error *err = temporary_beside(path, with_folders, &file);

	if (err)
		return err;
	errno = EIO; /* where the system gives no reason */
	bool written = write_all(file.fd, text, length);
	written = !close(file.fd) && written;
	if (!written)
		err = error_errno(errno, "can't be written");
	if (file_replace_end(&file, written) && !err)
		err = error_errno(errno, "can't be written");
	return err;
}

struct error *layout_file_save(const struct layout_file *file, const char *path, bool with_folders)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	struct error *err = layout_file_format(file, &text, &length);

	if (!err && length > LAYOUT_FILE_MAX)
		err = error_new(ERROR_OTHER, "can't be written: it would be too large to be read");
	return err ? err : replace_file(path, with_folders, text, length);
}
