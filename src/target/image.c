/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target that is a text: a machine written by hand, for tests. Its lines, after the first:
 *
 *	iommuscope-image 1
 *	# comment
 *	release 6.1.0-44-amd64
 *	kaslr_offset 0x1000000          added to the addresses of the symbol lines
 *	phys_base 0x4000000
 *	sme_mask 0x800000000000
 *	vmcoreinfo KEY=value
 *	cr3 0x1000                      kernel virtual addresses go through these tables
 *	levels 5                        4 when it is not said
 *	map 0xffff888000000000 0 1G     or through such linear maps, which come first
 *	mem 0x2000: 8000000000603 79 0*510      64-bit words in hex, WORD*COUNT repeats
 *	bytes 0x3ffe: 4c69 6e75 78      bytes in hex
 *	zero 0x100000 64K               memory that is there and zero
 *	excluded 0x200000 4K            memory that the dump lacks
 *	symbol linux_banner 0xffffffff82000000  and the other lines of layout_file.h
 *
 * Addresses and sizes are as in C, sizes with K, M or G behind them too. A page of which a line
 * gives a part is zero elsewhere; no other memory exists.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "target/core_file.h"
#include "target/kinds.h"
#include "target/layout_file.h"
#include "target/machine.h"
#include "target/memory_sparse.h"
#include "target/vmcoreinfo.h"

#define IMAGE_MAX (UINT64_C(64) << 20) /* bytes of text */

struct image {
	struct machine machine;
	struct layout_file layouts;
	VEC(struct machine_map) maps;
	VEC(char) vmcoreinfo_text; /* lines, until they are parsed */
	struct vmcoreinfo vmcoreinfo;
	uint64_t kaslr_offset, phys_base, cr3, sme_mask, levels;
};

static struct image *image_of(struct target *target)
{
	return container_of(target, struct image, machine.base);
}

static void skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

static struct error *parse_number(const char **p, int base, uint64_t *ret)
{
	char *end;

	skip_blanks(p);
	errno = 0;
	uint64_t value = strtoull(*p, &end, base);
	if (end == *p || errno || !isalnum((unsigned char)**p))
		return error_new(ERROR_CORRUPT, "a number is wanted at \"%.20s\"", *p);
	*p = end;
	*ret = value;
	return NULL;
}

static struct error *parse_size(const char **p, uint64_t *ret)
{
	uint64_t value;
	struct error *err = parse_number(p, 0, &value);

	if (err)
		return err;
	unsigned shift = **p == 'K' ? 10 : **p == 'M' ? 20 : **p == 'G' ? 30 : 0;
	if (shift)
		(*p)++;
	if (value << shift >> shift != value)
		return error_new(ERROR_CORRUPT, "the size is too large");
	*ret = value << shift;
	return NULL;
}

static struct error *parse_end(const char *p)
{
	skip_blanks(&p);
	return *p ? error_new(ERROR_CORRUPT, "\"%.20s\" is too much", p) : NULL;
}

static struct error *parse_range(const char *p, uint64_t *pa, uint64_t *size)
{
	struct error *err = parse_number(&p, 0, pa);

	if (!err)
		err = parse_size(&p, size);
	return err ? err : parse_end(p);
}

static struct error *parse_colon(const char **p, uint64_t *pa)
{
	struct error *err = parse_number(p, 0, pa);

	if (!err && *(*p)++ != ':')
		err = error_new(ERROR_CORRUPT, "a colon is wanted behind the address");
	return err;
}

static struct error *line_map(struct image *image, const char *p)
{
	struct machine_map map;
	struct error *err = parse_number(&p, 0, &map.va);

	if (!err)
		err = parse_range(p, &map.pa, &map.size);
	if (err)
		return err;
	struct machine_map *slot = vec_push(&image->maps);
	if (!slot)
		return error_no_memory;
	*slot = map;
	return NULL;
}

