/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every command on a whole machine, of which one read fails: the first, the second, and so on to
 * the last. Then one allocation of ours, likewise. An answer that says that it is whole is what the
 * whole machine's is; else something is told. Where a read failed, all of the answer that is not as
 * on the whole machine is unknown, or lacking with a problem that says so (answers.h). What is lost
 * is never taken for a check that passed.
 *
 * There are two machines: one of the tests' own, and a real kernel's capture for what only that
 * has: processes, an IOVA allocator, a log. Its commands read so much that of their reads only some
 * fail, spread over all; with IOMMUSCOPE_FAIL_EVERY in the environment each does. The reads alone
 * take 4 minutes of processor time for all commands but `capture`, and more than 19 for that: longer
 * than tests/run gives a program, so run it by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "app/run.h"
#include "app/words.h"
#include "base/cleanup.h"
#include "fake_machine.h"
#include "scratch.h"
#include "target/kinds.h"

/* `dte --all` reads as `dte` does, but 80 000 times. */
static const char *const image_lines[] = {
	"summary",
	"info",
	"kernel --all",
	"iommus",
	"devices",
	"groups",
	"domains --usage",
	"domids",
	"dte",
	"walk 0000:00:04.0 0x10000 0xfffff000",
	"map --summary 0000:00:05.0",
	"map 0000:00:08.0 --pasids",
	"irt",
	"ring cmd --all",
	"ring evt",
	"page 0x680000000",
	"rmap 0x1000000",
	"ivrs",
	"check --threshold notice",
	"rd amd_iommu_list 4",
	NULL,
};

#define CAPTURE "tests/fixtures/6.12-after.elf"

static char line_capture[96]; /* "capture" and a file in the test's folder */

static const char *const capture_lines[] = {
	"summary",
	"devices",
	"owners",
	"ivrs",
	"dte --all",
	"irt",
	"ring cmd",
	"rmap --kernel-text",
	"iova 0000:00:05.0",
	"iova 0000:00:06.0 --differences",
	"explain",
	"diff 0000:00:05.0 0000:00:06.0",
	"diff tests/fixtures/6.12-before.elf",
	"check --threshold notice",
	line_capture,
	NULL,
};

/* Of one command's reads on the capture, so many fail. */
#define SPREAD 150

/* What fails, and when: counted from 1; 0: never. */
static struct countdown {
	unsigned long n, at;
} reads, allocations;

static bool is_now(struct countdown *c)
{
	return ++c->n == c->at;
}

/* The target that a command opens, whose reads are counted. Not of two at once of one kind. */
static const struct target_ops *whole_ops;
static const enum error_code codes[] = {ERROR_EXCLUDED, ERROR_FAULT, ERROR_CORRUPT, ERROR_IO};
/* A capture lacks lines of the log on purpose: there the first of these tells nothing. */
static size_t first_code;

/* From the read that is to fail on, its address can't be read any more. */
static struct error *lost(uint64_t address)
{
	static uint64_t lost_address;
	bool is_first = is_now(&reads);

	if (is_first)
		lost_address = address;
	if (!is_first && (reads.n < reads.at || !reads.at || address != lost_address))
		return NULL;
	return error_new(codes[first_code + reads.at % (ARRAY_SIZE(codes) - first_code)], "lost by the test");
}

static struct error *counted_read(struct target *target, enum space space, uint64_t address,
				  void *buf, size_t len)
{
	struct error *err = lost(address);

	return err ? err : whole_ops->read(target, space, address, buf, len);
}

static struct error *counted_translate(struct target *target, uint64_t virt, uint64_t *phys)
{
	struct error *err = lost(virt);

	return err ? err : whole_ops->translate(target, virt, phys);
}

/* In place of target/open.c. */
struct error *target_open(const struct target_spec *spec, struct target **ret)
{
	static struct target_ops ops;
	struct error *err = strstr(spec->cores[0], ".elf") ? dump_target_open(spec, ret)
							   : image_target_open(spec, ret);

	if (err)
		return err;
	whole_ops = (*ret)->ops;
	ops = *whole_ops;
	ops.read = counted_read;
	ops.translate = counted_translate;
	(*ret)->ops = &ops;
	return NULL;
}

struct answer {
	int status;
	char *out, *err;
	size_t out_length, err_length;
};

static void answer_free(struct answer *answer)
{
	free(answer->out);
	free(answer->err);
	*answer = (struct answer){0};
}

