/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's ACPI tables, by the list that the kernel has of them. */
#ifndef KERNEL_ACPI_H
#define KERNEL_ACPI_H

#include "kernel/kernel.h"

/*
 * Where a table is: its physical address and length. signature: four characters. error_not_found:
 * the machine has no such table; ERROR_NOT_FOUND otherwise: this kernel's list can't be read.
 */
struct error *acpi_find_table(struct kernel *kernel, const char *signature, uint64_t *address,
			      uint32_t *length);

#endif
