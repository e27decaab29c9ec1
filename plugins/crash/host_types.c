/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types through crash's gdb. Expressions are asked, for every gdb in crash (7.6 to 16) understands
 * the same ones: &(*(struct s *)0).a.b is an offset, with anonymous members and all. What they
 * don't tell, the bits of a bit field, is read from the type as gdb prints it.
 */
#include "crash.h"
#include "host.h"
#include "signals.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/interrupt.h"
#include "base/cleanup.h"

#define LINE_MAX_SIZE 1024

/* What gdb printed last. */
struct gdb {
	FILE *out;
	char *text;
	size_t size;
	char *type; /* expression of the type that `layout` is of; NULL: none */
	char *layout;
};

static struct error *gdb_open(struct gdb *gdb)
{
	*gdb = (struct gdb){0};
	gdb->out = open_memstream(&gdb->text, &gdb->size);
	return gdb->out ? NULL : error_no_memory;
}

static void gdb_close(struct gdb *gdb)
{
	if (gdb->out)
		fclose(gdb->out);
	free(gdb->text);
	free(gdb->type);
	free(gdb->layout);
}

/* *ret: what gdb prints, until it is asked again; NULL: gdb has an error, there is no such thing.
 */
static struct error *gdb_ask(struct gdb *gdb, const char **ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static struct error *gdb_ask(struct gdb *gdb, const char **ret, const char *fmt, ...)
{
	char line[LINE_MAX_SIZE];
	va_list ap;

	va_start(ap, fmt);
	int length = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (length < 0 || length >= (int)sizeof(line))
		return error_new(ERROR_OTHER, "a name that is too long for gdb");
	rewind(gdb->out);
	signals_hold();
	bool is_read = output_open();
	bool fine = is_read && gdb_pass_through(line, gdb->out, CRASH_GDB_RETURN_ON_ERROR);
	signals_release();
	if (!is_read)
		return error_stopped;
	fputc('\0', gdb->out);
	if (fflush(gdb->out))
		return error_no_memory;
	*ret = fine ? gdb->text : NULL;
	return NULL;
}

/* Up to two numbers that an expression comes to; false: gdb has none. */
static bool parse_numbers(const char *text, unsigned n, uint64_t *numbers)
{
	for (unsigned i = 0; text && i < n; i++) {
		char *end;

		numbers[i] = strtoull(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	return text;
}

static struct error *ask_size(struct gdb *gdb, struct lookup *row)
{
	const char *text;
	struct error *err = gdb_ask(gdb, &text, "printf \"%%lu\", sizeof(%s)", row->type);

	if (!err && parse_numbers(text, 1, &row->value))
		row->state = LOOKUP_FOUND;
	return err;
}

static struct error *ask_enumerator(struct gdb *gdb, struct lookup *row)
{
	const char *text;
	struct error *err = gdb_ask(gdb, &text, "printf \"%%lu\", (unsigned long)%s%s%s%s",
				    row->type ? "(" : "", row->type ? row->type : "",
				    row->type ? ")" : "", row->name);

	if (!err && parse_numbers(text, 1, &row->value))
		row->state = LOOKUP_FOUND;
	return err;
}

/* The struct that path's last member is in, as an expression. */
static void container_of_path(const struct lookup *row, char *ret, size_t size)
{
	const char *dot = strrchr(row->name, '.');
	int length = dot ? (int)(dot - row->name) : 0;

	snprintf(ret, size, "(*(%s *)0)%s%.*s", row->type, dot ? "." : "", length, row->name);
}

/* gdb->layout: the type of that expression with its offsets, where this gdb knows how to. */
static struct error *read_layout(struct gdb *gdb, const char *expression)
{
	const char *text;

	if (gdb->type && !strcmp(gdb->type, expression))
		return NULL;
	/* Raw, without methods and typedefs: these would be searched for, which takes long. */
	struct error *err = gdb_ask(gdb, &text, "ptype /ormt %s", expression);
	if (!err && !text)
		err = gdb_ask(gdb, &text, "ptype /rmt %s", expression);
	if (err)
		return err;
	free(gdb->type);
	free(gdb->layout);
	gdb->type = strdup(expression);
	gdb->layout = strdup(text ? text : "");
	return gdb->type && gdb->layout ? NULL : error_no_memory;
}

/* A bit field as gdb prints it. */
struct bits {
	uint64_t byte, bit, width;
	bool has_place; /* byte and bit were printed, as they are not within a union */
};

/* "NAME : WIDTH;" at the line's end. */
static bool parse_bits(const char *line, size_t length, const char *name, struct bits *ret)
{
	size_t name_length = strlen(name);
	const char *end = line + length;
	const char *at = memmem(line, length, " : ", 3);

	while (at && memmem(at + 1, end - at - 1, " : ", 3))
		at = memmem(at + 1, end - at - 1, " : ", 3);
	if (!at || (size_t)(at - line) <= name_length ||
	    memcmp(at - name_length, name, name_length) || at[-(ptrdiff_t)name_length - 1] != ' ')
		return false;
	*ret = (struct bits){.width = strtoull(at + 3, NULL, 10)};
	ret->has_place = sscanf(line, "/* %" SCNu64 ":%" SCNu64, &ret->byte, &ret->bit) == 2;
	return true;
}

/*
 * Looks for a bit field of the struct that text is of, or of anonymous ones within it: what a block
 * that ends with a name holds is another struct's.
 */
static bool find_bits(const char *text, const char *name, struct bits *ret)
{
	unsigned depth = 0, found_at = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *brace = memchr(text, '}', length);

		if (memchr(text, '{', length)) {
			depth++;
		} else if (brace && depth) {
			depth--;
			if (found_at > depth && depth)
				found_at = brace[1] == ';' ? depth : 0;
		} else if (!found_at && parse_bits(text, length, name, ret)) {
			found_at = depth;
		}
		text += length + (text[length] == '\n');
	}
	return found_at;
}

/* The row is found as a member of whole bytes; is it a bit field? */
static struct error *ask_bits(struct gdb *gdb, struct lookup *row)
{
	const char *dot = strrchr(row->name, '.'), *name = dot ? dot + 1 : row->name;
	char expression[LINE_MAX_SIZE / 2];
	const char *text;
	struct bits bits;
	uint64_t base = 0;

	container_of_path(row, expression, sizeof(expression));
	struct error *err = read_layout(gdb, expression);
	if (err || !find_bits(gdb->layout, name, &bits))
		return err;
	row->state = LOOKUP_UNANSWERED;
	if (strncmp(gdb->layout, "/*", 2))
		return NULL; /* gdb 7.6 does not say where it is */
	err = gdb_ask(gdb, &text, "printf \"%%lu\", (unsigned long)&%s", expression);
	if (err || !parse_numbers(text, 1, &base))
		return err;
	uint64_t first = bits.has_place ? (base + bits.byte) * 8 + bits.bit : row->value * 8;
	if (lookup_set_bits(row, first, bits.width))
		row->state = LOOKUP_FOUND;
	return NULL;
}

static struct error *ask_member(struct gdb *gdb, struct lookup *row)
{
	uint64_t numbers[2];
	const char *text;
	struct error *err = gdb_ask(gdb, &text,
				    "printf \"%%lu %%lu\", (unsigned long)&(*(%s *)0).%s, "
				    "(unsigned long)sizeof((*(%s *)0).%s)",
				    row->type, row->name, row->type, row->name);

	if (err || !parse_numbers(text, 2, numbers))
		return err;
	row->value = numbers[0];
	row->size = (uint32_t)numbers[1];
	row->bit_first = row->bit_width = 0;
	row->state = LOOKUP_FOUND;
	return ask_bits(gdb, row);
}

static struct error *ask(struct gdb *gdb, struct lookup *row)
{
	row->state = LOOKUP_ABSENT;
	switch (row->kind) {
	case LOOKUP_SIZE:
		return ask_size(gdb, row);
	case LOOKUP_MEMBER:
		return ask_member(gdb, row);
	default:
		return ask_enumerator(gdb, row);
	}
}

/* One question more, for each name that gdb does not know makes it search all of its tables. */
static struct error *ask_type(struct gdb *gdb, struct wanted_type *wanted)
{
	struct lookup size = {.kind = LOOKUP_SIZE, .type = wanted->rows[0]->type};
	bool is_there = !size.type;
	struct error *err = NULL;

	if (!is_there) {
		err = ask_size(gdb, &size);
		is_there = size.state == LOOKUP_FOUND;
	}
	for (size_t i = 0; i < wanted->n && !err; i++) {
		if (is_there)
			err = ask(gdb, wanted->rows[i]);
		else
			wanted->rows[i]->state = LOOKUP_ABSENT;
	}
	return err;
}

struct error *host_types_ask(struct type_batch *batch)
{
	_cleanup_(gdb_close) struct gdb gdb;
	struct error *err = gdb_open(&gdb);

	for (size_t i = 0; i < batch->n_types && !err; i++) {
		if (!batch->types[i].settled)
			err = ask_type(&gdb, &batch->types[i]);
		if (!err && *interrupt_flag())
			err = error_stopped;
	}
	return err;
}
