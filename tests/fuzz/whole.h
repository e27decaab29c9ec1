/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program without its main(): a command line over a target, as -c and the words run it. */
#ifndef TESTS_FUZZ_WHOLE_H
#define TESTS_FUZZ_WHOLE_H

#include <stddef.h>

/* Command lines over one target, each made so that it reads as much as it can. */
extern const char *const whole_lines[];
extern const size_t whole_n_lines;

/*
 * Opens dump (NULL: what target_open() of the program at hand opens), runs the line, answers to
 * nowhere. Ends the process when the exit status is none of the contract's.
 */
void whole_run(const char *dump, const char *line, int as_json);

#endif
