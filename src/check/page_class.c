/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/page_class.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"

#define PAGE_SIZE UINT64_C(4096)
#define CHUNK_PAGES PAGE_USES_READ
#define CHUNK_SIZE (CHUNK_PAGES * PAGE_SIZE)
/* 33 MB, touched as they fill, for 128 GB of memory under devices; with more, chunks are read
 * again. */
#define SLOTS ((size_t)65536)
/* More than any machine's memory, so that damage does not go on for ever: 16 TB. */
#define LOADS_MAX ((uint64_t)1 << 23)

/*
 * A capture holds what is read while it is made, 64 bytes for each page that a device reaches: of
 * so many. In the capture what hangs on the others is then unknown.
 */
#define PAGES_RECORDED_MAX 65536

/* Pages that are known together. What they are lies apart from it, in a row with other chunks'
 * pages: so a page's place follows from its address alone. */
struct chunk {
	uint64_t next; /* pa / CHUNK_SIZE, plus 1; 0: the slot is free */
	uint16_t n_pending;
	bool is_fine; /* all of it, none pending */
};

/* Memory of the IOMMUs' own, bounds included. */
struct own_range {
	uint64_t first, last;
};

struct page_classes {
	struct check *check;
	const struct table_set *tables;
	struct problems problems;
	struct page_map *map;
	struct chunk *chunks; /* SLOTS, by number: one takes the place of another */
	uint8_t *pages;	      /* SLOTS * CHUNK_PAGES; enum page_class */
	bool has_far;	      /* a chunk was read whose number is no slot's */
	uint64_t n_recorded, n_loaded;
	VEC(struct own_range) own;
};

void page_classes_free(struct page_classes *classes)
{
	if (!classes)
		return;
	free(classes->chunks);
	free(classes->pages);
	vec_free(&classes->own);
	page_map_close(classes->map);
	problems_free(&classes->problems);
	free(classes);
}

static bool add_own(struct page_classes *classes, struct datum address, uint64_t size)
{
	struct own_range *range;

	if (address.state != DATUM_OK || !size)
		return true;
	range = vec_push(&classes->own);
	if (range)
		*range = (struct own_range){address.value, address.value + (size - 1)};
	return range;
}

static bool add_own_ranges(struct page_classes *classes)
{
	const struct snapshot *s = classes->check->snapshot;
	bool ok = true;

	for (uint32_t i = 0; i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];
		const struct ring *rings[] = {&u->command_ring, &u->event_ring,
					      &u->page_request_ring, &u->guest_ring};

		for (size_t k = 0; k < ARRAY_SIZE(rings); k++)
			ok = add_own(classes, rings[k]->address, rings[k]->size) && ok;
		for (uint32_t n = 0; n < s->n_segments; n++)
			if (datum_is(u->segment, s->segments[n].number) &&
			    s->segments[n].device_table_size.state == DATUM_OK)
				ok = add_own(classes, u->device_table,
					     s->segments[n].device_table_size.value) &&
				     ok;
	}
	return ok;
}

struct error *page_classes_new(struct check *check, const struct table_set *tables,
			       struct page_classes **ret)
{
	_cleanup_(page_classes_freep) struct page_classes *classes = calloc(1, sizeof(*classes));

	if (!classes)
		return error_no_memory;
	classes->check = check;
	classes->tables = tables;
	classes->chunks = calloc(SLOTS, sizeof(*classes->chunks));
	classes->pages = calloc(SLOTS, CHUNK_PAGES);
	if (!classes->chunks || !classes->pages || !add_own_ranges(classes))
		return error_no_memory;
	const struct reader reader = {.kernel = check->kernel, .problems = &classes->problems};
	struct error *err = page_map_open(&reader, &classes->map);
	if (!err)
		*ret = take_ptr(classes);
	return err;
}

static const enum page_class use_classes[PAGE_USES] = {
	[PAGE_UNKNOWN] = CLASS_PENDING, [PAGE_NOT_RAM] = CLASS_FINE,
	[PAGE_FREE] = CLASS_FREE,	[PAGE_UNREFERENCED] = CLASS_UNREFERENCED,
	[PAGE_SLAB] = CLASS_FINE,	[PAGE_TABLE] = CLASS_CPU_TABLE,
	[PAGE_RESERVED] = CLASS_FINE,	[PAGE_OFFLINE] = CLASS_FINE,
	[PAGE_POISONED] = CLASS_FINE,	[PAGE_HUGETLB] = CLASS_FINE,
	[PAGE_ANONYMOUS] = CLASS_FINE,	[PAGE_CACHE] = CLASS_FINE,
	[PAGE_KERNEL] = CLASS_FINE,
};

