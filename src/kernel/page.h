/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of a page of physical memory: its struct page (include/linux/mm_types.h) and
 *the resource that it lies in.
 *
 *	struct page_map *map;
 *	err = page_map_open(&reader, &map);
 *	struct page_facts facts = page_facts_read(map, pa);	(as often as wanted)
 *	page_map_close(map);
 *
 * Opening reads the resources, some hundred small reads; a page's facts are one or two reads of a
 *struct page, a dozen for a page that nobody holds. Nothing is kept per page.
 */
#ifndef KERNEL_PAGE_H
#define KERNEL_PAGE_H

#include "kernel/kernel.h"
#include "kernel/ram.h"

#define PAGE_NEEDS(X)                                                                              \
	X(PAGE_IOMEM, SYMBOL, NULL, "iomem_resource", OPTIONAL, "what lies at a physical address") \
	X(PAGE_RESOURCE_NAME, MEMBER, "struct resource", "name", OPTIONAL,                         \
	  "what lies at a physical address")                                                       \
	X(PAGE_RESOURCE_SIBLING, MEMBER, "struct resource", "sibling", OPTIONAL,                   \
	  "what lies at a physical address")                                                       \
	X(PAGE_RESOURCE_CHILD, MEMBER, "struct resource", "child", OPTIONAL,                       \
	  "what lies at a physical address")                                                       \
	X(PAGE_VMEMMAP, SYMBOL, NULL, "vmemmap_base", OPTIONAL,                                    \
	  "where struct pages lie, from Linux 4.9 on")                                             \
	X(PAGE_STRUCT, SIZE, "struct page", NULL, OPTIONAL, "facts about pages")                   \
	X(PAGE_FLAGS, MEMBER, "struct page", "flags", OPTIONAL, "facts about pages")               \
	X(PAGE_MAPPING, MEMBER, "struct page", "mapping", OPTIONAL,                                \
	  "telling user memory and the page cache")                                                \
	X(PAGE_PRIVATE, MEMBER, "struct page", "private", OPTIONAL, "sizes of free blocks")        \
	X(PAGE_LIST, MEMBER, "struct page", "lru", OPTIONAL, "telling free pages on a CPU's list")  \
	X(PAGE_REFERENCES, MEMBER, "struct page", "_refcount|_count", OPTIONAL,                    \
	  "telling free pages")                                                                    \
	X(PAGE_MAPCOUNT, MEMBER, "struct page", "_mapcount", OPTIONAL, "types of pages")           \
	X(PAGE_TYPE, MEMBER, "struct page", "page_type", VARIANT,                                  \
	  "types of pages, from Linux 4.18 on")                                                    \
	X(PAGE_COMPOUND_INFO, MEMBER, "struct page", "compound_info", VARIANT,                     \
	  "heads of compound pages")                                                               \
	X(PAGE_COMPOUND_HEAD, MEMBER, "struct page", "compound_head", VARIANT,                     \
	  "heads of compound pages before Linux 7.1")                                              \
	X(PAGE_FIRST_PAGE, MEMBER, "struct page", "first_page", VARIANT,                           \
	  "heads of compound pages before Linux 4.4")                                              \
	X(PAGE_MEMCG_DATA, MEMBER, "struct page", "memcg_data", VARIANT,                           \
	  "which bit says page table; from Linux 5.11 on")                                         \
	X(PAGE_MEM_CGROUP, MEMBER, "struct page", "mem_cgroup", VARIANT,                           \
	  "which bit says page table, before Linux 5.11")                                          \
	X(PG_SLAB, ENUMERATOR, "enum pageflags", "PG_slab", VARIANT, "telling slab pages")         \
	X(PG_TAIL, ENUMERATOR, "enum pageflags", "PG_tail", VARIANT,                               \
	  "heads of compound pages before Linux 4.4")                                              \
	X(PG_RESERVED, ENUMERATOR, "enum pageflags", "PG_reserved", OPTIONAL,                      \
	  "telling reserved pages")                                                                \
	X(PG_HWPOISON, ENUMERATOR, "enum pageflags", "PG_hwpoison", OPTIONAL,                      \
	  "telling pages with memory errors")                                                      \
	X(TYPE_BUDDY, ENUMERATOR, "enum pagetype", "PGTY_buddy", VARIANT, "telling free pages")    \
	X(TYPE_OFFLINE, ENUMERATOR, "enum pagetype", "PGTY_offline", VARIANT,                      \
	  "telling pages that are offline")                                                        \
	X(TYPE_TABLE, ENUMERATOR, "enum pagetype", "PGTY_table", VARIANT,                          \
	  "telling page tables of processes and the kernel")                                       \
	X(TYPE_HUGETLB, ENUMERATOR, "enum pagetype", "PGTY_hugetlb", VARIANT,                      \
	  "telling hugetlb pages")                                                                 \
	X(TYPE_SLAB, ENUMERATOR, "enum pagetype", "PGTY_slab", VARIANT, "telling slab pages")      \
	X(BIT_BUDDY, ENUMERATOR, "enum pagetype", "PG_buddy", VARIANT,                             \
	  "telling free pages of Linux 6.11")                                                      \
	X(BIT_OFFLINE, ENUMERATOR, "enum pagetype", "PG_offline", VARIANT,                         \
	  "telling pages that are offline, of Linux 6.11")                                         \
	X(BIT_TABLE, ENUMERATOR, "enum pagetype", "PG_table", VARIANT,                             \
	  "telling page tables of Linux 6.11")                                                     \
	X(BIT_HUGETLB, ENUMERATOR, "enum pagetype", "PG_hugetlb", VARIANT,                         \
	  "telling hugetlb pages of Linux 6.11")                                                   \
	X(BIT_SLAB, ENUMERATOR, "enum pagetype", "PG_slab", VARIANT,                               \
	  "telling slab pages of Linux 6.11")

