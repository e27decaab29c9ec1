/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_REPL_H
#define APP_REPL_H

#include "app/run.h"

/* The prompt, until quit, exit or Ctrl-D. Returns the exit status: how a prompt ends is no failure.
 */
int repl_run(struct app *app);

#endif
