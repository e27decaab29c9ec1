/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each CPU that may be has its copy of per-CPU data. */
#ifndef KERNEL_PERCPU_H
#define KERNEL_PERCPU_H

#include "kernel/kernel.h"

struct percpu_copy {
	unsigned number;
	uint64_t offset; /* from a per-CPU pointer to this CPU's copy: __per_cpu_offset[number] */
};

struct percpu {
	struct percpu_copy *at;
	size_t n, room;
};

/* All possible CPUs, in order. The caller frees with vec_free. */
struct error *percpu_read(struct kernel *kernel, struct percpu *ret);

#endif
