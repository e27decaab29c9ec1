/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log buffer: printk_ringbuffer (kernel/printk/printk_ringbuffer.h, Linux 5.10 on) and the
 * records before it (struct printk_log, before Linux 3.12 struct log; kernel/printk/printk.c).
 *
 * A log may hold what nobody wants to hand out. So of records that are not about an IOMMU or the
 * kernel's death, text is read past the recorder: a capture does not hold it (log_line_is_kept()).
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "kernel/kernel.h"

struct log_record {
	struct datum sequence; /* since boot */
	struct datum time_ns;  /* since boot */
	struct datum level;    /* 0 emergency to 7 debug */
	/* As printed, perhaps of several lines; hostile. DATUM_EXCLUDED is usual in a capture. Lives
	   until the visitor returns. */
	struct text text;
};

/* An error that is returned ends the visit and is its result; error_stopped: seen enough, no error. */
typedef struct error *(*log_visit)(void *arg, const struct log_record *record);

#define LOG_ALL UINT64_MAX

/*
 * The newest `newest` records, oldest first. What can't be read of a record is told in its states, and by an
 * error that is unreadable when all are visited, but for what a capture lacks on purpose. Fails besides when
 * there is no way to the records, or they end in damage: ERROR_NOT_FOUND when this kernel has no log that we
 * know.
 */
struct error *log_read(struct kernel *kernel, uint64_t newest, log_visit visit, void *arg);

/* A line that captures hold: of an IOMMU, VFIO, or of how the kernel died. */
bool log_line_is_kept(const char *text);

#endif
