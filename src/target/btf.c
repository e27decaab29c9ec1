/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/btf.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/vec.h"

#define MAGIC 0xeb9f
#define VERSION 1
#define HEADER_SIZE 24        /* up to and with the strings' length */
#define HEADER_WITH_LAYOUT 32 /* Linux 7.1 */
#define TYPE_SIZE 12
#define LAYOUT_SIZE 4
#define MEMBER_SIZE 12
#define NAME_SIZE_MAX 512 /* longer names are nobody's that is asked for */
#define HOPS_MAX 32 /* qualifiers, typedefs and array dimensions on the way to a type */

/* What follows the 12 bytes of a type of each kind: `fixed` bytes and `each` for each of its n. */
static const struct {
	uint8_t fixed, each;
} layouts[BTF_N_KINDS] = {
	[BTF_INT] = {4, 0},	    [BTF_ARRAY] = {12, 0},   [BTF_STRUCT] = {0, MEMBER_SIZE},
	[BTF_UNION] = {0, MEMBER_SIZE}, [BTF_ENUM] = {0, 8}, [BTF_FUNC_PROTO] = {0, 8},
	[BTF_VAR] = {4, 0},	    [BTF_DATASEC] = {0, 12}, [BTF_DECL_TAG] = {4, 0},
	[BTF_ENUM64] = {0, 12},
};

/* The word behind the name: how many in bits 0 to 23, kind in 24 to 30, flag in 31. */
static uint32_t info_n(uint32_t info)
{
	return bits(info, 0, 24);
}

static uint32_t info_kind(uint32_t info)
{
	return bits(info, 24, 7);
}

/* False: a kind of the future, and the blob does not say how to step over it. */
static bool detail_size(const struct btf *btf, uint32_t info, uint64_t *ret)
{
	uint32_t kind = info_kind(info);
	uint64_t fixed, each;

	if (kind && kind < BTF_N_KINDS) {
		fixed = layouts[kind].fixed;
		each = layouts[kind].each;
	} else if (kind && kind < btf->layouts.n / LAYOUT_SIZE) {
		fixed = btf->layouts.at[kind * LAYOUT_SIZE];
		each = btf->layouts.at[kind * LAYOUT_SIZE + 1];
	} else {
		return false;
	}
	*ret = fixed + each * info_n(info);
	return true;
}

static struct error *index_types(struct btf *btf)
{
	struct span types = btf->types;

	for (uint64_t offset = 0; offset < types.n;) {
		uint64_t detail;

		if (!range_within(offset, TYPE_SIZE, types.n))
			return error_new(ERROR_CORRUPT, "BTF: type %zu is cut off", btf->n + 1);
		uint32_t info = get_le32(types.at + offset + 4);
		if (!detail_size(btf, info, &detail)) {
			btf->unknown_kind = info_kind(info);
			return btf->unknown_kind ? NULL
						 : error_new(ERROR_CORRUPT,
							     "BTF: type %zu is of no kind",
							     btf->n + 1);
		}
		if (!range_within(offset + TYPE_SIZE, detail, types.n))
			return error_new(ERROR_CORRUPT, "BTF: type %zu is cut off", btf->n + 1);
		uint32_t *added = vec_push(btf);
		if (!added)
			return error_no_memory;
		*added = offset;
		btf->marks_signed |= info_kind(info) == BTF_ENUM && info >> 31;
		offset += TYPE_SIZE + detail;
	}
	return NULL;
}

/* The part of the blob that two words of its header describe, counted from the header's end. */
static bool find_part(struct span blob, uint32_t header, unsigned words_at, struct span *ret)
{
	uint64_t offset = get_le32(blob.at + words_at), size = get_le32(blob.at + words_at + 4);

	if (!range_within(header + offset, size, blob.n))
		return false;
	*ret = (struct span){.at = blob.at + header + offset, .n = size};
	return true;
}

static struct error *find_parts(struct btf *btf, struct span blob)
{
	if (blob.n < HEADER_SIZE || get_le16(blob.at) != MAGIC)
		return error_new(ERROR_CORRUPT, "BTF: it does not begin as such");
	if (blob.at[2] != VERSION)
		return error_new(ERROR_OTHER, "BTF: version %u is not known", blob.at[2]);
	uint32_t header = get_le32(blob.at + 4);
	if (header < HEADER_SIZE || !find_part(blob, header, 8, &btf->types) ||
	    !find_part(blob, header, 16, &btf->strings) ||
	    (header >= HEADER_WITH_LAYOUT && !find_part(blob, header, 24, &btf->layouts)))
		return error_new(ERROR_CORRUPT, "BTF: its header points outside of it");
	if (!btf->strings.n || btf->strings.at[0] || btf->strings.at[btf->strings.n - 1])
		return error_new(ERROR_CORRUPT, "BTF: its strings do not end");
	return NULL;
}

