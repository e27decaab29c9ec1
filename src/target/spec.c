/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct error *spec_poll(const struct target_spec *spec)
{
	return spec->interrupt && *spec->interrupt ? error_stopped : NULL;
}

void spec_progress(const struct target_spec *spec, const char *what, uint64_t done, uint64_t total)
{
	if (spec->progress)
		spec->progress(spec->progress_arg, what, done, total);
}

void spec_note(const struct target_spec *spec, const char *fmt, ...)
{
	char *line;
	va_list ap;

	if (!spec->note)
		return;
	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) >= 0) {
		spec->note(spec->note_arg, line);
		free(line);
	}
	va_end(ap);
}
