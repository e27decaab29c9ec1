/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own, and programs compiled in it. Every failure fails the running test. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

struct scratch {
	char path[64];
};

void scratch_make(struct scratch *scratch);
void scratch_remove(struct scratch *scratch);

/* The path of name in it; the caller's. */
char *scratch_path(const struct scratch *scratch, const char *name);

/* Writes a file, and the folders that it lies in. */
void scratch_write(const struct scratch *scratch, const char *name, const void *bytes, size_t n);
void scratch_write_text(const struct scratch *scratch, const char *name, const char *text);

/* The whole file and a NUL behind it; the caller's. */
char *scratch_read(const struct scratch *scratch, const char *name, size_t *ret);

/* Runs a shell command in it, which has to succeed. */
void scratch_run(const struct scratch *scratch, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A program is installed. */
bool scratch_has_program(const char *name);

#endif
