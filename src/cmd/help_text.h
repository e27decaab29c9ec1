/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help as people read it, from the tables of commands and layouts. Each text lives in arena. */
#ifndef CMD_HELP_TEXT_H
#define CMD_HELP_TEXT_H

#include "base/layout.h"
#include "check/rule.h"
#include "cmd/command.h"
#include "cmd/prompt.h"

/* The commands under one topic; NULL: no memory. */
const char *help_text_of_topic(struct arena *arena, const char *topic);
const char *help_text_of_command(struct arena *arena, const struct command *command);
const char *help_text_of_rule(struct arena *arena, const struct rule *rule);
/* The words of the prompt together, and one of them. */
const char *help_text_of_prompt(struct arena *arena);
const char *help_text_of_prompt_word(struct arena *arena, const struct prompt_word *word);
const char *help_text_of_layout(struct arena *arena, const struct layout *layout);
/* What `decode` and `help` know by name. */
const char *help_text_of_structures(struct arena *arena);

#endif
