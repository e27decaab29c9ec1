/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU state that QEMU's dump-guest-memory writes, one note named "QEMU" per CPU (QEMUCPUState
 * in QEMU's target/i386/arch_dump.c).
 */
#ifndef TARGET_QEMU_CPU_H
#define TARGET_QEMU_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/machine.h"

struct qemu_cpu {
	uint64_t cr3;      /* PCID in the low 12 bits */
	uint64_t idt;      /* virtual address of the interrupt descriptor table */
	bool five_levels;  /* CR4.LA57 */
};

/* The next CPU in 64-bit mode; *offset is 0 at first. false: there is no other. */
bool qemu_cpu_next(const struct memory_notes *notes, size_t *offset, struct qemu_cpu *ret);

/* The handler of the divide error (vector 0), read through machine's page tables. */
struct error *qemu_cpu_divide_handler(struct machine *machine, const struct qemu_cpu *cpu,
				      uint64_t *ret);

#endif
