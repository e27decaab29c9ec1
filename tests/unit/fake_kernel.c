/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>

#include "fake_kernel.h"

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "target/kinds.h"
#include "target/layout_file.h"

/* Physical memory lies above 4 GB, so that addresses cut to 32 bits show. */
#define RAM_BASE UINT64_C(0x680000000)
#define OBJECTS_SIZE (UINT64_C(32) << 20)
#define IMAGE_SIZE (UINT64_C(128) << 20) /* the kernel's image, behind the objects */
#define RAM_SIZE (OBJECTS_SIZE + IMAGE_SIZE)

/* Documentation/arch/x86/x86_64/mm.rst */
#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)
#define LINEAR_4_LEVELS UINT64_C(0xffff888000000000)
#define LINEAR_5_LEVELS UINT64_C(0xff11000000000000)
#define VMALLOC_4_LEVELS UINT64_C(0xffffc90000000000)
#define VMALLOC_5_LEVELS UINT64_C(0xffa0000000000000)

enum page_state {
	PAGE_UNUSED, /* no memory there */
	PAGE_HELD,
	PAGE_EXCLUDED,
	PAGE_REMOVED, /* no memory there any more */
};

struct vmalloc_page {
	uint64_t va, pa;
};

struct fake_kernel {
	struct fake_options options;
	struct layout_file layouts;
	char *text; /* of the layouts */
	uint8_t *ram;
	uint8_t state[RAM_SIZE / FAKE_PAGE];
	uint64_t used; /* of the objects' part */
	VEC(struct vmalloc_page) vmalloc;
	uint64_t vmalloc_used, cr3;
	char path[64];
};

/* Addresses. */

static uint64_t linear_base(const struct fake_kernel *k)
{
	return k->options.page_levels == 5 ? LINEAR_5_LEVELS : LINEAR_4_LEVELS;
}

static uint64_t image_base(const struct fake_kernel *k)
{
	return START_KERNEL_MAP + k->options.kaslr_offset;
}

uint64_t fake_phys(const struct fake_kernel *k, uint64_t va)
{
	uint64_t linear = linear_base(k) + RAM_BASE;

	if (va >= linear && va - linear < RAM_SIZE)
		return va - linear_base(k);
	if (va >= image_base(k) && va - image_base(k) < IMAGE_SIZE)
		return RAM_BASE + OBJECTS_SIZE + (va - image_base(k));
	for (size_t i = 0; i < k->vmalloc.n; i++)
		if (va - k->vmalloc.at[i].va < FAKE_PAGE)
			return k->vmalloc.at[i].pa + (va - k->vmalloc.at[i].va);
	fail_msg("0x%" PRIx64 " is no address of the fake kernel", va);
	return 0;
}

/* Memory. */

static void set_state(struct fake_kernel *k, uint64_t va, uint64_t size, enum page_state state)
{
	uint64_t first = va & ~(FAKE_PAGE - 1);

	for (uint64_t at = first; at < va + size; at += FAKE_PAGE)
		k->state[(fake_phys(k, at) - RAM_BASE) / FAKE_PAGE] = state;
}

uint64_t fake_alloc_bytes(struct fake_kernel *k, uint64_t size)
{
	uint64_t va = linear_base(k) + RAM_BASE + k->used;

	assert_true(size && size <= OBJECTS_SIZE - k->used);
	k->used += (size + FAKE_PAGE - 1) & ~(FAKE_PAGE - 1);
	set_state(k, va, size, PAGE_HELD);
	return va;
}

uint64_t fake_vmalloc(struct fake_kernel *k, uint64_t size)
{
	uint64_t base = k->options.page_levels == 5 ? VMALLOC_5_LEVELS : VMALLOC_4_LEVELS;
	uint64_t n = (size + FAKE_PAGE - 1) / FAKE_PAGE;
	uint64_t pages = fake_phys(k, fake_alloc_bytes(k, size));
	uint64_t va = base + k->vmalloc_used;

	k->vmalloc_used += (n + 1) * FAKE_PAGE; /* a guard page, as the kernel leaves one */
	for (uint64_t i = 0; i < n; i++) {
		struct vmalloc_page *page = vec_push(&k->vmalloc);

		assert_non_null(page);
		*page = (struct vmalloc_page){va + i * FAKE_PAGE, pages + (n - 1 - i) * FAKE_PAGE};
	}
	return va;
}

