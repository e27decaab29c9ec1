/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BTF, the kernel's own compact form of type information (Documentation/bpf/btf.rst), taken
 * apart: types by their number, with all that is read of them inside the blob. Nothing of the
 * blob is trusted.
 */
#ifndef TARGET_BTF_H
#define TARGET_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/elf_file.h"

enum btf_kind {
	BTF_INT = 1,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_N_KINDS,
};

struct btf_type {
	const char *name;      /* "": it has none */
	enum btf_kind kind;
	bool flag;             /* what it means depends on the kind */
	uint32_t n;            /* members, enumerators */
	uint32_t size;         /* bytes; or the number of the type that is referred to */
	const uint8_t *detail; /* what the kind adds to it */
};

struct btf {
	struct span types, strings, layouts;
	uint32_t *at; /* offset in types of type number 1, 2, ... */
	size_t n, room;
	uint32_t unknown_kind; /* nothing behind a type of it could be read; 0: all was */
	bool marks_signed;     /* written by an encoder that marks enums with negative values */
};

/* blob has to outlive btf. ERROR_CORRUPT. */
struct error *btf_init(struct btf *btf, struct span blob);
void btf_free(struct btf *btf);

/* False: void (0), or there is no type of that number. */
bool btf_type(const struct btf *btf, uint32_t number, struct btf_type *ret);

/* "" for what lies outside, and for names of absurd length. */
const char *btf_string(const struct btf *btf, uint32_t offset);

/* Behind typedefs, const, volatile and the like. False: void, or these go on without end. */
bool btf_peeled(const struct btf *btf, uint32_t number, struct btf_type *ret);

/* Of an object of this type; 0 for void, functions and flexible arrays. False: more than 4 GB. */
bool btf_size(const struct btf *btf, uint32_t number, uint32_t *ret);

struct btf_array {
	uint32_t element, n; /* number of the element's type, how many */
};

struct btf_array btf_array(const struct btf_type *array);

struct btf_member {
	const char *name;
	uint32_t type;
	uint32_t first, width; /* in bits from the struct's start; width 0: not a bit field */
};

/* i < n of a struct or union. */
struct btf_member btf_member(const struct btf *btf, const struct btf_type *type, uint32_t i);

/* i < n of an enum. value: signed ones are extended to 64 bits. Returns its name. */
const char *btf_enumerator(const struct btf *btf, const struct btf_type *type, uint32_t i,
			   uint64_t *value);

#endif
