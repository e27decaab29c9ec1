/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF cores, as kexec-tools, QEMU and our captures have them. */
#include "dump_bytes.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	dump_bytes_read(data, size);
}
