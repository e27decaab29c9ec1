/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A baseline: findings that someone has looked at and accepted. A text file with one finding's key
 * per line; `#` begins a comment.
 */
#ifndef CHECK_BASELINE_H
#define CHECK_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct baseline {
	char **at; /* sorted */
	size_t n, room;
};

struct error *baseline_read(const char *path, struct baseline *ret);
bool baseline_has(const struct baseline *baseline, const char *key);
void baseline_free(struct baseline *baseline);

#endif
