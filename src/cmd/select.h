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

/*
 * Those of a domain bear its object's address: its ID is one of the things that may be unread. Returns
 * whether there are any.
 */
bool call_problems_of_domain(struct command_call *call, const struct snapshot *snapshot,
			     const struct domain *domain);

/* The value of option `name` of the call's command; NULL: not given. */
const char *call_option(const struct command_call *call, const char *name);

/* With something unread, that none was found does not say that there is none: it is unknown. */
static inline struct datum none_of(const struct snapshot *snapshot)
{
	return (struct datum){.state = snapshot->problems.n ? DATUM_ABSENT : DATUM_NONE};
}

/* Likewise, a number of those that were found. */
static inline struct datum count_of(const struct snapshot *snapshot, uint64_t n)
{
	return snapshot->problems.n ? none_of(snapshot) : datum_ok(n);
}

/* Why nothing goes by that word: ERROR_USAGE, or ERROR_NOT_FOUND when it may just not be readable. */
struct error *error_not_listed(const struct snapshot *snapshot, const char *what, const char *word,
			       const char *command);

/*
 * An error about what this device or domain is now: ERROR_USAGE, since it is the wrong one to ask about;
 * of a machine that runs ERROR_TORN, since in a moment it may be another.
 */
struct error *error_of_state(const struct snapshot *snapshot, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The devices that the operands name, all without any; fails for one that is not there. */
struct error *select_devices(struct command_call *call, const struct snapshot *snapshot,
			     struct selection *ret);

/* One device by BDF. */
struct error *find_device(const struct snapshot *snapshot, const char *word,
			  const struct device **ret);

/* An IOMMU by its name, its index or its own BDF; *ret: its index in iommus. */
struct error *find_iommu(const struct snapshot *snapshot, const char *word, uint32_t *ret);

/* A domain by its ID, its object's address, or a device that is in it. */
struct error *find_domain(const struct snapshot *snapshot, const char *word,
			  const struct domain **ret);

/* "domain 0x5", or by address when it has no ID. */
void domain_label(const struct domain *domain, char *label, size_t size);

#endif
