/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/list.h"

#include <inttypes.h>

/* struct list_head */
#define NEXT 0
#define PREV 8

struct list_walk list_walk_begin(struct kernel *kernel, uint64_t head)
{
	return (struct list_walk){.kernel = kernel, .head = head, .at = head, .seen_limit = 1};
}

static struct error *check_link(const struct list_walk *walk, uint64_t link)
{
	uint64_t ignored;

	if (!link)
		return error_new(ERROR_CORRUPT,
				 "list broken after %" PRIu64 " entries: NULL link at 0x%" PRIx64,
				 walk->count, walk->at);
	if (link == walk->seen || walk->count >= LIST_LENGTH_MAX)
		return error_new(ERROR_CORRUPT,
				 "list loops without its head after %" PRIu64 " entries, at 0x%"
				 PRIx64,
				 walk->count, walk->at);
	struct error *err = target_read_u64(walk->kernel->target, SPACE_VIRT, link, &ignored);
	if (err && error_code(err) == ERROR_FAULT)
		return error_prepend(err, "list broken after %" PRIu64 " entries, at 0x%" PRIx64,
				     walk->count, walk->at);
	error_free(err); /* the entry is there, though not in the dump */
	return NULL;
}

/* Follows the link at `offset` of the entry told last; untouched on failure. */
static struct error *step(struct list_walk *walk, unsigned offset)
{
	uint64_t link;
	struct error *err = target_read_u64(walk->kernel->target, SPACE_VIRT, walk->at + offset,
					    &link);

	if (!err && link != walk->head)
		err = check_link(walk, link);
	if (err)
		return err;
	walk->at = link;
	if (++walk->count == walk->seen_limit) {
		walk->seen = link;
		walk->seen_limit *= 2;
	}
	return NULL;
}

/* What has stopped the walk on its way forward, met once more. */
static struct error *damage(struct list_walk *walk)
{
	walk->at = walk->damage_at;
	walk->count = walk->damage_count;
	walk->seen = walk->damage_seen;
	struct error *err = step(walk, NEXT);
	return err ? err : error_new(ERROR_TORN, "list changed while it was read, at 0x%" PRIx64,
				     walk->damage_at);
}

static struct error *next_backward(struct list_walk *walk, uint64_t *ret)
{
	struct error *err = step(walk, PREV);
	bool met = err || walk->at == walk->damage_at || walk->at == walk->head;

	if (err && !error_is_unreadable(err))
		return err;
	error_free(err); /* the first damage is the one that is told */
	if (met)
		return damage(walk);
	*ret = walk->at;
	return NULL;
}

struct error *list_walk_next(struct list_walk *walk, uint64_t *ret)
{
	struct error *err = target_poll(walk->kernel->target);

	if (err)
		return err;
	if (walk->backward)
		return next_backward(walk, ret);
	err = step(walk, NEXT);
	if (!err) {
		*ret = walk->at == walk->head ? 0 : walk->at;
		return NULL;
	}
	if (!error_is_unreadable(err))
		return err;
	error_free(err);
	walk->backward = true;
	walk->damage_at = walk->at;
	walk->damage_count = walk->count;
	walk->damage_seen = walk->seen;
	walk->at = walk->head;
	walk->seen = 0;
	walk->count = 0;
	walk->seen_limit = 1;
	return next_backward(walk, ret);
}
