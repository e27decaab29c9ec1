/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines typed at earlier prompts: $XDG_STATE_HOME/iommuscope/history, ~/.local/state/...
 * without. Where it can't be read or written, the prompt does without. Several prompts share it: a
 * line is kept whole or not at all, whatever becomes of the disk.
 */
#ifndef APP_PAST_H
#define APP_PAST_H

#define PAST_MAX 2000 /* lines */

void past_load(void);
void past_add(const char *line); /* kept at once; one like the last is not kept again */
void past_end(void);

#endif
