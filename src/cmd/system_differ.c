/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system_differ.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "cmd/select.h"
#include "target/system.h"

#define FUNCTIONS "bus/pci/devices"
#define GROUPS "kernel/iommu_groups"
#define TRIES 3
#define PAUSE 10000000L /* nanoseconds between two of them */
#define TYPE_MAX 64	/* bytes of a group's type */

struct difference {
	const char *object, *what, *message;
};

struct differences {
	struct arena arena;
	VEC(struct difference) list;
	bool failed; /* memory ran out */
};

/* Names by strcmp(), as struct system_names has them; not owned. */
struct sorted {
	VEC(const char *) list;
	bool partly; /* there may be more */
	bool failed;
};

struct comparison {
	struct target *target;
	const struct snapshot *snapshot;
	struct system_names functions;
	struct differences *differences;
};

static void differences_free(struct differences *d)
{
	vec_free(&d->list);
	arena_free(&d->arena);
}

/* object and message are in the arena, or NULL when memory ran out. */
static void add(struct differences *d, const char *object, const char *what, const char *message)
{
	struct difference *slot = object && message ? vec_push(&d->list) : NULL;

	if (slot)
		*slot = (struct difference){object, what, message};
	else
		d->failed = true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sorted_add(struct sorted *names, const char *name)
{
	const char **slot = name ? vec_push(&names->list) : NULL;

	if (slot)
		*slot = name;
	else
		names->failed = true;
}

static void sorted_end(struct sorted *names)
{
	if (names->list.n)
		qsort(names->list.at, names->list.n, sizeof(*names->list.at), compare_names);
}

static bool has_name(const struct system_names *names, const char *name)
{
	return names->n && bsearch(&name, names->at, names->n, sizeof(*names->at), compare_names);
}

typedef void (*tell_name)(struct differences *d, const char *object, const char *name,
			  bool in_system);

/* Tells each name that only one of them has; of memory's that are partly known, not what they lack.
 */
static void compare_lists(struct comparison *c, const struct system_names *system,
			  const struct sorted *memory, const char *object, tell_name tell)
{
	size_t i = 0, j = 0;

	c->differences->failed |= memory->failed;
	while (i < system->n || j < memory->list.n) {
		int order = i == system->n	  ? 1
			    : j == memory->list.n ? -1
						  : strcmp(system->at[i], memory->list.at[j]);

		if (order < 0 && !memory->partly)
			tell(c->differences, object, system->at[i], true);
		if (order > 0)
			tell(c->differences, object, memory->list.at[j], false);
		i += order <= 0;
		j += order >= 0;
	}
}

static void tell_function(struct differences *d, const char *object, const char *name,
			  bool in_system)
{
	(void)object;
	add(d, arena_strdup(&d->arena, name), "function",
	    in_system ? "/sys/" FUNCTIONS " has it, the kernel's PCI buses in memory have not"
		      : "the kernel's PCI buses in memory have it, /sys/" FUNCTIONS " has not");
}

static void tell_group(struct differences *d, const char *object, const char *name, bool in_system)
{
	(void)object;
	add(d, arena_printf(&d->arena, "group %s", name), "group",
	    in_system ? "/sys/" GROUPS " has it, the kernel's groups in memory have not"
		      : "the kernel's groups in memory have it, /sys/" GROUPS " has not");
}

static void tell_member(struct differences *d, const char *object, const char *name, bool in_system)
{
	add(d, arena_strdup(&d->arena, object), "members",
	    arena_printf(&d->arena,
			 in_system ? "/sys/" GROUPS " has %s in it, the kernel's memory has not"
				   : "the kernel's memory has %s in it, /sys/" GROUPS " has not",
			 name));
}

static void compare_functions(struct comparison *c)
{
	const struct snapshot *s = c->snapshot;
	struct sorted memory = {.partly = s->devices_state != DATUM_OK};

	for (uint32_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].pci_device)
			sorted_add(&memory, s->devices[i].name);
	sorted_end(&memory);
	compare_lists(c, &c->functions, &memory, NULL, tell_function);
	vec_free(&memory.list);
}

/* A group has other members too, ACPI devices: of those we know nothing. */
static struct error *compare_members(struct comparison *c, const struct group *group,
				     const char *object, const char *path)
{
	struct sorted memory = {.partly = group->members_state != DATUM_OK};
	struct system_names all, system = {0};
	struct error *err = target_system_names(c->target, path, &all);

	if (err)
		return err;
	system.at = calloc(all.n ? all.n : 1, sizeof(*system.at));
	for (size_t i = 0; i < all.n && system.at; i++)
		if (has_name(&c->functions, all.at[i]))
			system.at[system.n++] = all.at[i];
	for (uint32_t i = 0; i < group->n_devices; i++)
		if (has_name(&c->functions, c->snapshot->devices[group->devices[i]].name))
			sorted_add(&memory, c->snapshot->devices[group->devices[i]].name);
	sorted_end(&memory);
	c->differences->failed |= !system.at;
	compare_lists(c, &system, &memory, object, tell_member);
	vec_free(&memory.list);
	free(system.at); /* the names are all's */
	system_names_free(&all);
	return NULL;
}

/* The system's word is the kernel's own for the type of the default domain (iommu_group_show_type).
 */
