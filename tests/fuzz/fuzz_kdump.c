/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kdump-compressed dumps: our own reading of their headers, libkdumpfile's of their pages. */
#include "dump_bytes.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	dump_bytes_read(data, size);
}
