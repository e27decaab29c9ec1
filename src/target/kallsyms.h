/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols from the tables that a kernel keeps of its own, in every layout from Linux 3.x to 7.x. */
#ifndef TARGET_KALLSYMS_H
#define TARGET_KALLSYMS_H

#include "target/symbol_table.h"
#include "target/target.h"

/*
 * Finds the tables, and which of the ways to note addresses they are in: the one that puts _stext
 * where VMCOREINFO has it. kaslr_offset is taken off again: kernels keep run-time addresses. spec
 * and target have to outlive the table.
 */
struct error *kallsyms_open(const struct target_spec *spec, struct target *target,
			    uint64_t kaslr_offset, struct symbol_table **ret);

#endif
