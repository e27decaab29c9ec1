/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debugging information entries: the few questions that layouts ask of them. */
#ifndef TARGET_DWARF_DIE_H
#define TARGET_DWARF_DIE_H

#include <stdbool.h>

#include "target/dwarf_unit.h"

struct die {
	struct dwarf_file *file;
	Dwarf_Debug dbg;
	Dwarf_Die at; /* NULL: none; the holder's to free */
};

static inline void die_free(struct die *die)
{
	if (die->at)
		dwarf_dealloc_die(die->at);
	die->at = NULL;
}

/* The DIE of a unit, which keeps owning it. */
static inline struct die die_of_unit(const struct dwarf_unit *unit)
{
	return (struct die){.file = unit->file, .dbg = unit->dbg, .at = unit->die};
}

/*
 * Goes through the children of parent: child is zeroed before the first call, is freed and replaced
 * by the next one, and has `at` NULL behind the last.
 */
struct error *die_next_child(const struct die *parent, struct die *child);

struct error *die_tag(const struct die *die, Dwarf_Half *ret);

/* NULL: it has none. Lives as long as the unit. */
struct error *die_name(const struct die *die, const char **ret);

/* What DW_AT_type refers to; at is NULL when there is no such attribute (void). */
struct error *die_type(const struct die *die, struct die *ret);

/* Likewise, behind typedefs, const, volatile and the like; at may be NULL. */
struct error *die_peeled_type(const struct die *die, struct die *ret);

/* die itself, made a typedef's or qualifier's bare type; at may become NULL. */
struct error *die_peel(struct die *die);

/* has: there is such an attribute. Signed forms are extended to 64 bits. */
struct error *die_number(const struct die *die, Dwarf_Half attribute, bool *has, uint64_t *ret);

/* A member's offset in bytes, also in the block form of old compilers. */
struct error *die_location(const struct die *die, bool *has, uint64_t *ret);

/* The flag is there (DW_AT_declaration). */
struct error *die_has(const struct die *die, Dwarf_Half attribute, bool *ret);

/* The bytes that an object of this type takes; 0 for void and flexible arrays. */
struct error *die_type_size(const struct die *type, uint64_t *ret);

#endif
