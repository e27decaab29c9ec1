/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/help_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/layouts.h"
#include "base/cleanup.h"
#include "cmd/words.h"
#include "out/columns.h"

struct text_stream {
	FILE *out;
	char *text;
	size_t length;
};

static bool text_open(struct text_stream *stream)
{
	*stream = (struct text_stream){0};
	stream->out = open_memstream(&stream->text, &stream->length);
	return stream->out;
}

/* The text, in arena; NULL: no memory. */
static const char *text_close(struct text_stream *stream, struct arena *arena)
{
	bool fine = !fclose(stream->out);
	const char *text = fine ? arena_strdup(arena, stream->text) : NULL;

	free(stream->text);
	return text;
}

/* "  name   text", the text from column `indent` on. */
static void print_item(FILE *out, size_t indent, const char *name, const char *text)
{
	int printed = fprintf(out, "  %-*s ", (int)indent - 3, name);

	if ((size_t)printed > indent) {
		fprintf(out, "\n%*s", (int)indent, "");
		printed = (int)indent;
	}
	print_wrapped(out, (size_t)printed, indent, text);
}

const char *help_text_of_topic(struct arena *arena, const char *topic)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fprintf(stream.out, "%s:\n", topic);
	for (size_t i = 0; commands[i]; i++) {
		const struct command *c = commands[i];
		char usage[64];

		if (strcmp(c->topic, topic) != 0)
			continue;
		snprintf(usage, sizeof(usage), "%s %s", c->name, c->operands ? c->operands : "");
		print_item(stream.out, 32, usage, c->summary);
	}
	return text_close(&stream, arena);
}

const char *help_text_of_prompt(struct arena *arena)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fputs(PROMPT_TOPIC ":\n", stream.out);
	for (const struct prompt_word *word = prompt_words; word->name; word++) {
		char usage[64];

		snprintf(usage, sizeof(usage), "%s %s", word->name, word->operands);
		print_item(stream.out, 32, usage, word->summary);
	}
	return text_close(&stream, arena);
}

const char *help_text_of_structures(struct arena *arena)
{
	struct text_stream stream;
	const char *names = "", *last = "";

	if (!text_open(&stream))
		return NULL;
	fputs("'help NAME' tells more of a command, or of a structure that 'decode' knows:\n  ",
	      stream.out);
	for (const struct layout_form *form = layout_forms; form->name && names; form++) {
		if (strcmp(form->name, last) != 0)
			names = arena_printf(arena, "%s%s ", names, form->name);
		last = form->name;
	}
	print_wrapped(stream.out, 2, 2, names ? names : "");
	fputs("and of the health checks that 'check --list' lists.\n", stream.out);
	return text_close(&stream, arena);
}

/* Paragraphs are wrapped; lines that begin with blanks are examples and stay as they are. */
static void print_details(FILE *out, const char *details)
{
	while (*details) {
		size_t length = strcspn(details, "\n");
		_cleanup_(freep) char *line = strndup(details, length);

		if (!line)
			return;
		if (*line == ' ' || !*line)
			fprintf(out, "%s\n", line);
		else
			print_wrapped(out, 0, 0, line);
		details += length + (details[length] == '\n');
	}
}

static void print_options(FILE *out, const struct command *command)
{
	for (size_t i = 0; i < command->n_options; i++) {
		const struct command_option *o = &command->options[i];
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s%s", o->name[1] ? "--" : "-", o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		print_item(out, 24, name, o->help);
	}
}

static void print_columns(FILE *out, const struct table *table, size_t indent)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];
		char name[64];

		snprintf(name, sizeof(name), "%*s%s%s", (int)indent, "", c->key,
			 column_is_default(table, c) ? "" : " *");
		print_item(out, 24, name, c->help);
		if (c->type == VALUE_ROWS)
			print_columns(out, c->rows, indent + 2);
	}
}

static void print_tables(FILE *out, const struct command *command, struct arena *arena)
{
	const struct table *table;

	fputs("\nColumns (-o LIST chooses; those with * are shown if asked for, indented ones by -o all):\n",
	      out);
	if (!command->list_tables) {
		print_columns(out, command->table, 0);
		return;
	}
	/* Those of layouts once, under the command's name: the fields are in `help LAYOUT`. */
	for (size_t i = 0; (table = command->list_tables(i, arena)) != NULL; i++) {
		if (i && table_has_fields(table))
			continue;
		fprintf(out, " %s:\n", i ? table->name : command->table->name);
		print_columns(out, table, 0);
	}
}

