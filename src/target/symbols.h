/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the symbols and types of a dump's kernel come from: the layout cache, and behind it a
 * vmlinux, given or found by build ID. The cache is asked first; a batch that it answers in full
 * opens no vmlinux at all. What it lacks is read from the vmlinux and goes into the cache.
 *
 * Nothing here knows the dump: symbols are LINK-TIME addresses, without KASLR.
 * A source is used by one thread.
 */
#ifndef TARGET_SYMBOLS_H
#define TARGET_SYMBOLS_H

#include <stddef.h>

#include "base/error.h"
#include "target/layout_file.h"
#include "target/lookup.h"
#include "target/target.h"

struct symbol_source;

/*
 * build_id (hex) and release ("6.1.0-44-amd64") are the dump's, NULL where it does not say; they
 * come from the dump and are not trusted. spec must outlive the source; of it are used: symbols,
 * no_symbols, no_cache, interrupt, progress and note.
 *
 * A file given by spec->symbols is checked here: it must be the dump's vmlinux. Without one
 * nothing is opened until a lookup needs it.
 */
struct error *symbol_source_open(const struct target_spec *spec, const char *build_id,
				 const char *release, struct symbol_source **ret);

/*
 * Answers each row (state, never LOOKUP_UNANSWERED afterwards). Fails, with the rows in no
 * particular state, when there is no usable vmlinux (the message says where it was looked for and
 * what to install), when it is corrupt (ERROR_CORRUPT), or with error_stopped.
 */
struct error *symbol_source_lookup(struct symbol_source *source, struct lookup *rows, size_t n);

/* For people. Strings live as long as the source; NULL: not known, or not (yet) needed. */
struct symbol_facts {
	const char *symbols;  /* "cache", "elf" */
	const char *types;    /* "cache", "dwarf" */
	const char *path;     /* of the vmlinux, or of the cache file when that answered alone */
	const char *build_id; /* the dump's, or the vmlinux's where the dump has none; hex */
};

struct symbol_facts symbol_source_facts(const struct symbol_source *source);

/* Adds every row answered so far to file, build ID and release too. */
struct error *symbol_source_export(const struct symbol_source *source, struct layout_file *file);

void symbol_source_close(struct symbol_source *source); /* NULL is fine */

#endif
