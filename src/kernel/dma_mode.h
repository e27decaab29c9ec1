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

/*
 * Boolean: unmapped ranges are flushed at once, by the driver's own variable, which decides until
 * Linux 5.12. DATUM_ABSENT: this kernel's domain types or iommu_dma_strict decide.
 */
struct datum dma_driver_strict(struct reader *reader);

/* Texts live in arena. */
struct dma_mode dma_mode_read(struct reader *reader, struct arena *arena);

#endif
