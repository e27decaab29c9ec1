/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

#define FRAME_SHIFT 12
#define FRAME_SIZE (UINT64_C(1) << FRAME_SHIFT)
#define STRUCT_PAGE_MAX 256
#define VMEMMAP_DEFAULT UINT64_C(0xffffea0000000000) /* Documentation/arch/x86/x86_64/mm.rst */
#define FREE_ORDER_MAX 20 /* of a block in the page allocator: 10; more with huge gigantic pages   \
			   */

/* Bits of page.mapping, include/linux/page-flags.h. */
#define MAPPING_ANONYMOUS 1
#define MAPPING_MOVABLE 2
#define MAPPING_FLAGS 3

static const struct need page_rows[] = {PAGE_NEEDS(NEED_ROW)};

const struct need_table page_needs = {"pages", page_rows, ARRAY_SIZE(page_rows)};

/* How page_type (before: _mapcount) says that a page is of a type. */
enum mark_kind {
	MARK_NONE,  /* this kernel does not say it there */
	MARK_EQUAL, /* the whole word is that value: before Linux 4.18 */
	MARK_BIT,   /* the top bit is set and that bit is not: up to 6.11 */
	MARK_BYTE,  /* the upper byte is that value: from 6.12 on */
};

struct mark {
	enum mark_kind kind;
	uint32_t value;
};

enum typed { TYPED_BUDDY, TYPED_OFFLINE, TYPED_TABLE, TYPED_HUGETLB, TYPED_SLAB, TYPED_N };

/*
 * Per type: its rows; what VMCOREINFO calls it; its bit in kernels whose debug information does not
 * name it (0: it had none). Where that bit has moved, see mark_table().
 */
static const struct {
	enum page_need byte, bit;
	const char *number;
	uint32_t fixed_bit;
	enum page_use use;
} types[TYPED_N] = {
	[TYPED_BUDDY] = {TYPE_BUDDY, BIT_BUDDY, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", 0x80,
			 PAGE_FREE},
	[TYPED_OFFLINE] = {TYPE_OFFLINE, BIT_OFFLINE, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", 0x100,
			   PAGE_OFFLINE},
	[TYPED_TABLE] = {TYPE_TABLE, BIT_TABLE, NULL, 0, PAGE_TABLE},
	[TYPED_HUGETLB] = {TYPE_HUGETLB, BIT_HUGETLB, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)", 0,
			   PAGE_HUGETLB},
	[TYPED_SLAB] = {TYPE_SLAB, BIT_SLAB, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)", 0, PAGE_SLAB},
};

/* A member of struct page; size 0: this kernel has none, and it reads as 0. */
struct word {
	uint8_t offset, size;
};

struct page_map {
	struct reader reader;
	const struct found *found;
	struct ram_map ram;
	struct datum vmemmap; /* kernel virtual address of page frame 0's struct page */
	uint64_t size;	      /* of struct page; 0: not known */
	struct {
		struct word flags, mapping, private, references, type, compound;
	} words;
	/* Bits of flags; 0: this kernel has none. */
	uint64_t poisoned, slab, reserved, tail;
	struct mark marks[TYPED_N];
};

struct page_words {
	uint64_t frame; /* pa >> FRAME_SHIFT */
	uint64_t flags, mapping, private, compound;
	uint32_t references, type;
};

/* The bit of page tables went from 0x400 to 0x200 when kernel memory's went from there into
 * memcg_data. */
static uint32_t table_bit(const struct found *found)
{
	if (is_found(&found[PAGE_MEMCG_DATA]))
		return 0x200;
	return is_found(&found[PAGE_MEM_CGROUP]) ? 0x400 : 0;
}

/* From Linux 6.10 on a type is a number in one byte (enum pagetype's PGTY_...). */
static bool has_type_bytes(const struct found *found)
{
	for (unsigned i = 0; i < TYPED_N; i++)
		if (is_found(&found[types[i].byte]))
			return true;
	return false;
}

static struct mark mark_of(struct page_map *map, enum typed type)
{
	const struct found *found = map->found;
	const char *number = types[type].number ? target_vmcoreinfo(map->reader.kernel->target,
								    types[type].number)
						: NULL;

	if (has_type_bytes(found))
		return is_found(&found[types[type].byte])
			       ? (struct mark){MARK_BYTE, (uint32_t)found[types[type].byte].value}
			       : (struct mark){0};
	if (is_found(&found[types[type].bit]))
		return (struct mark){MARK_BIT, (uint32_t)found[types[type].bit].value};
	if (!is_found(&found[PAGE_TYPE]))
		return type == TYPED_BUDDY ? (struct mark){MARK_EQUAL, (uint32_t)-128}
					   : (struct mark){0};
	if (number)
		return (struct mark){MARK_BIT, ~(uint32_t)strtoll(number, NULL, 10)};
	uint32_t bit = type == TYPED_TABLE ? table_bit(found) : types[type].fixed_bit;
	return bit ? (struct mark){MARK_BIT, bit} : (struct mark){0};
}

