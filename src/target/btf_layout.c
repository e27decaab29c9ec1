/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/btf_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define DEPTH_MAX 16         /* of members within members */
#define VISITS_MAX (1 << 22) /* of members in one search: a kernel takes some ten thousand */

/* A member path and the row that it answers. */
struct path {
	const char *rest; /* what is still to be followed, "root.rb_node" */
	struct lookup *row;
};

static struct error *match_members(struct btf_search *search, const struct btf_type *type,
				   uint64_t base, const struct path *paths, size_t n);

static bool has_members(const struct btf_type *type)
{
	return type->kind == BTF_STRUCT || type->kind == BTF_UNION;
}

static bool is_enum(const struct btf_type *type)
{
	return type->kind == BTF_ENUM || type->kind == BTF_ENUM64;
}

/* There is no other kind for the declaration of one. */
static bool is_declared_enum(const struct btf_type *type)
{
	return is_enum(type) && !type->n;
}

/* base: of the member's struct, in bytes. */
static struct error *answer_member(const struct btf_search *search, const struct btf_member *member,
				   uint64_t base, struct lookup *row)
{
	uint64_t first = base * 8 + member->first;
	uint32_t size;

	if (member->width) {
		if (!lookup_set_bits(row, first, member->width))
			return error_new(ERROR_CORRUPT, "a bit field of %u bits", member->width);
	} else {
		if (first % 8 || first / 8 > UINT32_MAX ||
		    !btf_size(search->btf, member->type, &size))
			return error_new(ERROR_CORRUPT, "a member lies too far out");
		row->value = first / 8;
		row->size = size;
		row->bit_first = row->bit_width = 0;
	}
	row->state = LOOKUP_FOUND;
	return NULL;
}

/* The struct or union that a member's path goes on in: through arrays into their first element. */
static bool inner_type(const struct btf *btf, uint32_t number, struct btf_type *ret)
{
	for (unsigned i = 0; i < DEPTH_MAX && btf_peeled(btf, number, ret); i++) {
		if (has_members(ret))
			return true;
		if (ret->kind != BTF_ARRAY)
			return false;
		number = btf_array(ret).element;
	}
	return false;
}

static struct error *match_inner(struct btf_search *search, const struct btf_member *member,
				 uint64_t base, const struct path *paths, size_t n)
{
	struct btf_type type;

	if (member->width || member->first % 8 || !inner_type(search->btf, member->type, &type))
		return NULL;
	return match_members(search, &type, base + member->first / 8, paths, n);
}

static struct error *match_member(struct btf_search *search, const struct btf_member *member,
				  uint64_t base, const struct path *paths, size_t n)
{
	size_t length = strlen(member->name);
	struct error *err = NULL;

	if (!length) /* anonymous: its members are the struct's own */
		return match_inner(search, member, base, paths, n);
	for (size_t i = 0; !err && i < n; i++) {
		const char *rest = paths[i].rest;

		if (strncmp(rest, member->name, length) || paths[i].row->state == LOOKUP_FOUND)
			continue;
		if (!rest[length]) {
			err = answer_member(search, member, base, paths[i].row);
		} else if (rest[length] == '.') {
			struct path inner = {.rest = rest + length + 1, .row = paths[i].row};
			err = match_inner(search, member, base, &inner, 1);
		}
	}
	return err;
}

/* Answers those paths that lead to members of type, a struct or union at offset base. */
static struct error *match_members(struct btf_search *search, const struct btf_type *type,
				   uint64_t base, const struct path *paths, size_t n)
{
	struct error *err = NULL;

	if (search->depth == DEPTH_MAX)
		return error_new(ERROR_CORRUPT, "structs within structs without end");
	search->depth++;
	for (uint32_t i = 0; !err && i < type->n; i++) {
		struct btf_member member = btf_member(search->btf, type, i);

		if (search->visits++ == VISITS_MAX)
			return error_new(ERROR_CORRUPT, "members without end");
		err = match_member(search, &member, base, paths, n);
	}
	search->depth--;
	return err;
}

