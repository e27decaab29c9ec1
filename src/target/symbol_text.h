/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols from text, a line each, as System.map and /proc/kallsyms have it:
 *
 *	ffffffff81000000 T _text
 *	ffffffffc0a01000 t nvme_init	[nvme]
 *
 * Those of modules are passed over. The file is read again for each lookup, in bounded memory.
 */
#ifndef TARGET_SYMBOL_TEXT_H
#define TARGET_SYMBOL_TEXT_H

#include <stdbool.h>

#include "target/symbol_table.h"
#include "target/target.h"

/* The first n bytes of a file are such text. */
bool symbol_text_is(const char *start, size_t n);

/* System.map: link-time addresses. spec and path have to outlive the table. */
struct error *system_map_open(const struct target_spec *spec, const char *path,
			      struct symbol_table **ret);

/* /proc/kallsyms: run-time addresses, from which kaslr_offset is taken off again. */
struct error *proc_kallsyms_open(const struct target_spec *spec, const char *path,
				 uint64_t kaslr_offset, struct symbol_table **ret);

#endif
