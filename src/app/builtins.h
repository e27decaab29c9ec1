/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that are run like commands but belong to the program: cmd/prompt.h says what they are. */
#ifndef APP_BUILTINS_H
#define APP_BUILTINS_H

#include "app/run.h"

struct builtin {
	const char *name;
	/* words: those behind the name. Returns the exit status, errors are reported. */
	int (*run)(struct app *app, const char *const *words, size_t n);
	bool on_target; /* done where the target is read */
};

extern const struct builtin builtins[]; /* a NULL name ends it */

/* In run.c, so that a program without them links none; NULL: there are none. */
const struct builtin *builtin_find(const struct builtin *table, const char *name);

/* One of the things that `set` shows and changes. */
struct setting {
	const char *name;
	const char *values; /* "auto|always|never"; capitals stand for any word */
	const char *help;
	/* value is static, or lives until the next change. */
	const char *(*get)(const struct app *app);
	/* ERROR_USAGE: not one of the values; nothing has changed. */
	struct error *(*set)(struct app *app, const char *value);
};

extern const struct setting app_settings[]; /* a NULL name ends it */

#endif
