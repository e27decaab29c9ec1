/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the system that runs the kernel says of itself: files and folders of /sys, by their path
 * below it. Only the running kernel has them; on every other target there is nothing, as on a
 * system that lacks the file. Files are opened to be read, never to be written: a file that wants
 * to be written to before it answers is none for us.
 */
#ifndef TARGET_SYSTEM_H
#define TARGET_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#include "target/target.h"

/*
 * All of a file ("firmware/acpi/tables/IVRS"); ret is the caller's, with a NUL behind its size
 * bytes. error_not_found: there is none; ERROR_IO: it can't be read, or is larger than max bytes.
 */
struct error *target_system_file(struct target *target, const char *path, size_t max, uint8_t **ret,
				 size_t *size);

struct system_names {
	char **at; /* by strcmp() */
	size_t n;
};

/*
 * What is in a folder ("kernel/iommu_groups"), hidden names left out; end it with
 * system_names_free(). Errors as above.
 */
struct error *target_system_names(struct target *target, const char *path,
				  struct system_names *ret);
void system_names_free(struct system_names *names); /* zeroed is fine */

#endif
