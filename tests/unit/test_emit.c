/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emitter: one answer as table, record, stream, JSON and JSON lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "out/columns.h"
#include "out/emit.h"

static const struct field_value mode_values[] = {
	{0, "none", "no translation"}, {3, "3-level", "39-bit addresses"}, {0}};

static const struct field thing_fields[] = {
	{"v", "Valid", 0, 1, FIELD_FLAG, 0, NULL, NULL, "It holds", "here"},
	{"mode", "Mode", 1, 3, FIELD_ENUM, 0, mode_values, "v", "Levels", "here"},
	{"reserved_4", "Reserved", 4, 8, FIELD_RESERVED, 0, NULL, NULL, "Must be zero", "here"},
	{"root", "Root", 12, 40, FIELD_ADDRESS, 12, NULL, "mode", "Top table", "here"},
	{"g", "Guest", 52, 1, FIELD_FLAG, 0, NULL, NULL, "Guest tables", "here"},
	{"levels", "Guest levels", 53, 2, FIELD_NUMBER, 0, NULL, "g", "Levels", "here"},
	{"split", "Split", 55, 9, FIELD_HEX, 3, NULL, NULL, "Lies apart", "here", true},
	{"split", NULL, 64, 3, FIELD_HEX, 0, NULL, NULL, NULL, "here", true},
	{"ignored_67", "Ignored", 67, 29, FIELD_IGNORED, 0, NULL, NULL, "Free", "here"},
};

static const struct layout thing_layout = {"thing", "Thing", 96, ARRAY_SIZE(thing_fields),
					   thing_fields};

enum { LEVEL, ENTRY };

static const struct column level_columns[] = {
	[LEVEL] = {"level", NULL, VALUE_NUMBER, 0, "Level"},
	[ENTRY] = {"entry", NULL, VALUE_HEX, 0, "Entry"},
};

static const struct table level_table = {"levels", VIEW_TABLE, level_columns, 2};

enum { NAME, COUNT, SIZE, ADDRESS, FLAG, LIST, LEVELS, WORDS, MORE };

#define COLUMNS                                                                                    \
	[NAME] = {"name", NULL, VALUE_TEXT, COLUMN_WIDE, "Its name"},                              \
	[COUNT] = {"count", NULL, VALUE_NUMBER, 0, "How many"},                                    \
	[SIZE] = {"byte_size", NULL, VALUE_SIZE, 0, "How large"},                                  \
	[ADDRESS] = {"address", "Lies at", VALUE_HEX, 0, "Where"},                                 \
	[FLAG] = {"flag", NULL, VALUE_BOOL, 0, "Whether"},                                         \
	[LIST] = {"list", NULL, VALUE_HEX, COLUMN_ARRAY, "Several"},                               \
	[LEVELS] = {"levels", NULL, VALUE_ROWS, COLUMN_EXTRA, "Nested", .rows = &level_table},     \
	[WORDS] = {"words", NULL, VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS | COLUMN_EXTRA, "Raw"},   \
	[MORE] = {"more", NULL, VALUE_TEXT, COLUMN_EXTRA, "Seldom wanted"}

