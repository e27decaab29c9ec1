/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dwarf_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define DEPTH_MAX 16         /* of members within members */
#define VISITS_MAX (1 << 16) /* of members for one definition: kernel structs have hundreds */

/* A member path and the row that it answers. */
struct path {
	const char *rest; /* what is still to be followed, "root.rb_node" */
	struct lookup *row;
};

struct walk {
	unsigned depth, visits;
};

static struct error *match_members(struct walk *walk, const struct die *type, uint64_t base,
				   const struct path *paths, size_t n);

/* Numbers from a file that are added and multiplied below. */
static struct error *check_small(uint64_t number)
{
	return number <= UINT32_MAX ? NULL : error_new(ERROR_CORRUPT, "a member lies too far out");
}

/* The offset of a member; 0 where none is said (unions). */
static struct error *member_offset(const struct die *member, uint64_t *ret)
{
	bool has;
	uint64_t offset = 0;
	struct error *err = die_location(member, &has, &offset);

	if (!err)
		err = check_small(offset);
	if (!err)
		*ret = offset;
	return err;
}

static struct error *member_size(const struct die *member, uint64_t *ret)
{
	_cleanup_(die_free) struct die type = {0};
	struct error *err = die_type(member, &type);

	return err ? err : die_type_size(&type, ret);
}

/*
 * The first bit of a bit field, counted from its struct's start. Up to DWARF 3, and with GCC up to
 * version 10 also in DWARF 4, it was counted from the storage unit's most significant bit.
 */
static struct error *first_bit(const struct die *member, uint64_t width, uint64_t *ret)
{
	bool has = false;
	uint64_t offset = 0, from_top = 0, storage = 0;
	struct error *err = die_number(member, DW_AT_data_bit_offset, &has, ret);

	if (!err && has)
		return check_small(*ret);
	if (!err)
		err = member_offset(member, &offset);
	if (!err)
		err = die_number(member, DW_AT_bit_offset, &has, &from_top);
	if (!err && !has) {
		*ret = offset * 8;
		return NULL;
	}
	if (!err)
		err = die_number(member, DW_AT_byte_size, &has, &storage);
	if (!err && !has)
		err = member_size(member, &storage);
	if (err)
		return err;
	if (storage > 16 || from_top > storage * 8 || width > storage * 8 - from_top)
		return error_new(ERROR_CORRUPT, "a bit field leaves its storage unit");
	*ret = offset * 8 + storage * 8 - from_top - width;
	return NULL;
}

static struct error *answer_bits(const struct die *member, uint64_t base, uint64_t width,
				 struct lookup *row)
{
	uint64_t first;
	struct error *err = first_bit(member, width, &first);

	if (err)
		return err;
	if (!lookup_set_bits(row, base * 8 + first, width))
		return error_new(ERROR_CORRUPT, "a bit field of %ju bits", (uintmax_t)width);
	row->state = LOOKUP_FOUND;
	return NULL;
}

static struct error *answer_member(const struct die *member, uint64_t base, struct lookup *row)
{
	uint64_t offset, size, width = 0;
	bool is_bits;
	struct error *err = die_number(member, DW_AT_bit_size, &is_bits, &width);

	if (err || is_bits)
		return err ? err : answer_bits(member, base, width, row);
	err = member_offset(member, &offset);
	if (!err)
		err = member_size(member, &size);
	if (!err)
		err = check_small(base + offset);
	if (err)
		return err;
	row->value = base + offset;
	row->size = size;
	row->bit_first = row->bit_width = 0;
	row->state = LOOKUP_FOUND;
	return NULL;
}

/* The struct or union that a member's path goes on in: through arrays into their first element. */
static struct error *inner_type(const struct die *member, struct die *ret)
{
	_cleanup_(die_free) struct die type = {0};
	struct error *err = die_peeled_type(member, &type);

	for (unsigned i = 0; !err && type.at && i < DEPTH_MAX; i++) {
		struct die element = {0};
		Dwarf_Half tag;
		err = die_tag(&type, &tag);
		if (!err && (tag == DW_TAG_structure_type || tag == DW_TAG_union_type)) {
			*ret = type;
			type.at = NULL;
			return NULL;
		}
		if (err || tag != DW_TAG_array_type)
			break;
		err = die_peeled_type(&type, &element);
		if (!err) {
			die_free(&type);
			type = element;
		}
	}
	ret->at = NULL;
	return err;
}

static struct error *match_inner(struct walk *walk, const struct die *member, uint64_t base,
				 const struct path *paths, size_t n)
{
	_cleanup_(die_free) struct die type = {0};
	uint64_t offset;
	struct error *err = member_offset(member, &offset);

	if (!err)
		err = inner_type(member, &type);
	if (!err)
		err = check_small(base + offset);
	if (err || !type.at)
		return err;
	return match_members(walk, &type, base + offset, paths, n);
}

static struct error *match_member(struct walk *walk, const struct die *member, uint64_t base,
				  const struct path *paths, size_t n)
{
	const char *name;
	struct error *err = die_name(member, &name);

	if (err)
		return err;
	if (!name || !*name) /* anonymous: its members are the struct's own */
		return match_inner(walk, member, base, paths, n);
	size_t length = strlen(name);
	for (size_t i = 0; !err && i < n; i++) {
		const char *rest = paths[i].rest;
		if (strncmp(rest, name, length) || paths[i].row->state == LOOKUP_FOUND)
			continue;
		if (!rest[length]) {
			err = answer_member(member, base, paths[i].row);
		} else if (rest[length] == '.') {
			struct path inner = {.rest = rest + length + 1, .row = paths[i].row};
			err = match_inner(walk, member, base, &inner, 1);
		}
	}
	return err;
}

