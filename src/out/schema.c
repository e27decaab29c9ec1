/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/schema.h"

#include <stdlib.h>

#include "out/emit_private.h"

/* What a value that is known looks like. */
static const char *const value_schemas[] = {
	[VALUE_BOOL] = "\"type\": [\"boolean\", \"null\"]",
	[VALUE_NUMBER] = "\"type\": [\"integer\", \"null\"], \"minimum\": 0",
	[VALUE_SIZE] = "\"type\": [\"integer\", \"null\"], \"minimum\": 0",
	[VALUE_HEX] = "\"type\": [\"string\", \"null\"], \"pattern\": \"^0x[0-9a-f]+$\"",
	[VALUE_TEXT] = "\"type\": [\"string\", \"null\"]",
};

static const char head[] =
	",\n"
	"  \"type\": \"object\",\n"
	"  \"additionalProperties\": false,\n"
	"  \"required\": [\"schema\", \"command\", \"target\", \"data\", \"problems\"],\n"
	"  \"properties\": {\n"
	"    \"schema\": {\"const\": \"iommuscope/1\"},\n"
	"    \"target\": {\n"
	"      \"type\": [\"object\", \"null\"],\n"
	"      \"additionalProperties\": false,\n"
	"      \"required\": [\"kind\", \"release\", \"build_id\"],\n"
	"      \"properties\": {\n"
	"        \"kind\": {\"type\": [\"string\", \"null\"]},\n"
	"        \"release\": {\"type\": [\"string\", \"null\"]},\n"
	"        \"build_id\": {\"type\": [\"string\", \"null\"], \"pattern\": \"^[0-9a-f]+$\"}\n"
	"      }\n"
	"    },\n"
	"    \"problems\": {\n"
	"      \"type\": \"array\",\n"
	"      \"items\": {\n"
	"        \"type\": \"object\",\n"
	"        \"additionalProperties\": false,\n"
	"        \"required\": [\"object\", \"what\", \"why\", \"message\"],\n"
	"        \"properties\": {\n"
	"          \"object\": {\"type\": \"string\"},\n"
	"          \"what\": {\"type\": \"string\"},\n"
	"          \"why\": {\"enum\": [\"absent\", \"excluded\", \"fault\", \"io\", \"corrupt\", "
	"\"torn\", \"stopped\", \"omitted\"]},\n"
	"          \"message\": {\"type\": \"string\"}\n"
	"        }\n"
	"      }\n"
	"    },\n";

static void new_line(struct buffer *b, size_t indent)
{
	buffer_char(b, '\n');
	buffer_pad(b, indent);
}

static void put_object(struct buffer *b, const struct view *view, size_t indent);

static void put_description(struct buffer *b, const struct choice *choice)
{
	const struct field *f =
		choice->field < 0 ? NULL : &choice->column->layout->fields[choice->field];
	const char *text = !f ? choice->column->help : f->meaning ? f->meaning : f->label;

	buffer_str(b, ", \"description\": ");
	buffer_json_string(b, text ? text : "");
}

static void put_property(struct buffer *b, const struct choice *choice, size_t indent)
{
	bool is_array = choice->column->flags & COLUMN_ARRAY;

	buffer_json_string(b, choice->key);
	buffer_str(b, ": {");
	if (choice->type == VALUE_ROWS) {
		buffer_str(b, "\"type\": [\"array\", \"null\"]");
		put_description(b, choice);
		buffer_str(b, ", \"items\": {");
		put_object(b, choice->nested, indent + 2);
		new_line(b, indent);
		buffer_str(b, "}}");
		return;
	}
	if (is_array)
		buffer_str(b, "\"type\": [\"array\", \"null\"], \"items\": {");
	buffer_str(b, value_schemas[choice->type]);
	if (is_array)
		buffer_char(b, '}');
	put_description(b, choice);
	buffer_char(b, '}');
}

/* The members of an object's schema, without its braces. */
static void put_object(struct buffer *b, const struct view *view, size_t indent)
{
	new_line(b, indent);
	buffer_str(b, "\"type\": \"object\",");
	new_line(b, indent);
	buffer_str(b, "\"additionalProperties\": false,");
	new_line(b, indent);
	buffer_str(b, "\"required\": [");
	for (size_t i = 0; i < view->n; i++) {
		buffer_str(b, i ? ", " : "");
		buffer_json_string(b, view->choices[i].key);
	}
	buffer_str(b, "],");
	new_line(b, indent);
	buffer_str(b, "\"properties\": {");
	for (size_t i = 0; i < view->n; i++) {
		if (i)
			buffer_char(b, ',');
		new_line(b, indent + 2);
		put_property(b, &view->choices[i], indent + 2);
	}
	new_line(b, indent);
	buffer_char(b, '}');
}

/* One kind of item; false: no memory. */
static bool put_item(struct buffer *b, const struct table *table, size_t indent)
{
	struct emit emit = {.options = {.format = EMIT_JSON}};
	struct view *view;
	struct error *err = view_new(&emit, table, NULL, &view);

	if (!err)
		put_object(b, view, indent);
	arena_free(&emit.lasting);
	error_free(err);
	return !err;
}

static bool put_items(struct buffer *b, struct arena *arena, const struct table *table,
		      const struct table *(*list_tables)(size_t i, struct arena *arena))
{
	bool fine = true;

	buffer_str(b, "    \"data\": {\n      \"type\": \"array\",\n      \"items\": {");
	if (!list_tables) {
		fine = put_item(b, table, 8);
		buffer_str(b, "\n      }");
	} else {
		buffer_str(b, "\"anyOf\": [");
		for (size_t i = 0; fine && (table = list_tables(i, arena)) != NULL; i++) {
			buffer_str(b, i ? ", {" : "{");
			fine = put_item(b, table, 8);
			buffer_str(b, "\n      }");
		}
		buffer_str(b, "]}");
	}
	buffer_str(b, "\n    }\n  }\n}\n");
	return fine;
}

const char *schema_text(struct arena *arena, const char *command, const struct table *table,
			const struct table *(*list_tables)(size_t i, struct arena *arena))
{
	const char *text = NULL;
	struct buffer b;

	if (!buffer_init(&b, NULL))
		return NULL;
	buffer_str(&b, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
		       "  \"title\": \"Answer of iommuscope ");
	buffer_str(&b, command);
	buffer_char(&b, '"');
	buffer_str(&b, head);
	buffer_str(&b, "    \"command\": {\"const\": ");
	buffer_json_string(&b, command);
	buffer_str(&b, "},\n");
	if (put_items(&b, arena, table, list_tables) && !b.error)
		text = arena_strndup(arena, b.at, b.n);
	buffer_free(&b);
	return text;
}