/* What the resource that a page lies in says by itself; CLASS_PENDING: nothing yet. */
static enum page_class span_class(const struct ram_span *span)
{
	if (span->state == DATUM_NONE)
		return CLASS_NOWHERE;
	if (span->state != DATUM_OK)
		return CLASS_UNKNOWN;
	if (span->name.state != DATUM_OK)
		return CLASS_UNKNOWN;
	if (!strcmp(span->name.value, "Kernel code"))
		return CLASS_TEXT;
	if (!strcmp(span->name.value, "Kernel rodata"))
		return CLASS_RODATA;
	return span->is_ram ? CLASS_PENDING : CLASS_FINE;
}

static struct chunk *slot_of(const struct page_classes *classes, uint64_t pa)
{
	return &classes->chunks[pa / CHUNK_SIZE % SLOTS];
}

static uint8_t *page_of(const struct page_classes *classes, uint64_t pa)
{
	return &classes->pages[pa / PAGE_SIZE % (SLOTS * CHUNK_PAGES)];
}

static void fill_span(struct page_classes *classes, uint64_t pa, size_t count)
{
	enum page_class class = span_class(page_span(classes->map, pa));
	uint8_t *pages = page_of(classes, pa), uses[CHUNK_PAGES];

	memset(pages, class, count);
	/* What is recorded should be the pages that are asked for, and no others. */
	if (class != CLASS_PENDING || classes->check->target->recorder)
		return;
	page_uses_read(classes->map, pa, count, uses);
	for (size_t i = 0; i < count; i++)
		pages[i] = (uint8_t)use_classes[uses[i]];
}

static void overlay_own(const struct page_classes *classes, uint64_t start)
{
	uint8_t *pages = page_of(classes, start);

	for (size_t i = 0; i < classes->own.n; i++) {
		const struct own_range *own = &classes->own.at[i];
		uint64_t first = own->first > start ? own->first - start : 0;

		if (own->last < start || own->first > start + (CHUNK_SIZE - 1))
			continue;
		for (uint64_t at = first / PAGE_SIZE;
		     at < CHUNK_PAGES && start + at * PAGE_SIZE <= own->last; at++)
			pages[at] = CLASS_IOMMU;
	}
	if (!classes->tables)
		return;
	for (size_t i = table_set_from(classes->tables, start); i < classes->tables->n; i++) {
		uint64_t offset = classes->tables->sorted[i] - start;

		if (offset >= CHUNK_SIZE)
			break;
		pages[offset / PAGE_SIZE] = CLASS_IOMMU_TABLE;
	}
}

static void count_chunk(struct chunk *chunk, const uint8_t *pages)
{
	size_t n_fine = 0;

	chunk->n_pending = 0;
	for (size_t i = 0; i < CHUNK_PAGES; i++) {
		chunk->n_pending += pages[i] == CLASS_PENDING;
		n_fine += pages[i] == CLASS_FINE;
	}
	chunk->is_fine = n_fine == CHUNK_PAGES;
}

static void fill_chunk(struct page_classes *classes, uint64_t start)
{
	for (size_t at = 0; at < CHUNK_PAGES;) {
		uint64_t pa = start + at * PAGE_SIZE;
		const struct ram_span *span = page_span(classes->map, pa);
		uint64_t rest = (span->last - pa) / PAGE_SIZE;
		size_t count = rest < CHUNK_PAGES - at ? (size_t)rest + 1 : CHUNK_PAGES - at;

		if (count > CHUNK_PAGES - at)
			count = CHUNK_PAGES - at;
		fill_span(classes, pa, count);
		at += count;
	}
	overlay_own(classes, start);
}

/* NULL: enough have been read. */
static struct chunk *load_chunk(struct page_classes *classes, uint64_t number)
{
	uint64_t start = number * CHUNK_SIZE;
	struct chunk *chunk = slot_of(classes, start);

	if (classes->n_loaded++ >= LOADS_MAX)
		return NULL;
	chunk->next = number + 1;
	classes->has_far = classes->has_far || number >= SLOTS;
	fill_chunk(classes, start);
	count_chunk(chunk, page_of(classes, start));
	return chunk;
}

/* The chunk that pa lies in; NULL as above. */
static inline struct chunk *find_chunk(struct page_classes *classes, uint64_t pa)
{
	struct chunk *chunk = slot_of(classes, pa);

	return chunk->next == pa / CHUNK_SIZE + 1 ? chunk : load_chunk(classes, pa / CHUNK_SIZE);
}

struct page_facts page_class_facts(struct page_classes *classes, uint64_t pa)
{
	struct target *target = classes->check->target;
	struct recorder *recorder = target->recorder;

