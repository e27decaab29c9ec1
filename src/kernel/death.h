/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a kernel died, by its log. */
#ifndef KERNEL_DEATH_H
#define KERNEL_DEATH_H

#include "kernel/log.h"

/* Zeroed: nothing of that kind was in the log. Texts are single lines. */
struct death {
	struct text panic; /* "Kernel panic - not syncing: Fatal exception" */
	struct text cause; /* the oops, lockup or request that led there, or without a panic the last one */
	struct datum panic_ns, cause_ns; /* since boot */
	bool is_hint; /* the cause is a trouble that machines live with: any other takes its place */
};

/* The line tells of a trouble, or of the end. */
bool death_is_told(const char *line);

/* Takes the log's records one by one, oldest first. Texts live in arena. */
struct error *death_take(struct death *death, struct arena *arena, const struct log_record *record);

#endif
