/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dwarf_die.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define POINTER_SIZE 8
#define DEPTH_MAX 256 /* entries below entries that do not say where their siblings are */
#define AGAIN_MAX 8   /* entries gone through, with repeats, for each byte that they take */
#define PEEL_MAX 64   /* typedefs of typedefs; a hostile file may have a ring of them */

/* In .debug_info; 0 when libdwarf can't say. */
static Dwarf_Off die_offset(const struct die *die)
{
	Dwarf_Off offset = 0;
	Dwarf_Error error = NULL;

	if (dwarf_dieoffset(die->at, &offset, &error) == DW_DLV_ERROR)
		dwarf_dealloc_error(die->dbg, error);
	return offset;
}

static struct error *corrupt(const struct die *die, const char *what)
{
	return error_new(ERROR_CORRUPT, "entry at 0x%jx: %s", (uintmax_t)die_offset(die), what);
}

/* From libdwarf's status to ours; found is false for DW_DLV_NO_ENTRY. */
static struct error *check(const struct die *die, int status, Dwarf_Error error, bool *found)
{
	*found = status == DW_DLV_OK;
	return status == DW_DLV_ERROR ? dwarf_error(die->dbg, error) : NULL;
}

static void attribute_freep(Dwarf_Attribute *attribute)
{
	if (*attribute)
		dwarf_dealloc_attribute(*attribute);
}

/* ret is NULL when die has no such attribute. */
static struct error *find_attribute(const struct die *die, Dwarf_Half number, Dwarf_Attribute *ret)
{
	Dwarf_Error error = NULL;
	bool found;

	*ret = NULL;
	return check(die, dwarf_attr(die->at, number, ret, &error), error, &found);
}

/* Siblings come one behind the other: a sibling reference that leads back would loop. */
static struct error *check_order(const struct die *before, const struct die *after)
{
	return die_offset(after) > die_offset(before)
		       ? NULL
		       : corrupt(before, "its sibling is no later entry");
}

/* What lies below an entry, as far as it has been looked at. */
struct below {
	Dwarf_Off start, end;  /* the entry itself; the last one below it */
	uint64_t seen, repeats; /* entries; and each as often as libdwarf has gone through it */
};

static struct error *next_child(const struct die *parent, struct die *child, unsigned depth,
				struct below *below);

/*
 * Where an entry does not say where its sibling is, libdwarf (20210528) goes through all that lies
 * below it, and does so for ever when an entry there says that it is its own sibling. Where that is
 * so of entries within entries, it goes through the innermost once for each of them.
 */
static struct error *check_below(const struct die *die, unsigned depth, struct below *below)
{
	_cleanup_(die_free) struct die child = {0};
	uint64_t seen = below->seen;
	Dwarf_Half has_children = 0;
	bool has_sibling = false;

	if (dwarf_die_abbrev_children_flag(die->at, &has_children) != DW_DLV_OK || !has_children)
		return NULL;
	struct error *err = die_has(die, DW_AT_sibling, &has_sibling);
	if (err || has_sibling)
		return err;
	if (depth == DEPTH_MAX)
		return corrupt(die, "entries below entries without end");
	while (!(err = next_child(die, &child, depth + 1, below)) && child.at) {
		below->seen++;
		below->end = die_offset(&child);
	}
	below->repeats += below->seen - seen;
	if (!err && below->repeats > AGAIN_MAX * (below->end - below->start))
		return corrupt(die, "too many entries below entries");
	return err;
}

static struct error *next_child(const struct die *parent, struct die *child, unsigned depth,
				struct below *below)
{
	_cleanup_(die_free) struct die next = {.file = parent->file, .dbg = parent->dbg};
	Dwarf_Error error = NULL;
	bool found;
	struct error *err = child->at ? check_below(child, depth, below) : NULL;

	if (err)
		return err;
	int status = child->at ? dwarf_siblingof_b(parent->dbg, child->at, true, &next.at, &error)
			       : dwarf_child(parent->at, &next.at, &error);
	err = check(parent, status, error, &found);
	if (!err && found && child->at)
		err = check_order(child, &next);
	if (err)
		return err;
	die_free(child);
	*child = next;
	next.at = NULL;
	return NULL;
}

