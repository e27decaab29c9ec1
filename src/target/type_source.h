/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where type layouts come from. To add a kind: write its ops and add a row to the table in
 * symbol_origin.c; what the first leaves open is asked of the next.
 */
#ifndef TARGET_TYPE_SOURCE_H
#define TARGET_TYPE_SOURCE_H

#include "target/elf_file.h"
#include "target/type_batch.h"

struct type_source;

struct type_source_ops {
	const char *name; /* for `info`: "dwarf" */
	/* Answers what is open in the batch, and settles the types that it knows. */
	struct error *(*lookup)(struct type_source *source, struct type_batch *batch);
	void (*close)(struct type_source *source);
};

struct type_source { /* first in each kind's own struct */
	const struct type_source_ops *ops;
};

extern const struct type_source_ops btf_types, dwarf_types;

/* Where in an ELF file such a source lies. */
struct type_section {
	const struct type_source_ops *ops;
	const char *name; /* the file must have it */
	/* file and spec outlive the source. */
	struct error *(*open)(const struct target_spec *spec, struct elf_file *file,
			      struct type_source **ret);
};

extern const struct type_section btf_section, dwarf_section;

#endif
