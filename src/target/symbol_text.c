/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/symbol_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "target/spec.h"
#include "target/x86_64.h"

#define BUFFER_SIZE (1 << 18) /* no line is longer */
#define ADDRESS_DIGITS 16

struct symbol_text {
	struct symbol_table table;
	const struct target_spec *spec;
	const char *path;
	uint64_t kaslr_offset;
	bool has_end; /* it has the image's last symbol */
	char buffer[BUFFER_SIZE];
};

struct line {
	uint64_t address;
	char type;
	const char *name;
	size_t length;
	bool of_module;
};

static bool parse_address(const char *text, size_t n, uint64_t *ret)
{
	uint64_t address = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = text[i];
		if (!isxdigit(c))
			return false;
		address = address << 4 | (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	*ret = address;
	return n > 0;
}

/* False: it is no such line. */
static bool parse_line(const char *text, size_t n, struct line *ret)
{
	const char *space = memchr(text, ' ', n < ADDRESS_DIGITS + 1 ? n : ADDRESS_DIGITS + 1);
	size_t digits = space ? (size_t)(space - text) : 0;
	struct line line = {0};

	if (!parse_address(text, digits, &line.address) || n < digits + 4 ||
	    !isalpha((unsigned char)space[1]) || space[2] != ' ')
		return false;
	line.type = space[1];
	line.name = space + 3;
	size_t rest = n - digits - 3;
	while (line.length < rest && !isspace((unsigned char)line.name[line.length]))
		line.length++;
	line.of_module = line.length < rest;
	*ret = line;
	return line.length > 0;
}

bool symbol_text_is(const char *start, size_t n)
{
	const char *end = memchr(start, '\n', n);
	struct line line;

	return end && parse_line(start, end - start, &line);
}

static struct error *offer_line(struct symbol_text *text, struct symbol_batch *batch,
				const char *at, size_t n)
{
	struct line line;

	if (!parse_line(at, n, &line))
		return error_new(ERROR_CORRUPT,
				 "a line is no symbol's (\"ADDRESS TYPE NAME\"): is it cut off?");
	if (line.of_module || line.type == 'U')
		return NULL;
	text->has_end |= line.length == 4 && !memcmp(line.name, "_end", 4);
	/* Per-CPU offsets and absolute symbols lie below the image and are not moved. */
	if (line.address >= START_KERNEL_MAP + text->kaslr_offset)
		line.address -= text->kaslr_offset;
	symbol_batch_offer(batch, line.name, line.length, line.address,
			   isupper((unsigned char)line.type));
	return NULL;
}

/* All whole lines of the buffer's first n bytes; ret: how many bytes they are. */
static struct error *offer_lines(struct symbol_text *text, struct symbol_batch *batch,
				 size_t n, size_t *ret)
{
	const char *at = text->buffer, *end = at + n, *newline;

	while ((newline = memchr(at, '\n', end - at))) {
		struct error *err = offer_line(text, batch, at, newline - at);
		if (err)
			return err;
		at = newline + 1;
	}
	*ret = at - text->buffer;
	return NULL;
}

static struct error *offer_file(struct symbol_text *text, struct symbol_batch *batch, int fd)
{
	size_t n = 0;

	for (;;) {
		size_t used;
		ssize_t got = read(fd, text->buffer + n, sizeof(text->buffer) - n);
		if (got < 0)
			return error_errno(errno, "can't be read");
		if (!got)
			return n ? offer_line(text, batch, text->buffer, n) : NULL;
		n += got;
		struct error *err = spec_poll(text->spec);
		if (!err)
			err = offer_lines(text, batch, n, &used);
		if (!err && !used && n == sizeof(text->buffer))
			err = error_new(ERROR_CORRUPT, "its lines have no end");
		if (err)
			return err;
		n -= used;
		memmove(text->buffer, text->buffer + used, n);
	}
}

static struct error *symbol_text_lookup(struct symbol_table *table, struct symbol_batch *batch)
{
	struct symbol_text *text = container_of(table, struct symbol_text, table);
	_cleanup_(closep) int fd = file_open(text->path, 0);

	text->has_end = false;
	struct error *err = fd < 0 ? error_errno(errno, "can't be opened")
				   : offer_file(text, batch, fd);

	/* What it lacks is taken for what this kernel lacks, and remembered as that. */
	if (!err && table->ops->is_complete && !text->has_end)
		err = error_new(ERROR_CORRUPT,
				"has no symbol _end: is it cut off? Copy it anew");

	return err ? error_prepend(err, "%s", text->path) : NULL;
}

static void symbol_text_close(struct symbol_table *table)
{
	free(container_of(table, struct symbol_text, table));
}

static struct error *symbol_text_open(const struct symbol_table_ops *ops,
				      const struct target_spec *spec, const char *path,
				      uint64_t kaslr_offset, struct symbol_table **ret)
{
	struct symbol_text *text = malloc(sizeof(*text));

	if (!text)
		return error_no_memory;
	text->table.ops = ops;
	text->spec = spec;
	text->path = path;
	text->kaslr_offset = kaslr_offset;
	*ret = &text->table;
	return NULL;
}

static const struct symbol_table_ops system_map_ops = {
	.name = "system.map",
	.is_complete = true,
	.lookup = symbol_text_lookup,
	.close = symbol_text_close,
};

static const struct symbol_table_ops proc_kallsyms_ops = {
	.name = "kallsyms",
	.lookup = symbol_text_lookup,
	.close = symbol_text_close,
};

struct error *system_map_open(const struct target_spec *spec, const char *path,
			      struct symbol_table **ret)
{
	return symbol_text_open(&system_map_ops, spec, path, 0, ret);
}

struct error *proc_kallsyms_open(const struct target_spec *spec, const char *path,
				 uint64_t kaslr_offset, struct symbol_table **ret)
{
	return symbol_text_open(&proc_kallsyms_ops, spec, path, kaslr_offset, ret);
}
