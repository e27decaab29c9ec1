/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/opened.h"

#include <stdlib.h>
#include <string.h>

#include "app/interrupt.h"
#include "app/worker.h"
#include "target/kcore.h"

static bool copy_names(struct opened *opened, const struct settings *settings)
{
	struct target_spec *spec = &opened->spec;
	const char **cores =
		arena_alloc(&opened->arena, (settings->cores.n + 1) * sizeof(*spec->cores));

	for (size_t i = 0; cores && i < settings->cores.n; i++) {
		cores[i] = arena_strdup(&opened->arena, settings->cores.at[i]);
		if (!cores[i])
			return false;
	}
	if (settings->symbols)
		spec->symbols = arena_strdup(&opened->arena, settings->symbols);
	spec->cores = cores;
	spec->n_cores = settings->cores.n;
	return cores && (spec->symbols || !settings->symbols);
}

static const char *name_of(const struct target_spec *spec)
{
	if (!spec->n_cores || !strcmp(spec->cores[0], KCORE_PATH))
		return "live";
	const char *slash = strrchr(spec->cores[0], '/');
	return slash && slash[1] ? slash + 1 : spec->cores[0];
}

struct error *opened_new(const struct settings *settings, struct console *console,
			 struct opened **ret)
{
	struct opened *opened = calloc(1, sizeof(*opened));

	if (!opened)
		return error_no_memory;
	opened->spec = (struct target_spec){
		.no_symbols = settings->no_symbols,
		.no_cache = settings->no_cache,
		.sandbox = "off (--no-sandbox)", /* a worker knows better */
		.verbose = settings->verbosity >= VERBOSE,
		.interrupt = interrupt_flag(),
		.progress = console_progress,
		.progress_arg = console,
		.note = console_note,
		.note_arg = console,
	};
	struct error *err = copy_names(opened, settings) ? NULL : error_no_memory;
	if (!err)
		err = session_new(&opened->spec, &opened->session);
	if (err) {
		opened_free(opened);
		return err;
	}
	opened->name = name_of(&opened->spec);
	*ret = opened;
	return NULL;
}

void opened_free(struct opened *opened)
{
	if (!opened)
		return;
	worker_end(opened->worker);
	session_free(opened->session);
	arena_free(&opened->arena);
	free(opened);
}
