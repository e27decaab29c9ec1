/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines: words, options, exit status, what goes to which stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/arguments.h"
#include "app/call.h"
#include "app/builtins.h"
#include "app/script.h"
#include "app/words.h"
#include "base/cleanup.h"
#include "cmd/prompt.h"

static void test_words(void **state)
{
	static const struct {
		const char *line, *words; /* joined by "|" */
	} cases[] = {
		{"", ""},
		{"  \t\n", ""},
		{"# a comment", ""},
		{"devices", "devices"},
		{" walk  0000:00:04.0\t0x1000 \r\n", "walk|0000:00:04.0|0x1000"},
		{"rd 'a b' \"c d\" e\\ f", "rd|a b|c d|e f"},
		{"a'b'\"c\"d", "abcd"},
		{"'' \"\"", "|"},
		{"'\\' \"\\\"\\\\\\n\" \\'", "\\|\"\\\\n|'"},
		{"a #b c", "a"},
		{"a#b c", "a#b|c"},
		{"'#' x", "#|x"},
		{"end\\", "end\\"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char joined[128] = "";
		struct words words;

		assert_null(words_split(cases[i].line, &words));
		for (size_t w = 0, end = 0; w < words.n; w++)
			end += (size_t)snprintf(joined + end, sizeof(joined) - end, "%s%s",
						w ? "|" : "", words.at[w]);
		assert_string_equal(joined, cases[i].words);
		words_free(&words);
	}
}

static void test_open_quotes(void **state)
{
	static const char *const lines[] = {"a 'b", "\"", "a \"b\\\"", "'a\\'b'"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct words words;
		struct error *err = words_split(lines[i], &words);

		assert_non_null(err);
		assert_int_equal(error_code(err), ERROR_USAGE);
		error_free(err);
	}
}

static void test_arguments(void **state)
{
	static const char *const words[] = {"-jq", "-oLIST", "x",  "--range=1-2", "--range", "3",
					    "-",   "-c",     "--", "--json",	  "-e"};
	static const struct {
		const char *operand, *name, *value; /* value: the option takes one */
	} expected[] = {
		{NULL, "j", NULL}, {NULL, "q", NULL},	   {NULL, "o", "LIST"},
		{"x", NULL, NULL}, {NULL, "range", "1-2"}, {NULL, "range", "3"},
		{"-", NULL, NULL}, {NULL, "c", "--"},	   {NULL, "json", NULL},
	};
	struct arguments a = arguments_of(words, ARRAY_SIZE(words));
	struct argument argument;
	const char *value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(arguments_next(&a, &argument));
		if (expected[i].operand) {
			assert_string_equal(argument.operand, expected[i].operand);
			continue;
		}
		assert_null(argument.operand);
		assert_string_equal(argument.name, expected[i].name);
		if (expected[i].value) {
			assert_null(argument_value(&a, &argument, &value));
			assert_string_equal(value, expected[i].value);
		} else {
			assert_null(argument_flag(&a, &argument));
		}
	}
	assert_true(arguments_next(&a, &argument));
	struct error *err = argument_value(&a, &argument, &value);
	assert_string_equal(error_message(err), "-e needs a value");
	error_free(err);
	assert_false(arguments_next(&a, &argument));
}

static void test_arguments_end(void **state)
{
	static const char *const words[] = {"--", "-j", "--"};
	struct arguments a = arguments_of(words, ARRAY_SIZE(words));
	struct argument argument;

	(void)state;
	assert_true(arguments_next(&a, &argument));
	assert_string_equal(argument.operand, "-j");
	assert_true(arguments_next(&a, &argument));
	assert_string_equal(argument.operand, "--");
	assert_false(arguments_next(&a, &argument));
}

/* Runs a line with its answer and its messages caught. */
struct caught {
	int status;
	char *out, *err;
};

static struct caught run(const char *line)
{
	struct caught c = {0};
	size_t out_length, err_length;
	FILE *err = open_memstream(&c.err, &err_length);
	FILE *out = open_memstream(&c.out, &out_length);
	struct app app = {.sink = {.out = out, .process.in = -1}, .builtins = builtins};

