/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/iova.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/percpu.h"

#define SIZE_CLASSES 6	       /* IOVA_RANGE_CACHE_MAX_SIZE: ranges of 1 to 32 pages are cached */
#define DEPOT_LENGTH_MAX 65536 /* magazines; the kernel keeps some per CPU */
#define MAGAZINE_BYTES_MAX 4096
#define QUEUE_LENGTH_MAX 65536

static const struct need iova_rows[] = {IOVA_NEEDS(NEED_ROW)};

const struct need_table iova_needs = {"iova", iova_rows, ARRAY_SIZE(iova_rows)};

static struct error *read_member(struct iova_allocator *a, uint64_t base, enum iova_need member,
				 uint64_t *ret)
{
	return kernel_read_member(a->kernel, base, &a->found[member], ret);
}

static struct error *add_idle(struct iova_allocator *a, uint64_t frame, enum iova_idle idle)
{
	return key_index_add(&a->idle, frame * a->granule, idle) ? NULL : error_no_memory;
}

/* is_full: a magazine of the newer kernels' depots has a link where others have their count. */
static struct error *read_magazine(struct iova_allocator *a, uint64_t magazine, bool is_full)
{
	const struct found *frames = &a->found[IOVA_MAGAZINE_PFNS];
	uint8_t bytes[MAGAZINE_BYTES_MAX];
	uint64_t n = frames->size / 8;
	struct error *err = NULL;

	if (!magazine)
		return NULL;
	if (frames->size > sizeof(bytes))
		return error_new(ERROR_CORRUPT, "struct iova_magazine of %u bytes", frames->size);
	if (!is_full)
		err = read_member(a, magazine, IOVA_MAGAZINE_SIZE, &n);
	if (!err && n > frames->size / 8)
		err = error_new(ERROR_CORRUPT,
				"the magazine at 0x%" PRIx64 " says that it holds %" PRIu64
				" IOVAs, more than fit in",
				magazine, n);
	if (!err && n)
		err = target_read(a->kernel->target, SPACE_VIRT, magazine + frames->value, bytes,
				  n * 8);
	for (uint64_t i = 0; i < n && !err; i++)
		err = add_idle(a, get_le64(bytes + i * 8), IOVA_CACHED);
	return err;
}

/* A list of full magazines. */
static struct error *read_depot_list(struct iova_allocator *a, uint64_t rcache, uint64_t n)
{
	uint64_t magazine, seen = 0;
	struct error *err = read_member(a, rcache, IOVA_DEPOT, &magazine);

	for (uint64_t i = 1; i <= n && magazine && !err; i++) {
		if (magazine == seen)
			return error_new(ERROR_CORRUPT,
					 "a depot's magazines lead back to 0x%" PRIx64, magazine);
		if (!(i & (i - 1)))
			seen = magazine;
		err = read_magazine(a, magazine, true);
		if (!err)
			err = read_member(a, magazine, IOVA_MAGAZINE_NEXT, &magazine);
	}
	return err;
}

/* An array of magazines, of which the first n are in use. */
static struct error *read_depot_array(struct iova_allocator *a, uint64_t rcache, uint64_t n)
{
	const struct found *depot = &a->found[IOVA_DEPOT];
	struct error *err = NULL;

	if (n > depot->size / 8)
		return error_new(ERROR_CORRUPT, "a depot of %" PRIu64 " magazines has room for %u",
				 n, depot->size / 8);
	for (uint64_t i = 0; i < n && !err; i++) {
		uint64_t magazine;

		err = target_read_u64(a->kernel->target, SPACE_VIRT, rcache + depot->value + i * 8,
				      &magazine);
		if (!err)
			err = read_magazine(a, magazine, false);
	}
	return err;
}

static struct error *read_depot(struct iova_allocator *a, uint64_t rcache)
{
	uint64_t n;
	struct error *err = read_member(a, rcache, IOVA_DEPOT_SIZE, &n);

	if (!err && n > DEPOT_LENGTH_MAX)
		err = error_new(ERROR_CORRUPT, "a depot of %" PRIu64 " magazines", n);
	if (err)
		return err;
	if (is_found(&a->found[IOVA_MAGAZINE_NEXT]))
		return read_depot_list(a, rcache, n);
	return a->found[IOVA_DEPOT].size > 8
		       ? read_depot_array(a, rcache, n)
		       : error_new(ERROR_NOT_FOUND, "this kernel's depots of freed IOVAs are not known");
}

/* One size class: each CPU's two magazines, and the depot. */
static struct error *read_rcache(struct iova_allocator *a, uint64_t rcache,
				 const struct percpu *copies)
{
	static const enum iova_need magazines[] = {IOVA_LOADED, IOVA_PREVIOUS};
	uint64_t pointer;
	struct error *err = read_member(a, rcache, IOVA_CPU_RCACHES, &pointer);

	if (!err && !pointer) /* not set up: nothing is cached */
		return NULL;
	for (size_t i = 0; i < copies->n && !err; i++)
		for (size_t m = 0; m < ARRAY_SIZE(magazines) && !err; m++) {
			uint64_t magazine;

			err = read_member(a, pointer + copies->at[i].offset, magazines[m],
					  &magazine);
			if (!err)
				err = read_magazine(a, magazine, false);
		}
	return err ? err : read_depot(a, rcache);
}

