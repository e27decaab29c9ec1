/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMA API's allocator of a domain's IOVAs (kernel/iova.h) held against what its page table
 * maps. */
#ifndef MODEL_IOVA_H
#define MODEL_IOVA_H

#include "kernel/kernel.h"
#include "model/snapshot.h"

enum iova_state {
	IOVA_IS_ALLOCATED,
	IOVA_IS_CACHED, /* free, kept by a CPU or the depot */
	IOVA_IS_QUEUED, /* free once the IOTLB is flushed */
	IOVA_IS_RESERVED,
	IOVA_IS_NONE, /* not in the allocator */
	IOVA_STATES,
};

enum iova_difference {
	IOVA_AGREES,
	IOVA_UNMAPPED,	      /* allocated, and nothing of it is mapped */
	IOVA_MAPPED_FREE,     /* mapped though it is free */
	IOVA_MAPPED_RESERVED, /* mapped, in a range that is not for mapping */
	IOVA_MAPPED_BESIDE,   /* mapped, and the allocator does not know it */
	IOVA_DIFFERENCES,
};

/* A range of the allocator, or (IOVA_IS_NONE) one beside it that is mapped. Bounds included. */
struct iova_piece {
	uint64_t first, last;
	uint64_t mapped; /* bytes of it that are mapped, as far as can be told */
	bool mapped_is_known;
	enum datum_state known; /* DATUM_OK: state is; else why not */
	enum iova_state state;
	bool is_unknown; /* whether there is a difference can't be told */
	enum iova_difference difference;
};

struct iova_totals {
	bool has_allocator; /* else the DMA API does not use the domain, and the rest is 0 */
	uint64_t allocator; /* struct iova_domain */
	bool is_whole;	    /* all of it could be told */
	uint64_t n;	    /* ranges in the allocator */
	uint64_t bytes[IOVA_STATES];
	uint64_t n_differences;
};

/* An error that is returned ends the comparison and is its result. */
typedef struct error *(*iova_visit)(void *arg, const struct iova_piece *piece);

/*
 * Tells each range in rising order. label: the domain's name in problems. What can't be read is in
 * problems; ERROR_NOT_FOUND: this kernel's allocators are not known.
 */
struct error *iova_compare(struct kernel *kernel, const struct snapshot *snapshot,
			   const struct domain *domain, const char *label,
			   struct problems *problems, iova_visit visit, void *arg,
			   struct iova_totals *ret);

#endif