static struct answer ask(const char *image, const char *line)
{
	struct answer answer = {.status = EXIT_PARTLY};
	unsigned long at = allocations.at;
	allocations.at = 0; /* the streams are the test's own */
	FILE *out = open_memstream(&answer.out, &answer.out_length);
	FILE *notes = open_memstream(&answer.err, &answer.err_length);
	struct app app = {.sink = sink_of(out)};
	_cleanup_(words_free) struct words words = {0};

	assert_true(out && notes);
	console_init(&app.console);
	app.console.err = notes;
	app.settings.no_cache = app.settings.no_symbols = true;
	app.settings.format = EMIT_JSON;
	reads.n = allocations.n = 0;
	allocations.at = at;
	const char **core = vec_push(&app.settings.cores);
	struct error *err = core ? words_split(line, &words) : error_no_memory;
	if (core)
		*core = image;
	if (!err)
		err = opened_new(&app.settings, &app.console, &app.opened);
	if (!err)
		answer.status = run_words(&app, words.at, words.n);
	if (err)
		fprintf(notes, "%s\n", error_message(err));
	error_free(err);
	opened_free(app.opened);
	settings_free(&app.settings);
	allocations.at = 0;
	fclose(out);
	fclose(notes);
	allocations.at = at;
	return answer;
}

struct context {
	struct fake_machine *m;
	const char *image;
	struct scratch scratch;
};

static int set_up(void **state)
{
	const struct fake_options options = {.layouts = "6.12", .page_levels = 4};
	static struct context context;

	context.m = fake_machine_new(&options, 1);
	context.image = fake_image(context.m->k);
	scratch_make(&context.scratch);
	snprintf(line_capture, sizeof(line_capture), "capture %s/iommu.elf", context.scratch.path);
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	struct context *context = *state;

	fake_machine_free(context->m);
	scratch_remove(&context->scratch);
	return 0;
}

/* Allocations of ours go through these (-Wl,--wrap). */
#define FAILING(type, name, failed, parameters, arguments)                                         \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return is_now(&allocations) ? (failed) : __real_##name arguments;                  \
	}

FAILING(void *, malloc, NULL, (size_t size), (size))
FAILING(void *, calloc, NULL, (size_t n, size_t size), (n, size))
FAILING(void *, realloc, NULL, (void *old, size_t size), (old, size))
FAILING(char *, strdup, NULL, (const char *text), (text))
FAILING(char *, strndup, NULL, (const char *text, size_t n), (text, n))
FAILING(FILE *, open_memstream, NULL, (char **text, size_t *n), (text, n))
FAILING(int, vasprintf, -1, (char **text, const char *format, va_list words), (text, format, words))
FAILING(int, __vasprintf_chk, -1, (char **text, int flag, const char *format, va_list words),
	(text, flag, format, words))

/* The status of a rule in a check's JSON; "": it is not there. */
static const char *status_of_rule(const char *json, const char *id, char ret[16])
{
	char wanted[80];

	snprintf(wanted, sizeof(wanted), "\"id\":\"%s\"", id);
	const char *at = strstr(json, wanted);
	at = at ? strstr(at, "\"status\":\"") : NULL;
	*ret = '\0';
	if (at)
		sscanf(at, "\"status\":\"%15[a-z]", ret);
	return ret;
}

/* What the whole machine's check had found is found, or unknown: it has not passed. */
static void assert_no_false_pass(const struct answer *whole, const struct answer *answer)
{
	char id[64], before[16], after[16];

	for (const char *at = whole->out; (at = strstr(at, "\"id\":\"")); at++) {
		assert_int_equal(sscanf(at, "\"id\":\"%63[^\"]", id), 1);
		status_of_rule(whole->out, id, before);
		if (!strcmp(status_of_rule(answer->out, id, after), "pass") &&
		    strcmp(before, "pass") != 0)
			fail_msg("%s was %s", id, before);
	}
}

static unsigned count(const char *text, const char *phrase)
{
	unsigned n = 0;

	while (text && (text = strstr(text, phrase)) && *text++)
		n++;
	return n;
}

/* What ended a command is told last. */
static const char *last_line(const char *text)
{
	size_t n = strlen(text);

	while (n > 1 && text[n - 2] != '\n')
		n--;
	return text + (n ? n - 1 : 0);
}

/* Something is wrong that is not with the whole machine: among the problems, or on standard error.
 */
