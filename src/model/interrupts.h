/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remapped interrupts: the tables that hardware looks them up in, and the kernel's interrupts that
 * they are. */
#ifndef MODEL_INTERRUPTS_H
#define MODEL_INTERRUPTS_H

#include "base/datum.h"
#include "base/layout.h"
#include "kernel/apic.h"

/* An interrupt of the kernel that goes through a table. */
struct irq_route {
	uint32_t irq;		     /* number, as in /proc/interrupts */
	struct text name;	     /* of its handlers */
	struct datum segment, devid; /* that it was set up for */
	struct datum index;	     /* in that one's table */
	struct datum table;	     /* address of the driver's object for the table */
	struct datum guest_tag,
		guest_root; /* what a guest's interrupt is posted to, by the driver's word */
};

struct interrupts {
	enum datum_state state;		/* DATUM_OK: routes are all there are */
	const struct irq_route *routes; /* by table, then index */
	uint32_t n_routes;
	const struct datum *device_tables; /* by index of the device: as irq_route.table */
	struct apic_cpus cpus;
};

enum interrupt_use {
	INTERRUPT_UNKNOWN,
	INTERRUPT_FREE,	    /* nobody's, says the driver */
	INTERRUPT_STRAY,    /* likewise, but hardware delivers by it */
	INTERRUPT_RESERVED, /* kept for a device that does not use it */
	INTERRUPT_BLANK, /* an interrupt of the kernel has it, but it is as blank as a free one */
	INTERRUPT_DISABLED, /* given out; hardware delivers nothing by it */
	INTERRUPT_ENABLED,
	INTERRUPT_USES,
};

/* One entry of a table. */
struct table_interrupt {
	uint32_t index;
	enum datum_state state; /* DATUM_OK: words hold it */
	uint64_t words[2];
	const struct layout *layout;
	struct datum address; /* physical */
	enum interrupt_use use;
	const struct irq_route *route; /* NULL: none, or none known */
	/* For DATUM_OK: */
	bool posted; /* to a guest */
	uint32_t vector, destination;
	bool logical; /* the destination is a set of logical APIC IDs */
};

struct interrupt_table {
	uint32_t segment;
	uint16_t devid;
	struct datum object;      /* address of the driver's; DATUM_NONE: it has none for the ID */
	struct datum address;     /* physical; DATUM_NONE: there is no table */
	struct datum entry_size;  /* bytes */
	struct datum entry_table; /* physical; by the hardware's entry for the ID. DATUM_NONE: none */
	struct datum entry_length; /* entries, by the hardware's entry. DATUM_NONE: there is no table */
	struct datum length;      /* entries */
	enum datum_state state;   /* DATUM_OK: `at` is the whole table; DATUM_NONE: there is none */
	const struct table_interrupt *at; /* by index; without length up to the last with a route */
	uint32_t n;
};

#endif
