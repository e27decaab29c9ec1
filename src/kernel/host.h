/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine under a kernel, as far as a few words of its memory tell. */
#ifndef KERNEL_HOST_H
#define KERNEL_HOST_H

#include "kernel/kernel.h"

struct host {
	struct text hardware; /* maker, model and BIOS as an oops prints them; arena's */
	struct datum cpus;    /* online */
	struct datum memory;  /* bytes that the kernel manages */
};

/* What can't be read is in the reader's problems. */
struct host host_read(struct reader *reader, struct arena *arena);

#endif
