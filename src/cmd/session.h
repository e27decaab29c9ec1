/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: one open target and what has been read of it, kept between commands, unless it is a machine
 * that runs. The target is opened by the first command that needs it; the snapshot grows by the parts
 * that commands ask for.
 */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "base/datum.h"
#include "base/error.h"
#include "model/driver.h"
#include "target/target.h"

struct session;

/* spec and what it points to stay the caller's, and as they are, until session_free(). */
struct error *session_new(const struct target_spec *spec, struct session **ret);
void session_free(struct session *session); /* NULL is fine */

/* What it was made with. */
const struct target_spec *session_spec(const struct session *session);

/* Ends the target and all that was read of it. The next command that needs it opens it anew. */
void session_close(struct session *session);

/* A dump was named, or a target was opened: commands that need none may use it. */
bool session_is_given(const struct session *session);

/* All of these open the target if need be; what they return belongs to the session. */
struct error *session_target(struct session *session, struct target **ret);
struct error *session_kernel(struct session *session, struct kernel **ret);
/* What the i-th of all drivers looks for; NULL: there are no more. After session_kernel(). */
const struct need_set *session_needs(const struct session *session, size_t i);
/* Resolves what only some commands read of the i-th driver's, for which session_needs() is not NULL. */
struct error *session_resolve_extra(struct session *session, size_t i);
/* The driver of the IOMMUs in use; detected. */
struct error *session_driver(struct session *session, struct iommu_driver **ret);
/*
 * parts: enum snapshot_part, ORed. Problems met while reading them are in the snapshot. Of a machine that
 * runs, parts that an earlier call did not ask for are read together with those it did, all anew.
 */
struct error *session_snapshot(struct session *session, unsigned parts, struct snapshot **ret);

/* Adds a problem for each thing that this command needs and this kernel has in no way that is known. */
void session_note_lacks(const struct session *session, const char *command,
			struct problems *problems);

/* A command begins: on a machine that runs, nothing of what was read before counts any more. */
void session_refresh(struct session *session);

/* One of these functions has failed: an error now means "could not be opened", exit status 3. */
bool session_failed(const struct session *session);
/* What the other could not open, the command of this one could not either. */
void session_share_failure(struct session *session, const struct session *other);

#endif