static bool is_marked(const struct mark *mark, uint32_t word)
{
	switch (mark->kind) {
	case MARK_NONE:
		break;
	case MARK_EQUAL:
		return word == mark->value;
	case MARK_BIT:
		return word >> 31 && !(word & mark->value);
	case MARK_BYTE:
		return word >> 24 == mark->value;
	}
	return false;
}

/* The first of the two that this kernel has; one that lies outside is none. */
static struct word word_of(const struct page_map *map, enum page_need need, enum page_need or_else)
{
	const struct found *member = &map->found[is_found(&map->found[need]) ? need : or_else];

	if (!is_found(member) || !range_within(member->value, member->size, map->size))
		return (struct word){0};
	return (struct word){(uint8_t)member->value, (uint8_t)member->size};
}

static uint64_t flag_of(const struct page_map *map, enum page_need need)
{
	const struct found *bit = &map->found[need];

	return is_found(bit) && bit->value < 64 ? UINT64_C(1) << bit->value : 0;
}

static void find_words(struct page_map *map)
{
	enum page_need head =
		is_found(&map->found[PAGE_FIRST_PAGE]) ? PAGE_FIRST_PAGE : PAGE_COMPOUND_HEAD;

	map->words.flags = word_of(map, PAGE_FLAGS, PAGE_FLAGS);
	map->words.mapping = word_of(map, PAGE_MAPPING, PAGE_MAPPING);
	map->words.private = word_of(map, PAGE_PRIVATE, PAGE_PRIVATE);
	map->words.references = word_of(map, PAGE_REFERENCES, PAGE_REFERENCES);
	map->words.type = word_of(map, PAGE_TYPE, PAGE_MAPCOUNT);
	map->words.compound = word_of(map, PAGE_COMPOUND_INFO, head);
	map->poisoned = flag_of(map, PG_HWPOISON);
	map->slab = flag_of(map, PG_SLAB);
	map->reserved = flag_of(map, PG_RESERVED);
	map->tail = flag_of(map, PG_TAIL);
	for (unsigned i = 0; i < TYPED_N; i++)
		map->marks[i] = mark_of(map, i);
}

struct error *page_map_open(const struct reader *reader, struct page_map **ret)
{
	_cleanup_(page_map_closep) struct page_map *map = calloc(1, sizeof(*map));
	const struct need_set *needs;

	if (!map)
		return error_no_memory;
	map->reader = *reader;
	struct error *err = kernel_part(reader->kernel, PART_PAGES, &needs);
	if (!err)
		err = ram_map_read(&map->reader, &map->ram);
	if (err)
		return err;
	map->found = needs->found;
	if (has_type_bytes(map->found) && !is_found(&map->found[TYPE_BUDDY]))
		return need_missing(needs, TYPE_BUDDY);
	reader_object(&map->reader, "pages");
	map->vmemmap =
		is_found(&map->found[PAGE_VMEMMAP])
			? reader_symbol(&map->reader, &map->found[PAGE_VMEMMAP], 8, "vmemmap_base")
			: datum_ok(VMEMMAP_DEFAULT);
	if (is_found(&map->found[PAGE_STRUCT]) && map->found[PAGE_STRUCT].value <= STRUCT_PAGE_MAX)
		map->size = map->found[PAGE_STRUCT].value;
	find_words(map);
	*ret = take_ptr(map);
	return NULL;
}

void page_map_close(struct page_map *map)
{
	if (!map)
		return;
	ram_map_free(&map->ram);
	free(map);
}

static uint64_t word_in(const uint8_t *bytes, struct word word)
{
	return get_le(bytes + word.offset, word.size);
}

static struct page_words parse_page(const struct page_map *map, uint64_t frame, const uint8_t *bytes)
{
	return (struct page_words){
		.frame = frame,
		.flags = word_in(bytes, map->words.flags),
		.mapping = word_in(bytes, map->words.mapping),
		.private = word_in(bytes, map->words.private),
		.references = (uint32_t)word_in(bytes, map->words.references),
		.type = (uint32_t)word_in(bytes, map->words.type),
		.compound = word_in(bytes, map->words.compound),
	};
}

static struct error *read_page(struct page_map *map, uint64_t frame, struct page_words *ret)
{
	uint8_t bytes[STRUCT_PAGE_MAX];
	uint64_t at = map->vmemmap.value + frame * map->size;
	struct error *err =
		target_read(map->reader.kernel->target, SPACE_VIRT, at, bytes, map->size);

	if (err)
		return error_prepend(err, "struct page");
	*ret = parse_page(map, frame, bytes);
	return NULL;
}

