/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target that the user asked for, with the session on it; `open` makes another one. */
#ifndef APP_OPENED_H
#define APP_OPENED_H

#include "app/options.h"
#include "cmd/session.h"

struct opened {
	struct arena arena;
	struct target_spec spec;
	struct session *session;
	struct worker *worker; /* that reads it; NULL: this process does, or none was needed yet */
	const char *name; /* short, for the prompt: "vmcore", "live" */
};

/* Names are copied. The target itself is opened by the first command that needs it. */
struct error *opened_new(const struct settings *settings, struct console *console,
			 struct opened **ret);
void opened_free(struct opened *opened); /* NULL is fine */

#endif
