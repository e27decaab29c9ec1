/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "whole.h"

#include <stdlib.h>

#include "app/run.h"
#include "app/words.h"
#include "base/cleanup.h"
#include "fuzz.h"

const char *const whole_lines[] = {
	"summary",
	"info",
	"kernel --all",
	"iommus",
	"devices",
	"groups",
	"domains --usage",
	"domids",
	"dte",
	"dte --all",
	"walk 0000:00:04.0 0xfffff000 0x1000",
	"walk 0000:00:05.0 0xfffff000",
	"map --summary 0000:00:05.0",
	"map --leaves 0000:00:06.0",
	"map 0000:00:04.0 --pasids",
	"irt",
	"irt --all",
	"rmap 0x1000000",
	"rmap --kernel-text",
	"ivrs",
	"page 0x1000000",
	"page 0xfee00000",
	"iova 0000:00:05.0",
	"iova 0000:00:06.0 --summary",
	"check --threshold notice",
	"ring cmd --all",
	"ring evt",
	"ring ppr",
	"ring ga",
	"explain",
	"diff tests/fixtures/6.12-before.elf",
	"rd -p 0x1000000 8",
	"rd linux_banner 16",
};
const size_t whole_n_lines = ARRAY_SIZE(whole_lines);

void whole_run(const char *dump, const char *line, int as_json)
{
	struct app app = {.sink = sink_of(fuzz_nowhere())};
	_cleanup_(words_free) struct words words = {0};
	int status = EXIT_ANSWERED;

	console_init(&app.console);
	app.console.err = fuzz_nowhere();
	app.settings.no_cache = app.settings.no_symbols = true;
	app.settings.format = as_json ? EMIT_JSON : EMIT_TEXT;
	const char **core = dump ? vec_push(&app.settings.cores) : NULL;
	if (core)
		*core = dump;
	struct error *err = words_split(line, &words);
	if (!err)
		err = opened_new(&app.settings, &app.console, &app.opened);
	if (!err)
		status = run_words(&app, words.at, words.n);
	error_free(err);
	opened_free(app.opened);
	settings_free(&app.settings);
	if (status != EXIT_ANSWERED && status != EXIT_PARTLY && status != EXIT_USAGE &&
	    status != EXIT_TARGET && status != EXIT_INTERRUPTED)
		abort();
}
