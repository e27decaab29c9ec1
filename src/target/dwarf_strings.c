/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dwarf_strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"

#define TAIL 4
#define SLOTS 1024

/* The batch's types by the last TAIL characters of their names. */
struct tails {
	uint32_t heads[SLOTS]; /* 1 + number of a type, 0 none */
	uint32_t *next;        /* per type */
};

static uint32_t tail_slot(const char *end)
{
	return get_le32(end - TAIL) * 2654435761u >> 22;
}

static struct error *tails_init(struct tails *tails, const struct type_batch *batch)
{
	tails->next = calloc(batch->n_types + 1, sizeof(*tails->next));
	if (!tails->next)
		return error_no_memory;
	for (size_t i = 0; i < batch->n_types; i++) {
		const char *name = batch->types[i].name;
		if (strlen(name) < TAIL)
			continue;
		uint32_t *head = &tails->heads[tail_slot(name + strlen(name))];
		tails->next[i] = *head;
		*head = i + 1;
	}
	return NULL;
}

static void tails_free(struct tails *tails)
{
	free(tails->next);
}

/* The string start .. end of the section that begins at base: whose name does it end in? */
static struct error *match_string(const struct tails *tails, const struct type_batch *batch,
				  const char *base, const char *start, const char *end,
				  struct dwarf_strings *ret)
{
	for (uint32_t i = tails->heads[tail_slot(end)]; i; i = tails->next[i - 1]) {
		const struct wanted_type *type = &batch->types[i - 1];
		size_t length = strlen(type->name);
		if (length > (size_t)(end - start) || memcmp(end - length, type->name, length))
			continue;
		struct string_place *place = vec_push(ret);
		if (!place)
			return error_no_memory;
		*place = (struct string_place){.offset = end - length - base, .type = type};
	}
	return NULL;
}

static bool is_64_bit(struct span info)
{
	return info.n >= 4 && get_le32(info.at) == UINT32_MAX;
}

struct error *dwarf_strings_find(const struct dwarf_file *file, const struct type_batch *batch,
				 struct dwarf_strings *ret)
{
	_cleanup_(tails_free) struct tails tails = {0};
	struct span section = file->sections[DWARF_STR];
	const char *base = section.at ? (const char *)section.at : "", *limit = base + section.n, *end;
	struct error *err = tails_init(&tails, batch);

	ret->length_min = is_64_bit(file->sections[DWARF_INFO]) ? 8 : 4;
	for (const char *start = base; !err && start < limit; start = end + 1) {
		end = memchr(start, '\0', limit - start);
		if (!end)
			break;
		if (end - start >= TAIL)
			err = match_string(&tails, batch, base, start, end, ret);
	}
	return err;
}

bool dwarf_strings_may_have(const struct dwarf_strings *strings, const struct wanted_type *type)
{
	if (strlen(type->name) < strings->length_min)
		return true;
	for (size_t i = 0; i < strings->n; i++)
		if (strings->at[i].type == type)
			return true;
	return false;
}

static int compare_offsets(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct error *dwarf_mentions_init(const struct dwarf_file *file,
				  const struct dwarf_strings *strings,
				  const struct type_batch *batch, struct dwarf_mentions *ret)
{
	*ret = (struct dwarf_mentions){.any = file->sections[DWARF_STR_OFFSETS].n};
	for (size_t i = 0; i < batch->n_types; i++)
		if (!batch->types[i].settled && strlen(batch->types[i].name) < strings->length_min)
			ret->any = true;
	ret->offsets = calloc(strings->n + 1, sizeof(*ret->offsets));
	if (!ret->offsets)
		return error_no_memory;
	for (size_t i = 0; i < strings->n; i++) {
		uint32_t offset = strings->at[i].offset;
		if (strings->at[i].type->settled)
			continue;
		ret->offsets[ret->n++] = offset;
		ret->filter[(uint16_t)offset / 8] |= 1 << offset % 8;
	}
	qsort(ret->offsets, ret->n, sizeof(*ret->offsets), compare_offsets);
	return NULL;
}

void dwarf_mentions_free(struct dwarf_mentions *mentions)
{
	free(mentions->offsets);
	mentions->offsets = NULL;
}

bool dwarf_unit_mentions(const struct dwarf_mentions *mentions, struct span unit)
{
	if (mentions->any)
		return true;
	for (size_t i = 0; i + 4 <= unit.n; i++) {
		uint32_t value = get_le32(unit.at + i);
		if (mentions->filter[(uint16_t)value / 8] >> value % 8 & 1 &&
		    bsearch(&value, mentions->offsets, mentions->n, sizeof(value), compare_offsets))
			return true;
	}
	return false;
}
