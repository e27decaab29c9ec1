/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processors, and what an interrupt's destination names (x86 local APIC). */
#ifndef KERNEL_APIC_H
#define KERNEL_APIC_H

#include "kernel/kernel.h"

#define CPUS_MAX 8192 /* NR_CPUS of the largest builds */

struct apic_cpu {
	uint32_t number;
	uint32_t apic_id;
	struct datum online; /* boolean: it is, or was until a panic stopped it */
};

struct apic_cpus {
	const struct apic_cpu *at; /* by number; those that have an APIC ID */
	uint32_t n;
	enum datum_state state; /* DATUM_OK: these are all */
	struct datum x2apic; /* boolean: logical destinations are clusters, and IDs have 32 bits */
};

struct error *apic_cpus_read(struct reader *reader, struct arena *arena, struct apic_cpus *ret);

/*
 * The destination names this CPU. logical: it is a set of logical APIC IDs, as Linux gives them
 * out. Only with x2apic known.
 */
bool apic_is_destination(const struct apic_cpus *cpus, const struct apic_cpu *cpu,
			 uint32_t destination, bool logical);

#endif
