/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/physical.h"

#include <inttypes.h>

#include "base/vec.h"
#include "cmd/select.h"
#include "target/memory.h"

#define PAGE_OFFSET (PAGE_SIZE - 1)

static struct error *add_range(struct physical *physical, struct range range)
{
	if (range.last >= PHYSICAL_END)
		return error_new(ERROR_USAGE,
				 "0x%" PRIx64 " is no physical address: they have 52 bits",
				 range.last);
	struct range *added = vec_push(physical);
	if (!added)
		return error_no_memory;
	*added = (struct range){range.first & ~PAGE_OFFSET, range.last | PAGE_OFFSET};
	return NULL;
}

static struct error *translate_symbol(struct target *target, const char *name, uint64_t *ret)
{
	uint64_t address;
	struct error *err = target_symbol(target, name, &address);

	if (err && error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
		return error_new(ERROR_USAGE, "no symbol '%s' in this kernel", name);
	}
	if (!err)
		err = target_translate(target, address, ret);
	return err ? error_prepend(err, "symbol %s", name) : NULL;
}

static struct error *add_symbol(struct physical *physical, struct target *target, const char *name)
{
	uint64_t pa;
	struct error *err = translate_symbol(target, name, &pa);

	return err ? err : add_range(physical, (struct range){pa, pa});
}

/* The kernel's image is one piece of physical memory. */
static struct error *add_kernel_text(struct physical *physical, struct target *target)
{
	uint64_t start, end;
	struct error *err = translate_symbol(target, "_stext", &start);

	if (!err)
		err = translate_symbol(target, "_etext", &end);
	if (!err && end <= start)
		err = error_new(ERROR_CORRUPT,
				"the kernel's code ends at 0x%" PRIx64
				", before its start at 0x%" PRIx64,
				end, start);
	return err ? err : add_range(physical, (struct range){start, end - 1});
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return (ra->first > rb->first) - (ra->first < rb->first);
}

static void join_ranges(struct physical *physical)
{
	size_t n = 0;

	qsort(physical->at, physical->n, sizeof(*physical->at), compare_ranges);
	for (size_t i = 0; i < physical->n; i++) {
		struct range *last = n ? &physical->at[n - 1] : NULL;

		if (!last || physical->at[i].first > last->last + 1)
			physical->at[n++] = physical->at[i];
		else if (physical->at[i].last > last->last)
			last->last = physical->at[i].last;
	}
	physical->n = n;
}

struct error *physical_of_call(struct command_call *call, struct physical *ret)
{
	const char *symbol = call_option(call, "symbol");
	bool text = call_option(call, "kernel-text");
	struct physical physical = {0};
	struct target *target;
	struct error *err = NULL;

	if (!call->n_operands && !symbol && !text)
		return error_new(ERROR_USAGE,
				 "which physical memory? An address, a range A-B or A+LENGTH, "
				 "--symbol or --kernel-text");
	for (size_t i = 0; i < call->n_operands && !err; i++) {
		struct range range;

		err = parse_range(call->operands[i], &range);
		if (!err)
			err = add_range(&physical, range);
	}
	if (!err)
		err = session_target(call->session, &target);
	if (!err && symbol)
		err = add_symbol(&physical, target, symbol);
	if (!err && text)
		err = add_kernel_text(&physical, target);
	if (err) {
		physical_free(&physical);
		return err;
	}
	join_ranges(&physical);
	*ret = physical;
	return NULL;
}

bool physical_part(const struct physical *physical, uint64_t first, uint64_t last,
		   struct range *ret)
{
	size_t low = 0, high = physical->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (physical->at[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == physical->n || physical->at[low].first > last)
		return false;
	const struct range *r = &physical->at[low];
	*ret = (struct range){r->first > first ? r->first : first, r->last < last ? r->last : last};
	return true;
}