static const struct column columns[] = {COLUMNS};
static const struct table table = {"things", VIEW_TABLE, columns, ARRAY_SIZE(columns)};
static const struct table record = {"things", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

enum { FIELDS_NAME, FIELDS_THING };

static const struct column fields_columns[] = {
	[FIELDS_NAME] = {"name", NULL, VALUE_TEXT, 0, "Its name"},
	[FIELDS_THING] = {"thing", NULL, VALUE_FIELDS, 0, "Its fields", .layout = &thing_layout},
};

static const struct table fields_table = {"fields", VIEW_RECORD, fields_columns, 2};

/* What has been emitted, as a string. */
struct output {
	FILE *out;
	char *text;
	size_t length;
	struct emit *emit;
};

static struct error *begin(struct output *o, const struct table *t, struct emit_options options)
{
	static const struct emit_target target = {"6.1.0-44-amd64", "00ff", "dump"};

	o->out = open_memstream(&o->text, &o->length);
	assert_non_null(o->out);
	return emit_begin(o->out, &options, "things", &target, t, &o->emit);
}

static void end(struct output *o, const struct problems *problems, const char *expected)
{
	assert_null(emit_end(o->emit, problems));
	assert_int_equal(fclose(o->out), 0);
	assert_string_equal(o->text, expected);
	free(o->text);
}

/* Two rows: one with everything, one with what may be missing. */
static void emit_things(struct emit *e)
{
	emit_row_begin(e);
	emit_number(e, SIZE, 4096); /* out of order */
	emit_text(e, NAME, "first");
	emit_number(e, COUNT, 7);
	emit_datum(e, ADDRESS, datum_ok(0x688294000));
	emit_bool(e, FLAG, true);
	emit_number(e, LIST, 1);
	emit_number(e, LIST, 0x22);
	emit_rows_begin(e, LEVELS);
	for (unsigned level = 2; level; level--) {
		emit_row_begin(e);
		emit_number(e, LEVEL, level);
		emit_number(e, ENTRY, 0x1000 * level);
		emit_row_end(e);
	}
	emit_rows_end(e);
	emit_number(e, WORDS, 0x79);
	emit_number(e, WORDS, 0);
	emit_row_end(e);

	emit_row_begin(e);
	emit_text_datum(e, NAME, (struct text){.state = DATUM_EXCLUDED});
	emit_datum(e, COUNT, (struct datum){.state = DATUM_FAULT});
	emit_datum(e, SIZE, (struct datum){0});
	emit_bool(e, FLAG, false);
	emit_empty(e, LIST);
	emit_empty(e, LEVELS);
	emit_datum(e, WORDS, (struct datum){.state = DATUM_TORN});
	emit_row_end(e);
}

static void test_table(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &table, (struct emit_options){0}));
	emit_things(o.emit);
	end(&o, NULL,
	    "NAME  COUNT BYTE-SIZE     LIES-AT FLAG LIST\n"
	    "first     7        4K 0x688294000 yes  0x1,0x22\n"
	    "?         ?         -           - no   -\n");
	assert_null(begin(&o, &table, (struct emit_options){0}));
	end(&o, NULL, "");
}

static void test_table_width(void **state)
{
	const struct emit_options options = {.columns = "name,count", .width = 14};
	struct output o;

	(void)state;
	assert_null(begin(&o, &table, options));
	emit_row_begin(o.emit);
	emit_text(o.emit, NAME, "a name that is much too long");
	emit_number(o.emit, COUNT, 1234567);
	emit_row_end(o.emit);
	assert_null(emit_end(o.emit, NULL));
	assert_int_equal(fclose(o.out), 0);
	/* How much of the name is left differs between versions of libsmartcols. */
	assert_int_equal(strncmp(o.text, "NAME ", 5), 0);
	assert_non_null(strstr(o.text, "\na na"));
	assert_non_null(strstr(o.text, " 1234567\n"));
	assert_null(strstr(o.text, "a name that"));
	for (const char *line = o.text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= options.width);
	free(o.text);
}

static void test_table_color(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &table, (struct emit_options){.columns = "count", .color = true}));
	emit_row_begin(o.emit);
	emit_number(o.emit, COUNT, 12345);
	emit_row_end(o.emit);
	end(&o, NULL, "\033[1mCOUNT\033[0m\n12345\n");
}

static void test_record(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &record, (struct emit_options){0}));
	emit_things(o.emit);
	end(&o, NULL,
	    "Name:       first\n"
	    "Count:      7\n"
	    "Byte size:  4K\n"
	    "Lies at:    0x688294000\n"
	    "Flag:       yes\n"
	    "List:       0x1,0x22\n"
	    "Levels:\n"
	    "  LEVEL  ENTRY\n"
	    "      2 0x2000\n"
	    "      1 0x1000\n"
	    "Words:      0x0000000000000079 0x0000000000000000\n"
	    "More:       -\n"
	    "\n"
	    "Name:       ?\n"
	    "Count:      ?\n"
	    "Byte size:  -\n"
	    "Lies at:    -\n"
	    "Flag:       no\n"
	    "List:       -\n"
	    "Levels:     -\n"
	    "Words:      ?\n"
	    "More:       -\n");
}