static struct error *line_mem(struct image *image, const char *p)
{
	uint64_t pa, word, count;
	struct error *err = parse_colon(&p, &pa);

	for (skip_blanks(&p); !err && *p; skip_blanks(&p)) {
		count = 1;
		err = parse_number(&p, 16, &word);
		if (!err && *p == '*') {
			p++;
			err = parse_number(&p, 0, &count);
		}
		if (!err && count > SPARSE_PAGES_MAX * PAGE_SIZE / 8)
			err = error_new(ERROR_CORRUPT, "too many words");
		word = htole64(word);
		for (; !err && count; count--, pa += 8)
			err = sparse_memory_write(image->machine.memory, pa, &word, 8);
	}
	return err;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

static struct error *line_bytes(struct image *image, const char *p)
{
	uint64_t pa;
	struct error *err = parse_colon(&p, &pa);

	for (skip_blanks(&p); !err && *p; skip_blanks(&p)) {
		int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);

		if (low < 0)
			return error_new(ERROR_CORRUPT, "two hex digits are wanted at \"%.20s\"",
					 p);
		uint8_t byte = (uint8_t)(high << 4 | low);
		err = sparse_memory_write(image->machine.memory, pa++, &byte, 1);
		p += 2;
	}
	return err;
}

static struct error *line_zero(struct image *image, const char *p)
{
	uint64_t pa, size;
	struct error *err = parse_range(p, &pa, &size);

	return err ? err : sparse_memory_add_zero(image->machine.memory, pa, size);
}

static struct error *line_excluded(struct image *image, const char *p)
{
	uint64_t pa, size;
	struct error *err = parse_range(p, &pa, &size);

	return err ? err : sparse_memory_add_excluded(image->machine.memory, pa, size);
}

static struct error *line_vmcoreinfo(struct image *image, const char *p)
{
	for (skip_blanks(&p);; p++) {
		char *slot = vec_push(&image->vmcoreinfo_text);

		if (!slot)
			return error_no_memory;
		*slot = *p ? *p : '\n';
		if (!*p)
			return NULL;
	}
}

/* Words with a number behind them. */
static const struct {
	const char *word;
	size_t offset;
} numbers[] = {
	{"cr3", offsetof(struct image, cr3)},
	{"kaslr_offset", offsetof(struct image, kaslr_offset)},
	{"levels", offsetof(struct image, levels)},
	{"phys_base", offsetof(struct image, phys_base)},
	{"sme_mask", offsetof(struct image, sme_mask)},
};

static const struct {
	const char *word;
	struct error *(*parse)(struct image *, const char *p);
} lines[] = {
	{"bytes", line_bytes}, {"excluded", line_excluded},     {"map", line_map},
	{"mem", line_mem},     {"vmcoreinfo", line_vmcoreinfo}, {"zero", line_zero},
};

/* The text behind word and a blank, when line begins so; else NULL. */
static const char *behind_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(line, word, length) && (line[length] == ' ' || line[length] == '\t')
		       ? line + length
		       : NULL;
}

static struct error *parse_line(struct image *image, const char *line, size_t length)
{
	const char *p;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if ((p = behind_word(line, lines[i].word)))
			return lines[i].parse(image, p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if ((p = behind_word(line, numbers[i].word))) {
			struct error *err = parse_number(
				&p, 0, (uint64_t *)((char *)image + numbers[i].offset));
			return err ? err : parse_end(p);
		}
	}
	return layout_file_parse_line(&image->layouts, line, length);
}

static struct error *parse_text(struct image *image, char *text, size_t size)
{
	unsigned number = 1; /* of the line, the magic one is 1 */

	for (char *line = text, *end; line < text + size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + size - line));
		if (!end)
			end = text + size;
		*end = '\0';
		if (number++ == 1)
			continue;
		struct error *err = parse_line(image, line, (size_t)(end - line));
		if (err)
			return error_prepend(err, "line %u", number - 1);
	}
	return NULL;
}