	if (recorder && classes->n_recorded++ >= PAGES_RECORDED_MAX)
		target->recorder = NULL;
	struct page_facts facts = page_facts_read(classes->map, pa);
	target->recorder = recorder;
	return facts;
}

static enum page_class unreferenced_class(struct page_classes *classes, uint64_t pa)
{
	struct datum listed = page_is_listed(classes->map, pa);

	if (listed.state != DATUM_OK)
		return CLASS_UNKNOWN;
	return listed.value ? CLASS_FREE : CLASS_FINE;
}

static enum page_class resolve(struct page_classes *classes, struct chunk *chunk, uint64_t pa)
{
	enum page_class class = use_classes[page_class_facts(classes, pa).use];

	if (class == CLASS_PENDING)
		class = CLASS_UNKNOWN;
	if (class == CLASS_UNREFERENCED)
		class = unreferenced_class(classes, pa);
	*page_of(classes, pa) = (uint8_t) class;
	chunk->n_pending--;
	if (!chunk->n_pending)
		count_chunk(chunk, page_of(classes, pa - pa % CHUNK_SIZE));
	return class;
}

enum page_class page_class_of(struct page_classes *classes, uint64_t pa)
{
	struct chunk *chunk = find_chunk(classes, pa);
	enum page_class class = *page_of(classes, pa);

	if (!chunk)
		return CLASS_UNKNOWN;
	return class == CLASS_PENDING ? resolve(classes, chunk, pa) : class;
}

/*
 * The same, when no page of these or of any chunk so far is beyond what the slots hold at once:
 * then each place has never been another page's. False: that may be so, or not.
 */
static bool near_pages_fine(const struct page_classes *classes, const uint64_t *pages, unsigned n)
{
	uint64_t all = 0;
	uint8_t other = 0;

	for (unsigned i = 0; i < n; i++)
		all |= pages[i];
	if (classes->has_far || all >= SLOTS * CHUNK_SIZE)
		return false;
	for (unsigned i = 0; i < n; i++)
		other |= classes->pages[pages[i] / PAGE_SIZE] ^ CLASS_FINE;
	return !other;
}

bool page_classes_fine(struct page_classes *classes, const uint64_t *pages, unsigned n)
{
	if (near_pages_fine(classes, pages, n))
		return true;
	for (unsigned i = 0; i < n; i++)
		if (!find_chunk(classes, pages[i]) || *page_of(classes, pages[i]) != CLASS_FINE)
			return false;
	return true;
}

enum page_class page_class_next(struct page_classes *classes, uint64_t *pa, uint64_t end)
{
	while (*pa < end) {
		/* What is no RAM is gone over at one go: a damaged entry may span all there is. */
		if (end - *pa > CHUNK_SIZE) {
			const struct ram_span *span = page_span(classes->map, *pa);
			enum page_class class = span_class(span);

			if (class == CLASS_FINE && span->last - *pa >= PAGE_SIZE) {
				*pa = (span->last - PAGE_SIZE + 1) & ~(PAGE_SIZE - 1);
				*pa += PAGE_SIZE;
				continue;
			}
			if (class == CLASS_NOWHERE || class == CLASS_UNKNOWN)
				return class;
		}
		const struct chunk *chunk = find_chunk(classes, *pa);
		if (chunk && chunk->is_fine) {
			*pa = chunk->next * CHUNK_SIZE;
			continue;
		}
		enum page_class class = page_class_of(classes, *pa);
		if (class != CLASS_FINE)
			return class;
		*pa += PAGE_SIZE;
	}
	return CLASS_FINE;
}

const char *page_class_words(struct page_classes *classes, uint64_t pa)
{
	static const char *const words[PAGE_CLASSES] = {
		[CLASS_NOWHERE] = "neither RAM nor device memory",
		[CLASS_FREE] = "a free page",
		[CLASS_TEXT] = "the kernel's code",
		[CLASS_RODATA] = "the kernel's read-only data",
		[CLASS_CPU_TABLE] = "a page table of the CPU",
		[CLASS_IOMMU_TABLE] = "an I/O page table",
		[CLASS_IOMMU] = "the IOMMU's device table or a ring",
	};
	const char *text = words[page_class_of(classes, pa)];

	if (text)
		return text;
	text = page_use_name(page_class_facts(classes, pa).use);
	return text ? text : "unknown";
}

enum datum_state page_class_state(struct page_classes *classes, uint64_t pa, const char **reason)
{
	struct page_facts facts = page_class_facts(classes, pa);

	*reason = classes->problems.n ? classes->problems.at[classes->problems.n - 1].message
				      : "this kernel does not say what its pages are used for";
	return facts.state == DATUM_OK || facts.state == DATUM_NONE ? DATUM_ABSENT : facts.state;
}
