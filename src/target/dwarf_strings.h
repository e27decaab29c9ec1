/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in .debug_str, and the units that mention them.
 *
 * Compilers keep a name that is no shorter than its offset there, 4 bytes (8 in the 64-bit format),
 * in .debug_str and refer to it by offset (DW_FORM_strp); shorter ones may stand in the unit
 * itself. So a name that is not there is nowhere, and a unit in which none of its offsets occurs
 * does not use it: that is found out 20 times faster than by reading the units. Where strings are
 * numbered (.debug_str_offsets, DWARF 5 of clang) only the first half holds.
 */
#ifndef TARGET_DWARF_STRINGS_H
#define TARGET_DWARF_STRINGS_H

#include <stdlib.h>

#include "target/dwarf_unit.h"
#include "target/type_batch.h"

/* Where a name stands in .debug_str: as a string or, merged by the linker, as the end of one. */
struct string_place {
	uint32_t offset;
	const struct wanted_type *type;
};

struct dwarf_strings {
	struct string_place *at;
	size_t n, room;
	size_t length_min; /* characters; of shorter names nothing is known */
};

/* Finds the names of all types of the batch. */
struct error *dwarf_strings_find(const struct dwarf_file *file, const struct type_batch *batch,
				 struct dwarf_strings *ret);

static inline void dwarf_strings_free(struct dwarf_strings *strings)
{
	free(strings->at);
	*strings = (struct dwarf_strings){0};
}

/* type's name may be mentioned somewhere. */
bool dwarf_strings_may_have(const struct dwarf_strings *strings, const struct wanted_type *type);

/* What is looked for in units: the offsets of the names of types that are not settled. */
struct dwarf_mentions {
	bool any; /* every unit may mention one of them */
	size_t n;
	uint32_t *offsets; /* sorted */
	uint8_t filter[1 << 13]; /* a bit per low 16 bits of the offsets */
};

struct error *dwarf_mentions_init(const struct dwarf_file *file,
				  const struct dwarf_strings *strings,
				  const struct type_batch *batch, struct dwarf_mentions *ret);
void dwarf_mentions_free(struct dwarf_mentions *mentions);

/* False: the unit's bytes hold none of them. */
bool dwarf_unit_mentions(const struct dwarf_mentions *mentions, struct span unit);

#endif