static bool has_type(const struct page_map *map, const struct page_words *page, enum typed type)
{
	return is_marked(&map->marks[type], page->type);
}

/*
 * The address of the struct page of a compound page's first page; 0: page is no tail. Bit 0 says
 * tail; the rest is that address, or (compound_info) the mask that makes it of the tail's.
 */
static uint64_t head_address(const struct page_map *map, const struct page_words *page)
{
	uint64_t at = map->vmemmap.value + page->frame * map->size;

	if (is_found(&map->found[PAGE_FIRST_PAGE]))
		return page->flags & map->tail ? page->compound : 0;
	if (!(page->compound & 1))
		return 0;
	uint64_t rest = page->compound & ~UINT64_C(1);
	bool is_mask = rest && !(~rest & (~rest + 1));

	return is_mask ? at & rest : rest;
}

/* Reads the head of page's compound page, or leaves *ret a copy of page. */
static struct error *read_head(struct page_map *map, const struct page_words *page,
			       struct page_words *ret)
{
	uint64_t at = head_address(map, page), offset = at - map->vmemmap.value;

	if (!at) {
		*ret = *page;
		return NULL;
	}
	if (at < map->vmemmap.value || offset % map->size || offset / map->size >= page->frame)
		return error_new(ERROR_CORRUPT,
				 "struct page: the compound page's first page is 0x%" PRIx64
				 ", which is none before it",
				 at);
	return read_page(map, offset / map->size, ret);
}

/* Of a free block only the first page is marked; page.private has the block's order. */
static struct error *is_in_free_block(struct page_map *map, uint64_t frame, bool *ret)
{
	struct error *err = NULL;
	bool found = false;

	for (unsigned order = 1; order <= FREE_ORDER_MAX && !err && !found; order++) {
		struct page_words first = {0};
		uint64_t start = frame & ~bit_mask(order);

		if (start == (frame & ~bit_mask(order - 1)))
			continue;
		if (!ram_map_find(&map->ram, start << FRAME_SHIFT)->is_ram)
			continue;
		err = read_page(map, start, &first);
		found = !err && has_type(map, &first, TYPED_BUDDY) && first.private >= order &&
			first.private <= FREE_ORDER_MAX;
	}
	if (!err)
		*ret = found;
	return err;
}

/* False: nobody holds it; whether it is in a free block takes further reads. */
static bool use_by_words(const struct page_map *map, const struct page_words *page,
			 const struct page_words *head, enum page_use *ret)
{
	if (page->flags & map->poisoned) {
		*ret = PAGE_POISONED;
		return true;
	}
	/* Of most pages the word counts how often they are mapped: -1 is not at all. */
	bool is_typed = head->type >> 31 && head->type != UINT32_MAX;
	for (unsigned i = 0; i < TYPED_N && is_typed; i++)
		if (has_type(map, head, i)) {
			*ret = types[i].use;
			return true;
		}
	if (head->flags & map->slab)
		*ret = PAGE_SLAB;
	else if (page->flags & map->reserved)
		*ret = PAGE_RESERVED;
	else if (head->mapping & MAPPING_ANONYMOUS)
		*ret = PAGE_ANONYMOUS;
	else if (head->references && head->mapping && !(head->mapping & MAPPING_FLAGS))
		*ret = PAGE_CACHE;
	else if (head->references)
		*ret = PAGE_KERNEL;
	else
		return false;
	return true;
}

static struct error *use_of(struct page_map *map, const struct page_words *page,
			    const struct page_words *head, enum page_use *ret)
{
	bool is_free = false;

	if (use_by_words(map, page, head, ret))
		return NULL;
	struct error *err = is_in_free_block(map, page->frame, &is_free);
	if (!err)
		*ret = is_free ? PAGE_FREE : PAGE_UNREFERENCED;
	return err;
}

/* Both neighbours of a list's member point back to it; anything else there is no list. */
struct datum page_is_listed(struct page_map *map, uint64_t pa)
{
	const struct found *list = &map->found[PAGE_LIST];
	struct target *target = map->reader.kernel->target;
	uint64_t at = map->vmemmap.value + (pa >> FRAME_SHIFT) * map->size + list->value;
	uint64_t next, previous, back = 0, forth = 0;

	if (!is_found(list))
		return (struct datum){.state = DATUM_ABSENT};
	struct error *err = target_read_u64(target, SPACE_VIRT, at, &next);
	if (!err)
		err = target_read_u64(target, SPACE_VIRT, at + 8, &previous);
	if (!err)
		err = target_read_u64(target, SPACE_VIRT, next + 8, &back);
	if (!err)
		err = target_read_u64(target, SPACE_VIRT, previous, &forth);
	enum datum_state state = err ? datum_state_of(err) : DATUM_OK;
	error_free(err);
	if (state == DATUM_FAULT)
		return datum_ok(false); /* what stands there is no pointer */
	return (struct datum){.state = state, .value = next != at && back == at && forth == at};
}

