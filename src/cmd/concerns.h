/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What looks wrong at first sight, for `summary`. The one place that decides it. */
#ifndef CMD_CONCERNS_H
#define CMD_CONCERNS_H

#include "model/snapshot.h"

/* object: "0000:a1:00.1"; message: one phrase, static text. */
typedef void (*concern_visit)(void *arg, const char *object, const char *message);

/* snapshot: with its devices. */
void concerns_visit(const struct snapshot *snapshot, concern_visit visit, void *arg);

#endif