static struct error *compare_type(struct comparison *c, const struct group *group,
				  const char *object, const char *path)
{
	struct differences *d = c->differences;
	_cleanup_(freep) uint8_t *bytes = NULL;
	const char *type;
	size_t size;
	struct error *err = target_system_file(c->target, path, TYPE_MAX, &bytes, &size);

	if (err || group->default_domain.state != DATUM_OK)
		return err;
	char *word = (char *)bytes;
	word[strcspn(word, "\n")] = '\0';
	type = c->snapshot->domains[group->default_domain.value].type_name;
	if (type && strcmp(word, "unknown") && strcasecmp(word, type))
		add(d, arena_strdup(&d->arena, object), "type",
		    arena_printf(&d->arena, "/sys/" GROUPS " says %s, the kernel's memory %s", word,
				 type));
	return NULL;
}

/* A folder or file that is not there any more has gone with its group: no difference to tell. */
static struct error *unless_gone(struct error *err)
{
	if (!err || error_code(err) != ERROR_NOT_FOUND)
		return err;
	error_free(err);
	return NULL;
}

static struct error *compare_group(struct comparison *c, const struct group *group)
{
	struct differences *d = c->differences;
	uint64_t id = group->id.value;
	const char *object = arena_printf(&d->arena, "group %" PRIu64, id);
	const char *devices = arena_printf(&d->arena, GROUPS "/%" PRIu64 "/devices", id);
	const char *type = arena_printf(&d->arena, GROUPS "/%" PRIu64 "/type", id);

	if (!object || !devices || !type)
		return error_no_memory;
	struct error *err = unless_gone(compare_members(c, group, object, devices));
	return err ? err : unless_gone(compare_type(c, group, object, type));
}

static struct error *compare_groups(struct comparison *c)
{
	const struct snapshot *s = c->snapshot;
	struct sorted memory = {.partly = s->groups_state != DATUM_OK};
	struct system_names system;
	struct error *err = target_system_names(c->target, GROUPS, &system);

	if (err)
		return unless_gone(err);
	for (uint32_t i = 0; i < s->n_groups; i++) {
		const struct datum *id = &s->groups[i].id;

		memory.partly |= id->state != DATUM_OK;
		if (id->state == DATUM_OK)
			sorted_add(&memory,
				   arena_printf(&c->differences->arena, "%" PRIu64, id->value));
	}
	sorted_end(&memory);
	compare_lists(c, &system, &memory, NULL, tell_group);
	for (uint32_t i = 0; i < s->n_groups && !err; i++)
		if (s->groups[i].id.state == DATUM_OK)
			err = compare_group(c, &s->groups[i]);
	vec_free(&memory.list);
	system_names_free(&system);
	return err;
}

static struct error *compare(struct target *target, const struct snapshot *s,
			     struct differences *ret)
{
	struct comparison c = {.target = target, .snapshot = s, .differences = ret};
	struct error *err = target_system_names(target, FUNCTIONS, &c.functions);

	if (err)
		return unless_gone(err);
	compare_functions(&c);
	err = compare_groups(&c);
	system_names_free(&c.functions);
	return ret->failed ? error_no_memory : err;
}

/* Leaves in d what is in again, too. */
static void keep_common(struct differences *d, const struct differences *again)
{
	size_t n = 0;

	for (size_t i = 0; i < d->list.n; i++) {
		const struct difference old = d->list.at[i];
		bool stays = false;

		for (size_t j = 0; j < again->list.n && !stays; j++)
			stays = !strcmp(again->list.at[j].object, old.object) &&
				!strcmp(again->list.at[j].message, old.message);
		if (stays)
			d->list.at[n++] = old;
	}
	d->list.n = n;
}

static struct error *compare_again(struct session *session, struct target *target, unsigned parts,
				   struct snapshot **snapshot, struct differences *d)
{
	const struct timespec pause = {.tv_nsec = PAUSE};
	struct differences again = {0};

	nanosleep(&pause, NULL);
	session_refresh(session);
	struct error *err = session_snapshot(session, parts, snapshot);
	if (!err)
		err = compare(target, *snapshot, &again);
	if (!err)
		keep_common(d, &again);
	differences_free(&again);
	return err;
}

struct error *system_differ(struct session *session, unsigned parts, struct snapshot **snapshot)
{
	struct differences d = {0};
	struct target *target;
	struct error *err = session_target(session, &target);

	if (!err && target->system)
		err = compare(target, *snapshot, &d);
	for (unsigned i = 1; i < TRIES && !err && d.list.n; i++)
		err = compare_again(session, target, parts, snapshot, &d);
	for (size_t i = 0; i < d.list.n && !err; i++)
		problems_add(&(*snapshot)->problems,
			     error_new(ERROR_CORRUPT, "%s", d.list.at[i].message),
			     d.list.at[i].what, "%s", d.list.at[i].object);
	differences_free(&d);
	return err;
}

struct error *call_compared_snapshot(struct command_call *call, unsigned parts,
				     struct snapshot **ret)
{
	struct snapshot *s;
	struct error *err = session_snapshot(call->session, parts, &s);

	if (!err)
		err = system_differ(call->session, parts, &s);
	return err ? err : call_snapshot(call, parts, ret);
}
