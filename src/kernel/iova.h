/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA API's allocator of IOVAs (drivers/iommu/iova.c, dma-iommu.c): a tree of ranges that are
 * taken. A range that was freed stays in the tree while a cache of recently freed ones (per CPU,
 * and a depot) or the queue of those that wait for the IOTLB to be flushed holds it.
 */
#ifndef KERNEL_IOVA_H
#define KERNEL_IOVA_H

#include "base/key_index.h"
#include "kernel/kernel.h"
#include "kernel/rbtree.h"

#define IOVA_NEEDS(X)                                                                              \
	X(IOVA_CPU_OFFSETS, SYMBOL, NULL, "__per_cpu_offset", OPTIONAL, "caches of freed IOVAs")   \
	X(IOVA_CPUS_POSSIBLE, SYMBOL, NULL, "__cpu_possible_mask|cpu_possible_bits", OPTIONAL,     \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_COOKIE, MEMBER, "struct iommu_domain", "iova_cookie", OPTIONAL,                     \
	  "IOVA allocators, from Linux 5.5 on")                                                    \
	X(IOVA_COOKIE_KIND, MEMBER, "struct iommu_domain", "cookie_type", VARIANT,                 \
	  "whether a domain has an allocator, from Linux 6.15 on")                                 \
	X(IOVA_KIND_IOVA, ENUMERATOR, "enum iommu_domain_cookie_type", "IOMMU_COOKIE_DMA_IOVA",    \
	  VARIANT, "whether a domain has an allocator, from Linux 6.15 on")                        \
	X(IOVA_COOKIE_TYPE, MEMBER, "struct iommu_dma_cookie", "type", VARIANT,                    \
	  "whether a domain has an allocator, before Linux 6.15")                                  \
	X(IOVA_TYPE_IOVA, ENUMERATOR, "enum iommu_dma_cookie_type", "IOMMU_DMA_IOVA_COOKIE",       \
	  VARIANT, "whether a domain has an allocator, before Linux 6.15")                         \
	X(IOVA_DOMAIN, MEMBER, "struct iommu_dma_cookie", "iovad", OPTIONAL, "IOVA allocators")    \
	X(IOVA_FQ_DOMAIN, MEMBER, "struct iommu_dma_cookie", "fq_domain", OPTIONAL,                \
	  "flush queues")                                                                          \
	X(IOVA_COOKIE_FQ, MEMBER, "struct iommu_dma_cookie", "percpu_fq|fq", VARIANT,              \
	  "flush queues, from Linux 5.17 on")                                                      \
	X(IOVA_QUEUE_TYPE, MEMBER, "struct iommu_dma_cookie", "options.qt", VARIANT,               \
	  "flush queues, from Linux 6.7 on")                                                       \
	X(IOVA_QUEUE_SINGLE, ENUMERATOR, "enum iommu_dma_queue_type",                              \
	  "IOMMU_DMA_OPTS_SINGLE_QUEUE", VARIANT, "flush queues, from Linux 6.7 on")               \
	X(IOVA_OLD_FQ, MEMBER, "struct iova_domain", "fq", VARIANT,                                \
	  "flush queues before Linux 5.17")                                                        \
	X(IOVA_ROOT, MEMBER, "struct iova_domain", "rbroot", OPTIONAL, "IOVA allocators")          \
	X(IOVA_ANCHOR, MEMBER, "struct iova_domain", "anchor", OPTIONAL, "IOVA allocators")        \
	X(IOVA_GRANULE, MEMBER, "struct iova_domain", "granule", OPTIONAL, "IOVA allocators")      \
	X(IOVA_RCACHES, MEMBER, "struct iova_domain", "rcaches", OPTIONAL,                         \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_NODE, MEMBER, "struct iova", "node", OPTIONAL, "IOVA allocators")                   \
	X(IOVA_LOW, MEMBER, "struct iova", "pfn_lo", OPTIONAL, "IOVA allocators")                  \
	X(IOVA_HIGH, MEMBER, "struct iova", "pfn_hi", OPTIONAL, "IOVA allocators")                 \
	X(IOVA_RCACHE, SIZE, "struct iova_rcache", NULL, OPTIONAL, "caches of freed IOVAs")        \
	X(IOVA_DEPOT, MEMBER, "struct iova_rcache", "depot", OPTIONAL, "caches of freed IOVAs")    \
	X(IOVA_DEPOT_SIZE, MEMBER, "struct iova_rcache", "depot_size", OPTIONAL,                   \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_CPU_RCACHES, MEMBER, "struct iova_rcache", "cpu_rcaches", OPTIONAL,                 \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_LOADED, MEMBER, "struct iova_cpu_rcache", "loaded", OPTIONAL,                       \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_PREVIOUS, MEMBER, "struct iova_cpu_rcache", "prev", OPTIONAL,                       \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_MAGAZINE_SIZE, MEMBER, "struct iova_magazine", "size", OPTIONAL,                    \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_MAGAZINE_NEXT, MEMBER, "struct iova_magazine", "next", VARIANT,                     \
	  "depots of freed IOVAs, from Linux 6.7 on")                                              \
	X(IOVA_MAGAZINE_PFNS, MEMBER, "struct iova_magazine", "pfns", OPTIONAL,                    \
	  "caches of freed IOVAs")                                                                 \
	X(IOVA_FQ_HEAD, MEMBER, "struct iova_fq", "head", OPTIONAL, "flush queues")                \
	X(IOVA_FQ_TAIL, MEMBER, "struct iova_fq", "tail", OPTIONAL, "flush queues")                \
	X(IOVA_FQ_MASK, MEMBER, "struct iova_fq", "mod_mask", VARIANT,                             \
	  "flush queues, from Linux 6.7 on")                                                       \
	X(IOVA_FQ_ENTRIES, MEMBER, "struct iova_fq", "entries", OPTIONAL, "flush queues")          \
	X(IOVA_FQ_ENTRY, SIZE, "struct iova_fq_entry", NULL, OPTIONAL, "flush queues")             \
	X(IOVA_FQ_PFN, MEMBER, "struct iova_fq_entry", "iova_pfn", OPTIONAL, "flush queues")

