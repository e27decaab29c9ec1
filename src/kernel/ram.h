/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The map of physical addresses: the kernel's resource tree, which /proc/iomem shows
 * (kernel/resource.c: iomem_resource). It names RAM, the kernel's own image in it, device memory.
 */
#ifndef KERNEL_RAM_H
#define KERNEL_RAM_H

#include "base/arena.h"
#include "kernel/kernel.h"

/* Addresses that one resource has for itself: no other lies in it there. */
struct ram_span {
	uint64_t first, last;
	/* DATUM_NONE: nothing is known of by the kernel; else why it is not known what is there. */
	enum datum_state state;
	bool is_ram;	  /* it lies in "System RAM": the kernel has a struct page for it */
	bool in_bus;	  /* it lies in a window of a PCI bus */
	/* "Kernel code", "System RAM", "amd_iommu". It can be lost where state is DATUM_OK: all
	   that is known then is what the resource is part of. */
	struct text name;
	const char *function; /* the PCI function whose memory it is, "0000:00:05.0"; NULL: none's */
};

struct ram_map {
	struct arena arena;  /* names */
	struct ram_span *at; /* by address, without gaps, from 0 to UINT64_MAX */
	size_t n, room;
};

/* What can't be read is noted in reader->problems and is a span with that state. */
struct error *ram_map_read(struct reader *reader, struct ram_map *ret);
void ram_map_free(struct ram_map *map);

/* The span that pa lies in; the map's. */
const struct ram_span *ram_map_find(const struct ram_map *map, uint64_t pa)
	__attribute__((returns_nonnull));

#endif
