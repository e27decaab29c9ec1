/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a physical page is, as far as a device's reaching it matters. Millions of leaves ask: pages
 * are read by the 512 and kept as a byte each.
 */
#ifndef CHECK_PAGE_CLASS_H
#define CHECK_PAGE_CLASS_H

#include "check/rule.h"
#include "check/table_set.h"
#include "kernel/page.h"

enum page_class {
	CLASS_PENDING, /* within page_class.c only: not asked for yet */
	CLASS_FINE,
	CLASS_NOWHERE,	    /* neither RAM nor anything else that the kernel knows of */
	CLASS_FREE,	    /* in the page allocator, or on a CPU's list of free pages */
	CLASS_UNREFERENCED, /* within page_class.c only: nobody holds it */
	CLASS_TEXT,	    /* the kernel's code */
	CLASS_RODATA,	    /* its constants */
	CLASS_CPU_TABLE,
	CLASS_IOMMU_TABLE, /* an I/O page table */
	CLASS_IOMMU,	   /* a device table or a ring */
	CLASS_UNKNOWN,
	PAGE_CLASSES,
};

struct page_classes;

/* tables: sorted; NULL: I/O page tables are not told apart. Both outlive the classes. */
struct error *page_classes_new(struct check *check, const struct table_set *tables,
			       struct page_classes **ret);
void page_classes_free(struct page_classes *classes); /* NULL is fine */

static inline void page_classes_freep(struct page_classes **classes)
{
	page_classes_free(*classes);
}

/* The class of the page at pa. */
enum page_class page_class_of(struct page_classes *classes, uint64_t pa);

/* Whether these pages are all CLASS_FINE, as far as that is known already. */
bool page_classes_fine(struct page_classes *classes, const uint64_t *pages, unsigned n);

/* The first page in [*pa, end) that is not CLASS_FINE: its class, and *pa becomes its address. */
enum page_class page_class_next(struct page_classes *classes, uint64_t *pa, uint64_t end);

/* In words for a finding: "Kernel code", "free", "page cache"; static or as long as the classes. */
const char *page_class_words(struct page_classes *classes, uint64_t pa);
/* Why it is CLASS_UNKNOWN. */
enum datum_state page_class_state(struct page_classes *classes, uint64_t pa, const char **reason);
/* What the kernel says of it. */
struct page_facts page_class_facts(struct page_classes *classes, uint64_t pa);

#endif