/* The enumerators of type that rows ask for by name. */
static void match_enumerators(const struct btf *btf, const struct btf_type *type,
			      struct lookup *rows, size_t n)
{
	for (uint32_t i = 0; i < type->n; i++) {
		uint64_t value;
		const char *name = btf_enumerator(btf, type, i, &value);

		for (size_t k = 0; k < n; k++) {
			if (rows[k].kind != LOOKUP_ENUMERATOR || strcmp(rows[k].name, name))
				continue;
			rows[k].value = value;
			rows[k].state = LOOKUP_FOUND;
		}
	}
}

/* Answers rows from the definition `type` of that number, no typedef. */
static struct error *answer_rows(struct btf_search *search, uint32_t number,
				 const struct btf_type *type, struct lookup *rows, size_t n)
{
	_cleanup_(freep) struct path *paths = calloc(n, sizeof(*paths));
	size_t n_paths = 0;
	uint32_t size;

	if (!paths)
		return error_no_memory;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == LOOKUP_MEMBER) {
			paths[n_paths++] = (struct path){.rest = rows[i].name, .row = &rows[i]};
		} else if (rows[i].kind == LOOKUP_SIZE) {
			if (!btf_size(search->btf, number, &size))
				return error_new(ERROR_CORRUPT, "its size overflows");
			rows[i].value = size;
			rows[i].state = LOOKUP_FOUND;
		}
	}
	if (is_enum(type))
		match_enumerators(search->btf, type, rows, n);
	search->depth = 0;
	return n_paths && has_members(type) ? match_members(search, type, 0, paths, n_paths) : NULL;
}

static struct error *offer_definition(struct btf_search *search, uint32_t number,
				      struct wanted_type *wanted)
{
	struct btf_type type;

	/* A typedef may stand for void, or for a type that is not defined. */
	if (!btf_peeled(search->btf, number, &type) || type.kind == BTF_FWD ||
	    is_declared_enum(&type))
		return NULL;
	struct error *err = answer_rows(search, number, &type,
					type_batch_candidate(search->batch, wanted), wanted->n);
	if (err)
		return error_prepend(err, "BTF: type %s", wanted->name);
	type_batch_take(search->batch, wanted);
	return NULL;
}

/* Enumerators that are asked for without their enum. */
static struct error *offer_enumerators(struct btf_search *search, uint32_t number,
				       const struct btf_type *type)
{
	struct error *err = NULL;

	for (uint32_t i = 0; !err && i < type->n; i++) {
		uint64_t value;
		const char *name = btf_enumerator(search->btf, type, i, &value);
		struct wanted_type *wanted = type_batch_find(search->batch, TYPE_ANY_ENUM, name);

		if (wanted && !wanted->settled)
			err = offer_definition(search, number, wanted);
	}
	return err;
}

static bool kind_of_type(enum btf_kind kind, enum type_kind *ret)
{
	switch (kind) {
	case BTF_STRUCT:
		*ret = TYPE_STRUCT;
		return true;
	case BTF_UNION:
		*ret = TYPE_UNION;
		return true;
	case BTF_ENUM:
	case BTF_ENUM64:
		*ret = TYPE_ENUM;
		return true;
	case BTF_TYPEDEF:
	case BTF_INT:
	case BTF_FLOAT:
		*ret = TYPE_NAME;
		return true;
	default:
		return false;
	}
}

struct error *btf_offer_type(struct btf_search *search, uint32_t number)
{
	struct type_batch *batch = search->batch;
	struct error *err = NULL;
	struct btf_type type;
	enum type_kind kind;

	if (!btf_type(search->btf, number, &type) || !kind_of_type(type.kind, &kind))
		return NULL;
	if (kind == TYPE_ENUM && batch->n_any_enum)
		err = offer_enumerators(search, number, &type);
	struct wanted_type *wanted =
		!err && *type.name ? type_batch_find(batch, kind, type.name) : NULL;
	return wanted && !wanted->settled ? offer_definition(search, number, wanted) : err;
}