static bool is_told(const struct answer *whole, const struct answer *answer)
{
	const char *before = whole->out ? strstr(whole->out, "\"problems\":") : NULL;
	const char *after = answer->out ? strstr(answer->out, "\"problems\":") : NULL;

	if (answer->status == EXIT_ANSWERED)
		return false;
	if (count(answer->out, "could not be told") > count(whole->out, "could not be told"))
		return true;
	return (answer->err_length && !strstr(whole->err, last_line(answer->err))) ||
	       (before && after && strcmp(before, after) != 0);
}

static void assert_told(const struct answer *whole, const struct answer *answer, const char *line,
			const struct countdown *what)
{
	bool is_check = !strncmp(line, "check", 5);
	/* A capture holds that something can't be read as it holds what can be. */
	bool is_kept = !strncmp(line, "capture", 7) && what == &reads;
	bool is_same = answer->status == whole->status &&
		       (is_kept || !strcmp(answer->out ? answer->out : "", whole->out));

	if (is_check && answer->out)
		assert_no_false_pass(whole, answer);
	if (!is_same && !is_told(whole, answer) && (!is_check || !answer->status))
		fail_msg("%s: number %lu of %lu: status %d, and nothing told: %s%.2000s", line,
			 what->at, what->n, answer->status, answer->err, answer->out);
	if (is_same || is_kept || !answer->out_length || what != &reads)
		return;
	_cleanup_(freep) char *found = answer_false(whole->out, answer->out);
	if (found)
		fail_msg("%s: read %lu of %lu: %s", line, what->at, what->n, found);
}

/* `spread`: how many of a line's reads or allocations fail, the first among them; 0: all. */
static void fail_each(const char *dump, const char *const *lines, struct countdown *what,
		      unsigned spread)
{
	unsigned long n_all = 0;

	for (size_t i = 0; lines[i]; i++) {
		struct answer whole = ask(dump, lines[i]);
		unsigned long n = what->n, step = spread ? n / spread + 1 : 1;

		assert_true(whole.out_length);
		n_all += n;
		for (unsigned long at = 1; at <= n; at += step) {
			what->at = at;
			struct answer answer = ask(dump, lines[i]);

			assert_told(&whole, &answer, lines[i], what);
			answer_free(&answer);
		}
		what->at = 0;
		answer_free(&whole);
	}
	assert_true(n_all > 1000);
}

static unsigned spread(void)
{
	return getenv("IOMMUSCOPE_FAIL_EVERY") ? 0 : SPREAD;
}

static void test_reads(void **state)
{
	const struct context *context = *state;

	fail_each(context->image, image_lines, &reads, 0);
}

static void test_allocations(void **state)
{
	const struct context *context = *state;

	fail_each(context->image, image_lines, &allocations, 0);
}

static void test_reads_of_capture(void **state)
{
	const struct context *context = *state;

	first_code = 1;
	fail_each(CAPTURE, capture_lines, &reads, spread());
	first_code = 0;
	scratch_run(&context->scratch, "test \"$(ls)\" = iommu.elf");
}

static void test_allocations_of_capture(void **state)
{
	const struct context *context = *state;

	fail_each(CAPTURE, capture_lines, &allocations, spread());
	scratch_run(&context->scratch, "test \"$(ls)\" = iommu.elf");
}

static unsigned long reads_of(const char *dump, const char *line)
{
	struct answer answer = ask(dump, line);

	assert_int_equal(answer.status, EXIT_ANSWERED);
	answer_free(&answer);
	return reads.n;
}

/* What only some columns need is read when one of these is asked for. */
static void test_reads_of_columns(void **state)
{
	unsigned long n = reads_of(CAPTURE, "devices -o bdf,domain_id");

	(void)state;
	assert_true(n < reads_of(CAPTURE, "devices -o bdf,requester_ids"));
	assert_true(n < reads_of(CAPTURE, "devices -o bdf,requester_from"));
}

/* A command that is none of these has no target. */
static bool is_tried(const char *name)
{
	const char *const *const all[] = {image_lines, capture_lines};
	size_t length = strlen(name);

	for (size_t k = 0; k < ARRAY_SIZE(all); k++)
		for (size_t i = 0; all[k][i]; i++)
			if (!strncmp(all[k][i], name, length) &&
			    (all[k][i][length] == ' ' || !all[k][i][length]))
				return true;
	return false;
}

static void test_every_command(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i]; i++)
		if (!is_tried(commands[i]->name) && !commands[i]->no_target)
			fail_msg("%s is not tried", commands[i]->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_reads_of_capture),
		cmocka_unit_test(test_allocations_of_capture),
		cmocka_unit_test(test_reads_of_columns),
		cmocka_unit_test(test_every_command),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