uint64_t fake_alloc(struct fake_kernel *k, const char *type)
{
	uint64_t size = 0;

	for (size_t i = 0; i < k->layouts.n; i++) {
		const struct lookup *row = &k->layouts.at[i];

		if (row->kind == LOOKUP_MEMBER && row->state == LOOKUP_FOUND &&
		    !strcmp(row->type, type) && row->value + row->size > size)
			size = row->value + row->size;
	}
	if (!size)
		fail_msg("%s has no %s", k->options.layouts, type);
	return fake_alloc_bytes(k, size);
}

uint64_t fake_string(struct fake_kernel *k, const char *text)
{
	uint64_t va = fake_alloc_bytes(k, strlen(text) + 1);

	for (size_t i = 0; text[i]; i++)
		fake_write(k, va + i, 1, (uint8_t)text[i]);
	return va;
}

static uint8_t *byte_at(const struct fake_kernel *k, uint64_t va)
{
	return &k->ram[fake_phys(k, va) - RAM_BASE];
}

void fake_write(struct fake_kernel *k, uint64_t va, unsigned size, uint64_t value)
{
	assert_true((va & (FAKE_PAGE - 1)) + size <= FAKE_PAGE);
	value = htole64(value);
	memcpy(byte_at(k, va), &value, size);
}

uint64_t fake_read64(const struct fake_kernel *k, uint64_t va)
{
	return get_le64(byte_at(k, va));
}

uint64_t fake_objects_end(const struct fake_kernel *k)
{
	return linear_base(k) + RAM_BASE + k->used;
}

void fake_exclude(struct fake_kernel *k, uint64_t va, uint64_t size)
{
	set_state(k, va, size, PAGE_EXCLUDED);
}

void fake_remove(struct fake_kernel *k, uint64_t va, uint64_t size)
{
	set_state(k, va, size, PAGE_REMOVED);
}

/* Symbols and members. */

uint64_t fake_symbol(struct fake_kernel *k, const char *name)
{
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = name};

	if (!layout_file_find(&k->layouts, &row) || row.state != LOOKUP_FOUND)
		return 0;
	return row.value + k->options.kaslr_offset;
}

static bool find_member(const struct fake_kernel *k, const char *type, const char *member,
			struct lookup *row)
{
	*row = (struct lookup){.kind = LOOKUP_MEMBER, .type = type, .name = member};
	return layout_file_find(&k->layouts, row) && row->state == LOOKUP_FOUND;
}

static struct lookup member_of(const struct fake_kernel *k, const char *type, const char *member)
{
	struct lookup row;

	if (!find_member(k, type, member, &row))
		fail_msg("%s has no %s.%s", k->options.layouts, type, member);
	return row;
}

bool fake_has(const struct fake_kernel *k, const char *type, const char *member)
{
	struct lookup row;

	return find_member(k, type, member, &row);
}

unsigned fake_size(const struct fake_kernel *k, const char *type, const char *member)
{
	return member_of(k, type, member).size;
}

uint64_t fake_offset(const struct fake_kernel *k, const char *type, const char *member)
{
	return member_of(k, type, member).value;
}

void fake_put(struct fake_kernel *k, uint64_t object, const char *type, const char *member,
	      uint64_t value)
{
	struct lookup row = member_of(k, type, member);

	assert_true(row.size <= 8);
	fake_write(k, object + row.value, row.size, value);
}

void fake_put_if(struct fake_kernel *k, uint64_t object, const char *type, const char *member,
		 uint64_t value)
{
	if (fake_has(k, type, member))
		fake_put(k, object, type, member, value);
}

