/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands share: getting the snapshot, and choosing devices and domains by their operands. */
#ifndef CMD_SELECT_H
#define CMD_SELECT_H

#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/session.h"

struct selection {
	uint32_t *at; /* indexes, in the snapshot's order or the operands' */
	size_t n, room;
};

static inline void selection_free(struct selection *selection)
{
	free(selection->at);
}

/*
 * The snapshot, and its problems into the call's: all, or for a call with operands only those of the
 * objects that the command then names with call_problems_of().
 */
struct error *call_snapshot(struct command_call *call, unsigned parts, struct snapshot **ret);
void call_problems_of(struct command_call *call, const struct snapshot *snapshot, const char *object);

/* The value of option `name` of the call's command; NULL: not given. */
const char *call_option(const struct command_call *call, const char *name);

/* The devices that the operands name, all without any; ERROR_USAGE names one that is not there. */
struct error *select_devices(struct command_call *call, const struct snapshot *snapshot,
			     struct selection *ret);

/* One device by BDF. */
struct error *find_device(const struct snapshot *snapshot, const char *word,
			  const struct device **ret);

/* A domain by its ID, its object's address, or a device that is in it. */
struct error *find_domain(const struct snapshot *snapshot, const char *word,
			  const struct domain **ret);

/* "domain 0x5", or by address when it has no ID. */
void domain_label(const struct domain *domain, char *label, size_t size);

#endif
