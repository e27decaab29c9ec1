/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines and files of them. Several commands: the highest status. */
#ifndef APP_SCRIPT_H
#define APP_SCRIPT_H

#include "app/run.h"

/* COMMAND, COMMAND | SHELL COMMAND, COMMAND > FILE, COMMAND >> FILE, ! SHELL COMMAND. */
int run_line(struct app *app, const char *line);

/* path "-": standard input. Messages name the file and the line. */
int run_file(struct app *app, const char *path);

/* -e and -i, in order. */
int run_scripts(struct app *app);

#endif
