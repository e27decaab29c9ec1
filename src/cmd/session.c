/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include <stdlib.h>
#include <string.h>

#include "amd/driver.h"
#include "base/cleanup.h"
#include "kernel/ability.h"
#include "target/together.h"

static const struct iommu_driver_ops *const drivers[] = {&amd_driver};

struct session {
	const struct target_spec *spec;
	struct target *target;
	struct kernel *kernel;
	struct iommu_driver *drivers[ARRAY_SIZE(drivers)];
	struct iommu_driver *driver; /* the one in use */
	struct snapshot snapshot;
	bool was_open;
	bool failed;
};

struct error *session_new(const struct target_spec *spec, struct session **ret)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return error_no_memory;
	session->spec = spec;
	*ret = session;
	return NULL;
}

void session_close(struct session *session)
{
	snapshot_free(&session->snapshot);
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (session->drivers[i])
			drivers[i]->destroy(session->drivers[i]);
	kernel_close(session->kernel);
	target_close(session->target);
	*session = (struct session){
		.spec = session->spec, .was_open = session->was_open, .failed = session->failed};
}

void session_free(struct session *session)
{
	if (!session)
		return;
	session_close(session);
	free(session);
}

const struct target_spec *session_spec(const struct session *session)
{
	return session->spec;
}

bool session_is_given(const struct session *session)
{
	return session->was_open || session->spec->n_cores;
}

/* Remembers that an opening step failed; passes err on. */
static struct error *opened(struct session *session, struct error *err)
{
	if (err)
		session->failed = true;
	return err;
}

struct error *session_target(struct session *session, struct target **ret)
{
	struct error *err = session->target ? NULL : target_open(session->spec, &session->target);

	if (!err) {
		session->was_open = true;
		*ret = session->target;
	}
	return opened(session, err);
}

/* One lookup for the core and all drivers, so that symbols and types are searched once. */
static struct error *open_kernel(struct session *session)
{
	struct need_set *sets[ARRAY_SIZE(drivers)];
	struct target *target;
	struct error *err = session_target(session, &target);

	for (size_t i = 0; i < ARRAY_SIZE(drivers) && !err; i++) {
		if (!session->drivers[i])
			err = drivers[i]->create(&session->drivers[i]);
		if (!err)
			sets[i] = &session->drivers[i]->needs;
	}
	if (!err)
		err = kernel_open(target, sets, ARRAY_SIZE(drivers), &session->kernel);
	for (size_t i = 0; i < ARRAY_SIZE(drivers) && !err; i++)
		session->drivers[i]->kernel = session->kernel;
	return err;
}

struct error *session_kernel(struct session *session, struct kernel **ret)
{
	struct error *err = session->kernel ? NULL : open_kernel(session);

	if (!err)
		*ret = session->kernel;
	return opened(session, err);
}

const struct need_set *session_needs(const struct session *session, size_t i)
{
	return i < ARRAY_SIZE(drivers) ? &session->drivers[i]->needs : NULL;
}

struct error *session_resolve_extra(struct session *session, size_t i)
{
	struct iommu_driver *driver = session->drivers[i];

	return need_table_resolve(session->kernel, driver->extra_table, &driver->extra);
}

static struct error *detect_driver(struct session *session)
{
	struct kernel *kernel;
	struct error *err = session_kernel(session, &kernel);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(drivers) && !session->driver; i++) {
		error_free(err);
		err = drivers[i]->detect(session->drivers[i]);
		if (!err)
			session->driver = session->drivers[i];
	}
	return err;
}

struct error *session_driver(struct session *session, struct iommu_driver **ret)
{
	struct error *err = session->driver ? NULL : detect_driver(session);

	if (!err)
		*ret = session->driver;
	return opened(session, err);
}

static bool needs(const struct ability *ability, const char *command)
{
	for (size_t i = 0; i < ABILITY_COMMANDS && ability->commands[i]; i++)
		if (!strcmp(ability->commands[i], command))
			return true;
	return false;
}

static void note_lacks_of(const struct need_set *set, const char *command,
			  struct problems *problems)
{
	const struct need_way *way;

	for (size_t i = 0; i < set->n_abilities; i++) {
		const struct ability *ability = &set->abilities[i];

		if (needs(ability, command) &&
		    !ability_is_in_order(ability_judge(set, ability, &way)))
			problems_add(problems,
				     error_new(ERROR_NOT_FOUND,
					       "in no way that is known: see `kernel`"),
				     ability->what, "this kernel");
	}
}

void session_note_lacks(const struct session *session, const char *command,
			struct problems *problems)
{
	if (!session->driver) /* nothing was asked of the kernel, or it has failed as a whole */
		return;
	note_lacks_of(&session->kernel->core_set, command, problems);
	note_lacks_of(&session->driver->needs, command, problems);
}

void session_refresh(struct session *session)
{
	if (session->target && session->target->moving)
		snapshot_free(&session->snapshot);
}

struct snapshot_wish {
	struct session *session;
	unsigned parts;
};

static struct error *load_snapshot(void *arg)
{
	const struct snapshot_wish *wish = arg;
	struct session *session = wish->session;

	/* What was read before may never have been there together with what comes now. */
	if (session->target->moving)
		snapshot_free(&session->snapshot);
	session->snapshot.moving = session->target->moving;
	return session->driver->ops->load(session->driver, wish->parts, &session->snapshot);
}

struct error *session_snapshot(struct session *session, unsigned parts, struct snapshot **ret)
{
	struct iommu_driver *driver;
	struct error *err = session_driver(session, &driver);
	unsigned all = parts | session->snapshot.parts;

	if (!err && all != session->snapshot.parts)
		err = target_read_together(session->target, load_snapshot,
					   &(struct snapshot_wish){session, all});
	if (!err)
		*ret = &session->snapshot;
	return opened(session, err);
}

bool session_failed(const struct session *session)
{
	return session->failed;
}

void session_share_failure(struct session *session, const struct session *other)
{
	session->failed = session->failed || other->failed;
}
