/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/kcore: the running kernel's memory in the form of an ELF core (fs/proc/kcore.c).
 *
 * Its segments of RAM and of the kernel's image bear physical addresses. Those of vmalloc space do
 * not and are left alone: kcore shows a hole there as zeros, which could not be told from memory
 * that holds zeros, while the page tables say what is mapped.
 *
 * The program headers are read once; bytes with a pread() for every read, and nothing is kept.
 */
#ifndef TARGET_KCORE_H
#define TARGET_KCORE_H

#include "target/machine.h"

#define KCORE_PATH "/proc/kcore"

/*
 * path is KCORE_PATH but in tests. Where the system does not allow it, the error says what stands
 * in the way and what to do about it.
 */
struct error *kcore_open(const char *path, struct memory **ret);

/* The ranges of virtual addresses that kcore itself says the place of; they live as long as memory. */
const struct machine_map *kcore_maps(const struct memory *memory, size_t *n);

#endif
