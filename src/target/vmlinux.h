/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vmlinux that belongs to a dump: where it may lie, and whether it is the right one. */
#ifndef TARGET_VMLINUX_H
#define TARGET_VMLINUX_H

#include "target/elf_file.h"
#include "target/target.h"

/* The kernel that is looked for; each may be NULL: not known. */
struct kernel_identity {
	const char *build_id; /* build_id_is_valid() */
	const char *release;  /* release_is_valid() */
};

/*
 * Opens path, and refuses it when it is another kernel's, naming both, or has no symbol table. It
 * may lack type information.
 */
struct error *vmlinux_open(const struct target_spec *spec, const char *path,
			   const struct kernel_identity *kernel, struct elf_file **ret);

/*
 * The first file in the usual places that is this kernel's, with symbols and with a section of
 * type information (type_sections: NULL ends it). `root` goes before every absolute path: "" but in
 * tests. ERROR_NOT_FOUND says what stood in the way and what to install.
 */
struct error *vmlinux_find(const struct target_spec *spec, const char *root,
			   const struct kernel_identity *kernel, const char *const *type_sections,
			   struct elf_file **ret);

/* In one of the usual places such a file may be at path. */
bool vmlinux_may_be_at(const char *path);

/* Which package to install for this kernel, or to give its vmlinux; the end of an error's line. */
struct advice {
	char text[640];
};

struct advice vmlinux_advice(const struct kernel_identity *kernel);

/* "has no debug information" and what to do. */
struct error *vmlinux_no_types(const struct elf_file *file, const struct kernel_identity *kernel)
	__attribute__((returns_nonnull));

#endif
