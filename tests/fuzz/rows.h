/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that type information is asked for: real ones, and those that the seeds' C source has. */
#ifndef TESTS_FUZZ_ROWS_H
#define TESTS_FUZZ_ROWS_H

#include "target/type_source.h"

/* Ends the source. */
void rows_ask(struct type_source *source);

#endif
