/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An x86-64 ELF file with symbols or debug information, mapped and read in place through libelf.
 * Nothing of it is trusted: a section that does not lie within the file is an error.
 */
#ifndef TARGET_ELF_FILE_H
#define TARGET_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/lookup.h"
#include "target/target.h"

/* Bytes that live as long as the file they are from. */
struct span {
	const uint8_t *at; /* NULL: there is nothing */
	size_t n;
};

struct elf_file;
struct symbol_table;

/* Unpacks a compressed file first. Refuses what can't be a vmlinux, each with its own words. */
struct error *elf_file_open(const struct target_spec *spec, const char *path,
			    struct elf_file **ret);
void elf_file_close(struct elf_file *file); /* NULL is fine */

const char *elf_file_path(const struct elf_file *file);
uint64_t elf_file_size(const struct elf_file *file);

/* There is a section of that name, and its bytes are in this file. */
bool elf_file_has_section(struct elf_file *file, const char *name);

/* Its bytes, unpacked if the section is compressed; ret->at is NULL when there is none. */
struct error *elf_file_section(struct elf_file *file, const char *name, struct span *ret);

/* The bytes of the file from a link-time address on, to the section's end; at is NULL: none. */
struct error *elf_file_at_address(struct elf_file *file, uint64_t address, struct span *ret);

/* The GNU build ID as hex; NULL: it has none. */
const char *elf_file_build_id(const struct elf_file *file);

/* The pages that lie wholly in part are not needed for now: their memory may go to others. */
void elf_file_release(struct elf_file *file, struct span part);

/*
 * Answers the LOOKUP_SYMBOL rows in one pass over the symbol table and leaves the others. A global
 * symbol is preferred to static ones of its name, as by the linker. error_not_found: the file has
 * no symbol table.
 */
struct error *elf_symbols_lookup(struct elf_file *file, struct lookup *rows, size_t n);

/* The same as a table; file has to outlive it. */
struct error *elf_symbol_table_open(struct elf_file *file, struct symbol_table **ret);

#endif
