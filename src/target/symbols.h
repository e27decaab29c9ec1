/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols and types of a target's kernel: an export that was given, the layout cache, and
 * behind them where they come from (symbol_origin.h). A batch that the export or the cache
 * answers in full opens nothing else. What a vmlinux answers goes into the cache; what the kernel
 * itself answers does not, for its own table may lack names that a vmlinux has, and it is as
 * quick.
 *
 * Symbols are LINK-TIME addresses here, without KASLR. A source is used by one thread.
 */
#ifndef TARGET_SYMBOLS_H
#define TARGET_SYMBOLS_H

#include <stddef.h>

#include "base/error.h"
#include "target/layout_file.h"
#include "target/lookup.h"
#include "target/symbol_origin.h"
#include "target/target.h"

struct symbol_source;

/*
 * build_id (hex) and release ("6.1.0-44-amd64") are the dump's, NULL where it does not say; they
 * come from the dump and are not trusted. spec must outlive the source; of it are used: symbols,
 * no_symbols, no_cache, interrupt, progress and note.
 *
 * A file given by spec->symbols (vmlinux, System.map, export) is checked here: it must be the
 * dump's kernel's. Without one nothing is opened until a lookup needs it. own: what the kernel
 * itself has; NULL: not to be had, as for a capture, which holds no symbols of it, or not yet.
 */
struct error *symbol_source_open(const struct target_spec *spec, const char *build_id,
				 const char *release, const struct own_symbols *own,
				 struct symbol_source **ret);

/*
 * Answers each row (state, never LOOKUP_UNANSWERED afterwards). Fails, with the rows in no
 * particular state, when there is nothing to answer from (ERROR_NOT_FOUND; the message says what
 * was tried and what to install), when that is corrupt (ERROR_CORRUPT), or with error_stopped.
 */
struct error *symbol_source_lookup(struct symbol_source *source, struct lookup *rows, size_t n);

/* For people. Strings live as long as the source; NULL: not known, or not (yet) needed. */
struct symbol_facts {
	const char *symbols;  /* "export", "cache", "elf", "system.map", "kallsyms" */
	const char *types;    /* "export", "cache", "btf", "dwarf", "btf and dwarf" */
	const char *path;     /* of the file used; NULL: the kernel itself */
	const char *build_id; /* the dump's, or the vmlinux's where the dump has none; hex */
};

struct symbol_facts symbol_source_facts(const struct symbol_source *source);

/* Adds every row answered so far to file, build ID and release too. */
struct error *symbol_source_export(const struct symbol_source *source, struct layout_file *file);

void symbol_source_close(struct symbol_source *source); /* NULL is fine */

#endif
