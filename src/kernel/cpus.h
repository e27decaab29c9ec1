/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs that may be, and where each has its copy of per-CPU data. */
#ifndef KERNEL_CPUS_H
#define KERNEL_CPUS_H

#include "kernel/kernel.h"

struct cpu {
	unsigned number;
	uint64_t offset; /* from a per-CPU pointer to this CPU's copy: __per_cpu_offset[number] */
};

struct cpus {
	struct cpu *at;
	size_t n, room;
};

/* All possible CPUs, in order. The caller frees with vec_free. */
struct error *cpus_read(struct kernel *kernel, struct cpus *ret);

#endif
