/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where answers go: standard output, a pager once they do not fit the screen, a shell's pipeline, a
 * file. A reader who leaves (`| head`, q in a pager) is no failure: the command just stops.
 */
#ifndef APP_SINK_H
#define APP_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "app/process.h"
#include "app/words.h"
#include "target/spec.h"

struct pager;

struct sink {
	FILE *out; /* answers are written here */
	bool is_terminal;
	struct process process; /* of a pipeline */
	struct pager *pager;
	bool is_own; /* `out` ends with the sink */
};

/* What is written to `out`, without an end of its own; in tests any stream. */
struct sink sink_of(FILE *out);

/*
 * As a line's end says; for WORDS_END it is sink_of(out), behind a pager when one is named and out
 * is a terminal that scrolls. What is read by spec is not written to.
 */
struct error *sink_open(const struct words *words, const struct target_spec *spec, FILE *out,
			const char *pager, struct sink *ret);

/* Nobody reads any more. */
bool sink_is_deaf(const struct sink *sink);

/* Waits for pipeline and pager. ret_status: the pipeline's exit status. */
struct error *sink_close(struct sink *sink, int *ret_status);

#endif
