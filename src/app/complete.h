/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion at the prompt, from the tables of commands and from the open target. */
#ifndef APP_COMPLETE_H
#define APP_COMPLETE_H

#include "app/run.h"

void complete_install(struct app *app); /* app lives as long as the prompt */
void complete_end(void);

#endif
