/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps as makedumpfile -F writes them to a pipe. */
#include "dump_bytes.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	dump_bytes_read(data, size);
}