enum page_need { PAGE_NEEDS(NEED_ENUMERATOR) PAGE_N };

extern const struct need_table page_needs;

enum page_use {
	PAGE_UNKNOWN, /* see facts.state */
	PAGE_NOT_RAM, /* device memory, firmware's, or nothing: the kernel does not manage it */
	PAGE_FREE,    /* in the page allocator */
	PAGE_UNREFERENCED, /* nobody's: on a CPU's list of free pages, or on its way there or from
			      there */
	PAGE_SLAB,	   /* kernel objects */
	PAGE_TABLE,	   /* a CPU's page table, of a process or of the kernel */
	PAGE_RESERVED,	   /* the kernel's image, memory of the boot, kept for a capture kernel */
	PAGE_OFFLINE,	   /* taken out of use: balloon, hotplug */
	PAGE_POISONED,	   /* taken out of use: a memory error */
	PAGE_HUGETLB,	   /* user memory in huge pages, or the pool of these */
	PAGE_ANONYMOUS,	   /* user memory: heap, stacks, a VM's RAM */
	PAGE_CACHE,	   /* of a file, or shared memory */
	PAGE_KERNEL, /* held by the kernel: what none of the above tells; I/O page tables too */
	PAGE_USES,
};

struct page_facts {
	uint64_t address; /* physical, of the page */
	enum page_use use;
	/* DATUM_OK; for PAGE_UNKNOWN why, for PAGE_NOT_RAM DATUM_NONE where the kernel knows
	 * nothing at all. */
	enum datum_state state;
	const struct ram_span *span; /* the map's */
	/* For RAM whose struct page could be read. Of a compound page the head's references. */
	struct datum flags, references;
	uint64_t flags_address; /* kernel virtual; for flags that are DATUM_OK */
	uint64_t head; /* physical address of the compound page's first page; address when it is
			  none */
};

struct page_map;

/* reader is copied; its kernel and problems must outlive the map. */
struct error *page_map_open(const struct reader *reader, struct page_map **ret);
void page_map_close(struct page_map *map); /* NULL is fine */

static inline void page_map_closep(struct page_map **map)
{
	page_map_close(*map);
}

/*
 * The page that pa lies in. What can't be read is PAGE_UNKNOWN with a state and a line in problems.
 */
struct page_facts page_facts_read(struct page_map *map, uint64_t pa);

/*
 * A page that is PAGE_UNREFERENCED is free when it is on a list: a CPU's of free pages. Else it may be
 * one of several that were allocated at one go, of which only the first is counted. Boolean.
 */
struct datum page_is_listed(struct page_map *map, uint64_t pa);

/* What the kernel knows of the addresses around pa; the map's. */
const struct ram_span *page_span(const struct page_map *map, uint64_t pa);

/*
 * At one go what that many pages from pa on are used for, in ret; all are of one span. What takes
 * further reads to tell, or can't be told, is PAGE_UNKNOWN: page_facts_read() then has it. Notes no
 * problems. count: at most PAGE_USES_READ.
 */
#define PAGE_USES_READ 512
void page_uses_read(struct page_map *map, uint64_t pa, size_t count, uint8_t *ret);

/* "free", "slab", "page table", ... */
const char *page_use_name(enum page_use use);

/* DATUM_OK: the target holds the page's bytes; else why it does not. */
enum datum_state page_is_held(struct page_map *map, uint64_t pa);

#endif