	assert_non_null(err);
	assert_non_null(out);
	console_init(&app.console);
	app.console.err = err;
	const char **core = vec_push(&app.settings.cores);
	assert_non_null(core);
	*core = "/nonexistent/vmcore";
	assert_null(opened_new(&app.settings, &app.console, &app.opened));
	c.status = run_line(&app, line);
	opened_free(app.opened);
	settings_free(&app.settings);
	fclose(out);
	fclose(err);
	return c;
}

static void caught_free(struct caught *c)
{
	free(c->out);
	free(c->err);
}

#define DTE "dte 0x6000000688294603 0x79 0x2000000819256011 0"

/* Lines whose answer or complaint is short enough to be written down. */
static void test_lines(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *out, *err;
	} cases[] = {
		{"", 0, "", ""},
		{"# nothing", 0, "", ""},
		{"decode " DTE
		 " -o v,tv,mode,pt_root,ir,iw,domain_id,iv,int_tab_len,irt_root,int_ctl",
		 0,
		 "V TV    MODE     PT-ROOT IR IW DOMAIN-ID IV INT-TAB-LEN    IRT-ROOT  INT-CTL\n"
		 "1 1  3-level 0x688294000 1  1       0x79 1  256 entries 0x819256000 remapped\n",
		 ""},
		{"decode --json-lines -o mode,pt_root " DTE, 0,
		 "{\"mode\":3,\"pt_root\":\"0x688294000\"}\n", ""},
		{"decode -j -o v dte 0xffff926d61d42020: 0x6000000688294603, 0x79 "
		 "'0xffff926d61d42030 <table+16>:	0x2000000819256011	0x0'",
		 0,
		 "{\"schema\":\"iommuscope/1\",\"command\":\"decode\",\"target\":null,\"data\":[\n"
		 "{\"v\":true}\n],\"problems\":[]}\n",
		 ""},
		{"decode -o set,domains,reserved domids 0xffffffffffffffff 0x01ffffffffffffff", 0,
		 "BITS-SET DOMAINS ID-0-RESERVED\n     121     120 yes\n", ""},
		{"decode -o verdict pte 0x60000000fee00001", 0,
		 "VERDICT\n"
		 "a page at 0xfee00000, reads and writes allowed; --level tells its size\n",
		 ""},
		{"decode -o verdict --level=2 pte 0x6000000080000001", 0,
		 "VERDICT\na page of 2M at 0x80000000, reads and writes allowed\n", ""},
		{"decode dte 1 2 3", 2, "",
		 "iommuscope: decode: 'dte' takes 256 bits (64-bit words: 4); got 3 words\n"},
		{"decode irte 1 2 3", 2, "",
		 "iommuscope: decode: 'irte' takes 32 or 128 bits; got 3 64-bit words\n"},
		{"decode dt 1 2 3 4", 2, "",
		 "iommuscope: decode: no structure 'dt'; did you mean 'dte'?\n"},
		{"decode dte 1 2 3 z", 2, "",
		 "iommuscope: decode: 'z' is not a number of at most 64 bits (121, 0x79)\n"},
		{"decode pte 0 --level 9", 2, "", "iommuscope: decode: --level is 1 to 6\n"},
		{"decode dte", 2, "",
		 "iommuscope: decode: too few operands; usage: decode STRUCTURE WORD...\n"},
		{"help dte dte", 2, "",
		 "iommuscope: help: too many operands; usage: help [COMMAND|STRUCTURE|CHECK]\n"},
		{"map 0x79 0x100", 2, "",
		 "iommuscope: map: too many operands; usage: map BDF|DOMAIN; a range is given as --range 0x100\n"},
		{"map 0x79 0x7a:1", 2, "",
		 "iommuscope: map: too many operands; usage: map BDF|DOMAIN\n"},
		{"devcies", 2, "", "iommuscope: no command 'devcies'; did you mean 'devices'?\n"},
		{"decode --levle 1 " DTE, 2, "",
		 "iommuscope: decode: no option --levle; did you mean --level?\n"},
		{"decode --core x " DTE, 2, "",
		 "iommuscope: decode: --core stands before the command\n"},
		{"decode --json=1 " DTE, 2, "", "iommuscope: decode: --json takes no value\n"},
		{"decode " DTE " -o vv", 2, "",
		 "iommuscope: decode: no column 'vv'; did you mean 'v'?\n"},
		{"decode 'x", 2, "", "iommuscope: a quote ' does not end: decode 'x\n"},
		{"he\033lp", 2, "", "iommuscope: no command 'he\\x1blp'; did you mean 'help'?\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct caught c = run(cases[i].line);

		print_message("%s\n", cases[i].line);
		assert_string_equal(c.err, cases[i].err);
		assert_string_equal(c.out, cases[i].out);
		assert_int_equal(c.status, cases[i].status);
		caught_free(&c);
	}
}

