/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "amd/hw/layouts.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "check/rule.h"
#include "cmd/command.h"
#include "cmd/help_text.h"
#include "cmd/prompt.h"
#include "out/schema.h"

extern const struct command command_help;

/* A hardware structure. */
enum { VALUES_VALUE, VALUES_NAME, VALUES_MEANING };

static const struct column value_columns[] = {
	[VALUES_VALUE] = {"value", NULL, VALUE_NUMBER, 0, "The number"},
	[VALUES_NAME] = {"name", NULL, VALUE_TEXT, 0, "Its name"},
	[VALUES_MEANING] = {"meaning", NULL, VALUE_TEXT, 0, "What it says"},
};

static const struct table value_table = {"help-value", VIEW_TABLE, value_columns,
					 ARRAY_SIZE(value_columns)};

enum { PIECE_FIRST, PIECE_WIDTH, PIECE_SHIFT };

static const struct column piece_columns[] = {
	[PIECE_FIRST] = {"first", NULL, VALUE_NUMBER, 0, "Lowest bit in the structure"},
	[PIECE_WIDTH] = {"width", NULL, VALUE_NUMBER, 0, "Bits"},
	[PIECE_SHIFT] = {"shift", NULL, VALUE_NUMBER, 0, "Place of its lowest bit in the value"},
};

static const struct table piece_table = {"help-piece", VIEW_TABLE, piece_columns,
					 ARRAY_SIZE(piece_columns)};

enum {
	FIELD_KEY,
	FIELD_LABEL,
	FIELD_PIECES,
	FIELD_VALUES,
	FIELD_VALID_WHEN,
	FIELD_MEANING,
	FIELD_SPEC
};

static const struct column field_columns[] = {
	[FIELD_KEY] = {"key", NULL, VALUE_TEXT, 0, "Key of the field in JSON"},
	[FIELD_LABEL] = {"label", NULL, VALUE_TEXT, 0, "Its name in words"},
	[FIELD_PIECES] = {"pieces", NULL, VALUE_ROWS, 0, "Where its bits are",
			  .rows = &piece_table},
	[FIELD_VALUES] = {"values", NULL, VALUE_ROWS, 0, "Values that have names",
			  .rows = &value_table},
	[FIELD_VALID_WHEN] = {"valid_when", NULL, VALUE_TEXT, 0,
			      "Field without which this one says nothing"},
	[FIELD_MEANING] = {"meaning", NULL, VALUE_TEXT, 0, "What it says"},
	[FIELD_SPEC] = {"spec", NULL, VALUE_TEXT, 0, "Where it is specified"},
};

static const struct table field_table = {"help-field", VIEW_TABLE, field_columns,
					 ARRAY_SIZE(field_columns)};

/* A row is a topic, a command or a structure; `help dte` is one of each of the last two. */
enum {
	COL_TEXT,
	COL_TOPIC,
	COL_COMMANDS,
	COL_WORDS,
	COL_COMMAND,
	COL_SUMMARY,
	COL_STRUCTURE,
	COL_TITLE,
	COL_BITS,
	COL_FIELDS,
	COL_CHECK,
	COL_SEVERITY,
	COL_WHY,
	COL_ADVICE,
};

static const struct column columns[] = {
	[COL_TEXT] = {"text", NULL, VALUE_TEXT, 0, "The help as text"},
	[COL_TOPIC] = {"topic", NULL, VALUE_TEXT, COLUMN_EXTRA, "What one wants to know"},
	[COL_COMMANDS] = {"commands", NULL, VALUE_TEXT, COLUMN_EXTRA | COLUMN_ARRAY,
			  "The topic's commands"},
	[COL_WORDS] = {"words", NULL, VALUE_TEXT, COLUMN_EXTRA | COLUMN_ARRAY,
		       "Words of the prompt and of scripts that are no commands"},
	[COL_COMMAND] = {"command", NULL, VALUE_TEXT, COLUMN_EXTRA, "A command's name"},
	[COL_SUMMARY] = {"summary", NULL, VALUE_TEXT, COLUMN_EXTRA, "What it is for"},
	[COL_STRUCTURE] = {"structure", NULL, VALUE_TEXT, COLUMN_EXTRA,
			   "A hardware structure's name"},
	[COL_TITLE] = {"title", NULL, VALUE_TEXT, COLUMN_EXTRA, "Its name in words; of a check, what holds when it passes"},
	[COL_BITS] = {"bits", NULL, VALUE_NUMBER, COLUMN_EXTRA, "Its size"},
	[COL_FIELDS] = {"fields", NULL, VALUE_ROWS, COLUMN_EXTRA, "Its fields, in bit order",
			.rows = &field_table},
	[COL_CHECK] = {"check", NULL, VALUE_TEXT, COLUMN_EXTRA, "A check's name"},
	[COL_SEVERITY] = {"severity", NULL, VALUE_TEXT, COLUMN_EXTRA,
			  "How bad it is when it does not pass"},
	[COL_WHY] = {"why", NULL, VALUE_TEXT, COLUMN_EXTRA, "What it means when it does not pass"},
	[COL_ADVICE] = {"advice", NULL, VALUE_TEXT, COLUMN_EXTRA, "What to do then"},
};