/* Answers those paths that lead to members of type, a struct or union at offset base. */
static struct error *match_members(struct walk *walk, const struct die *type, uint64_t base,
				   const struct path *paths, size_t n)
{
	_cleanup_(die_free) struct die member = {0};
	struct error *err = NULL;

	if (walk->depth == DEPTH_MAX)
		return error_new(ERROR_CORRUPT, "structs within structs without end");
	walk->depth++;
	while (!err && !(err = die_next_child(type, &member)) && member.at) {
		Dwarf_Half tag;
		if (walk->visits++ == VISITS_MAX)
			err = error_new(ERROR_CORRUPT, "members without end");
		if (!err)
			err = die_tag(&member, &tag);
		if (!err && tag == DW_TAG_member)
			err = match_member(walk, &member, base, paths, n);
	}
	walk->depth--;
	return err;
}

/* The enumerators of type that rows ask for by name. */
static struct error *match_enumerators(const struct die *type, struct lookup *rows, size_t n)
{
	_cleanup_(die_free) struct die child = {0};
	struct error *err;

	while (!(err = die_next_child(type, &child)) && child.at) {
		const char *name;
		err = die_name(&child, &name);
		for (size_t i = 0; !err && name && i < n; i++) {
			struct lookup *row = &rows[i];
			bool has = false;
			if (row->kind == LOOKUP_ENUMERATOR && !strcmp(row->name, name))
				err = die_number(&child, DW_AT_const_value, &has, &row->value);
			if (has)
				row->state = LOOKUP_FOUND;
		}
		if (err)
			return err;
	}
	return err;
}

/* Answers rows from the definition `type`, no typedef. */
static struct error *answer_rows(const struct die *type, struct lookup *rows, size_t n)
{
	_cleanup_(freep) struct path *paths = calloc(n, sizeof(*paths));
	struct walk walk = {0};
	struct error *err = NULL;
	size_t n_paths = 0, n_enumerators = 0;

	if (!paths)
		return error_no_memory;
	for (size_t i = 0; !err && i < n; i++) {
		if (rows[i].kind == LOOKUP_MEMBER) {
			paths[n_paths++] = (struct path){.rest = rows[i].name, .row = &rows[i]};
		} else if (rows[i].kind == LOOKUP_SIZE) {
			err = die_type_size(type, &rows[i].value);
			rows[i].state = LOOKUP_FOUND;
		} else {
			n_enumerators++;
		}
	}
	if (!err && n_paths)
		err = match_members(&walk, type, 0, paths, n_paths);
	if (!err && n_enumerators)
		err = match_enumerators(type, rows, n);
	return err;
}

/* type: not a typedef, or none at all (void, which a typedef may stand for). */
static struct error *offer_definition(struct type_batch *batch, struct wanted_type *wanted,
				      const struct die *type)
{
	bool is_declaration = false;
	struct error *err = type->at ? die_has(type, DW_AT_declaration, &is_declaration) : NULL;

	if (err || is_declaration || !type->at)
		return err;
	err = answer_rows(type, type_batch_candidate(batch, wanted), wanted->n);
	if (err)
		return error_prepend(err, "type %s", wanted->name);
	type_batch_take(batch, wanted);
	return NULL;
}

/* Enumerators that are asked for without their enum. */
static struct error *offer_enumerators(struct type_batch *batch, const struct die *type)
{
	_cleanup_(die_free) struct die child = {0};
	struct error *err = NULL;

	while (!err && !(err = die_next_child(type, &child)) && child.at) {
		const char *name;
		err = die_name(&child, &name);
		struct wanted_type *wanted =
			!err && name ? type_batch_find(batch, TYPE_ANY_ENUM, name) : NULL;
		if (wanted && !wanted->settled)
			err = offer_definition(batch, wanted, type);
	}
	return err;
}

static bool kind_of_tag(Dwarf_Half tag, enum type_kind *ret)
{
	switch (tag) {
	case DW_TAG_structure_type:
		*ret = TYPE_STRUCT;
		return true;
	case DW_TAG_union_type:
		*ret = TYPE_UNION;
		return true;
	case DW_TAG_enumeration_type:
		*ret = TYPE_ENUM;
		return true;
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		*ret = TYPE_NAME;
		return true;
	}
	return false;
}

static struct error *offer_typedef(struct type_batch *batch, struct wanted_type *wanted,
				   const struct die *die)
{
	_cleanup_(die_free) struct die type = {0};
	struct error *err = die_peeled_type(die, &type);

	return err ? err : offer_definition(batch, wanted, &type);
}

static struct error *offer_die(struct type_batch *batch, const struct die *die)
{
	enum type_kind kind;
	Dwarf_Half tag;
	const char *name;
	struct error *err = die_tag(die, &tag);

	if (err || !kind_of_tag(tag, &kind))
		return err;
	if (kind == TYPE_ENUM && batch->n_any_enum)
		err = offer_enumerators(batch, die);
	if (!err)
		err = die_name(die, &name);
	struct wanted_type *wanted = !err && name ? type_batch_find(batch, kind, name) : NULL;
	if (!wanted || wanted->settled)
		return err;
	return tag == DW_TAG_typedef ? offer_typedef(batch, wanted, die)
				     : offer_definition(batch, wanted, die);
}

struct error *dwarf_offer_unit(const struct dwarf_unit *unit, struct type_batch *batch)
{
	_cleanup_(die_free) struct die child = {0};
	struct die parent = die_of_unit(unit);
	struct error *err = NULL;

	while (batch->n_open && !err && !(err = die_next_child(&parent, &child)) && child.at)
		err = offer_die(batch, &child);
	return err ? error_prepend(err, "DWARF unit at 0x%jx", (uintmax_t)unit->offset) : NULL;
}
