/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "kernel/ability.h"
#include "kernel/iova.h"
#include "kernel/page.h"
#include "kernel/task.h"

#define SETS_MAX 4
#define STRING_MAX 256

static const struct need core_rows[] = {CORE_NEEDS(NEED_ROW)};

const struct need_table *const need_parts[PART_N] = {
	[PART_PAGES] = &page_needs,
	[PART_IOVA] = &iova_needs,
	[PART_TASKS] = &task_needs,
};

struct error *kernel_open(struct target *target, struct need_set *const *sets, size_t n_sets,
			  struct kernel **ret)
{
	struct need_set *all[SETS_MAX];
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return error_no_memory;
	kernel->target = target;
	kernel->core_set = (struct need_set){
		.title = "core",
		.rows = core_rows,
		.n = CORE_N,
		.found = kernel->core,
		.abilities = core_abilities,
		.n_abilities = n_core_abilities,
	};
	all[0] = &kernel->core_set;
	for (size_t i = 0; i < n_sets && i + 1 < SETS_MAX; i++)
		all[i + 1] = sets[i];
	struct error *err = needs_resolve(target, &kernel->arena, all, n_sets + 1);
	if (err) {
		kernel_close(kernel);
		return err;
	}
	*ret = kernel;
	return NULL;
}

struct error *need_table_resolve(struct kernel *kernel, const struct need_table *table,
				 struct need_set *set)
{
	struct need_set fresh = {.title = table->title, .rows = table->rows, .n = table->n};
	struct need_set *const sets[] = {&fresh};

	if (set->found)
		return NULL;
	fresh.found = arena_alloc(&kernel->arena, table->n * sizeof(*fresh.found));
	if (!fresh.found)
		return error_no_memory;
	struct error *err = needs_resolve(kernel->target, &kernel->arena, sets, 1);
	if (!err)
		*set = fresh;
	return err;
}

struct error *kernel_part(struct kernel *kernel, enum need_part part, const struct need_set **ret)
{
	struct error *err = need_table_resolve(kernel, need_parts[part], &kernel->parts[part]);

	if (!err)
		*ret = &kernel->parts[part];
	return err;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	arena_free(&kernel->arena);
	free(kernel);
}

struct error *need_missing(const struct need_set *set, size_t row)
{
	const struct need *need = &set->rows[row];

	return error_new(ERROR_NOT_FOUND, "this kernel has no %s%s%s, so %s cannot be read",
			 need->type ? need->type : "symbol ",
			 need->type && need->names ? " member " : "",
			 need->names ? need->names : "", need->purpose);
}

struct error *kernel_read_member(struct kernel *kernel, uint64_t base, const struct found *member,
				 uint64_t *ret)
{
	uint8_t bytes[8];

	if (!is_found(member))
		return error_not_found;
	if (member->size == 0 || member->size > sizeof(bytes) || (member->size & (member->size - 1)))
		return error_new(ERROR_CORRUPT, "member %s has a size of %" PRIu32 " bytes, not 1 to 8",
				 member->name, member->size);
	struct error *err = target_read(kernel->target, SPACE_VIRT, base + member->value, bytes,
					member->size);
	if (err)
		return err;
	uint64_t value = get_le(bytes, member->size);
	*ret = member->bit_width ? bits(value, member->bit_first, member->bit_width) : value;
	return NULL;
}

struct error *kernel_read_symbol(struct kernel *kernel, const struct found *symbol, unsigned size,
				 uint64_t *ret)
{
	uint8_t bytes[8];

	if (!is_found(symbol))
		return error_not_found;
	struct error *err = target_read(kernel->target, SPACE_VIRT, symbol->value, bytes, size);
	if (!err)
		*ret = get_le(bytes, size);
	return err;
}

void reader_object(struct reader *reader, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reader->object, sizeof(reader->object), fmt, ap);
	va_end(ap);
	reader->object_format = NULL;
}

void reader_object_name(struct reader *reader, const char *name)
{
	if (!memccpy(reader->object, name, '\0', sizeof(reader->object)))
		reader->object[sizeof(reader->object) - 1] = '\0';
	reader->object_format = NULL;
}

void reader_object_number(struct reader *reader, const char *format, uint64_t value)
{
	reader->object_format = format;
	reader->object_value = value;
}

const char *reader_object_text(struct reader *reader)
{
	if (reader->object_format)
		reader_object(reader, reader->object_format, reader->object_value);
	return reader->object;
}

static struct datum datum_of(struct reader *reader, struct error *err, uint64_t value,
			     const char *what)
{
	if (!err)
		return datum_ok(value);
	if (error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
		return (struct datum){.state = DATUM_ABSENT};
	}
	return (struct datum){
		.state =
			problems_add(reader->problems, err, what, "%s", reader_object_text(reader)),
	};
}

struct datum reader_member(struct reader *reader, uint64_t base, const struct found *member,
			   const char *what)
{
	uint64_t value = 0;
	struct error *err = kernel_read_member(reader->kernel, base, member, &value);

	return datum_of(reader, err, value, what);
}

struct datum reader_symbol(struct reader *reader, const struct found *symbol, unsigned size,
			   const char *what)
{
	uint64_t value = 0;
	struct error *err = kernel_read_symbol(reader->kernel, symbol, size, &value);

	return datum_of(reader, err, value, what);
}

struct datum reader_pointer(struct reader *reader, uint64_t base, const struct found *member,
			    const char *what)
{
	struct datum pointer = reader_member(reader, base, member, what);

	return datum_is(pointer, 0) ? (struct datum){0} : pointer;
}

struct text reader_string(struct reader *reader, struct arena *arena, uint64_t base,
			  const struct found *member, const char *what)
{
	struct datum pointer = reader_pointer(reader, base, member, what);
	_cleanup_(freep) char *bytes = NULL;

	if (pointer.state != DATUM_OK)
		return (struct text){.state = pointer.state};
	struct error *err = target_read_string(reader->kernel->target, SPACE_VIRT, pointer.value,
					       STRING_MAX, &bytes);
	if (err)
		return (struct text){.state = datum_of(reader, err, 0, what).state};
	return text_ok(arena_strdup(arena, bytes));
}

struct datum reader_translate(struct reader *reader, struct datum virt, const char *what)
{
	uint64_t phys = 0;

	if (virt.state != DATUM_OK)
		return virt;
	struct error *err = target_translate(reader->kernel->target, virt.value, &phys);
	return datum_of(reader, err, phys, what);
}
