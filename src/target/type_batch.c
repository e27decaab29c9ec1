/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/type_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"

static const struct {
	const char *prefix;
	enum type_kind kind;
} prefixes[] = {
	{"struct ", TYPE_STRUCT},
	{"union ", TYPE_UNION},
	{"enum ", TYPE_ENUM},
};

/* kind and bare name of the type that row asks about. */
static void split_type(const struct lookup *row, enum type_kind *kind, const char **name)
{
	*kind = row->type ? TYPE_NAME : TYPE_ANY_ENUM;
	*name = row->type ? row->type : row->name;
	for (size_t i = 0; row->type && i < ARRAY_SIZE(prefixes); i++) {
		size_t length = strlen(prefixes[i].prefix);
		if (!strncmp(row->type, prefixes[i].prefix, length)) {
			*kind = prefixes[i].kind;
			*name = row->type + length;
		}
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct lookup *x = *(struct lookup *const *)a, *y = *(struct lookup *const *)b;
	enum type_kind kind_x, kind_y;
	const char *name_x, *name_y;

	split_type(x, &kind_x, &name_x);
	split_type(y, &kind_y, &name_y);
	return kind_x != kind_y ? (int)kind_x - (int)kind_y : strcmp(name_x, name_y);
}

/* The slot that holds kind and name, or the free one (0) where they belong. */
static size_t *find_slot(const struct type_batch *batch, enum type_kind kind, const char *name)
{
	size_t i = hash_text(HASH_START ^ kind, name) & (batch->n_slots - 1);

	for (; batch->slots[i]; i = (i + 1) & (batch->n_slots - 1)) {
		const struct wanted_type *type = &batch->types[batch->slots[i] - 1];
		if (type->kind == kind && !strcmp(type->name, name))
			break;
	}
	return &batch->slots[i];
}

static struct error *allocate(struct type_batch *batch, size_t n)
{
	for (batch->n_slots = 64; batch->n_slots < n * 2;)
		batch->n_slots *= 2;
	batch->types = calloc(n + 1, sizeof(*batch->types));
	batch->rows = calloc(n + 1, sizeof(*batch->rows));
	batch->candidate = calloc(n + 1, sizeof(*batch->candidate));
	batch->slots = calloc(batch->n_slots, sizeof(*batch->slots));
	if (batch->types && batch->rows && batch->candidate && batch->slots)
		return NULL;
	type_batch_free(batch);
	return error_no_memory;
}

struct error *type_batch_init(struct type_batch *batch, struct lookup *rows, size_t n)
{
	size_t n_rows = 0;

	*batch = (struct type_batch){0};
	struct error *err = allocate(batch, n);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == LOOKUP_SYMBOL)
			continue;
		rows[i].state = LOOKUP_ABSENT;
		batch->rows[n_rows++] = &rows[i];
	}
	qsort(batch->rows, n_rows, sizeof(*batch->rows), compare_rows);
	for (size_t i = 0; i < n_rows; i++) {
		enum type_kind kind;
		const char *name;
		split_type(batch->rows[i], &kind, &name);
		size_t *slot = find_slot(batch, kind, name);
		if (!*slot) {
			*slot = ++batch->n_types;
			batch->types[*slot - 1] = (struct wanted_type){
				.kind = kind, .name = name, .rows = &batch->rows[i]};
			batch->n_any_enum += kind == TYPE_ANY_ENUM;
		}
		batch->types[*slot - 1].n++;
	}
	batch->n_open = batch->n_types;
	return NULL;
}

void type_batch_free(struct type_batch *batch)
{
	free(batch->types);
	free(batch->rows);
	free(batch->candidate);
	free(batch->slots);
	*batch = (struct type_batch){0};
}

struct wanted_type *type_batch_find(const struct type_batch *batch, enum type_kind kind,
				    const char *name)
{
	size_t place = *find_slot(batch, kind, name);

	return place ? &batch->types[place - 1] : NULL;
}

struct lookup *type_batch_candidate(struct type_batch *batch, struct wanted_type *type)
{
	for (size_t i = 0; i < type->n; i++) {
		batch->candidate[i] = *type->rows[i];
		batch->candidate[i].state = LOOKUP_ABSENT;
	}
	return batch->candidate;
}

void type_batch_take(struct type_batch *batch, struct wanted_type *type)
{
	size_t score = 0;

	for (size_t i = 0; i < type->n; i++)
		score += batch->candidate[i].state == LOOKUP_FOUND;
	type->defined = true;
	if (score > type->score) {
		type->score = score;
		for (size_t i = 0; i < type->n; i++)
			*type->rows[i] = batch->candidate[i];
	}
	if (score == type->n)
		type_batch_settle(batch, type);
}

void type_batch_settle(struct type_batch *batch, struct wanted_type *type)
{
	if (type->settled)
		return;
	type->settled = true;
	batch->n_open--;
	batch->n_any_enum -= type->kind == TYPE_ANY_ENUM;
}

bool lookup_set_bits(struct lookup *row, uint64_t first, uint64_t width)
{
	for (uint32_t size = 1; size <= 8; size *= 2) {
		uint64_t within = first % (size * 8);
		if (!width || width > size * 8 || within + width > size * 8)
			continue;
		row->value = first / (size * 8) * size;
		row->size = size;
		row->bit_first = within;
		row->bit_width = width;
		return true;
	}
	return false;
}
