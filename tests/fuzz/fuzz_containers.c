/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's lists, trees and its log in hostile memory: each walk ends by itself. */
#include "fuzz.h"
#include "kernel/list.h"
#include "kernel/log.h"
#include "kernel/maple.h"
#include "kernel/rbtree.h"
#include "kernel/xarray.h"

#define VISITS 20000 /* of nodes and entries; a user would have interrupted */

static struct error *see(unsigned *visits)
{
	return ++*visits > VISITS ? error_stopped : NULL;
}

static struct error *see_entry(void *arg, uint64_t index, uint64_t entry)
{
	(void)index;
	(void)entry;
	return see(arg);
}

static struct error *see_range(void *arg, uint64_t first, uint64_t last, uint64_t entry)
{
	(void)entry;
	if (first > last)
		__builtin_trap();
	return see(arg);
}

static struct error *see_record(void *arg, const struct log_record *record)
{
	if (record->text.state == DATUM_OK)
		fprintf(fuzz_nowhere(), "%s", record->text.value);
	return see(arg);
}

static void drop(void *arg, struct error *err)
{
	(void)arg;
	error_free(err);
}

static void walk_list(struct kernel *kernel, uint64_t head)
{
	struct list_walk walk = list_walk_begin(kernel, head);
	uint64_t entry = 0;
	struct error *err;

	for (unsigned i = 0; i < VISITS; i++) {
		err = list_walk_next(&walk, &entry);
		error_free(err);
		if (err || !entry)
			break;
	}
}

static void walk_tree(struct kernel *kernel, uint64_t root)
{
	struct rb_walk walk = rb_walk_begin(kernel, root);
	uint64_t node = 0;

	for (unsigned i = 0; i < VISITS; i++) {
		struct error *err = rb_walk_next(&walk, &node);
		bool goes_on = err ? error_is_unreadable(err) : node != 0;

		error_free(err);
		if (!goes_on)
			break;
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	unsigned kind = (unsigned)input_le(&input, 1), visits = 0;
	uint64_t start = input_le(&input, 8);
	struct hostile hostile;
	struct kernel *kernel;
	uint64_t bits[1024] = {0};

	hostile_init(&hostile, input);
	struct error *err = kernel_open(&hostile.base, NULL, 0, &kernel);
	if (err) {
		error_free(err);
		return;
	}
	switch (kind % 6) {
	case 0:
		walk_list(kernel, start);
		break;
	case 1:
		walk_tree(kernel, start);
		break;
	case 2:
		fuzz_ignore(xarray_walk(kernel, start, see_entry, drop, &visits));
		break;
	case 3:
		fuzz_ignore(ida_read(kernel, start, bits, sizeof(bits) * 8));
		break;
	case 4:
		fuzz_ignore(maple_walk(kernel, start, see_range, drop, &visits));
		break;
	default:
		fuzz_ignore(log_read(kernel, kind & 0x80 ? LOG_ALL : 50, see_record, &visits));
	}
	kernel_close(kernel);
}
