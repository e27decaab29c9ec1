/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of symbols and types, in batches: so that DWARF is opened once, only the units that
 * matter are read, and the answers, "there is none" included, fit in a small cache file.
 *
 * Types are named as in C: "struct amd_iommu", "union irte", "enum protection_domain_mode".
 * Where several types bear one name (struct iommu_device of Linux 4.10 and of 4.11), the definition
 * that holds most of the members asked of it in the batch is taken; declarations never are.
 */
#ifndef TARGET_LOOKUP_H
#define TARGET_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

enum lookup_kind {
	LOOKUP_SYMBOL,     /* name: a symbol's address, as the running kernel had it (with KASLR) */
	LOOKUP_SIZE,       /* type: its size in bytes */
	LOOKUP_MEMBER,     /* type and name: a member's place; name may be a path "iop.root" and
			      members of anonymous structs and unions count as the type's own */
	LOOKUP_ENUMERATOR, /* type (NULL: any enum) and name: its value */
};

enum lookup_state {
	LOOKUP_UNANSWERED,
	LOOKUP_FOUND,
	LOOKUP_ABSENT,    /* symbols or types were searched and it is not there */
	LOOKUP_AMBIGUOUS, /* several static symbols of that name, at different addresses */
};

struct lookup {
	enum lookup_kind kind;
	const char *type, *name;
	/* The answer. */
	enum lookup_state state;
	uint64_t value;     /* address, size in bytes, offset in bytes, or the enumerator's value */
	uint32_t size;      /* LOOKUP_MEMBER: bytes (of the storage unit for a bit field) */
	uint8_t bit_first;  /* a bit field: its lowest bit within the storage unit at `value` */
	uint8_t bit_width;  /* 0: not a bit field */
};

#endif
