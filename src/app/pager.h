/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream to the terminal that starts a pager as soon as more was written than fits the screen.
 * What is written afterwards goes straight to the pager, which need not wait for the end.
 */
#ifndef APP_PAGER_H
#define APP_PAGER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct pager;

/* command: of a shell. ret_out belongs to the pager. */
struct error *pager_open(const char *command, FILE *terminal, struct pager **ret, FILE **ret_out);

bool pager_is_deaf(const struct pager *pager);

/* Waits until the user has left it. */
struct error *pager_close(struct pager *pager);

/* The user's: $PAGER, or less; NULL when the terminal can't do it or there is none wanted. */
const char *pager_of_environment(void);

#endif