static const struct table help_table = {"help", VIEW_PROSE, columns, ARRAY_SIZE(columns)};

enum { OPTION_SCHEMA };

static const struct command_option options[] = {
	[OPTION_SCHEMA] = {"schema", NULL, "the JSON schema of the command's answer"},
};

/* A form's layouts (irte has two), or one by its own name. i-th of them; NULL: no more. */
static const struct layout *layout_named(const char *name, size_t i)
{
	size_t n = 0;

	for (const struct layout_form *form = layout_forms; form->name; form++)
		if (!strcmp(form->name, name) && n++ == i)
			return form->layout;
	return !n && !i ? layout_by_name(name) : NULL;
}

static void emit_topic(struct command_call *call, const char *topic, const char *text)
{
	struct emit *e = call->emit;

	emit_row_begin(e);
	emit_text(e, COL_TEXT, text);
	emit_text(e, COL_TOPIC, topic);
	emit_empty(e, COL_COMMANDS);
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->topic, topic))
			emit_text(e, COL_COMMANDS, commands[i]->name);
	emit_empty(e, COL_WORDS);
	for (const struct prompt_word *word = prompt_words; word->name; word++)
		if (!strcmp(topic, PROMPT_TOPIC))
			emit_text(e, COL_WORDS, word->name);
	emit_row_end(e);
}

static bool is_topic_told(size_t command)
{
	for (size_t i = 0; i < command; i++)
		if (!strcmp(commands[i]->topic, commands[command]->topic))
			return true;
	return false;
}

static void emit_overview(struct command_call *call)
{
	for (size_t i = 0; commands[i]; i++)
		if (!is_topic_told(i))
			emit_topic(call, commands[i]->topic,
				   help_text_of_topic(call->arena, commands[i]->topic));
	emit_topic(call, PROMPT_TOPIC, help_text_of_prompt(call->arena));
	emit_topic(call, "Help", help_text_of_structures(call->arena));
}

static struct error *emit_command(struct command_call *call, const struct command *command)
{
	const char *text;

	if (call->values[OPTION_SCHEMA])
		text = schema_text(call->arena, command->name, command->table,
				   command->list_tables);
	else
		text = help_text_of_command(call->arena, command);
	if (!text)
		return error_no_memory;
	emit_row_begin(call->emit);
	emit_text(call->emit, COL_TEXT, text);
	emit_text(call->emit, COL_COMMAND, command->name);
	emit_text(call->emit, COL_SUMMARY, command->summary);
	emit_row_end(call->emit);
	return NULL;
}

static void emit_prompt_word(struct command_call *call, const struct prompt_word *word)
{
	emit_row_begin(call->emit);
	emit_text(call->emit, COL_TEXT, help_text_of_prompt_word(call->arena, word));
	emit_text(call->emit, COL_COMMAND, word->name);
	emit_text(call->emit, COL_SUMMARY, word->summary);
	emit_row_end(call->emit);
}