struct error *btf_init(struct btf *btf, struct span blob)
{
	*btf = (struct btf){0};
	struct error *err = find_parts(btf, blob);
	if (!err)
		err = index_types(btf);
	if (err)
		btf_free(btf);
	return err;
}

void btf_free(struct btf *btf)
{
	vec_free(btf);
}

const char *btf_string(const struct btf *btf, uint32_t offset)
{
	size_t room = offset < btf->strings.n ? btf->strings.n - offset : 0;
	const char *string = (const char *)btf->strings.at + offset;

	if (room > NAME_SIZE_MAX)
		room = NAME_SIZE_MAX;
	return room && memchr(string, '\0', room) ? string : "";
}

bool btf_type(const struct btf *btf, uint32_t number, struct btf_type *ret)
{
	if (!number || number > btf->n)
		return false;
	const uint8_t *type = btf->types.at + btf->at[number - 1];
	uint32_t info = get_le32(type + 4);
	*ret = (struct btf_type){
		.name = btf_string(btf, get_le32(type)),
		.kind = info_kind(info),
		.flag = info >> 31,
		.n = info_n(info),
		.size = get_le32(type + 8),
		.detail = type + TYPE_SIZE,
	};
	return true;
}

static bool is_qualifier(enum btf_kind kind)
{
	return kind == BTF_TYPEDEF || kind == BTF_VOLATILE || kind == BTF_CONST ||
	       kind == BTF_RESTRICT || kind == BTF_TYPE_TAG;
}

bool btf_peeled(const struct btf *btf, uint32_t number, struct btf_type *ret)
{
	for (unsigned i = 0; i < HOPS_MAX; i++) {
		struct btf_type type;

		if (!btf_type(btf, number, &type))
			return false;
		if (!is_qualifier(type.kind)) {
			*ret = type;
			return true;
		}
		number = type.size;
	}
	return false;
}

struct btf_array btf_array(const struct btf_type *array)
{
	return (struct btf_array){.element = get_le32(array->detail),
				  .n = get_le32(array->detail + 8)};
}

static uint32_t plain_size(const struct btf_type *type)
{
	switch (type->kind) {
	case BTF_INT:
	case BTF_FLOAT:
	case BTF_ENUM:
	case BTF_ENUM64:
	case BTF_STRUCT:
	case BTF_UNION:
		return type->size;
	case BTF_PTR:
		return 8;
	default:
		return 0;
	}
}

bool btf_size(const struct btf *btf, uint32_t number, uint32_t *ret)
{
	struct btf_type type;
	uint64_t n = 1;

	for (unsigned i = 0; i < HOPS_MAX; i++) {
		if (!btf_peeled(btf, number, &type)) {
			*ret = 0;
			return true;
		}
		if (type.kind != BTF_ARRAY) {
			n *= plain_size(&type);
			*ret = n;
			return n <= UINT32_MAX;
		}
		n *= btf_array(&type).n;
		if (n > UINT32_MAX)
			return false;
		number = btf_array(&type).element;
	}
	return false;
}

/*
 * Bit fields of structs without the flag (before Linux 4.20) are told by their type: an integer
 * of so many bits, so many bits in.
 */
static void note_old_bits(const struct btf *btf, struct btf_member *member)
{
	struct btf_type type;

	if (!btf_peeled(btf, member->type, &type) || type.kind != BTF_INT)
		return;
	uint32_t word = get_le32(type.detail);
	uint32_t width = bits(word, 0, 8);
	if (!width || width >= type.size * UINT64_C(8))
		return;
	member->first += bits(word, 16, 8);
	member->width = width;
}

struct btf_member btf_member(const struct btf *btf, const struct btf_type *type, uint32_t i)
{
	const uint8_t *at = type->detail + (uint64_t)i * MEMBER_SIZE;
	uint32_t place = get_le32(at + 8);
	struct btf_member member = {
		.name = btf_string(btf, get_le32(at)),
		.type = get_le32(at + 4),
		.first = type->flag ? bits(place, 0, 24) : place,
		.width = type->flag ? place >> 24 : 0,
	};

	if (!type->flag)
		note_old_bits(btf, &member);
	return member;
}

const char *btf_enumerator(const struct btf *btf, const struct btf_type *type, uint32_t i,
			   uint64_t *value)
{
	const uint8_t *at = type->detail + (uint64_t)i * layouts[type->kind].each;
	uint32_t low = get_le32(at + 4);

	if (type->kind == BTF_ENUM64)
		*value = low | (uint64_t)get_le32(at + 8) << 32;
	else if (type->flag || !btf->marks_signed)
		*value = (uint64_t)(int64_t)(int32_t)low;
	else
		*value = low;
	return btf_string(btf, get_le32(at));
}
