/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what belongs together from a machine that runs.
 *
 * All that was read is noted and, at the end, read once more. When nothing has changed, all of it was
 * there at one moment, the one between both readings: no object stands beside a pointer that came
 * later, nothing was followed into memory that had been given back. Otherwise everything is read
 * anew. What goes on changing is then left out, as torn, so that the rest can be had whole.
 *
 * On a target that does not move this costs nothing.
 */
#ifndef TARGET_TOGETHER_H
#define TARGET_TOGETHER_H

#include "target/target.h"

/*
 * Calls read(arg), more than once on a moving target: each call starts from nothing. Returns what the
 * last call did, or ERROR_TORN when the machine never stood still for as long as that takes. Within
 * read(), a range that does not come to rest is an ERROR_TORN of its own.
 */
struct error *target_read_together(struct target *target, struct error *(*read)(void *arg),
				   void *arg);

/* For target.c: as target_ops has them, with a note. */
struct error *watch_read(struct target *target, enum space space, uint64_t addr, void *buf,
			 size_t len);
struct error *watch_translate(struct target *target, uint64_t virt, uint64_t *phys);

#endif
