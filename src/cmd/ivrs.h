/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between ivrs.c (the command), ivrs_find.c (where the table is) and ivrs_differ.c (what the driver
 * made of it). */
#ifndef CMD_IVRS_H
#define CMD_IVRS_H

#include "amd/hw/ivrs.h"
#include "cmd/command.h"
#include "model/snapshot.h"

struct ivrs_source {
	const char *where;    /* "sysfs", "memory", a file's name */
	struct datum address; /* physical; DATUM_NONE: not of memory */
	const uint8_t *bytes; /* in the call's arena */
	size_t size;
};

/* Of the operand's file, of the running system, or of the target's memory. */
struct error *ivrs_find(struct command_call *call, struct ivrs_source *ret);

/* One thing in which the driver's state is not what the table says. Strings are the arena's or
 * static. */
struct ivrs_difference {
	const char *object, *what, *table, *driver;
};

typedef void (*ivrs_tell)(void *arg, const struct ivrs_difference *difference);

void ivrs_differ(const struct ivrs *ivrs, const struct snapshot *s, struct arena *arena,
		 ivrs_tell tell, void *arg);

/* "0000:a1:00.1"; in the arena. */
const char *ivrs_bdf(struct arena *arena, uint32_t segment, uint16_t devid);

/* The UID of an ACPI device entry as text; NULL: it has none. */
const char *ivrs_uid(struct arena *arena, const struct ivrs_entry *entry);

#endif
