/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual page, in man(7), and the reference, in Markdown. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/builtins.h"
#include "app/version.h"
#include "base/cleanup.h"
#include "check/rule.h"
#include "cmd/prompt.h"
#include "manual/manual.h"
#include "out/columns.h"

static const char prompt_lines[] =
	"Each line is a command as above, or has one of these words; # begins a comment.";

/* Text for man(7): no line begins a request, no character is a typographic one. */
static void roff(FILE *out, const char *text, size_t length)
{
	bool line_begins = true;

	for (size_t i = 0; i < length; i++) {
		if (line_begins && (text[i] == '.' || text[i] == '\''))
			fputs("\\&", out);
		line_begins = text[i] == '\n';
		switch (text[i]) {
		case '\\':
			fputs("\\e", out);
			break;
		case '-':
			fputs("\\-", out);
			break;
		case '\'':
			fputs("\\(aq", out);
			break;
		case '`':
			fputs("\\(ga", out);
			break;
		case '^':
			fputs("\\(ha", out);
			break;
		case '~':
			fputs("\\(ti", out);
			break;
		default:
			fputc(text[i], out);
		}
	}
}

static void roff_line(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	roff(out, text, strlen(text));
	fputs(after, out);
}

/* Paragraphs of a command's details; its indented lines are examples and stay as they are. */
static void man_details(FILE *out, const char *details)
{
	bool example = false;

	while (details && *details) {
		size_t length = strcspn(details, "\n");
		bool is_example = *details == ' ' || !length;

		if (is_example != example)
			fputs(is_example ? ".PP\n.nf\n" : ".fi\n", out);
		if (!is_example)
			fputs(".PP\n", out);
		example = is_example;
		roff(out, details, length);
		fputc('\n', out);
		details += length + (details[length] == '\n');
	}
	if (example)
		fputs(".fi\n", out);
}

static void man_tag(FILE *out, const char *tag, const char *text)
{
	roff_line(out, ".TP\n.B ", tag, "\n");
	roff_line(out, "", text, "\n");
}

static void man_items(FILE *out, const char *heading, const struct manual_item *items)
{
	fprintf(out, ".SH %s\n", heading);
	for (; items->name; items++)
		man_tag(out, items->name, items->text);
}

static void option_words(char *buffer, size_t size, const struct option *o)
{
	snprintf(buffer, size, "%s%s%s--%s%s%s", o->letter ? "-" : "", o->letter ? o->letter : "",
		 o->letter ? ", " : "", o->name, o->argument ? " " : "",
		 o->argument ? o->argument : "");
}

static void command_option_words(char *buffer, size_t size, const struct command_option *o)
{
	snprintf(buffer, size, "%s%s%s%s", o->name[1] ? "--" : "-", o->name, o->argument ? " " : "",
		 o->argument ? o->argument : "");
}

/* "name [OPTIONS] OPERANDS" */
static void usage_words(char *buffer, size_t size, const char *name, bool has_options,
			const char *operands)
{
	const char *blank = operands && *operands ? " " : "";

	snprintf(buffer, size, "%s%s%s%s", name, has_options ? " [OPTIONS]" : "", blank,
		 operands ? operands : "");
}

static void setting_words(char *buffer, size_t size, const struct setting *s)
{
	snprintf(buffer, size, "set %s %s", s->name, s->values);
}

static void man_part(FILE *out, const char *usage, const char *summary, const char *details)
{
	roff_line(out, ".SS \"", usage, "\"\n");
	roff_line(out, "", summary, ".\n");
	man_details(out, details);
}

static void man_command(FILE *out, const struct command *c)
{
	char words[96];

	usage_words(words, sizeof(words), c->name, c->n_options, c->operands);
	man_part(out, words, c->summary, c->details);
	for (size_t i = 0; i < c->n_options; i++) {
		command_option_words(words, sizeof(words), &c->options[i]);
		man_tag(out, words, c->options[i].help);
	}
}

static void man_prompt(FILE *out)
{
	char words[96];

	fputs(".SH PROMPT AND SCRIPTS\n", out);
	roff_line(out, "", prompt_lines, "\n");
	for (const struct prompt_word *word = prompt_words; word->name; word++) {
		usage_words(words, sizeof(words), word->name, false, word->operands);
		man_part(out, words, word->summary, word->details);
		if (strcmp(word->name, "set") != 0)
			continue;
		for (const struct setting *s = app_settings; s->name; s++) {
			setting_words(words, sizeof(words), s);
			man_tag(out, words, s->help);
		}
	}
}

void manual_write_man(FILE *out)
{
	char words[96];

	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Written from the program's tables; do not edit.\n"
	      ".TH IOMMUSCOPE 1 \"\" \"iommuscope " IOMMUSCOPE_VERSION "\"\n"
	      ".SH NAME\niommuscope \\- show the state of the AMD IOMMU in a kernel dump or the "
	      "running kernel\n"
	      ".SH SYNOPSIS\n.B iommuscope\n.RI [ OPTIONS ]\n.RI [ COMMAND\\  [ ARGS ...]]\n.br\n"
	      ".B iommuscope\n.RI [ OPTIONS ]\n.RI [ VMLINUX ]\n.IR DUMP ...\n"
	      ".RI [ COMMAND\\  [ ARGS ...]]\n"
	      ".SH DESCRIPTION\n"
	      "Which device is translated through which page table, who owns it, what an address\n"
	      "that a device uses leads to, and what is wrong: read from the kernel\\(aqs own\n"
	      "objects and the hardware\\(aqs tables, in a dump, a capture or the running kernel.\n"
	      "Without a command there is a prompt, or the commands come from standard input.\n"
	      "What a dump does not hold is unknown, never zero.\n.SH OPTIONS\n",
	      out);
	for (const struct option *o = program_options; o->name; o++) {
		option_words(words, sizeof(words), o);
		man_tag(out, words, o->help);
	}
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; commands[i]; i++)
		man_command(out, commands[i]);
	man_prompt(out);
	man_items(out, "EXIT STATUS", manual_statuses);
	roff_line(out, ".PP\n", manual_check_statuses, "\n");
	man_items(out, "ENVIRONMENT", manual_variables);
	man_items(out, "FILES", manual_files);
	fputs(".SH SEE ALSO\n.BR crash (8),\n.BR drgn (1),\n.BR makedumpfile (8)\n", out);
}

