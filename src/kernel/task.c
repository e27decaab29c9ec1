/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/task.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/x86_64.h"

#define USER_PAGE UINT64_C(4096)
#define NAME_MAX_BYTES 64
#define SLOTS_AT_ONCE 64
/* What all processes together may have: a table that is damaged may claim any length. */
#define SLOTS_MAX (UINT64_C(1) << 24)

static const struct need task_rows[] = {TASK_NEEDS(NEED_ROW)};

const struct need_table task_needs = {"tasks", task_rows, ARRAY_SIZE(task_rows)};

struct error *tasks_open(struct kernel *kernel, struct tasks *ret)
{
	const struct need_set *needs;
	struct error *err = kernel_part(kernel, PART_TASKS, &needs);

	if (err)
		return err;
	for (size_t i = 0; i < needs->n; i++)
		if (needs->rows[i].level == NEED_REQUIRED && !is_found(&needs->found[i]))
			return need_missing(needs, i);
	*ret = (struct tasks){
		.kernel = kernel,
		.found = needs->found,
		.head = needs->found[TASK_INIT].value + needs->found[TASK_LIST].value,
	};
	return NULL;
}

uint64_t task_of_node(const struct tasks *tasks, uint64_t node)
{
	return node - tasks->found[TASK_LIST].value;
}

static struct error *read_member(const struct tasks *tasks, uint64_t base, enum task_need member,
				 uint64_t *ret)
{
	return kernel_read_member(tasks->kernel, base, &tasks->found[member], ret);
}

static struct error *visit_slots(struct tasks *tasks, uint64_t array, uint64_t n,
				 struct error *(*visit)(void *arg, uint64_t file), void *arg)
{
	uint8_t slots[SLOTS_AT_ONCE * 8];
	struct error *err = NULL;

	for (uint64_t at = 0; at < n && !err; at += SLOTS_AT_ONCE) {
		size_t count = n - at < SLOTS_AT_ONCE ? n - at : SLOTS_AT_ONCE;

		err = target_poll(tasks->kernel->target);
		if (!err)
			err = target_read(tasks->kernel->target, SPACE_VIRT, array + at * 8, slots,
					  count * 8);
		for (size_t i = 0; i < count && !err; i++)
			if (get_le64(slots + i * 8))
				err = visit(arg, get_le64(slots + i * 8));
	}
	return err;
}

struct error *task_files(struct tasks *tasks, uint64_t task,
			 struct error *(*visit)(void *arg, uint64_t file), void *arg)
{
	uint64_t files, table, n, array;
	struct error *err = read_member(tasks, task, TASK_FILES, &files);

	if (err || !files) /* it is about to end */
		return err;
	err = read_member(tasks, files, TASK_FD_TABLE, &table);
	if (!err)
		err = read_member(tasks, table, TASK_FD_MAX, &n);
	if (!err)
		err = read_member(tasks, table, TASK_FD_ARRAY, &array);
	if (err)
		return err;
	if (n > SLOTS_MAX - tasks->slots)
		return error_new(ERROR_CORRUPT,
				 "struct fdtable at 0x%" PRIx64 " has room for %" PRIu64
				 " files, more than can be",
				 table, n);
	tasks->slots += n;
	return visit_slots(tasks, array, n, visit, arg);
}

struct error *task_read_name(struct tasks *tasks, struct arena *arena, uint64_t base,
			     enum task_need member, const char **ret)
{
	const struct found *found = &tasks->found[member];
	char bytes[NAME_MAX_BYTES];
	size_t size = found->size < sizeof(bytes) ? found->size : sizeof(bytes);

	if (!is_found(found))
		return error_not_found;
	struct error *err =
		target_read(tasks->kernel->target, SPACE_VIRT, base + found->value, bytes, size);
	if (err)
		return err;
	*ret = arena_strndup(arena, bytes, strnlen(bytes, size));
	return *ret ? NULL : error_no_memory;
}

static struct error *read_table_word(void *arg, uint64_t pa, void *buf, size_t len)
{
	return target_read(arg, SPACE_PHYS, pa, buf, len);
}

/* A process's memory, through its own page table. */
static struct error *read_user(struct target *target, uint64_t page_table, uint64_t address,
			       char *buf, size_t len)
{
	struct target_facts facts = target_facts(target);
	struct x86_64 x86 = {
		.levels = facts.page_levels,
		.sme_mask = facts.sme_mask,
		.read = read_table_word,
		.arg = target,
	};
	struct error *err = x86.levels
				    ? target_translate(target, page_table, &x86.root)
				    : error_new(ERROR_NOT_FOUND, "the target has no page tables");

	x86_64_flush(&x86);
	while (len && !err) {
		size_t room = USER_PAGE - (address & (USER_PAGE - 1)), n = len < room ? len : room;
		uint64_t pa;

		err = x86_64_translate(&x86, address, &pa);
		if (!err)
			err = target_read(target, SPACE_PHYS, pa, buf, n);
		buf += n;
		address += n;
		len -= n;
	}
	return err;
}

struct error *task_command(struct tasks *tasks, struct arena *arena, uint64_t task,
			   const char **ret, size_t *size)
{
	uint64_t mm, page_table, start, end;
	struct error *err = read_member(tasks, task, TASK_MM, &mm);

	if (!err && !mm) { /* a kernel thread, or about to end */
		*size = 0;
		return NULL;
	}
	if (!err)
		err = read_member(tasks, mm, TASK_PAGE_TABLE, &page_table);
	if (!err)
		err = read_member(tasks, mm, TASK_ARG_START, &start);
	if (!err)
		err = read_member(tasks, mm, TASK_ARG_END, &end);
	if (err)
		return err;
	if (end < start)
		return error_new(ERROR_CORRUPT,
				 "its arguments lie from 0x%" PRIx64 " to 0x%" PRIx64, start, end);
	size_t length = end - start < TASK_COMMAND_MAX ? end - start : TASK_COMMAND_MAX;
	char *bytes = arena_alloc(arena, length + 1);
	if (!bytes)
		return error_no_memory;
	err = read_user(tasks->kernel->target, page_table, start, bytes, length);
	if (err)
		return err;
	*ret = bytes;
	*size = length;
	return NULL;
}