enum iova_need { IOVA_NEEDS(NEED_ENUMERATOR) IOVA_N };

extern const struct need_table iova_needs;

/*
 * Boolean: what is unmapped of the domain waits in a flush queue for the IOTLB to be flushed.
 * DATUM_ABSENT: this kernel's domains do not say, or the core's DMA API does not use this one.
 */
struct datum iova_is_lazy(struct reader *reader, uint64_t core_domain);

/* What holds a range that is free, though the tree still has it. */
enum iova_idle { IOVA_CACHED, IOVA_QUEUED };

struct iova_allocator {
	struct kernel *kernel;
	const struct found *found;
	uint64_t address;	     /* struct iova_domain */
	uint64_t cookie;	     /* struct iommu_dma_cookie */
	uint64_t granule;	     /* bytes of a page frame */
	struct key_index idle;	     /* first address of a range -> enum iova_idle */
	enum datum_state idle_state; /* DATUM_OK: idle has them all */
	struct rb_walk walk;
	uint64_t next; /* ranges told so far end before */
	bool is_over;  /* past the last address */
};

struct iova_range {
	uint64_t first, last; /* bytes; the last included */
};

/*
 * The allocator of a domain; the caches are read at once. It is at iova_domain, or where that is 0
 * it is found by the struct iommu_domain. ret->address 0: there is none, the DMA API does not use
 * the domain. ERROR_NOT_FOUND: this kernel's allocators are not known. What of the caches can't be
 * read is a problem of reader's object.
 */
struct error *iova_allocator_open(struct reader *reader, uint64_t core_domain, uint64_t iova_domain,
				  struct iova_allocator *ret);
void iova_allocator_close(struct iova_allocator *allocator);

/*
 * The next taken range, in rising order; *more = false: that was all. An error says that ranges are
 * missing between the last and the next; a damaged tree gives one and then ends.
 */
struct error *iova_allocator_next(struct iova_allocator *allocator, struct iova_range *ret,
				  bool *more);

#endif
