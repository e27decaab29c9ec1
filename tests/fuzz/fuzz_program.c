/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole program on a real kernel's capture, of which some bytes are changed. The input says
 * which: a byte for the command line, a byte for the capture, then for each change a byte of where
 * and how many, three of an offset, and the bytes. So inputs are small, and all of them open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "whole.h"

static const char *const captures[] = {
	"tests/fixtures/5.10-before.elf",
	"tests/fixtures/6.1-before.elf",
	"tests/fixtures/6.12-after.elf",
	"tests/fixtures/7.2-kdump.elf",
};

#define CAPTURE_MAX (4u << 20)
#define N_CAPTURES ARRAY_SIZE(captures)
#define HEADERS 4096 /* bytes at the start, of ELF's headers and the first notes */

static size_t read_capture(size_t i, uint8_t *ret)
{
	static uint8_t bytes[N_CAPTURES][CAPTURE_MAX];
	static size_t sizes[N_CAPTURES];

	if (!sizes[i]) {
		FILE *file = fopen(captures[i], "rb");

		if (file)
			sizes[i] = fread(bytes[i], 1, CAPTURE_MAX, file);
		if (!file || !sizes[i] || sizes[i] == CAPTURE_MAX) {
			perror(captures[i]);
			exit(99);
		}
		fclose(file);
	}
	memcpy(ret, bytes[i], sizes[i]);
	return sizes[i];
}

/* Offsets of blank bytes change nothing that is read: go on to the next that is not. */
static size_t skip_blank(const uint8_t *bytes, size_t n, size_t at)
{
	while (at < n && !bytes[at])
		at++;
	return at < n ? at & ~(size_t)7 : 0;
}

static void change(uint8_t *bytes, size_t n, struct input *input)
{
	uint8_t how = (uint8_t)input_le(input, 1);
	size_t offset = (size_t)input_le(input, 3);
	unsigned size = 1u << (how & 3);
	uint64_t value = input_le(input, size);
	size_t at = how & 4 ? offset % HEADERS : offset % n;

	if (how & 8)
		at = skip_blank(bytes, n, at);
	for (unsigned i = 0; i < size && at + i < n; i++)
		bytes[at + i] = (uint8_t)(value >> 8 * i);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static uint8_t bytes[CAPTURE_MAX];
	struct input input = {data, size};
	size_t line = input_le(&input, 1), which = input_le(&input, 1);
	size_t n = read_capture(which / 2 % N_CAPTURES, bytes);

	while (input.n)
		change(bytes, n, &input);
	whole_run(fuzz_file(bytes, n), whole_lines[line % whole_n_lines], which & 1);
}