struct error *die_next_child(const struct die *parent, struct die *child)
{
	struct below below = {0};

	if (child->at)
		below.start = below.end = die_offset(child);
	return next_child(parent, child, 0, &below);
}

struct error *die_tag(const struct die *die, Dwarf_Half *ret)
{
	Dwarf_Error error = NULL;
	bool found;

	return check(die, dwarf_tag(die->at, ret, &error), error, &found);
}

struct error *die_name(const struct die *die, const char **ret)
{
	char *name = NULL;
	Dwarf_Error error = NULL;
	bool found;
	struct error *err = check(die, dwarf_diename(die->at, &name, &error), error, &found);

	if (!err)
		*ret = found ? name : NULL;
	return err;
}

struct error *die_has(const struct die *die, Dwarf_Half attribute, bool *ret)
{
	Dwarf_Bool has = false;
	Dwarf_Error error = NULL;
	bool found;
	struct error *err =
		check(die, dwarf_hasattr(die->at, attribute, &has, &error), error, &found);

	if (!err)
		*ret = found && has;
	return err;
}

struct error *die_type(const struct die *die, struct die *ret)
{
	_cleanup_(attribute_freep) Dwarf_Attribute attribute = NULL;
	struct die type = {.file = die->file, .dbg = die->dbg};
	struct error *err = find_attribute(die, DW_AT_type, &attribute);
	Dwarf_Error error = NULL;
	Dwarf_Half form;
	Dwarf_Off offset;
	bool found;

	if (err || !attribute) {
		*ret = type;
		return err;
	}
	if (dwarf_whatform(attribute, &form, &error) != DW_DLV_OK ||
	    dwarf_global_formref(attribute, &offset, &error) != DW_DLV_OK)
		return error ? dwarf_error(die->dbg, error) : corrupt(die, "bad type reference");
	if (form == DW_FORM_ref_addr)
		err = dwarf_file_view_all(die->file, &type.dbg);
	if (!err)
		err = check(&type, dwarf_offdie_b(type.dbg, offset, true, &type.at, &error), error,
			    &found);
	if (err)
		return err;
	if (!found)
		return corrupt(die, "its type is not there");
	*ret = type;
	return NULL;
}

struct error *die_peel(struct die *die)
{
	for (unsigned i = 0; die->at && i < PEEL_MAX; i++) {
		Dwarf_Half tag;
		struct die type;
		struct error *err = die_tag(die, &tag);

		if (err)
			return err;
		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_restrict_type &&
		    tag != DW_TAG_atomic_type)
			return NULL;
		err = die_type(die, &type);
		if (err)
			return err;
		die_free(die);
		*die = type;
	}
	return die->at ? corrupt(die, "too many typedefs in a row") : NULL;
}

struct error *die_peeled_type(const struct die *die, struct die *ret)
{
	struct error *err = die_type(die, ret);

	if (err)
		return err;
	err = die_peel(ret);
	if (err)
		die_free(ret);
	return err;
}

struct error *die_number(const struct die *die, Dwarf_Half number, bool *has, uint64_t *ret)
{
	_cleanup_(attribute_freep) Dwarf_Attribute attribute = NULL;
	struct error *err = find_attribute(die, number, &attribute);
	Dwarf_Error error = NULL;
	Dwarf_Unsigned plain = 0;
	Dwarf_Signed extended = 0;
	Dwarf_Half form;

	*has = attribute;
	if (err || !attribute)
		return err;
	int status = dwarf_whatform(attribute, &form, &error);
	bool is_signed = form == DW_FORM_sdata || form == DW_FORM_implicit_const;
	if (status == DW_DLV_OK && is_signed)
		status = dwarf_formsdata(attribute, &extended, &error);
	else if (status == DW_DLV_OK)
		status = dwarf_formudata(attribute, &plain, &error);
	if (status == DW_DLV_ERROR)
		return dwarf_error(die->dbg, error);
	*ret = is_signed ? (uint64_t)extended : plain;
	return NULL;
}