/* Plain columns of a record are a table; names in any case, "-" for "_"; nested rows in short. */
static void test_columns(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &record, (struct emit_options){.columns = "Byte-Size,NAME"}));
	emit_things(o.emit);
	end(&o, NULL,
	    "BYTE-SIZE NAME\n"
	    "       4K first\n"
	    "        - ?\n");
	assert_null(begin(&o, &table, (struct emit_options){.columns = "+more"}));
	emit_things(o.emit);
	end(&o, NULL,
	    "NAME  COUNT BYTE-SIZE     LIES-AT FLAG LIST     MORE\n"
	    "first     7        4K 0x688294000 yes  0x1,0x22 -\n"
	    "?         ?         -           - no   -        -\n");
	assert_null(begin(&o, &table, (struct emit_options){.columns = "levels,words"}));
	emit_things(o.emit);
	end(&o, NULL,
	    "LEVELS WORDS\n"
	    "2,1    0x0000000000000079 0x0000000000000000\n"
	    "-      ?\n");
	assert_null(
		begin(&o, &table,
		      (struct emit_options){.format = EMIT_JSON_LINES, .columns = "more,count"}));
	emit_things(o.emit);
	end(&o, NULL, "{\"more\":null,\"count\":7}\n{\"more\":null,\"count\":null}\n");
}

static void test_bad_columns(void **state)
{
	static const struct {
		const char *list, *message;
	} cases[] = {
		{"nmae", "no column 'nmae'; did you mean 'name'?"},
		{"count,xyz", "no column 'xyz'; '-o help' lists them"},
		{"", "no columns in ''; '-o help' lists them"},
		{"+adress", "no column 'adress'; did you mean 'address'?"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct output o;
		struct error *err =
			begin(&o, &table, (struct emit_options){.columns = cases[i].list});

		assert_non_null(err);
		assert_int_equal(error_code(err), ERROR_USAGE);
		assert_string_equal(error_message(err), cases[i].message);
		error_free(err);
		fclose(o.out);
		free(o.text);
	}
}

static void test_column_list(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &table_columns, (struct emit_options){0}));
	emit_columns(o.emit, &fields_table);
	end(&o, NULL,
	    "NAME       TYPE    DEFAULT HELP\n"
	    "name       text    yes     Its name\n"
	    "thing      fields  yes     Its fields\n"
	    "v          boolean no      It holds\n"
	    "mode       number  no      Levels\n"
	    "reserved_4 hex     no      Must be zero\n"
	    "root       hex     no      Top table\n"
	    "g          boolean no      Guest tables\n"
	    "levels     number  no      Levels\n"
	    "split      hex     no      Lies apart\n"
	    "ignored_67 hex     no      Free\n");
}

#define ENVELOPE                                                                                   \
	"{\"schema\":\"iommuscope/1\",\"command\":\"things\",\"target\":{\"kind\":\"dump\","       \
	"\"release\":\"6.1.0-44-amd64\",\"build_id\":\"00ff\"},\"data\":["

#define ITEMS(between)                                                                              \
	"{\"name\":\"first\",\"count\":7,\"byte_size\":4096,\"address\":\"0x688294000\","           \
	"\"flag\":true,\"list\":[\"0x1\",\"0x22\"],\"levels\":[{\"level\":2,\"entry\":\"0x2000\"}," \
	"{\"level\":1,\"entry\":\"0x1000\"}],\"words\":[\"0x79\",\"0x0\"],\"more\":null}" between   \
	"{\"name\":null,\"count\":null,\"byte_size\":null,\"address\":null,\"flag\":false,"         \
	"\"list\":[],\"levels\":[],\"words\":null,\"more\":null}\n"

