/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's functions and groups, as its memory has them, against what the system says
 * of them in /sys: two ways to the same kernel, of which ours may be wrong.
 */
#ifndef CMD_SYSTEM_DIFFER_H
#define CMD_SYSTEM_DIFFER_H

#include "cmd/command.h"
#include "cmd/session.h"

/*
 * Compares which PCI functions there are, which groups, what is in each and its type. A difference
 * that is still the same when both have been read anew, more than once, becomes a problem of the
 * snapshot; what came or went in between does not. Where the system has no such folders, as for a
 * dump, there is nothing to compare with. parts: those of the snapshot, with SNAPSHOT_DEVICES;
 * *snapshot is the session's, and may be read anew.
 */
struct error *system_differ(struct session *session, unsigned parts, struct snapshot **snapshot);

/* As call_snapshot(), compared. */
struct error *call_compared_snapshot(struct command_call *call, unsigned parts,
				     struct snapshot **ret);

#endif