static struct error *read_rcaches(struct iova_allocator *a, const struct percpu *copies)
{
	const struct found *member = &a->found[IOVA_RCACHES], *size = &a->found[IOVA_RCACHE];
	uint64_t at = a->address + member->value;
	struct error *err = NULL;

	if (!is_found(member) && !is_found(size)) /* before Linux 4.7 nothing was cached */
		return NULL;
	if (!is_found(member) || !is_found(size) || !size->value)
		return error_new(ERROR_NOT_FOUND, "this kernel's struct iova_rcache is not known");
	if (member->size == 8)
		err = read_member(a, a->address, IOVA_RCACHES, &at);
	for (unsigned i = 0; i < SIZE_CLASSES && at && !err; i++)
		err = read_rcache(a, at + i * size->value, copies);
	return err;
}

static struct error *read_queue(struct iova_allocator *a, uint64_t queue)
{
	const struct found *entries = &a->found[IOVA_FQ_ENTRIES], *size = &a->found[IOVA_FQ_ENTRY];
	uint64_t head, tail, n = size->value ? entries->size / size->value : 0;
	struct error *err = read_member(a, queue, IOVA_FQ_HEAD, &head);

	if (!err)
		err = read_member(a, queue, IOVA_FQ_TAIL, &tail);
	if (!err && is_found(&a->found[IOVA_FQ_MASK])) {
		err = read_member(a, queue, IOVA_FQ_MASK, &n);
		n++;
	}
	if (!err && (!n || n > QUEUE_LENGTH_MAX || head >= n || tail >= n))
		err = error_new(ERROR_CORRUPT,
				"the flush queue at 0x%" PRIx64 " goes from %" PRIu64 " to %" PRIu64
				" of %" PRIu64 " entries",
				queue, head, tail, n);
	for (uint64_t i = head; !err && i != tail; i = (i + 1) % n) {
		uint64_t frame, entry = queue + entries->value + i * size->value;

		err = read_member(a, entry, IOVA_FQ_PFN, &frame);
		if (!err)
			err = add_idle(a, frame, IOVA_QUEUED);
	}
	return err;
}

static struct error *read_queues(struct iova_allocator *a, const struct percpu *copies)
{
	bool in_cookie = is_found(&a->found[IOVA_COOKIE_FQ]);
	uint64_t queue = 0, in_use = 1, type = 0;
	struct error *err = NULL;

	if (!in_cookie && !is_found(&a->found[IOVA_OLD_FQ]))
		return error_new(ERROR_NOT_FOUND, "this kernel's flush queues are not known");
	if (in_cookie && is_found(&a->found[IOVA_FQ_DOMAIN]))
		err = read_member(a, a->cookie, IOVA_FQ_DOMAIN, &in_use);
	if (!err && in_use)
		err = in_cookie ? read_member(a, a->cookie, IOVA_COOKIE_FQ, &queue)
				: read_member(a, a->address, IOVA_OLD_FQ, &queue);
	if (!err && is_found(&a->found[IOVA_QUEUE_TYPE]))
		err = read_member(a, a->cookie, IOVA_QUEUE_TYPE, &type);
	if (err || !queue)
		return err;
	if (is_found(&a->found[IOVA_QUEUE_SINGLE]) && type == a->found[IOVA_QUEUE_SINGLE].value)
		return read_queue(a, queue);
	for (size_t i = 0; i < copies->n && !err; i++)
		err = read_queue(a, queue + copies->at[i].offset);
	return err;
}

struct datum iova_is_lazy(struct reader *reader, uint64_t core_domain)
{
	const struct need_set *needs;
	struct error *err = kernel_part(reader->kernel, PART_IOVA, &needs);

	if (err)
		return (struct datum){
			.state = problems_add(reader->problems, err, "flush queue", "%s",
					      reader_object_text(reader))};
	const struct found *f = needs->found;
	if (!is_found(&f[IOVA_COOKIE]) || !is_found(&f[IOVA_FQ_DOMAIN]))
		return (struct datum){.state = DATUM_ABSENT};
	struct datum at = reader_pointer(reader, core_domain, &f[IOVA_COOKIE], "cookie");
	if (at.state == DATUM_NONE) /* before Linux 5.5 the driver's own DMA API has no use for one */
		return (struct datum){.state = DATUM_ABSENT};
	if (at.state == DATUM_OK)
		at = reader_pointer(reader, at.value, &f[IOVA_FQ_DOMAIN], "flush queue");
	if (at.state == DATUM_OK || at.state == DATUM_NONE)
		return datum_ok(at.state == DATUM_OK);
	return at;
}