static void add_problem(struct problems *problems, const char *object)
{
	problems_add(problems, error_new(ERROR_EXCLUDED, "not in the \"dump\""), "driver", "%s",
		     object);
}

#define PROBLEM(object)                                                                            \
	"{\"object\":\"" object "\",\"what\":\"driver\",\"why\":\"excluded\","                     \
	"\"message\":\"not in the \\\"dump\\\"\"}"

static void test_json(void **state)
{
	struct problems problems = {0};
	struct output o;

	(void)state;
	assert_null(begin(&o, &table, (struct emit_options){.format = EMIT_JSON}));
	emit_things(o.emit);
	assert_int_equal(emit_count(o.emit), 2);
	end(&o, NULL, ENVELOPE "\n" ITEMS(",\n") "],\"problems\":[]}\n");

	add_problem(&problems, "one");
	add_problem(&problems, "two");
	assert_null(begin(&o, &table, (struct emit_options){.format = EMIT_JSON}));
	end(&o, &problems,
	    ENVELOPE "],\"problems\":[\n" PROBLEM("one") ",\n" PROBLEM("two") "\n]}\n");

	assert_null(begin(&o, &table, (struct emit_options){.format = EMIT_JSON_LINES}));
	emit_things(o.emit);
	end(&o, &problems,
	    ITEMS("\n") "{\"problem\":" PROBLEM("one") "}\n{\"problem\":" PROBLEM("two") "}\n");

	problems.dropped = 5;
	problems.n = 0;
	assert_null(begin(&o, &table, (struct emit_options){.format = EMIT_JSON}));
	end(&o, &problems,
	    ENVELOPE "],\"problems\":[\n{\"object\":\"answer\",\"what\":\"problems\","
		     "\"why\":\"omitted\",\"message\":\"5 more are not listed\"}\n]}\n");
	problems_free(&problems);
}

static void test_fields(void **state)
{
	/* v, mode 3, reserved 0x81, root 0x7000, levels 2 without g, split 0xd and an ignored bit.
	 */
	const uint64_t words[] = {UINT64_C(0x00c0000000007817), 0xd};
	struct output o;

	(void)state;
	assert_null(begin(&o, &fields_table, (struct emit_options){0}));
	emit_row_begin(o.emit);
	emit_text(o.emit, FIELDS_NAME, "a");
	emit_fields(o.emit, FIELDS_THING, words);
	emit_row_end(o.emit);
	emit_row_begin(o.emit);
	emit_text(o.emit, FIELDS_NAME, "b");
	emit_fields(o.emit, FIELDS_THING, NULL);
	emit_row_end(o.emit);
	end(&o, NULL,
	    "Name:  a\n"
	    "Thing:\n"
	    "         BITS FIELD       VALUE MEANING\n"
	    "            0 v               1 Valid\n"
	    "          3:1 mode            3 Mode: 3-level, 39-bit addresses\n"
	    "         11:4 reserved_4   0x81 Reserved\n"
	    "        51:12 root       0x7000 Root\n"
	    "        54:53 levels          2 Guest levels (no effect: g is 0)\n"
	    "  66:64,63:55 split         0xd Split\n"
	    "        95:67 ignored_67    0x1 Ignored\n"
	    "\n"
	    "Name:  b\n"
	    "Thing:  ?\n");
	assert_null(
		begin(&o, &fields_table, (struct emit_options){.columns = "mode,v,root,split"}));
	emit_row_begin(o.emit);
	emit_fields(o.emit, FIELDS_THING, words);
	emit_row_end(o.emit);
	end(&o, NULL, "   MODE V   ROOT SPLIT\n3-level 1 0x7000   0xd\n");
	assert_null(begin(&o, &fields_table, (struct emit_options){.format = EMIT_JSON_LINES}));
	emit_row_begin(o.emit);
	emit_fields(o.emit, FIELDS_THING, words);
	emit_row_end(o.emit);
	emit_row_begin(o.emit);
	emit_fields(o.emit, FIELDS_THING, NULL);
	emit_row_end(o.emit);
	end(&o, NULL,
	    "{\"name\":null,\"v\":true,\"mode\":3,\"reserved_4\":\"0x81\",\"root\":\"0x7000\","
	    "\"g\":false,\"levels\":2,\"split\":\"0xd\",\"ignored_67\":\"0x1\"}\n"
	    "{\"name\":null,\"v\":null,\"mode\":null,\"reserved_4\":null,\"root\":null,"
	    "\"g\":null,\"levels\":null,\"split\":null,\"ignored_67\":null}\n");
}

