/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program compiled from tests/unit/dwarf, which prints what its compiler says of its own layouts:
 * the truth that its type information is held against. Every failure fails the running test.
 */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include "scratch.h"
#include "target/layout_file.h"
#include "target/type_source.h"

/* To scratch/program; scratch/truth is what it prints. */
void sample_compile(const struct scratch *scratch, const char *compiler, const char *flags);

void sample_truth(const struct scratch *scratch, struct layout_file *ret);

/* The type information of that section in the ELF file of that name. */
void sample_open(const struct scratch *scratch, const char *name, const struct type_section *section,
		 struct elf_file **elf, struct type_source **types);

/* Asks for rows as one batch. */
struct error *sample_ask(struct type_source *types, struct lookup *rows, size_t n);

/* Every row of the truth is answered as the program says, asked in one batch. */
void sample_check(const struct scratch *scratch, const char *name,
		  const struct type_section *section);

#endif
