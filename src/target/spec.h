/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's side of struct target_spec, for work that takes long before there is a target. */
#ifndef TARGET_SPEC_H
#define TARGET_SPEC_H

#include "target/target.h"

/* error_stopped once the user has interrupted, else NULL. */
struct error *spec_poll(const struct target_spec *spec);

void spec_progress(const struct target_spec *spec, const char *what, uint64_t done, uint64_t total);

/* ERROR_USAGE: path is, whatever it is called, a file that this target is read from. */
struct error *spec_refuse_own(const struct target_spec *spec, const char *path);

/* Passes the line on to whoever listens. */
void spec_note(const struct target_spec *spec, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
