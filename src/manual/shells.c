/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completions for bash, zsh and fish. Only words are taken from the tables here; what to do with
 * them is a script of a few lines for each shell. BDFs are those of the machine at work.
 */
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "manual/manual.h"
#include "out/columns.h"

#define LIST_BDFS "ls /sys/bus/pci/devices 2>/dev/null"
#define NO_BREAK "Written from the program's tables; do not edit.\n"

static void put_word(const char *word, void *out)
{
	fprintf(out, " %s", word);
}

static void put_program_options(FILE *out, bool behind_command)
{
	for (const struct option *o = program_options; o->name; o++)
		if (!behind_command || o->behind_command)
			fprintf(out, " --%s", o->name);
}

static void put_command_options(FILE *out, const struct command *c)
{
	for (size_t i = 0; i < c->n_options; i++)
		fprintf(out, " %s%s", c->options[i].name[1] ? "--" : "-", c->options[i].name);
	put_program_options(out, true);
}

/* Columns of all the tables that the command may answer with, each once. */
static void put_columns(FILE *out, const struct command *c)
{
	_cleanup_(arena_free) struct arena arena = {0};
	const struct table *first = manual_table(c, 0, &arena), *table;

	for (size_t t = 0; (table = manual_table(c, t, &arena)) != NULL; t++) {
		for (size_t i = 0; i < table->n_columns; i++) {
			bool told = false;

			for (size_t k = 0; t && k < first->n_columns; k++)
				told |= !strcmp(first->columns[k].key, table->columns[i].key);
			if (!told)
				fprintf(out, " %s", table->columns[i].key);
		}
		if (table_has_fields(table))
			break; /* one of many structures: the columns are not known before */
	}
}

/* "-c|--core", the options that take a value of that kind. */
static void put_valued_options(FILE *out, bool files_only, const char *separator)
{
	bool begun = false;

	for (const struct option *o = program_options; o->name; o++) {
		if (!o->argument || (files_only && manual_operand(o->argument) != OPERAND_FILE))
			continue;
		fprintf(out, "%s--%s", begun ? separator : "", o->name);
		if (o->letter)
			fprintf(out, "%s-%s", separator, o->letter);
		begun = true;
	}
}

static void put_operands(FILE *out, const struct command *c)
{
	enum manual_operand operand = manual_operand(c->operands);

	if (operand == OPERAND_BDF)
		fputs(" $(" LIST_BDFS ")", out);
	manual_each_word(operand, put_word, out);
}

static void bash_command(FILE *out, const struct command *c)
{
	fprintf(out, "\t%s)\n\t\toptions='", c->name);
	put_command_options(out, c);
	fputs("'\n\t\tcolumns='", out);
	put_columns(out, c);
	fputs("'\n\t\toperands=\"", out);
	put_operands(out, c);
	fprintf(out, "\"\n\t\t%s;;\n",
		manual_operand(c->operands) == OPERAND_FILE ? "files=1 " : "");
}

