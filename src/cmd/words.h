/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for parts of the model that several commands show. */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

#include <stdio.h>

#include "model/snapshot.h"
#include "out/emit.h"

/* "kernel", "capture", "unknown", "none" */
const char *entry_writer_name(enum entry_writer writer);

/* "translated", "passthrough", ...; unknown: its state is why the device's entry is not known. */
struct text dma_fate_text(const struct device *device);

/* The type's name; a type without one is DATUM_CORRUPT. */
struct text domain_type_text(const struct domain *domain);

/* Words of text from column `at` on, in lines that begin at column `indent`; ends the line. */
void print_wrapped(FILE *out, size_t at, size_t indent, const char *text);

/* "ppr", "hats=2": the fields of a word that are not 0, numbers with their value, into an array
 * column. */
void emit_nonzero_fields(struct emit *e, unsigned column, struct datum word,
			 const struct layout *layout);

#endif