static struct error *set_up(struct image *image)
{
	struct machine *machine = &image->machine;
	char *end = vec_push(&image->vmcoreinfo_text); /* the NUL */

	if (!end)
		return error_no_memory;
	if (image->levels != 4 && image->levels != 5)
		return error_new(ERROR_CORRUPT, "levels are 4 or 5");
	machine->maps = image->maps.at;
	machine->n_maps = image->maps.n;
	machine->x86.root = image->cr3;
	machine->x86.levels = image->cr3 ? (unsigned)image->levels : 0;
	machine->x86.sme_mask = image->sme_mask;
	machine_init(machine);
	return vmcoreinfo_parse(image->vmcoreinfo_text.at, &image->vmcoreinfo);
}

static struct error *image_load(struct image *image, const char *path)
{
	struct core_file file = {.fd = -1};
	_cleanup_(freep) void *text = NULL;
	struct error *err = core_file_open(path, &file);

	if (!err && file.size > IMAGE_MAX)
		err = error_new(ERROR_CORRUPT, "is larger than any test image");
	if (!err)
		err = core_file_read_alloc(&file, 0, file.size, &text);
	core_file_close(&file);
	if (!err)
		err = sparse_memory_new(&image->machine.memory);
	if (!err)
		err = parse_text(image, text, file.size);
	return err ? err : set_up(image);
}

/* The image is all there is: what its lines do not name is absent. */
static struct error *image_lookup(struct target *target, struct lookup *rows, size_t n)
{
	struct image *image = image_of(target);

	for (size_t i = 0; i < n; i++) {
		if (!layout_file_find(&image->layouts, &rows[i]))
			rows[i].state = LOOKUP_ABSENT;
		if (rows[i].kind == LOOKUP_SYMBOL && rows[i].state == LOOKUP_FOUND &&
		    rows[i].value >= START_KERNEL_MAP)
			rows[i].value += image->kaslr_offset;
	}
	return NULL;
}

static const char *image_vmcoreinfo(struct target *target, const char *key)
{
	return vmcoreinfo_get(&image_of(target)->vmcoreinfo, key);
}

static struct error *image_export(struct target *target, struct layout_file *file)
{
	return layout_file_merge(file, &image_of(target)->layouts);
}

static void image_facts(struct target *target, struct target_facts *ret)
{
	struct image *image = image_of(target);

	*ret = (struct target_facts){
		.kind = "image",
		.format = "image",
		.release = image->layouts.release,
		.build_id = image->layouts.build_id,
		.symbols = "image",
		.types = "image",
		.kaslr_known = true,
		.kaslr_offset = image->kaslr_offset,
		.phys_base = image->phys_base,
		.sme_mask = image->sme_mask,
		.page_levels = (unsigned)image->levels,
		.page_table = image->cr3,
		.vmcoreinfo = image->vmcoreinfo.n ? image->vmcoreinfo.whole : NULL,
	};
}

static void image_close(struct target *target)
{
	struct image *image = image_of(target);

	machine_done(&image->machine);
	layout_file_free(&image->layouts);
	vec_free(&image->maps);
	vec_free(&image->vmcoreinfo_text);
	vmcoreinfo_free(&image->vmcoreinfo);
	free(image);
}

static const struct target_ops image_ops = {
	.kind = "image",
	.read = machine_read,
	.translate = machine_translate,
	.lookup = image_lookup,
	.vmcoreinfo = image_vmcoreinfo,
	.export = image_export,
	.facts = image_facts,
	.close = image_close,
};

struct error *image_target_open(const struct target_spec *spec, struct target **ret)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return error_no_memory;
	image->machine.base = (struct target){.ops = &image_ops, .interrupt = spec->interrupt};
	image->levels = 4;
	struct error *err = image_load(image, spec->cores[0]);
	if (err) {
		image_close(&image->machine.base);
		return error_prepend(err, "%s", spec->cores[0]);
	}
	*ret = &image->machine.base;
	return NULL;
}