/* A cell of a table may hold no bar. */
static void markdown_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void markdown_row(FILE *out, const char *name, const char *text)
{
	fputs("| `", out);
	markdown_cell(out, name);
	fputs("` | ", out);
	markdown_cell(out, text);
	fputs(" |\n", out);
}

static void markdown_items(FILE *out, const char *heading, const struct manual_item *items)
{
	fprintf(out, "\n## %s\n\n| | |\n|---|---|\n", heading);
	for (; items->name; items++)
		markdown_row(out, items->name, items->text);
}

static void markdown_columns(FILE *out, const struct table *table, const char *parent)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];
		char key[96];

		snprintf(key, sizeof(key), "%s%s%s", parent, *parent ? "." : "", c->key);
		markdown_row(out, key, c->help);
		if (c->type == VALUE_ROWS)
			markdown_columns(out, c->rows, key);
	}
}

static void markdown_tables(FILE *out, const struct command *command)
{
	_cleanup_(arena_free) struct arena arena = {0};
	const struct table *table;

	for (size_t i = 0; (table = manual_table(command, i, &arena)) != NULL; i++) {
		/* A layout's fields: `help dte` tells each. */
		if (i && table_has_fields(table))
			continue;
		if (command->list_tables)
			fprintf(out, "\nColumns of `%s`:\n", i ? table->name : command->table->name);
		fputs("\n| column, JSON key | |\n|---|---|\n", out);
		markdown_columns(out, table, "");
	}
}

static void markdown_details(FILE *out, const char *details)
{
	bool example = false;

	while (details && *details) {
		size_t length = strcspn(details, "\n");
		bool is_example = *details == ' ' || !length;

		if (!is_example || !example)
			fputc('\n', out);
		example = is_example;
		fprintf(out, "%.*s\n", (int)length, details);
		details += length + (details[length] == '\n');
	}
}

static void markdown_command(FILE *out, const struct command *c)
{
	char words[96];

	usage_words(words, sizeof(words), c->name, c->n_options, c->operands);
	fprintf(out, "\n## %s\n\n`%s`\n\n%s.\n", c->name, words, c->summary);
	markdown_details(out, c->details);
	if (c->n_options)
		fputs("\n| option | |\n|---|---|\n", out);
	for (size_t i = 0; i < c->n_options; i++) {
		command_option_words(words, sizeof(words), &c->options[i]);
		markdown_row(out, words, c->options[i].help);
	}
	markdown_tables(out, c);
}

static void markdown_prompt(FILE *out)
{
	char words[96];

	fprintf(out, "\n## Prompt and scripts\n\n%s\n", prompt_lines);
	for (const struct prompt_word *word = prompt_words; word->name; word++) {
		usage_words(words, sizeof(words), word->name, false, word->operands);
		fprintf(out, "\n### `%s`\n\n%s.\n", words, word->summary);
		markdown_details(out, word->details);
		if (strcmp(word->name, "set") != 0)
			continue;
		fputs("\n| setting | |\n|---|---|\n", out);
		for (const struct setting *s = app_settings; s->name; s++) {
			setting_words(words, sizeof(words), s);
			markdown_row(out, words, s->help);
		}
	}
}

static void markdown_checks(FILE *out)
{
	fputs("\n## Health checks\n\nWhat `check` runs; notices only with `--threshold notice`, or when "
	      "`--only` names them.\n",
	      out);
	for (size_t s = 0; rule_sets[s]; s++) {
		fprintf(out, "\n### %s: `%s`\n", rule_sets[s]->title, rule_sets[s]->topic);
		for (size_t i = 0; i < rule_sets[s]->n; i++) {
			const struct rule *rule = &rule_sets[s]->rules[i];

			fprintf(out, "\n**`%s`** (%s): %s. %s *To do:* %s\n", rule->id,
				check_severity_name(rule->severity), rule->title, rule->why,
				rule->advice);
		}
	}
}

void manual_write_markdown(FILE *out)
{
	char words[96];

	fputs("<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n"
	      "<!-- Written from the program's tables by `make reference`; do not edit. -->\n"
	      "# Reference\n\n"
	      "    iommuscope [OPTIONS] [COMMAND [ARGS...]]\n"
	      "    iommuscope [OPTIONS] [VMLINUX] DUMP... [COMMAND [ARGS...]]\n\n"
	      "## Options\n\n| option | |\n|---|---|\n",
	      out);
	for (const struct option *o = program_options; o->name; o++) {
		option_words(words, sizeof(words), o);
		markdown_row(out, words, o->help);
	}
	markdown_items(out, "Exit status", manual_statuses);
	fprintf(out, "\n%s\n", manual_check_statuses);
	markdown_items(out, "Environment", manual_variables);
	markdown_items(out, "Files", manual_files);
	for (size_t i = 0; commands[i]; i++)
		markdown_command(out, commands[i]);
	markdown_prompt(out);
	markdown_checks(out);
}