/* DWARF 2 compilers wrote "add this number" as an expression. */
static bool read_plus_constant(const uint8_t *expression, uint64_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (length < 2 || length > 10 || expression[0] != DW_OP_plus_uconst)
		return false;
	for (uint64_t i = 1; i < length; i++) {
		unsigned shift = 7 * (i - 1);
		value |= (uint64_t)(expression[i] & 0x7f) << shift;
		if (!(expression[i] & 0x80)) {
			*ret = value;
			return i + 1 == length;
		}
	}
	return false;
}

struct error *die_location(const struct die *die, bool *has, uint64_t *ret)
{
	_cleanup_(attribute_freep) Dwarf_Attribute attribute = NULL;
	struct error *err = find_attribute(die, DW_AT_data_member_location, &attribute);
	Dwarf_Error error = NULL;
	Dwarf_Half form;
	Dwarf_Unsigned length = 0;
	const uint8_t *expression = NULL;

	*has = attribute;
	if (err || !attribute)
		return err;
	if (dwarf_whatform(attribute, &form, &error) == DW_DLV_ERROR)
		return dwarf_error(die->dbg, error);
	if (form == DW_FORM_exprloc) {
		Dwarf_Ptr start = NULL;
		if (dwarf_formexprloc(attribute, &length, &start, &error) == DW_DLV_ERROR)
			return dwarf_error(die->dbg, error);
		expression = start;
	} else if (form == DW_FORM_block1 || form == DW_FORM_block) {
		Dwarf_Block *block;
		if (dwarf_formblock(attribute, &block, &error) == DW_DLV_ERROR)
			return dwarf_error(die->dbg, error);
		length = block->bl_len;
		expression = block->bl_data;
		dwarf_dealloc(die->dbg, block, DW_DLA_BLOCK);
	} else {
		return die_number(die, DW_AT_data_member_location, has, ret);
	}
	return read_plus_constant(expression, length, ret) ? NULL
							   : corrupt(die, "unknown member place");
}

/* Elements of an array; 0 for a flexible one. */
static struct error *array_count(const struct die *array, uint64_t *ret)
{
	_cleanup_(die_free) struct die range = {0};
	struct error *err;
	uint64_t count = 1;

	while (!(err = die_next_child(array, &range)) && range.at) {
		bool has = false;
		uint64_t n = 0;
		err = die_number(&range, DW_AT_count, &has, &n);
		if (!err && !has) {
			err = die_number(&range, DW_AT_upper_bound, &has, &n);
			/* "To -1" is how some compilers say empty. */
			n = has ? n + 1 : 0;
		}
		if (!err && __builtin_mul_overflow(count, n, &count))
			err = corrupt(array, "its size overflows");
		if (err)
			return err;
	}
	if (!err)
		*ret = count;
	return err;
}

/*
 * One step of die_type_size: what has a size of its own is done; an array or a typedef leads on to
 * next (at is NULL for void).
 */
static struct error *size_step(const struct die *die, uint64_t *factor, uint64_t *size, bool *done,
			       struct die *next)
{
	Dwarf_Half tag;
	uint64_t count = 1;
	struct error *err = die_number(die, DW_AT_byte_size, done, size);

	if (err || *done)
		return err;
	err = die_tag(die, &tag);
	if (!err && tag == DW_TAG_pointer_type) { /* clang leaves its size unsaid */
		*size = POINTER_SIZE;
		*done = true;
		return NULL;
	}
	if (!err && tag == DW_TAG_array_type)
		err = array_count(die, &count);
	if (!err && __builtin_mul_overflow(*factor, count, factor))
		err = corrupt(die, "its size overflows");
	return err ? err : die_type(die, next);
}

struct error *die_type_size(const struct die *type, uint64_t *ret)
{
	_cleanup_(die_free) struct die at = {0};
	uint64_t factor = 1, size = 0;
	bool done = false;

	for (unsigned i = 0; !done && (i ? at.at : type->at); i++) {
		struct die next = {0};
		struct error *err = i == PEEL_MAX ? corrupt(type, "too many typedefs in a row")
						  : size_step(i ? &at : type, &factor, &size, &done,
							      &next);
		if (err)
			return err;
		die_free(&at);
		at = next;
	}
	if (__builtin_mul_overflow(size, factor, &size) || size > UINT32_MAX)
		return error_new(ERROR_CORRUPT, "a type's size overflows");
	*ret = size;
	return NULL;
}
