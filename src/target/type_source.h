/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where type layouts come from. To add a kind: write its ops and add a row to the table in
 * symbols.c; the first row that finds what it needs in the file is taken.
 */
#ifndef TARGET_TYPE_SOURCE_H
#define TARGET_TYPE_SOURCE_H

#include "target/elf_file.h"

struct type_source;

struct type_source_ops {
	const char *name; /* for `info`: "dwarf" */
	const char *section; /* the file must have it */
	/* file and spec outlive the source. */
	struct error *(*open)(const struct target_spec *spec, struct elf_file *file,
			      struct type_source **ret);
	/* Answers every row but LOOKUP_SYMBOL ones, which it leaves alone. */
	struct error *(*lookup)(struct type_source *source, struct lookup *rows, size_t n);
	void (*close)(struct type_source *source);
};

struct type_source { /* first in each kind's own struct */
	const struct type_source_ops *ops;
};

extern const struct type_source_ops dwarf_types;

#endif
