/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether this kernel translates DMA by default, and what decided that. */
#ifndef KERNEL_DMA_MODE_H
#define KERNEL_DMA_MODE_H

#include "kernel/kernel.h"

struct dma_mode {
	struct text mode;         /* "translated, lazy flush", "passthrough", ... */
	struct text reason;       /* "iommu=pt on the command line", "default of this kernel's build" */
	struct text command_line;
};

/* Texts live in arena. */
struct dma_mode dma_mode_read(struct reader *reader, struct arena *arena);

#endif
