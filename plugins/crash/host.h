/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target that crash has open: its memory, symbols and types through crash.
 */
#ifndef CRASH_HOST_H
#define CRASH_HOST_H

#include "target/lookup.h"
#include "target/memory.h"
#include "target/type_batch.h"

/* Physical memory, the kernel's VMCOREINFO with it. */
struct error *host_memory_open(struct memory **ret);

/* Answers the rows for symbols. Run-time addresses. */
struct error *host_symbols_lookup(struct lookup *rows, size_t n);

/* Answers the batch's rows that are open, by crash's gdb. error_stopped: interrupted. */
struct error *host_types_ask(struct type_batch *batch);

#endif
