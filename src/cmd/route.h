/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a device's DMA goes: by which page table, straight through, nowhere, or we can't tell. */
#ifndef CMD_ROUTE_H
#define CMD_ROUTE_H

#include "cmd/command.h"
#include "model/snapshot.h"

struct route {
	const struct domain *domain; /* that the driver has attached; NULL: none, or not known */
	struct datum domain_id;	     /* of the table, or that hardware tags the device with */
	struct page_table table;     /* ops NULL: none */
	bool known, through;	     /* through: it reaches physical memory as it is */
	const char *reason;	     /* without a table and not through; static text */
	struct translation pasid;    /* the steps that led to the table by a PASID */
};

/* Its requests without a PASID too go by its table of PASIDs. */
bool route_is_by_pasids(const struct device *d);

/* For requests with that PASID; NULL: without one. */
struct error *route_find(struct target *target, const struct snapshot *s, const struct device *d,
			 const uint32_t *pasid, struct route *ret);

/* The call's option --pasid, into *pasid; *given: there was one. */
struct error *route_pasid_option(const struct command_call *call, uint32_t *pasid, bool *given);

#endif
