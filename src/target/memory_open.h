/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The physical memory of a dump, by container. dump.c alone opens these. */
#ifndef TARGET_MEMORY_OPEN_H
#define TARGET_MEMORY_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/core_file.h"
#include "target/memory.h"

/* The first bytes of a file, as much of them as there are, the rest 0. */
#define MAGIC_SIZE 4096

bool elf_is_core_magic(const uint8_t magic[MAGIC_SIZE]);
bool kdump_is_magic(const uint8_t magic[MAGIC_SIZE]);

/* Takes the file on success only. Refuses other architectures and what is no memory dump. */
struct error *elf_memory_open(struct core_file *file, struct memory **ret);

/*
 * Takes the files on success only; several are the parts of a split dump, in any order. Errors name
 * the file.
 */
struct error *kdump_memory_open(struct core_file *files, size_t n, struct memory **ret);

#endif