/* Zero and reserved fields are shown on request. */
static void test_all_fields(void **state)
{
	const uint64_t words[2] = {0};
	struct output o;

	(void)state;
	assert_null(begin(&o, &fields_table, (struct emit_options){.columns = "all"}));
	emit_row_begin(o.emit);
	emit_text(o.emit, FIELDS_NAME, "a");
	emit_fields(o.emit, FIELDS_THING, words);
	emit_row_end(o.emit);
	end(&o, NULL,
	    "Name:  a\n"
	    "Thing:\n"
	    "         BITS FIELD      VALUE MEANING\n"
	    "            0 v              0 Valid\n"
	    "          3:1 mode           0 Mode: none, no translation (no effect: v is 0)\n"
	    "         11:4 reserved_4   0x0 Reserved\n"
	    "        51:12 root         0x0 Root (no effect: mode is 0)\n"
	    "           52 g              0 Guest\n"
	    "        54:53 levels         0 Guest levels (no effect: g is 0)\n"
	    "  66:64,63:55 split        0x0 Split\n"
	    "        95:67 ignored_67   0x0 Ignored\n");
}

/* So are nested rows' columns that are not shown by themselves. */
static void test_all_nested(void **state)
{
	static const struct column entry_columns[] = {
		{"slot", NULL, VALUE_NUMBER, 0, "Its place"},
		{"raw", NULL, VALUE_HEX, COLUMN_EXTRA, "Its word"},
	};
	static const struct table entry_table = {"entries", VIEW_TABLE, entry_columns, 2};
	static const struct column ring_columns[] = {
		{"entries", NULL, VALUE_ROWS, COLUMN_ARRAY, "Nested", &entry_table}};
	static const struct table ring_table = {"ring", VIEW_RECORD, ring_columns, 1};
	static const char *const answers[][2] = {
		{NULL, "Entries:\n  SLOT\n     5\n"},
		{"entries", "Entries:\n  SLOT\n     5\n"},
		{"all", "Entries:\n  SLOT  RAW\n     5 0x79\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct output o;

		assert_null(begin(&o, &ring_table, (struct emit_options){.columns = answers[i][0]}));
		emit_row_begin(o.emit);
		emit_rows_begin(o.emit, 0);
		emit_row_begin(o.emit);
		emit_number(o.emit, 0, 5);
		emit_number(o.emit, 1, 0x79);
		emit_row_end(o.emit);
		emit_rows_end(o.emit);
		emit_row_end(o.emit);
		end(&o, NULL, answers[i][1]);
	}
}

static const struct column stream_columns[] = {
	{"iova", NULL, VALUE_HEX, 0, "From", .width = 12},
	{"word", NULL, VALUE_HEX, COLUMN_WORDS, "Word", .width = 18},
	{"size", NULL, VALUE_SIZE, 0, "Size", .width = 5},
	{"read", NULL, VALUE_BOOL, 0, "Read", .width = 4},
	{"name", NULL, VALUE_TEXT, 0, "Name", .width = 6},
};

static const struct table stream_table = {"stream", VIEW_STREAM, stream_columns,
					  ARRAY_SIZE(stream_columns)};

static void test_stream(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &stream_table, (struct emit_options){0}));
	for (unsigned i = 0; i < 3; i++) {
		emit_row_begin(o.emit);
		emit_number(o.emit, 0, UINT64_C(0xffff0000) << 16 * i);
		emit_number(o.emit, 1, i);
		emit_number(o.emit, 2, 4096u << i);
		emit_bool(o.emit, 3, i != 1);
		if (i != 2)
			emit_text(o.emit, 4, i ? "long name" : "short");
		emit_row_end(o.emit);
	}
	end(&o, NULL,
	    "        IOVA               WORD  SIZE READ NAME\n"
	    "  0xffff0000 0x0000000000000000    4K yes  short\n"
	    "0xffff00000000 0x0000000000000001    8K no   long name\n"
	    "0xffff000000000000 0x0000000000000002   16K yes  -\n");
}