/* A target that can't be opened: one line, no half an answer, exit status 3. */
static void test_no_target(void **state)
{
	(void)state;
	static const char *const lines[] = {"devices", "devices -j", "rd 0",
					    "map 0x1 --json-lines"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct caught c = run(lines[i]);

		assert_int_equal(c.status, EXIT_TARGET);
		assert_string_equal(c.out, "");
		assert_non_null(strstr(c.err, "/nonexistent/vmcore"));
		assert_ptr_equal(strchr(c.err, '\n'), c.err + strlen(c.err) - 1);
		caught_free(&c);
	}
}

/* --help of each command names its options and columns; help of each topic names its commands. */
static void test_help(void **state)
{
	struct caught overview = run("help");

	(void)state;
	for (size_t i = 0; commands[i]; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s --help", commands[i]->name);
		struct caught c = run(line);
		assert_int_equal(c.status, 0);
		assert_string_equal(c.err, "");
		assert_non_null(strstr(overview.out, commands[i]->name));
		assert_non_null(strstr(c.out, commands[i]->summary));
		for (size_t o = 0; o < commands[i]->n_options; o++)
			assert_non_null(strstr(c.out, commands[i]->options[o].name));
		for (size_t n = 0; n < commands[i]->table->n_columns; n++)
			assert_non_null(strstr(c.out, commands[i]->table->columns[n].key));
		caught_free(&c);
	}
	caught_free(&overview);
}

/* Every word of the prompt that is one can be run, and is known to `help`. */
static void test_prompt_words(void **state)
{
	(void)state;
	for (const struct prompt_word *word = prompt_words; word->name; word++) {
		char line[64];

		assert_true(!word->name[1] || builtin_find(builtins, word->name));
		snprintf(line, sizeof(line), "help '%s'", word->name);
		struct caught c = run(line);
		assert_int_equal(c.status, EXIT_ANSWERED);
		assert_non_null(strstr(c.out, word->summary));
		caught_free(&c);
	}
}

static void test_ends(void **state)
{
	static const struct {
		const char *line;
		size_t n;
		enum words_end end;
		const char *rest;
	} cases[] = {
		{"devices | grep a > b", 1, WORDS_PIPE, " grep a > b"},
		{"devices|wc", 1, WORDS_PIPE, "wc"},
		{"dte --all >file", 2, WORDS_WRITE, "file"},
		{"dte>> 'a b'", 1, WORDS_APPEND, " 'a b'"},
		{"a '|' \\> \">>\"", 4, WORDS_END, NULL},
		{"| x", 0, WORDS_PIPE, " x"},
		{"a # | x", 1, WORDS_END, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct words words;

		assert_null(words_split(cases[i].line, &words));
		assert_int_equal(words.n, cases[i].n);
		assert_int_equal(words.end, cases[i].end);
		if (cases[i].rest)
			assert_string_equal(words.rest, cases[i].rest);
		words_free(&words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_open_quotes),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_arguments_end),
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_help),	  cmocka_unit_test(test_prompt_words),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
