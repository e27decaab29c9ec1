/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `repeat`: a command again and again, with what has changed highlighted. */
#ifndef APP_REPEAT_H
#define APP_REPEAT_H

#include "app/run.h"

int repeat_run(struct app *app, const char *const *words, size_t n);

#endif