/* A long answer passes through the buffer many times over. */
static void test_long_stream(void **state)
{
	const unsigned n = 100000;
	struct output o;
	unsigned lines = 0;

	(void)state;
	assert_null(begin(&o, &stream_table, (struct emit_options){.format = EMIT_JSON_LINES}));
	for (unsigned i = 0; i < n; i++) {
		emit_row_begin(o.emit);
		emit_number(o.emit, 0, i);
		emit_row_end(o.emit);
	}
	assert_null(emit_end(o.emit, NULL));
	fclose(o.out);
	for (char *line = o.text, *rest; *line; line = rest + 1, lines++) {
		char expected[128];

		rest = strchr(line, '\n');
		assert_non_null(rest);
		snprintf(
			expected, sizeof(expected),
			"{\"iova\":\"0x%x\",\"word\":null,\"size\":null,\"read\":null,\"name\":null}",
			lines);
		assert_int_equal(rest - line, strlen(expected));
		assert_memory_equal(line, expected, strlen(expected));
	}
	assert_int_equal(lines, n);
	free(o.text);
}

static const struct column prose_columns[] = {
	[0] = {"text", NULL, VALUE_TEXT, 0, "Text"},
	[1] = {"name", NULL, VALUE_TEXT, COLUMN_EXTRA, "Name"},
};

static const struct table prose_table = {"prose", VIEW_PROSE, prose_columns, 2};

static void test_prose(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &prose_table, (struct emit_options){0}));
	for (unsigned i = 0; i < 2; i++) {
		emit_row_begin(o.emit);
		emit_textf(o.emit, 0, "line %u\n\n  next\033\n", i);
		emit_text(o.emit, 1, "n");
		emit_row_end(o.emit);
	}
	end(&o, NULL, "line 0\n\n  next\\x1b\n\nline 1\n\n  next\\x1b\n");
}

static void test_full_disk(void **state)
{
	const struct emit_options options = {.format = EMIT_JSON};
	FILE *full = fopen("/dev/full", "w");
	struct emit *emit;

	(void)state;
	assert_non_null(full);
	assert_null(emit_begin(full, &options, "things", NULL, &stream_table, &emit));
	for (unsigned i = 0; i < 100000 && !emit_failed(emit); i++) {
		emit_row_begin(emit);
		emit_row_end(emit);
	}
	assert_true(emit_failed(emit));
	assert_true(emit_count(emit) < 100000);
	struct error *err = emit_end(emit, NULL);
	assert_non_null(err);
	assert_string_equal(error_message(err), "can't write the answer: No space left on device");
	error_free(err);
	fclose(full);
}

static void test_abandon(void **state)
{
	struct output o;

	(void)state;
	assert_null(begin(&o, &table, (struct emit_options){.format = EMIT_JSON}));
	emit_abandon(o.emit);
	fclose(o.out);
	assert_int_equal(o.length, 0);
	free(o.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	    cmocka_unit_test(test_table_width),
		cmocka_unit_test(test_table_color), cmocka_unit_test(test_record),
		cmocka_unit_test(test_columns),	    cmocka_unit_test(test_bad_columns),
		cmocka_unit_test(test_column_list), cmocka_unit_test(test_json),
		cmocka_unit_test(test_fields),	    cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_all_nested),
		cmocka_unit_test(test_stream),	    cmocka_unit_test(test_long_stream),
		cmocka_unit_test(test_prose),	    cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_abandon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
