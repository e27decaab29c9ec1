/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A check's report in words, and as metrics. */
#ifndef CMD_CHECK_TEXT_H
#define CMD_CHECK_TEXT_H

#include "check/check.h"

/* One line: "CRITICAL: 2 of 31 checks found something, 1 could not tell"; NULL: no memory. */
const char *check_headline(struct arena *arena, const struct check_report *report);

/* What is wrong, how sure that is, what to do; NULL for one that passes, and when memory ran out.
 */
const char *check_outcome_text(struct arena *arena, const struct check_outcome *outcome);

/* OpenMetrics text, which node_exporter's textfile collector takes too; NULL: no memory. */
const char *check_metrics(struct arena *arena, const struct check_report *report);

#endif
