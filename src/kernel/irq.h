/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts as the kernel numbers them: struct irq_desc. */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include "kernel/kernel.h"

struct irq_line {
	uint32_t number; /* as in /proc/interrupts */
	uint64_t desc;	 /* address of the struct irq_desc */
};

struct irq_lines {
	struct irq_line *at; /* by number */
	size_t n, room;
	enum datum_state state; /* DATUM_OK: these are all; else why some are missing */
};

/* How this kernel finds an irq_desc by its number; NULL: in no way that is known here. */
const char *irq_variant_name(const struct kernel *kernel);

/* What can't be read is noted in reader->problems. The caller frees with vec_free. */
struct error *irq_lines_read(struct reader *reader, struct irq_lines *ret);

/* The names of its handlers, as /proc/interrupts has them: "nvme0q1", "a, b". DATUM_NONE: no
 * handler. */
struct text irq_line_name(struct reader *reader, struct arena *arena, const struct irq_line *line);

/*
 * What the struct irq_chip at `chip` keeps of the interrupt: chip_data of the hierarchy's element
 * that is that chip's; chip 0: of the first. DATUM_NONE: the interrupt does not go through it.
 */
struct datum irq_chip_data(struct reader *reader, const struct irq_line *line, uint64_t chip);

#endif
