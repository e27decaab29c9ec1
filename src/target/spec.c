/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

struct error *spec_poll(const struct target_spec *spec)
{
	return spec->interrupt && *spec->interrupt ? error_stopped : NULL;
}

struct error *spec_refuse_own(const struct target_spec *spec, const char *path)
{
	bool is_own = spec->symbols && file_is_same(path, spec->symbols);

	for (size_t i = 0; i < spec->n_cores && !is_own; i++)
		is_own = file_is_same(path, spec->cores[i]);
	return is_own ? error_new(ERROR_USAGE,
				  "'%s' is what is being read, and would be lost: give another name",
				  path)
		      : NULL;
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
