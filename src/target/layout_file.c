/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/layout_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"

#define ENUM_PREFIX "enum "

/* Names. */

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Words of name characters, one separator between two of them. */
static bool is_words(const char *text, size_t length, char separator)
{
	bool within = false;

	if (length > LAYOUT_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!is_name_char(text[i]) && (text[i] != separator || !within))
			return false;
		within = text[i] != separator;
	}
	return within;
}

bool build_id_is_valid(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefABCDEF");

	return !text[length] && length >= 8 && length <= 128 && length % 2 == 0;
}

bool release_is_valid(const char *text)
{
	size_t length = 0;

	for (; text[length]; length++)
		if (!isgraph((unsigned char)text[length]) || text[length] == '/')
			return false;
	return length > 0 && length <= LAYOUT_NAME_MAX && *text != '.';
}

bool layout_row_is_sound(const struct lookup *row)
{
	const char *type = row->type, *name = row->name;

	if (type && !is_words(type, strlen(type), ' '))
		return false;
	if (name && !is_words(name, strlen(name), '.'))
		return false;
	switch (row->kind) {
	case LOOKUP_SYMBOL:
		return name && !type;
	case LOOKUP_SIZE:
		return type && !name;
	case LOOKUP_MEMBER:
		return type && name;
	case LOOKUP_ENUMERATOR:
		return name && !strchr(name, '.') &&
		       (!type || !strncmp(type, ENUM_PREFIX, strlen(ENUM_PREFIX)));
	}
	return false;
}

/* The set. */

static bool text_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool key_equal(const struct lookup *a, const struct lookup *b)
{
	return a->kind == b->kind && text_equal(a->type, b->type) && text_equal(a->name, b->name);
}

/* The slot that holds row's key, or the free one where it belongs. index_size is not 0. */
static uint32_t *find_slot(const struct layout_file *file, const struct lookup *row)
{
	size_t mask = file->index_size - 1;
	size_t i = hash_text(hash_text(HASH_START ^ row->kind, row->type), row->name) & mask;

	while (file->index[i] && !key_equal(&file->at[file->index[i] - 1], row))
		i = (i + 1) & mask;
	return &file->index[i];
}

/* Keeps the index at most half full. */
static bool grow_index(struct layout_file *file)
{
	size_t size = file->index_size ? file->index_size * 2 : 64;

	if (file->n * 2 < file->index_size)
		return true;
	uint32_t *index = calloc(size, sizeof(*index));
	if (!index)
		return false;
	free(file->index);
	file->index = index;
	file->index_size = size;
	for (size_t i = 0; i < file->n; i++)
		*find_slot(file, &file->at[i]) = i + 1;
	return true;
}

static void copy_answer(struct lookup *to, const struct lookup *from)
{
	to->state = from->state;
	to->value = from->value;
	to->size = from->size;
	to->bit_first = from->bit_first;
	to->bit_width = from->bit_width;
}

bool layout_file_find(const struct layout_file *file, struct lookup *row)
{
	uint32_t place = file->index_size ? *find_slot(file, row) : 0;

	if (!place)
		return false;
	copy_answer(row, &file->at[place - 1]);
	return true;
}

struct error *layout_file_add(struct layout_file *file, const struct lookup *row)
{
	if (row->state == LOOKUP_UNANSWERED || !layout_row_is_sound(row))
		return error_new(ERROR_OTHER, "layout of %s%s%s can't be written to a file",
				 row->type ? row->type : "", row->type && row->name ? "." : "",
				 row->name ? row->name : "");
	if (!grow_index(file))
		return error_no_memory;

	uint32_t *slot = find_slot(file, row);
	if (!*slot) {
		char *type = row->type ? arena_strdup(&file->arena, row->type) : NULL;
		char *name = row->name ? arena_strdup(&file->arena, row->name) : NULL;
		struct lookup *added = NULL;
		if (!row->type == !type && !row->name == !name)
			added = vec_push(file);
		if (!added)
			return error_no_memory;
		added->kind = row->kind;
		added->type = type;
		added->name = name;
		*slot = file->n;
	}
	copy_answer(&file->at[*slot - 1], row);
	return NULL;
}

struct error *layout_file_merge(struct layout_file *file, const struct layout_file *from)
{
	struct error *err = NULL;

	if (from->build_id)
		err = layout_file_set_build_id(file, from->build_id);
	if (!err && from->release)
		err = layout_file_set_release(file, from->release);
	for (size_t i = 0; !err && i < from->n; i++)
		err = layout_file_add(file, &from->at[i]);
	return err;
}

struct error *layout_file_set_build_id(struct layout_file *file, const char *build_id)
{
	if (!build_id_is_valid(build_id))
		return error_new(ERROR_CORRUPT, "not a build ID");
	char *copy = arena_strdup(&file->arena, build_id);
	if (!copy)
		return error_no_memory;
	for (char *c = copy; *c; c++)
		*c = tolower((unsigned char)*c);
	file->build_id = copy;
	return NULL;
}

struct error *layout_file_set_release(struct layout_file *file, const char *release)
{
	if (!release_is_valid(release))
		return error_new(ERROR_CORRUPT, "not a kernel release");
	char *copy = arena_strdup(&file->arena, release);
	if (!copy)
		return error_no_memory;
	file->release = copy;
	return NULL;
}

void layout_file_free(struct layout_file *file)
{
	free(file->at);
	free(file->index);
	arena_free(&file->arena);
	*file = (struct layout_file){0};
}