const char *help_text_of_command(struct arena *arena, const struct command *command)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fprintf(stream.out, "%s%s%s%s\n    ", command->name, command->n_options ? " [OPTIONS]" : "",
		command->operands ? " " : "", command->operands ? command->operands : "");
	print_wrapped(stream.out, 4, 4, command->summary);
	if (command->details) {
		fputc('\n', stream.out);
		print_details(stream.out, command->details);
	}
	if (command->n_options) {
		fputs("\nOptions:\n", stream.out);
		print_options(stream.out, command);
	}
	print_tables(stream.out, command, arena);
	return text_close(&stream, arena);
}

static void print_part(FILE *out, const char *label, const char *text)
{
	fprintf(out, "\n%s\n    ", label);
	print_wrapped(out, 4, 4, text);
}

const char *help_text_of_rule(struct arena *arena, const struct rule *rule)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fprintf(stream.out, "%s (%s)\n    ", rule->id, check_severity_name(rule->severity));
	print_wrapped(stream.out, 4, 4, rule->title);
	print_part(stream.out, "When it does not pass:", rule->why);
	print_part(stream.out, "What to do:", rule->advice);
	print_part(stream.out, "It reads:", rule_inputs_text(arena, rule));
	return text_close(&stream, arena);
}

/* "98:96", and the pieces of a value behind it: "60:58 95:80 127:107". */
static const char *bits_text(struct arena *arena, const struct layout *layout, size_t row)
{
	const char *text = "";

	for (size_t r = row; text && r < layout->n_fields; r++) {
		const struct field *f = &layout->fields[r];

		if (r != row &&
		    (!field_is_piece(f) || strcmp(f->key, layout->fields[row].key) != 0))
			continue;
		text = arena_printf(arena, f->width > 1 ? "%s%s%u:%u" : "%s%s%u", text,
				    *text ? " " : "", f->first + f->width - 1u, f->first);
	}
	return text;
}

static void print_field(FILE *out, struct arena *arena, const struct layout *layout, size_t row)
{
	const struct field *f = &layout->fields[row];
	const char *bits = bits_text(arena, layout, row);
	const char *text =
		arena_printf(arena, "%s. %s%s%s%s", f->label, f->meaning ? f->meaning : "",
			     f->valid_when ? " (with " : "", f->valid_when ? f->valid_when : "",
			     f->valid_when ? ")" : "");

	if (!bits || !text)
		return;
	int printed = fprintf(out, "  %11s  %-20s ", bits, f->key);
	print_wrapped(out, (size_t)printed, 36, text);
	for (const struct field_value *v = f->values; v && v->name; v++) {
		printed = fprintf(out, "%36s  %ju = %s", "", (uintmax_t)v->value, v->name);
		if (v->meaning) {
			fputs(": ", out);
			print_wrapped(out, (size_t)printed + 2, 42, v->meaning);
		} else {
			fputc('\n', out);
		}
	}
}

const char *help_text_of_layout(struct arena *arena, const struct layout *layout)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fprintf(stream.out, "%s: %s, %u bits\n\n  %11s  %-20s %s\n", layout->name, layout->title,
		layout->bits, "BITS", "FIELD", "MEANING");
	for (size_t row = 0; row < layout->n_fields; row++)
		if (!field_is_piece(&layout->fields[row]))
			print_field(stream.out, arena, layout, row);
	if (layout->n_fields && layout->fields[0].spec)
		fprintf(stream.out, "\nReference: %s\n", layout->fields[0].spec);
	return text_close(&stream, arena);
}

const char *help_text_of_prompt_word(struct arena *arena, const struct prompt_word *word)
{
	struct text_stream stream;

	if (!text_open(&stream))
		return NULL;
	fprintf(stream.out, "Usage: %s %s\n", word->name, word->operands);
	print_item(stream.out, 3, "", word->summary);
	if (*word->details)
		fputc('\n', stream.out);
	print_details(stream.out, word->details);
	return text_close(&stream, arena);
}
