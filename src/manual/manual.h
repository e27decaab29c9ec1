/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is installed beside the program and written from its own tables, by build/manual: the manual
 * page, the reference in docs/ and the shells' completions. A format is a function here and a row
 * in manual.c.
 */
#ifndef MANUAL_MANUAL_H
#define MANUAL_MANUAL_H

#include <stdio.h>

#include "app/options.h"
#include "cmd/command.h"

void manual_write_man(FILE *out);
void manual_write_markdown(FILE *out);
void manual_write_bash(FILE *out);
void manual_write_zsh(FILE *out);
void manual_write_fish(FILE *out);

/* A short table of words and what they mean; a NULL name ends it. */
struct manual_item {
	const char *name, *text;
};

/* What --help and the commands' own help have no place for. */
extern const struct manual_item manual_statuses[], manual_variables[], manual_files[];
extern const char manual_check_statuses[]; /* stands below manual_statuses */

/* The table of a command's answer, or of its i-th form; NULL past the last. */
const struct table *manual_table(const struct command *command, size_t i, struct arena *arena);

/* What follows a command or an option, told from the word that its help has for it. */
enum manual_operand {
	OPERAND_WORD, /* nothing to complete */
	OPERAND_FILE,
	OPERAND_BDF,
	OPERAND_COMMAND,
	OPERAND_STRUCTURE, /* one that `decode` knows */
	OPERAND_HELP,	   /* a command or a structure */
};

enum manual_operand manual_operand(const char *text);

/* The words that are an operand of that kind, one call each; nothing for files and BDFs. */
void manual_each_word(enum manual_operand operand, void (*put)(const char *word, void *arg),
		      void *arg);

#endif
