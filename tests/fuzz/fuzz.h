/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fuzz targets share. Each fuzz_NAME.c has one fuzz_one(); with libFuzzer it gets new inputs
 * without end (make fuzz), with main.c the files of corpus/NAME (make test). They are run in the
 * repository's folder.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "target/layout_file.h"
#include "target/target.h"

/* The target's own: what is done with an input. */
void fuzz_one(const uint8_t *data, size_t size);

#define FUZZ_SECONDS 10 /* of processor time that an input may take, under sanitizers too */

/* What runs an input, in libFuzzer and in main.c: the process aborts when it takes longer. By the
 * processor's clock and not the wall's, for others may be using the machine. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file that holds these bytes until the next call; its path lives for ever. */
const char *fuzz_file(const void *bytes, size_t n);

/* What nobody reads. */
FILE *fuzz_nowhere(void);

/* Input that is taken bit by bit, from its start; behind its end come zeros. */
struct input {
	const uint8_t *at;
	size_t n;
};

uint64_t input_le(struct input *input, unsigned size); /* 1 to 8 bytes */

/* Asks for rows, drops the error: what is wanted is that it comes back. */
void fuzz_ignore(struct error *err);

/*
 * A target of which every address leads to somewhere in a few bytes, over and over: whatever
 * pointer the input holds, something is there. Some addresses can't be read all the same
 * (is_unreadable()). Symbols and layouts are those of a kernel.
 */
struct hostile {
	struct target base;
	struct input memory;
	const struct layout_file *layouts;
	unsigned n_reads;
	int is_interrupted; /* after HOSTILE_READS, as by a user: whoever reads on has to notice */
};

#define HOSTILE_READS 10000

#define HOSTILE_LAYOUTS 11

/* The first byte of input chooses the kernel; the rest is the memory. It outlives ret. */
void hostile_init(struct hostile *ret, struct input input);

#endif
