/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether libkdumpfile may be given a dump. What it makes of a kdump's headers and VMCOREINFO, of
 * which nothing is needed here, it takes on trust (seen in 0.5.1; read in 0.5.4's source).
 */
#ifndef TARGET_KDUMP_SAFE_H
#define TARGET_KDUMP_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/kdump_pages.h"

/* NULL, or ERROR_CORRUPT that says what it would stumble over, or that could not be read. */
struct error *kdump_safe_check(const struct kdump_pages *pages);

/*
 * The same of VMCOREINFO's text, or what a dump has in its place; it need not end in a NUL.
 * ERROR_NO_MEMORY: not known.
 */
struct error *vmcoreinfo_check(const char *text, size_t size);

#endif
