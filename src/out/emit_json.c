/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON: the envelope in lines of its own, then one item of `data` per line, compact inside. */
#include "base/cleanup.h"
#include "out/emit_private.h"

static void put_string(struct buffer *buffer, const char *text)
{
	if (text)
		buffer_json_string(buffer, text);
	else
		buffer_piece(buffer, "null", 4);
}

static void put_key_string(struct buffer *buffer, const char *key, const char *text)
{
	buffer_str(buffer, key);
	put_string(buffer, text);
}

void json_begin(struct emit *emit, const char *command, const struct emit_target *target)
{
	struct buffer *buffer = &emit->buffer;

	buffer_str(buffer, "{\"schema\":\"iommuscope/1\"");
	put_key_string(buffer, ",\"command\":", command);
	buffer_str(buffer, ",\"target\":");
	if (target) {
		put_key_string(buffer, "{\"kind\":", target->kind);
		put_key_string(buffer, ",\"release\":", target->release);
		put_key_string(buffer, ",\"build_id\":", target->build_id);
		buffer_char(buffer, '}');
	} else {
		put_string(buffer, NULL);
	}
	buffer_str(buffer, ",\"data\":[");
}

static void put_number(struct buffer *buffer, enum value_type type, uint64_t value)
{
	char *to = buffer_room(buffer, 2 + NUMBER_MAX);

	if (type == VALUE_HEX) {
		size_t n = format_hex(to + 1, value);

		to[0] = to[1 + n] = '"';
		buffer->n += n + 2;
	} else if (type == VALUE_BOOL) {
		memcpy(to, value ? "true " : "false", 5);
		buffer->n += value ? 4 : 5;
	} else {
		buffer->n += format_decimal(to, value);
	}
}

static void put_row(struct buffer *buffer, const struct view *view, const struct row *row);

static void put_rows(struct buffer *buffer, const struct choice *choice, const struct rows *rows)
{
	buffer_char(buffer, '[');
	for (const struct row *row = rows->first; row; row = row->next) {
		if (row != rows->first)
			buffer_char(buffer, ',');
		put_row(buffer, choice->nested, row);
	}
	buffer_char(buffer, ']');
}

static void put_cell(struct buffer *buffer, const struct choice *choice, struct cell cell);

/* A list of one unknown element is a list that is not known. */
static void put_list(struct buffer *buffer, const struct choice *choice,
		     const struct cell_list *list)
{
	const struct list_cell *first = list->first;

	if (first && !first->next && first->cell.kind == CELL_UNKNOWN) {
		put_string(buffer, NULL);
		return;
	}
	buffer_char(buffer, '[');
	for (const struct list_cell *c = first; c; c = c->next) {
		if (c != first)
			buffer_char(buffer, ',');
		put_cell(buffer, choice, c->cell);
	}
	buffer_char(buffer, ']');
}

static void put_cell(struct buffer *buffer, const struct choice *choice, struct cell cell)
{
	switch (cell.kind) {
	case CELL_NUMBER:
		put_number(buffer, choice->type, cell.number);
		break;
	case CELL_TEXT:
		buffer_json_string(buffer, cell.text);
		break;
	case CELL_LIST:
		put_list(buffer, choice, cell.list);
		break;
	case CELL_ROWS:
		put_rows(buffer, choice, cell.rows);
		break;
	case CELL_NONE:
	case CELL_UNKNOWN:
	case CELL_WORDS: /* a view for JSON has the fields instead */
		put_string(buffer, NULL);
		break;
	}
}

static void put_row(struct buffer *buffer, const struct view *view, const struct row *row)
{
	buffer_char(buffer, '{');
	for (size_t i = 0; i < view->n; i++) {
		const struct choice *choice = &view->choices[i];

		if (i)
			buffer_char(buffer, ',');
		buffer_piece(buffer, choice->json, choice->json_length);
		put_cell(buffer, choice, choice_cell(choice, row));
	}
	buffer_char(buffer, '}');
}

void json_row(struct emit *emit, const struct row *row)
{
	struct buffer *buffer = &emit->buffer;
	bool lines = emit->options.format == EMIT_JSON_LINES;

	if (!lines)
		buffer_str(buffer, emit->top.n ? ",\n" : "\n");
	put_row(buffer, emit->view, row);
	if (lines)
		buffer_char(buffer, '\n');
}

static void put_problem(struct buffer *buffer, const struct problem *problem, const char *why)
{
	put_key_string(buffer, "{\"object\":", problem->object);
	put_key_string(buffer, ",\"what\":", problem->what);
	put_key_string(buffer, ",\"why\":", why);
	put_key_string(buffer, ",\"message\":", problem->message);
	buffer_char(buffer, '}');
}

static void put_problem_item(struct emit *emit, const struct problem *problem, const char *why,
			     bool first)
{
	struct buffer *buffer = &emit->buffer;

	if (emit->options.format == EMIT_JSON_LINES) {
		buffer_str(buffer, "{\"problem\":");
		put_problem(buffer, problem, why);
		buffer_str(buffer, "}\n");
	} else {
		buffer_str(buffer, first ? "\n" : ",\n");
		put_problem(buffer, problem, why);
	}
}

static void put_problems(struct emit *emit, const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		put_problem_item(emit, &problems->at[i], datum_state_name(problems->at[i].state),
				 i == 0);
	if (problems->dropped) {
		char message[64];
		struct problem rest = {.object = "answer", .what = "problems", .message = message};

		snprintf(message, sizeof(message), "%ju more are not listed",
			 (uintmax_t)problems->dropped);
		put_problem_item(emit, &rest, "omitted", problems->n == 0);
	}
}

void json_end(struct emit *emit, const struct problems *problems)
{
	struct buffer *buffer = &emit->buffer;
	bool lines = emit->options.format == EMIT_JSON_LINES;

	if (!lines)
		buffer_str(buffer, emit->top.n ? "\n],\"problems\":[" : "],\"problems\":[");
	if (problems)
		put_problems(emit, problems);
	if (!lines)
		buffer_str(buffer,
			   problems && (problems->n || problems->dropped) ? "\n]}\n" : "]}\n");
}