uint64_t fake_get(const struct fake_kernel *k, uint64_t object, const char *type,
		  const char *member)
{
	struct lookup row = member_of(k, type, member);

	return get_le(byte_at(k, object + row.value), row.size);
}

void fake_list_init(struct fake_kernel *k, uint64_t head)
{
	fake_write(k, head, 8, head);
	fake_write(k, head + 8, 8, head);
}

void fake_list_add(struct fake_kernel *k, uint64_t head, uint64_t node)
{
	uint64_t last = fake_read64(k, head + 8);

	fake_write(k, node, 8, head);
	fake_write(k, node + 8, 8, last);
	fake_write(k, last, 8, node);
	fake_write(k, head + 8, 8, node);
}

/* The kernel. */

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	if (!file || !text)
		fail_msg("%s cannot be read; tests run in the project's top folder", path);
	size_t n = fread(text, 1, 65535, file);
	fclose(file);
	assert_true(n > 0 && n < 65535);
	return text;
}

/* All symbols are objects of no more bytes than this. */
#define SYMBOL_SIZE 4096

static void place_symbols(struct fake_kernel *k)
{
	for (size_t i = 0; i < k->layouts.n; i++)
		if (k->layouts.at[i].kind == LOOKUP_SYMBOL)
			set_state(k, k->layouts.at[i].value + k->options.kaslr_offset, SYMBOL_SIZE,
				  PAGE_HELD);
}

struct fake_kernel *fake_new(const struct fake_options *options)
{
	struct fake_kernel *k = calloc(1, sizeof(*k));
	char path[128];

	assert_non_null(k);
	k->options = *options;
	snprintf(path, sizeof(path), FAKE_LAYOUTS "/%s.layouts", options->layouts);
	k->text = read_text(path);
	struct error *err = layout_file_parse(&k->layouts, k->text, strlen(k->text));
	if (err)
		fail_msg("%s: %s", path, error_message(err));
	k->ram = calloc(1, RAM_SIZE); /* untouched pages cost nothing */
	assert_non_null(k->ram);
	place_symbols(k);
	return k;
}

void fake_free(struct fake_kernel *k)
{
	if (!k)
		return;
	if (*k->path)
		unlink(k->path);
	layout_file_free(&k->layouts);
	vec_free(&k->vmalloc);
	free(k->text);
	free(k->ram);
	free(k);
}

const struct fake_options *fake_options(const struct fake_kernel *k)
{
	return &k->options;
}

/* The kernel's own page tables. */

static void map_page(struct fake_kernel *k, uint64_t va, uint64_t pa)
{
	uint64_t table = k->cr3;

	for (unsigned level = k->options.page_levels; level > 1; level--) {
		uint64_t at = linear_base(k) + table + bits(va, 12 + 9 * (level - 1), 9) * 8;
		uint64_t entry = fake_read64(k, at);

		if (!entry) {
			entry = fake_phys(k, fake_alloc_bytes(k, FAKE_PAGE)) | k->options.sme_mask |
				0x63;
			fake_write(k, at, 8, entry);
		}
		table = entry & ~k->options.sme_mask & UINT64_C(0x000ffffffffff000);
	}
	fake_write(k, linear_base(k) + table + bits(va, 12, 9) * 8, 8,
		   pa | k->options.sme_mask | 0x63);
}

static void build_page_tables(struct fake_kernel *k)
{
	uint64_t used = k->used;

	k->cr3 = fake_phys(k, fake_alloc_bytes(k, FAKE_PAGE));
	for (uint64_t at = 0; at < used; at += FAKE_PAGE)
		map_page(k, linear_base(k) + RAM_BASE + at, RAM_BASE + at);
	for (uint64_t at = OBJECTS_SIZE; at < RAM_SIZE; at += FAKE_PAGE)
		if (k->state[at / FAKE_PAGE])
			map_page(k, image_base(k) + at - OBJECTS_SIZE, RAM_BASE + at);
	for (size_t i = 0; i < k->vmalloc.n; i++)
		map_page(k, k->vmalloc.at[i].va, k->vmalloc.at[i].pa);
}