static void read_idle(struct reader *reader, struct iova_allocator *a)
{
	struct percpu copies = {0};
	struct error *err = percpu_read(a->kernel, &copies);

	if (!err)
		err = read_rcaches(a, &copies);
	if (!err)
		err = read_queues(a, &copies);
	vec_free(&copies);
	key_index_sort(&a->idle);
	a->idle_state = err ? problems_add(reader->problems, err, "caches of freed IOVAs", "%s",
					   reader_object_text(reader))
			    : DATUM_OK;
}

/* Where the allocator is; a->address stays 0 when the domain's cookie is of another kind. */
static struct error *find_allocator(struct iova_allocator *a, uint64_t core)
{
	const struct found *f = a->found;
	uint64_t kind;
	struct error *err = NULL;

	if (is_found(&f[IOVA_COOKIE_KIND])) {
		err = read_member(a, core, IOVA_COOKIE_KIND, &kind);
		if (!err && kind != f[IOVA_KIND_IOVA].value)
			return NULL;
	}
	if (!err)
		err = read_member(a, core, IOVA_COOKIE, &a->cookie);
	if (err || !a->cookie)
		return err;
	if (is_found(&f[IOVA_COOKIE_TYPE]) && is_found(&f[IOVA_TYPE_IOVA])) {
		err = read_member(a, a->cookie, IOVA_COOKIE_TYPE, &kind);
		if (err || kind != f[IOVA_TYPE_IOVA].value)
			return err;
	}
	a->address = a->cookie + f[IOVA_DOMAIN].value;
	return NULL;
}

/* The first two only where the core knows the allocator. */
static struct error *check_needs(const struct need_set *needs, bool by_core)
{
	static const enum iova_need required[] = {IOVA_COOKIE, IOVA_DOMAIN, IOVA_ROOT,
						  IOVA_NODE,   IOVA_LOW,    IOVA_HIGH};

	for (size_t i = by_core ? 0 : 2; i < ARRAY_SIZE(required); i++)
		if (!is_found(&needs->found[required[i]]))
			return need_missing(needs, required[i]);
	return NULL;
}

struct error *iova_allocator_open(struct reader *reader, uint64_t core_domain, uint64_t iova_domain,
				  struct iova_allocator *ret)
{
	struct iova_allocator a = {.kernel = reader->kernel, .address = iova_domain};
	const struct need_set *needs;
	uint64_t root;
	struct error *err = kernel_part(reader->kernel, PART_IOVA, &needs);

	if (!err)
		err = check_needs(needs, !iova_domain);
	if (err)
		return err;
	a.found = needs->found;
	if (!iova_domain)
		err = find_allocator(&a, core_domain);
	if (!err && !a.address) {
		*ret = a;
		return NULL;
	}
	if (!err)
		err = read_member(&a, a.address, IOVA_ROOT, &root);
	if (!err)
		err = read_member(&a, a.address, IOVA_GRANULE, &a.granule);
	if (!err && (!a.granule || a.granule & (a.granule - 1)))
		err = error_new(ERROR_CORRUPT,
				"struct iova_domain at 0x%" PRIx64 ": pages of 0x%" PRIx64 " bytes",
				a.address, a.granule);
	if (err)
		return err;
	a.walk = rb_walk_begin(a.kernel, root);
	read_idle(reader, &a);
	*ret = a;
	return NULL;
}

void iova_allocator_close(struct iova_allocator *allocator)
{
	key_index_free(&allocator->idle);
}

static struct error *read_range(struct iova_allocator *a, uint64_t node, struct iova_range *ret)
{
	uint64_t object = node - a->found[IOVA_NODE].value, low, high;
	struct error *err = read_member(a, object, IOVA_LOW, &low);

	if (!err)
		err = read_member(a, object, IOVA_HIGH, &high);
	if (err)
		return error_prepend(err, "struct iova");
	if (low > high || high > UINT64_MAX / a->granule || a->is_over ||
	    low * a->granule < a->next) {
		a->walk.down = 0; /* nothing behind can be trusted */
		a->walk.depth = 0;
		return error_new(ERROR_CORRUPT,
				 "tree: IOVAs 0x%" PRIx64 "-0x%" PRIx64 " at node 0x%" PRIx64
				 " are out of order",
				 low * a->granule, high * a->granule, node);
	}
	*ret = (struct iova_range){low * a->granule, high * a->granule + (a->granule - 1)};
	a->next = ret->last + 1;
	a->is_over = !a->next;
	return NULL;
}

struct error *iova_allocator_next(struct iova_allocator *allocator, struct iova_range *ret,
				  bool *more)
{
	struct iova_allocator *a = allocator;
	const struct found *anchor = &a->found[IOVA_ANCHOR];
	uint64_t node;

	for (;;) {
		struct error *err = rb_walk_next(&a->walk, &node);

		if (err)
			return err;
		if (!node)
			break;
		/* The last node, a part of the allocator itself, takes no IOVA. */
		if (is_found(anchor) &&
		    node == a->address + anchor->value + a->found[IOVA_NODE].value)
			continue;
		*more = true;
		return read_range(a, node, ret);
	}
	*more = false;
	return NULL;
}
