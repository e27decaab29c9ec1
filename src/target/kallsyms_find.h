/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the kernel's memory the tables of its own symbols lie (kernel/kallsyms.c): VMCOREINFO
 * says so from Linux 6.0 on, before that they are searched for.
 */
#ifndef TARGET_KALLSYMS_FIND_H
#define TARGET_KALLSYMS_FIND_H

#include <stdint.h>

#include "base/error.h"
#include "target/target.h"

#define KALLSYMS_TOKENS 256
#define KALLSYMS_MAX (1u << 22) /* symbols; large kernels have 300 000 */

/* Run-time addresses; 0: it has no such table, or (found by search) it may have. */
struct kallsyms_tables {
	uint64_t names;         /* per symbol: length in tokens (1 or 2 bytes), tokens */
	uint64_t token_table;   /* strings */
	uint64_t token_index;   /* u16 per token: its offset in token_table */
	uint64_t offsets;       /* s32 per symbol */
	uint64_t relative_base; /* u64 that they are relative to */
	uint64_t addresses;     /* u64 per symbol, before Linux 4.6 in place of these two */
	uint32_t n;             /* symbols */
};

/* ERROR_NOT_FOUND, or why the memory where they should be can't be read. */
struct error *kallsyms_find(const struct target_spec *spec, struct target *target,
			    struct kallsyms_tables *ret);

#endif
