/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct xarray and struct ida (Linux 4.20 and later), read defensively: the shift must fall from
 * node to node, so a damaged tree ends in ERROR_CORRUPT and never in a loop.
 */
#ifndef KERNEL_XARRAY_H
#define KERNEL_XARRAY_H

#include "kernel/kernel.h"

/* entry: the raw slot (a pointer, or a value entry with bit 0 set). Return an error to stop. */
typedef struct error *(*xarray_visit)(void *arg, uint64_t index, uint64_t entry);

/* Every present entry in index order; parts that can't be read are told to `unreadable` and passed over. */
struct error *xarray_walk(struct kernel *kernel, uint64_t xarray, xarray_visit visit,
			  void (*unreadable)(void *arg, struct error *err), void *arg);

/* Sets bit n of bitmap (IDs 0 .. n_bits - 1) for every allocated ID of the ida; larger IDs are ERROR_CORRUPT. */
struct error *ida_read(struct kernel *kernel, uint64_t ida, uint64_t *bitmap, size_t n_bits);

#endif
