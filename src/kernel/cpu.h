/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processors, and what an interrupt's destination names (x86 local APIC). */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "kernel/kernel.h"

struct cpu {
	uint32_t number;
	uint32_t apic_id;
	struct datum online; /* boolean */
};

struct cpus {
	const struct cpu *at; /* by number; those that have an APIC ID */
	uint32_t n;
	enum datum_state state; /* DATUM_OK: these are all */
	struct datum x2apic; /* boolean: logical destinations are clusters, and IDs have 32 bits */
};

struct error *cpus_read(struct reader *reader, struct arena *arena, struct cpus *ret);

/*
 * The destination names this CPU. logical: it is a set of logical APIC IDs, as Linux gives them
 * out. Only with x2apic known.
 */
bool cpu_is_destination(const struct cpus *cpus, const struct cpu *cpu, uint32_t destination,
			bool logical);

#endif
