/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/group.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/list.h"

/* Of all groups together: each may lead into one long list. */
#define MEMBERS_MAX ((size_t)1 << 20)

/* struct group_device, which before Linux 4.11 bore the name of today's iommu_device. */
struct member_place {
	const struct found *list, *dev;
};

static struct member_place member_place(const struct found *core)
{
	if (is_found(&core[CORE_GROUP_DEVICE_LIST]) || is_found(&core[CORE_GROUP_DEVICE_DEV]))
		return (struct member_place){&core[CORE_GROUP_DEVICE_LIST],
					     &core[CORE_GROUP_DEVICE_DEV]};
	return (struct member_place){&core[CORE_OLD_GROUP_DEVICE_LIST],
				     &core[CORE_OLD_GROUP_DEVICE_DEV]};
}

static struct error *read_members(struct reader *reader, struct iommu_group *group,
				  struct iommu_groups *groups)
{
	struct kernel *kernel = reader->kernel;
	const struct found *head = &kernel->core[CORE_GROUP_DEVICES];
	struct member_place place = member_place(kernel->core);
	struct error *err;
	uint64_t node;

	group->first_member = groups->members.n;
	group->members_state = DATUM_ABSENT;
	if (!is_found(head) || !is_found(place.list) || !is_found(place.dev))
		return NULL;
	group->members_state = DATUM_OK;
	struct list_walk walk = list_walk_begin(kernel, group->address + head->value);
	while (!(err = list_walk_next(&walk, &node)) && node && groups->members.n < MEMBERS_MAX) {
		struct datum dev = reader_pointer(reader, node - place.list->value, place.dev,
						  "member");
		uint64_t *slot = dev.state == DATUM_OK ? vec_push(&groups->members) : NULL;

		if (slot)
			*slot = dev.value;
		else if (dev.state == DATUM_OK)
			return error_no_memory;
		else if (dev.state != DATUM_NONE)
			group->members_state = dev.state;
	}
	if (!err && node)
		err = error_new(ERROR_CORRUPT, "the groups have more than %zu members",
				MEMBERS_MAX);
	if (err && !error_is_unreadable(err))
		return err;
	if (err)
		group->members_state = problems_add(reader->problems, err, "members", "%s",
						    reader_object_text(reader));
	group->n_members = groups->members.n - group->first_member;
	return NULL;
}

static struct error *read_group(struct reader *reader, struct arena *arena, uint64_t address,
				struct iommu_groups *groups)
{
	const struct found *core = reader->kernel->core;
	struct iommu_group *group = vec_push(&groups->groups);

	if (!group)
		return error_no_memory;
	reader_object_number(reader, "IOMMU group 0x%" PRIx64, address);
	group->address = address;
	group->id = reader_member(reader, address, &core[CORE_GROUP_ID], "id");
	if (group->id.state == DATUM_OK)
		reader_object_number(reader, "group %" PRIu64, group->id.value);
	group->name = reader_string(reader, arena, address, &core[CORE_GROUP_NAME], "name");
	group->default_domain = reader_pointer(reader, address, &core[CORE_GROUP_DEFAULT],
					       "default domain");
	group->domain = reader_pointer(reader, address, &core[CORE_GROUP_DOMAIN], "domain");
	group->owner_count = reader_member(reader, address, &core[CORE_GROUP_OWNER_COUNT],
					   "owner count");
	return read_members(reader, group, groups);
}

static int compare_groups(const void *a, const void *b)
{
	const struct iommu_group *ga = a, *gb = b;

	if (ga->id.value != gb->id.value)
		return ga->id.value < gb->id.value ? -1 : 1;
	return (ga->address > gb->address) - (ga->address < gb->address);
}

/* Sorted, and each once: a damaged list may have told some twice. */
static void sort_groups(struct iommu_groups *groups)
{
	struct iommu_group *at = groups->groups.at;
	size_t n = 0;

	if (groups->groups.n)
		qsort(at, groups->groups.n, sizeof(*at), compare_groups);
	for (size_t i = 0; i < groups->groups.n; i++)
		if (!n || compare_groups(&at[n - 1], &at[i]))
			at[n++] = at[i];
	groups->groups.n = n;
}

static struct error *read_listed(struct reader *reader, struct arena *arena, uint64_t kset,
				 struct iommu_groups *groups)
{
	const struct found *core = reader->kernel->core;
	struct list_walk walk = list_walk_begin(reader->kernel, kset + core[CORE_KSET_LIST].value);
	struct error *err;
	uint64_t node;

	while (!(err = list_walk_next(&walk, &node)) && node) {
		uint64_t kobject = node - core[CORE_KOBJECT_ENTRY].value;

		err = read_group(reader, arena, kobject - core[CORE_GROUP_KOBJ].value, groups);
		if (err)
			break;
	}
	return err;
}

/* Where there is no memory, there is no group either. */
static struct error *read_referred(struct reader *reader, struct arena *arena,
				   const uint64_t *addresses, size_t n, struct iommu_groups *groups)
{
	struct error *err = NULL;

	for (size_t i = 0; i < n && !err; i++) {
		uint64_t ignored;

		if (!addresses[i])
			continue;
		err = target_read_u64(reader->kernel->target, SPACE_VIRT, addresses[i], &ignored);
		bool is_there = !err || error_code(err) != ERROR_FAULT;

		if (err && !error_is_unreadable(err))
			return err;
		error_free(err);
		err = is_there ? read_group(reader, arena, addresses[i], groups) : NULL;
	}
	return err;
}

struct error *iommu_groups_read(struct reader *reader, struct arena *arena,
				const uint64_t *referred, size_t n_referred,
				struct iommu_groups *ret)
{
	static const enum core_need required[] = {CORE_KSET_LIST, CORE_KOBJECT_ENTRY,
						  CORE_GROUP_KOBJ};
	struct kernel *kernel = reader->kernel;
	const struct found *core = kernel->core;
	struct iommu_groups groups = {.state = DATUM_OK};
	uint64_t kset = 0;

	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!is_found(&core[required[i]]))
			return need_missing(&kernel->core_set, required[i]);
	struct error *err = NULL;
	if (!is_found(&core[CORE_GROUP_KSET]))
		groups.state = DATUM_ABSENT;
	else
		err = kernel_read_symbol(kernel, &core[CORE_GROUP_KSET], 8, &kset);
	if (!err && kset)
		err = read_listed(reader, arena, kset, &groups);
	if (err && error_is_unreadable(err)) {
		groups.state = problems_add(reader->problems, err, "list", "IOMMU groups");
		err = read_referred(reader, arena, referred, n_referred, &groups);
	}
	if (err) {
		iommu_groups_free(&groups);
		return err;
	}
	sort_groups(&groups);
	*ret = groups;
	return NULL;
}

void iommu_groups_free(struct iommu_groups *groups)
{
	vec_free(&groups->groups);
	vec_free(&groups->members);
}