void manual_write_bash(FILE *out)
{
	fputs("# SPDX-License-Identifier: GPL-2.0-or-later\n# " NO_BREAK "_iommuscope()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal i command= options= columns= operands= files=1\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t",
	      out);
	put_valued_options(out, false, "|");
	fputs(") ((i++)) ;;\n\t\t", out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i ? "|" : "", commands[i]->name);
	fputs(") command=${COMP_WORDS[i]} files=; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		bash_command(out, commands[i]);
	fputs("\t*)\n\t\toptions='", out);
	put_program_options(out, false);
	fputs("'\n\t\toperands='", out);
	for (size_t i = 0; commands[i]; i++)
		put_word(commands[i]->name, out);
	fputs("' ;;\n\tesac\n\tcase $prev in\n\t", out);
	put_valued_options(out, true, "|");
	fputs(") operands= files=1 ;;\n"
	      "\t-o|--columns) operands=\"help $columns\" files= ;;\n"
	      "\t--color) operands='auto always never' files= ;;\n"
	      "\t*) [[ $cur == -* ]] && operands=$options files= ;;\n"
	      "\tesac\n"
	      "\tif [[ $prev == @(-o|--columns) && $cur == *[,+]* ]]; then\n"
	      "\t\tlocal head=${cur%\"${cur##*[,+]}\"}\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$operands\" -- \"${cur##*[,+]}\")\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$cur\")\n"
	      "\tif [[ $files ]]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\tfi\n"
	      "\t# A BDF's colons divide words for bash: give back what stands behind the last one.\n"
	      "\t[[ $(type -t __ltrim_colon_completions) ]] && __ltrim_colon_completions \"$cur\"\n"
	      "\treturn 0\n"
	      "}\n"
	      "complete -F _iommuscope iommuscope\n",
	      out);
}

/* A text in single quotes, for any of the shells. */
static void quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	}
	fputc('\'', out);
}

/* zsh gives brackets and colons in a specification a meaning of their own. */
static void zsh_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			fputc('\\', out);
		if (*text == '\'')
			fputs("'\\'", out);
		fputc(*text, out);
	}
}

static void zsh_argument(FILE *out, const char *argument)
{
	if (!argument)
		return;
	fputc(':', out);
	zsh_escaped(out, argument);
	fputs(manual_operand(argument) == OPERAND_FILE ? ":_files" : ":", out);
}

static void zsh_option(FILE *out, const char *name, const char *help, const char *argument)
{
	fprintf(out, " \\\n\t\t'*%s[", name);
	zsh_escaped(out, help);
	fputc(']', out);
	zsh_argument(out, argument);
	fputc('\'', out);
}

static void zsh_program_options(FILE *out, const struct command *command)
{
	char name[OPTION_NAME_MAX + 2];

	for (const struct option *o = program_options; o->name; o++) {
		if (command && !o->behind_command)
			continue;
		snprintf(name, sizeof(name), "--%s", o->name);
		if (command && !strcmp(o->name, "columns")) {
			fputs(" \\\n\t\t'*'{-o,--columns}'[columns to show]:columns:_values -s , column"
			      " help",
			      out);
			put_columns(out, command);
			fputc('\'', out);
			continue;
		}
		zsh_option(out, name, o->help, o->argument);
		if (o->letter) {
			snprintf(name, sizeof(name), "-%s", o->letter);
			zsh_option(out, name, o->help, o->argument);
		}
	}
}

static void zsh_command(FILE *out, const struct command *c)
{
	char name[OPTION_NAME_MAX + 2];
	enum manual_operand operand = manual_operand(c->operands);

	fprintf(out, "\t%s) _arguments", c->name);
	for (size_t i = 0; i < c->n_options; i++) {
		snprintf(name, sizeof(name), "%s%s", c->options[i].name[1] ? "--" : "-",
			 c->options[i].name);
		zsh_option(out, name, c->options[i].help, c->options[i].argument);
	}
	zsh_program_options(out, c);
	if (operand == OPERAND_FILE) {
		fputs(" \\\n\t\t'*:file:_files'", out);
	} else if (operand == OPERAND_BDF) {
		fputs(" \\\n\t\t\"*:BDF:(${(j: :)${(f)\"$(" LIST_BDFS ")\"}//:/\\\\:})\"", out);
	} else if (operand != OPERAND_WORD) {
		fputs(" \\\n\t\t'*:name:(", out);
		manual_each_word(operand, put_word, out);
		fputs(")'", out);
	}
	fputs(" ;;\n", out);
}

