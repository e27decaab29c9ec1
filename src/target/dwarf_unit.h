/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One DWARF unit through libdwarf.
 *
 * libdwarf is shown a .debug_info that holds nothing but this unit, straight from the mapped file
 * and without the relocations, which a linked file's DWARF has had applied. That is the whole
 * trick: libdwarf visits every unit before the one that is asked for, and dwarf_init_path() copies
 * and relocates whole sections. This way a unit costs 2 ms, not 2 s and 850 MB as on a vmlinux
 * linked with --emit-relocs. Offsets of debugging information entries (DIEs) are within the unit.
 *
 * Only what refers to another unit (DW_FORM_ref_addr, from link-time optimisation) needs a view of
 * the whole section, and gets it.
 */
#ifndef TARGET_DWARF_UNIT_H
#define TARGET_DWARF_UNIT_H

#include <dwarf.h>
#include <libdwarf.h>

#include "target/elf_file.h"
#include "target/target.h"

enum dwarf_section {
	DWARF_NO_SECTION, /* ELF's section 0 */
	DWARF_INFO,
	DWARF_ABBREV,
	DWARF_STR,
	DWARF_LINE_STR,
	DWARF_STR_OFFSETS,
	DWARF_ADDR, /* clang gives its units' start by number */
	DWARF_ARANGES,
	DWARF_N_SECTIONS,
};

struct dwarf_view; /* libdwarf on some of the sections */

struct dwarf_file {
	struct elf_file *elf;
	struct span sections[DWARF_N_SECTIONS];
	struct dwarf_view *all; /* of every unit; NULL until something refers across units */
};

struct error *dwarf_file_init(struct dwarf_file *file, struct elf_file *elf);
void dwarf_file_free(struct dwarf_file *file); /* elf stays the caller's */

/*
 * Goes through the places of all units, without reading them, in memory that does not grow: what
 * was read behind is let go. Zeroed but for file at first.
 */
struct dwarf_scan {
	const struct dwarf_file *file;
	uint64_t offset, end; /* of the unit in .debug_info */
	uint64_t released;
};

/* more: there is another unit. ERROR_CORRUPT when it does not fit in; error_stopped. */
struct error *dwarf_scan_next(const struct target_spec *spec, struct dwarf_scan *scan, bool *more);

struct dwarf_unit {
	struct dwarf_file *file;
	uint64_t offset, end; /* in .debug_info */
	struct dwarf_view *view;
	Dwarf_Debug dbg;
	Dwarf_Die die; /* its children are the unit's types, functions and variables */
};

struct error *dwarf_unit_open(struct dwarf_file *file, uint64_t offset, struct dwarf_unit *ret);
void dwarf_unit_close(struct dwarf_unit *unit); /* zeroed is fine */

/* A view of all units, made when it is first asked for (0.6 s and more for a vmlinux). */
struct error *dwarf_file_view_all(struct dwarf_file *file, Dwarf_Debug *ret);

/*
 * For each address the offset of the unit whose code it is in, as far as .debug_aranges knows;
 * UINT64_MAX where it does not. Damage there is no error: it is no more than a hint.
 */
struct error *dwarf_units_at(struct dwarf_file *file, const uint64_t *addresses, size_t n,
			     uint64_t *ret);

/* Takes libdwarf's error. */
struct error *dwarf_error(Dwarf_Debug dbg, Dwarf_Error error);

#endif
