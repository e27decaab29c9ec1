/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which units of a kernel are likely to define the types that are asked for. They are read first;
 * what has a definition there is not looked for elsewhere. Where several files of a kernel have
 * different types of one name, the file that is meant must have a row here.
 */
#ifndef TARGET_DWARF_HINTS_H
#define TARGET_DWARF_HINTS_H

#include <stdlib.h>

#include "base/vec.h"
#include "target/dwarf_unit.h"
#include "target/target.h"
#include "target/type_batch.h"

struct unit_offsets {
	uint64_t *at;
	size_t n, room;
};

/*
 * Appends their offsets in .debug_info, each once, most promising first; and which of the hints
 * have led to one, a bit each.
 */
struct error *dwarf_hinted_units(const struct target_spec *spec, struct dwarf_file *file,
				 struct unit_offsets *ret, uint32_t *ret_hints);

/* A struct that only one file can define, and one of these hints has led to that file. */
bool dwarf_hints_own(uint32_t hints, const struct wanted_type *type);

/* Appends offset unless it is there already; false: out of memory. */
bool unit_offsets_add(struct unit_offsets *offsets, uint64_t offset);
bool unit_offsets_have(const struct unit_offsets *offsets, uint64_t offset);

static inline void unit_offsets_free(struct unit_offsets *offsets)
{
	vec_free(offsets);
}

#endif
