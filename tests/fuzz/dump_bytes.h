/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_DUMP_BYTES_H
#define TESTS_FUZZ_DUMP_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Opens these bytes as a dump and reads the memory that it holds, or says to hold. */
void dump_bytes_read(const uint8_t *data, size_t size);

#endif