static void emit_field(struct emit *e, const struct layout *layout, size_t row)
{
	const struct field *f = &layout->fields[row];

	emit_row_begin(e);
	emit_text(e, FIELD_KEY, f->key);
	emit_text(e, FIELD_LABEL, f->label);
	emit_rows_begin(e, FIELD_PIECES);
	for (size_t r = row; r < layout->n_fields; r++) {
		const struct field *piece = &layout->fields[r];

		if (r != row && (!field_is_piece(piece) || strcmp(piece->key, f->key) != 0))
			continue;
		emit_row_begin(e);
		emit_number(e, PIECE_FIRST, piece->first);
		emit_number(e, PIECE_WIDTH, piece->width);
		emit_number(e, PIECE_SHIFT, piece->shift);
		emit_row_end(e);
	}
	emit_rows_end(e);
	emit_rows_begin(e, FIELD_VALUES);
	for (const struct field_value *v = f->values; v && v->name; v++) {
		emit_row_begin(e);
		emit_number(e, VALUES_VALUE, v->value);
		emit_text(e, VALUES_NAME, v->name);
		emit_text(e, VALUES_MEANING, v->meaning);
		emit_row_end(e);
	}
	emit_rows_end(e);
	emit_text(e, FIELD_VALID_WHEN, f->valid_when);
	emit_text(e, FIELD_MEANING, f->meaning);
	emit_text(e, FIELD_SPEC, f->spec);
	emit_row_end(e);
}

static void emit_layout(struct command_call *call, const struct layout *layout)
{
	struct emit *e = call->emit;

	emit_row_begin(e);
	emit_text(e, COL_TEXT, help_text_of_layout(call->arena, layout));
	emit_text(e, COL_STRUCTURE, layout->name);
	emit_text(e, COL_TITLE, layout->title);
	emit_number(e, COL_BITS, layout->bits);
	emit_rows_begin(e, COL_FIELDS);
	for (size_t row = 0; row < layout->n_fields; row++)
		if (!field_is_piece(&layout->fields[row]))
			emit_field(e, layout, row);
	emit_rows_end(e);
	emit_row_end(e);
}

static void emit_rule(struct command_call *call, const struct rule *rule)
{
	struct emit *e = call->emit;

	emit_row_begin(e);
	emit_text(e, COL_TEXT, help_text_of_rule(call->arena, rule));
	emit_text(e, COL_CHECK, rule->id);
	emit_text(e, COL_TITLE, rule->title);
	emit_text(e, COL_SEVERITY, check_severity_name(rule->severity));
	emit_text(e, COL_WHY, rule->why);
	emit_text(e, COL_ADVICE, rule->advice);
	emit_row_end(e);
}

static struct error *no_help(const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	for (size_t i = 0; commands[i]; i++)
		suggestion_offer(&suggestion, commands[i]->name);
	for (const struct prompt_word *word = prompt_words; word->name; word++)
		suggestion_offer(&suggestion, word->name);
	for (size_t i = 0; layouts[i]; i++)
		suggestion_offer(&suggestion, layouts[i]->name);
	for (size_t s = 0; rule_sets[s]; s++)
		for (size_t i = 0; i < rule_sets[s]->n; i++)
			suggestion_offer(&suggestion, rule_sets[s]->rules[i].id);
	return suggestion_error(&suggestion, "command, structure or check", "; 'help' lists them");
}

static struct error *help_run(struct command_call *call)
{
	const char *name = call->n_operands ? call->operands[0] : NULL;
	const struct command *command = name ? command_find(name) : NULL;
	const struct rule *rule = name ? rule_find(name) : NULL;
	const struct prompt_word *word = name ? prompt_word_find(name) : NULL;
	const struct layout *layout;

	if (call->values[OPTION_SCHEMA] && !command)
		return error_new(ERROR_USAGE, "--schema wants a command's name");
	if (!name) {
		emit_overview(call);
		return NULL;
	}
	if (word)
		emit_prompt_word(call, word);
	else if (!command && !rule && !layout_named(name, 0))
		return no_help(name);
	if (rule)
		emit_rule(call, rule);
	if (command) {
		struct error *err = emit_command(call, command);

		if (err || call->values[OPTION_SCHEMA])
			return err;
	}
	for (size_t i = 0; (layout = layout_named(name, i)) != NULL; i++)
		emit_layout(call, layout);
	return NULL;
}

const struct command command_help = {
	.name = "help",
	.operands = "[COMMAND|STRUCTURE|CHECK]",
	.summary = "this list; or all about a command, a hardware structure or a health check",
	.topic = "Without a target",
	.details = "Of a structure every field is shown, with the names of its values.\n"
		   "    help devices\n"
		   "    help dte\n"
		   "    help dte-driver",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &help_table,
	.max_operands = 1,
	.no_target = true,
	.run = help_run,
};