/* The image. */

void fake_forget(struct fake_kernel *k, const char *row)
{
	size_t length = strlen(row);
	char *line = k->text;

	while (strncmp(line, row, length) != 0 || line[length] != ' ') {
		line = strchr(line, '\n');
		if (!line || !*++line)
			fail_msg("%s: no row %s", k->options.layouts, row);
	}
	const char *next = strchr(line, '\n') + 1;
	memmove(line, next, strlen(next) + 1);
}

static void write_head(struct fake_kernel *k, FILE *out)
{
	fputs(IMAGE_MAGIC, out);
	fputs(strchr(k->text, '\n') + 1, out);
	if (k->options.sme_mask)
		fprintf(out, "sme_mask 0x%" PRIx64 "\n", k->options.sme_mask);
	if (k->options.kaslr_offset)
		fprintf(out, "kaslr_offset 0x%" PRIx64 "\n", k->options.kaslr_offset);
	if (k->options.page_levels) {
		build_page_tables(k);
		fprintf(out, "cr3 0x%" PRIx64 "\nlevels %u\n", k->cr3, k->options.page_levels);
		return;
	}
	fprintf(out, "map 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 "\n", LINEAR_4_LEVELS + RAM_BASE,
		RAM_BASE, RAM_SIZE);
	fprintf(out, "map 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 "\n", image_base(k),
		RAM_BASE + OBJECTS_SIZE, IMAGE_SIZE);
	for (size_t i = 0; i < k->vmalloc.n; i++)
		fprintf(out, "map 0x%" PRIx64 " 0x%" PRIx64 " 4K\n", k->vmalloc.at[i].va,
			k->vmalloc.at[i].pa);
}

/* Only words that are not zero: the rest of the page follows from its `zero` line. */
static void write_page(const struct fake_kernel *k, FILE *out, uint64_t page)
{
	const uint8_t *bytes = k->ram + page * FAKE_PAGE;
	bool running = false;

	for (unsigned i = 0; i < FAKE_PAGE; i += 8) {
		uint64_t word = get_le64(bytes + i);

		if (word && !running)
			fprintf(out, "mem 0x%" PRIx64 ":", RAM_BASE + page * FAKE_PAGE + i);
		if (word)
			fprintf(out, " %" PRIx64, word);
		else if (running)
			fputc('\n', out);
		running = word;
	}
	if (running)
		fputc('\n', out);
}

static void write_memory(const struct fake_kernel *k, FILE *out)
{
	static const char *const words[] = {
		[PAGE_HELD] = "zero",
		[PAGE_EXCLUDED] = "excluded",
		[PAGE_REMOVED] = NULL,
	};
	uint64_t n = RAM_SIZE / FAKE_PAGE, end;

	for (uint64_t first = 0; first < n; first = end) {
		for (end = first + 1; end < n && k->state[end] == k->state[first]; end++)
			;
		if (words[k->state[first]])
			fprintf(out, "%s 0x%" PRIx64 " 0x%" PRIx64 "\n", words[k->state[first]],
				RAM_BASE + first * FAKE_PAGE, (end - first) * FAKE_PAGE);
		for (uint64_t page = first; page < end && k->state[first] == PAGE_HELD; page++)
			write_page(k, out, page);
	}
}

const char *fake_image(struct fake_kernel *k)
{
	const char *folder = getenv("TMPDIR");

	assert_false(*k->path); /* the page tables are built once */
	snprintf(k->path, sizeof(k->path), "%.40s/fake-kernel-XXXXXX", folder ? folder : "/tmp");
	int fd = mkstemp(k->path);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!out)
		fail_msg("%s cannot be made", k->path);
	write_head(k, out);
	write_memory(k, out);
	assert_int_equal(fclose(out), 0);
	return k->path;
}