const struct ram_span *page_span(const struct page_map *map, uint64_t pa)
{
	return ram_map_find(&map->ram, pa);
}

void page_uses_read(struct page_map *map, uint64_t pa, size_t count, uint8_t *ret)
{
	uint64_t frame = pa >> FRAME_SHIFT;
	const struct ram_span *span = ram_map_find(&map->ram, pa);
	bool is_ram = span->state == DATUM_OK && span->is_ram;
	bool known = is_ram && map->vmemmap.state == DATUM_OK && map->size &&
		     is_found(&map->found[PAGE_REFERENCES]);
	_cleanup_(freep) uint8_t *bytes = known ? malloc(count * map->size) : NULL;

	memset(ret, PAGE_UNKNOWN, count);
	if (!bytes)
		return;
	struct error *err = target_read(map->reader.kernel->target, SPACE_VIRT,
					map->vmemmap.value + frame * map->size, bytes,
					count * map->size);
	for (size_t i = 0; i < count && !err; i++) {
		struct page_words page = parse_page(map, frame + i, bytes + i * map->size), other;
		const struct page_words *head = &page;
		uint64_t at = head_address(map, &page);
		uint64_t first = map->vmemmap.value + frame * map->size;
		enum page_use use;

		if (at) {
			uint64_t offset = at - first;

			if (at < first || offset % map->size || offset / map->size >= i)
				continue;
			other = parse_page(map, frame + offset / map->size, bytes + offset);
			head = &other;
		}
		if (use_by_words(map, &page, head, &use))
			ret[i] = (uint8_t)use;
	}
	error_free(err);
}

static struct error *read_facts(struct page_map *map, struct page_facts *facts)
{
	struct page_words page, head;
	struct error *err = read_page(map, facts->address >> FRAME_SHIFT, &page);

	if (err)
		return err;
	facts->flags = datum_ok(page.flags);
	facts->flags_address = map->vmemmap.value + page.frame * map->size + map->found[PAGE_FLAGS].value;
	err = read_head(map, &page, &head);
	if (err)
		return err;
	facts->references = datum_ok(head.references);
	facts->head = head.frame << FRAME_SHIFT;
	return use_of(map, &page, &head, &facts->use);
}

struct page_facts page_facts_read(struct page_map *map, uint64_t pa)
{
	uint64_t address = pa & ~(FRAME_SIZE - 1);
	struct page_facts facts = {
		.address = address,
		.head = address,
		.span = ram_map_find(&map->ram, address),
		.flags = {.state = DATUM_ABSENT},
		.references = {.state = DATUM_ABSENT},
	};

	facts.state = facts.span->state;
	if (facts.state == DATUM_NONE || (facts.state == DATUM_OK && !facts.span->is_ram)) {
		facts.use = PAGE_NOT_RAM;
		return facts;
	}
	if (facts.state != DATUM_OK && facts.state != DATUM_ABSENT)
		return facts;
	facts.state = map->vmemmap.state;
	if (facts.state == DATUM_OK && (!map->size || !is_found(&map->found[PAGE_REFERENCES])))
		facts.state = DATUM_ABSENT;
	if (facts.state != DATUM_OK)
		return facts;
	struct error *err = read_facts(map, &facts);
	if (err) {
		facts.use = PAGE_UNKNOWN;
		facts.state =
			problems_add(map->reader.problems, err, "use", "page 0x%" PRIx64, address);
	}
	return facts;
}

const char *page_use_name(enum page_use use)
{
	static const char *const names[PAGE_USES] = {
		[PAGE_UNKNOWN] = NULL,
		[PAGE_NOT_RAM] = "not RAM",
		[PAGE_FREE] = "free",
		[PAGE_UNREFERENCED] = "unreferenced",
		[PAGE_SLAB] = "slab",
		[PAGE_TABLE] = "CPU page table",
		[PAGE_RESERVED] = "reserved",
		[PAGE_OFFLINE] = "offline",
		[PAGE_POISONED] = "memory error",
		[PAGE_HUGETLB] = "hugetlb",
		[PAGE_ANONYMOUS] = "anonymous",
		[PAGE_CACHE] = "page cache",
		[PAGE_KERNEL] = "kernel",
	};

	return names[use];
}

enum datum_state page_is_held(struct page_map *map, uint64_t pa)
{
	uint8_t byte;
	struct error *err = target_read(map->reader.kernel->target, SPACE_PHYS, pa, &byte, 1);
	enum datum_state state = err ? datum_state_of(err) : DATUM_OK;

	error_free(err);
	return state;
}
