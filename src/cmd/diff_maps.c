/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/diff_maps.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "target/temporary.h"

/* A run of leaves; last belongs to it. */
struct run {
	uint64_t first, last;
	struct map_state state;
};

struct spool {
	FILE *file;
	struct run run; /* joined so far */
	bool has_run;
	int side;
	void (*unreadable)(void *arg, int side, uint64_t iova, struct error *err);
	void *arg;
};

static bool continues(const struct map_state *a, uint64_t distance, const struct map_state *b,
		      bool by_address)
{
	return a->mapped == b->mapped && a->unknown == b->unknown && a->read == b->read &&
	       a->write == b->write &&
	       (!by_address || !a->mapped || a->unknown || a->pa + distance == b->pa);
}

static struct error *spool_flush(struct spool *s)
{
	if (s->has_run && fwrite(&s->run, sizeof(s->run), 1, s->file) != 1)
		return error_errno(errno, "temporary file");
	s->has_run = false;
	return NULL;
}

static struct error *spool_put(struct spool *s, const struct run *run)
{
	struct run *last = &s->run;

	if (s->has_run && last->last + 1 == run->first &&
	    continues(&last->state, run->first - last->first, &run->state, true)) {
		last->last = run->last;
		return NULL;
	}
	struct error *err = spool_flush(s);
	s->run = *run;
	s->has_run = true;
	return err;
}

static struct error *spool_leaf(void *arg, const struct leaf *leaf)
{
	return spool_put(arg, &(struct run){.first = leaf->iova,
					    .last = leaf->iova + (leaf->size - 1),
					    .state = {.mapped = true,
						      .read = leaf->read,
						      .write = leaf->write,
						      .pa = leaf->pa}});
}

static struct error *spool_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct spool *s = arg;

	s->unreadable(s->arg, s->side, iova, err);
	return spool_put(s, &(struct run){.first = iova,
					  .last = iova + (size - 1),
					  .state = {.unknown = true}});
}

static struct error *spool_open(struct spool *s)
{
	int fd;
	struct error *err = temporary_file(&fd);

	if (err)
		return err;
	s->file = fdopen(fd, "w+");
	if (!s->file) {
		err = error_errno(errno, "temporary file");
		close(fd);
	}
	return err;
}

static struct error *spool_table(struct spool *s, const struct map_side *side)
{
	const struct page_table_visitor visitor = {
		.leaf = spool_leaf, .unknown = spool_unknown, .arg = s};
	struct error *err = spool_open(s);

	if (!err && side->table->ops)
		err = side->table->ops->walk(side->target, side->table, 0, UINT64_MAX, &visitor);
	if (!err)
		err = spool_flush(s);
	if (!err && (fflush(s->file) || fseek(s->file, 0, SEEK_SET)))
		err = error_errno(errno, "temporary file");
	return err;
}

/* The run that holds `at`, or the gap up to the next one. */
static struct run state_at(struct spool *s, uint64_t at)
{
	struct run run = {.first = at, .last = UINT64_MAX};

	while (s->has_run && s->run.last < at)
		s->has_run = fread(&s->run, sizeof(s->run), 1, s->file) == 1;
	if (!s->has_run)
		return run;
	if (s->run.first > at) {
		run.last = s->run.first - 1;
		return run;
	}
	run.last = s->run.last;
	run.state = s->run.state;
	run.state.pa += at - s->run.first;
	return run;
}

struct merge {
	bool by_address, has_change;
	struct map_change change; /* joined so far */
	struct error *(*put)(void *arg, const struct map_change *change);
	void *arg;
};

static struct error *merge_flush(struct merge *m)
{
	struct error *err = m->has_change ? m->put(m->arg, &m->change) : NULL;

	m->has_change = false;
	return err;
}

static struct error *merge_put(struct merge *m, const struct map_change *next)
{
	struct map_change *last = &m->change;
	uint64_t distance = next->iova - last->iova;
	/* Where there was nothing, or is, one line says so however scattered the pages are. */
	bool by_address = m->by_address && last->before.mapped && last->after.mapped;

	if (m->has_change && distance == last->size &&
	    continues(&last->before, distance, &next->before, by_address) &&
	    continues(&last->after, distance, &next->after, by_address)) {
		last->size += next->size;
		return NULL;
	}
	struct error *err = merge_flush(m);
	m->change = *next;
	m->has_change = true;
	return err;
}

static struct error *merge_spools(struct spool spools[2], struct merge *m)
{
	struct error *err = NULL;
	uint64_t at = 0, last;

	for (int i = 0; i < 2; i++)
		spools[i].has_run =
			fread(&spools[i].run, sizeof(struct run), 1, spools[i].file) == 1;
	do {
		struct run a = state_at(&spools[0], at), b = state_at(&spools[1], at);

		last = a.last < b.last ? a.last : b.last;
		if (!continues(&a.state, 0, &b.state, m->by_address))
			err = merge_put(m,
					&(struct map_change){at, last - at + 1, a.state, b.state});
		at = last + 1;
	} while (!err && last != UINT64_MAX);
	for (int i = 0; i < 2 && !err; i++)
		if (ferror(spools[i].file))
			err = error_errno(errno, "temporary file");
	return err ? err : merge_flush(m);
}

struct error *diff_maps(const struct map_side sides[2], bool by_address,
			struct error *(*change)(void *arg, const struct map_change *change),
			void (*unreadable)(void *arg, int side, uint64_t iova, struct error *err),
			void *arg)
{
	struct spool spools[2] = {
		{.side = 0, .unreadable = unreadable, .arg = arg},
		{.side = 1, .unreadable = unreadable, .arg = arg},
	};
	struct merge merge = {.by_address = by_address, .put = change, .arg = arg};
	struct error *err = NULL;

	for (int i = 0; i < 2 && !err; i++)
		err = spool_table(&spools[i], &sides[i]);
	if (!err)
		err = merge_spools(spools, &merge);
	for (int i = 0; i < 2; i++)
		if (spools[i].file)
			fclose(spools[i].file);
	return err;
}
