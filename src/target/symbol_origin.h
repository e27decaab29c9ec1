/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's symbols and types where they come from, opened as late as can be: a vmlinux, given
 * or found by build ID; a System.map that was given; the kernel itself, which carries its symbols
 * (kallsyms) and, from 5.4 on mostly, its types (BTF). Of types BTF is preferred, being forty
 * times smaller; DWARF is asked where there is none, or none that can be read.
 */
#ifndef TARGET_SYMBOL_ORIGIN_H
#define TARGET_SYMBOL_ORIGIN_H

#include "target/symbol_table.h"
#include "target/type_source.h"
#include "target/vmlinux.h"

/*
 * What the target has of its kernel itself. Files are those of a running kernel, as
 * /proc/kallsyms and /sys/kernel/btf/vmlinux; NULL: the kernel's memory is read.
 */
struct own_symbols {
	struct target *target; /* reads SPACE_VIRT, and has VMCOREINFO; NULL: there is nothing */
	uint64_t kaslr_offset;
	const char *symbols_file, *types_file;
};

enum { TYPES_BTF, TYPES_DWARF, N_TYPES };

struct symbol_origin {
	const struct target_spec *spec;
	const struct kernel_identity *kernel;
	struct own_symbols own;
	/* Owned; NULL: there is none, or it was not needed yet. */
	struct elf_file *vmlinux;
	struct error *no_vmlinux; /* why none was found */
	struct symbol_table *symbols;
	struct type_source *types[N_TYPES];
	bool types_tried[N_TYPES], types_answered[N_TYPES];
	bool symbols_answered, is_checked;
};

/* spec->symbols, an ELF file or a System.map. Refuses what can't be the kernel's. */
struct error *symbol_origin_open_given(struct symbol_origin *origin);

/* Answers each row. Errors as of symbol_source_lookup(). */
struct error *symbol_origin_lookup(struct symbol_origin *origin, struct lookup *rows, size_t n);

/* What is found absent is absent in the kernel: the table of symbols is the linker's. */
bool symbol_origin_is_complete(const struct symbol_origin *origin);

/* For `info`; NULL: not asked. */
const char *symbol_origin_symbols(const struct symbol_origin *origin);
const char *symbol_origin_types(const struct symbol_origin *origin);

void symbol_origin_close(struct symbol_origin *origin);

#endif