void manual_write_zsh(FILE *out)
{
	fputs("#compdef iommuscope\n# SPDX-License-Identifier: GPL-2.0-or-later\n# " NO_BREAK
	      "_iommuscope_commands()\n{\n\tlocal -a commands=(",
	      out);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(out, "\n\t\t'%s:", commands[i]->name);
		zsh_escaped(out, commands[i]->summary);
		fputc('\'', out);
	}
	fputs("\n\t)\n\t_describe command commands\n\t_files\n}\n"
	      "_iommuscope()\n{\n\tlocal curcontext=$curcontext state line\n\tinteger i\n"
	      "\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tcase $words[i] in\n\t\t",
	      out);
	put_valued_options(out, false, "|");
	fputs(") ((i++)) ;;\n\t\t", out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(out, "%s%s", i ? "|" : "", commands[i]->name);
	fputs(") break ;;\n\t\tesac\n\tdone\n\tif ((i >= CURRENT)); then\n\t\t_arguments", out);
	zsh_program_options(out, NULL);
	fputs(" \\\n\t\t'*:command:_iommuscope_commands'\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[i]\n"
	      "\twords=(\"${(@)words[i,-1]}\")\n\t((CURRENT -= i - 1))\n\tcase $command in\n",
	      out);
	for (size_t i = 0; commands[i]; i++)
		zsh_command(out, commands[i]);
	fputs("\tesac\n}\n_iommuscope \"$@\"\n", out);
}

static void fish_option(FILE *out, const char *condition, const char *name, const char *letter,
			const char *help, const char *argument)
{
	fprintf(out, "complete -c iommuscope -n '%s' %s %s", condition, name[1] ? "-l" : "-s",
		name);
	if (letter)
		fprintf(out, " -s %s", letter);
	if (argument)
		fputs(manual_operand(argument) == OPERAND_FILE ? " -rF" : " -x", out);
	fputs(" -d ", out);
	quoted(out, help);
	fputc('\n', out);
}

static void fish_columns(FILE *out, const struct command *c, const char *condition)
{
	fprintf(out, "complete -c iommuscope -n '%s' -s o -l columns -x -a '", condition);
	fputs("(__fish_append ,", out);
	put_columns(out, c);
	fputs(") help'\n", out);
}

static void fish_command(FILE *out, const struct command *c)
{
	char condition[96];
	enum manual_operand operand = manual_operand(c->operands);

	fprintf(out, "complete -c iommuscope -n __iommuscope_no_command -a %s -d ", c->name);
	quoted(out, c->summary);
	fputc('\n', out);
	snprintf(condition, sizeof(condition), "__fish_seen_subcommand_from %s", c->name);
	for (size_t i = 0; i < c->n_options; i++)
		fish_option(out, condition, c->options[i].name, NULL, c->options[i].help,
			    c->options[i].argument);
	fish_columns(out, c, condition);
	if (operand == OPERAND_FILE) {
		fprintf(out, "complete -c iommuscope -n '%s' -F\n", condition);
	} else if (operand == OPERAND_BDF) {
		fprintf(out, "complete -c iommuscope -n '%s' -a '(" LIST_BDFS ")'\n", condition);
	} else if (operand != OPERAND_WORD) {
		fprintf(out, "complete -c iommuscope -n '%s' -a '", condition);
		manual_each_word(operand, put_word, out);
		fputs("'\n", out);
	}
}

void manual_write_fish(FILE *out)
{
	fputs("# SPDX-License-Identifier: GPL-2.0-or-later\n# " NO_BREAK
	      "function __iommuscope_no_command\n\tnot __fish_seen_subcommand_from",
	      out);
	for (size_t i = 0; commands[i]; i++)
		put_word(commands[i]->name, out);
	fputs("\nend\ncomplete -c iommuscope -f\n"
	      "complete -c iommuscope -n __iommuscope_no_command -F\n",
	      out);
	for (const struct option *o = program_options; o->name; o++)
		fish_option(out, o->behind_command ? "true" : "__iommuscope_no_command", o->name,
			    o->letter, o->help, o->argument);
	for (size_t i = 0; commands[i]; i++)
		fish_command(out, commands[i]);
}
