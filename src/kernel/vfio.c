/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/vfio.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/list.h"
#include "target/recorder.h"

#define FILE_NAME_MAX 64
#define OPS_KEPT 256 /* a machine has some dozens of struct file_operations in use */
#define FILES_MAX ((size_t)1 << 20)
#define ATTEMPTS 5 /* on a machine that runs */
#define PAGE_MASK (~UINT64_C(4095))

/* Whose a file is, by its operations. */
enum maker { MAKER_UNKNOWN, MAKER_OTHER, MAKER_VFIO, MAKER_IOMMUFD };

struct scan {
	struct reader *reader;
	struct vfio_holders *holders;
	uint64_t task;
	size_t first_file; /* of this task */
	struct {
		uint64_t ops;
		enum maker maker;
	} kept[OPS_KEPT];
};

static struct error *read_member(const struct scan *s, uint64_t base, enum task_need member,
				 uint64_t *ret)
{
	const struct tasks *tasks = &s->holders->tasks;

	return kernel_read_member(tasks->kernel, base, &tasks->found[member], ret);
}

static enum maker maker_of_symbol(const struct found *found, uint64_t ops)
{
	static const struct {
		enum task_need symbol;
		enum maker maker;
	} built_in[] = {
		{VFIO_OPS, MAKER_VFIO},
		{VFIO_GROUP_OPS, MAKER_VFIO},
		{VFIO_DEVICE_OPS, MAKER_VFIO},
		{IOMMUFD_OPS, MAKER_IOMMUFD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		if (is_found(&found[built_in[i].symbol]) && found[built_in[i].symbol].value == ops)
			return built_in[i].maker;
	return MAKER_OTHER;
}

static struct error *find_maker(struct scan *s, uint64_t ops, enum maker *ret)
{
	_cleanup_(arena_free) struct arena arena = {0};
	const char *name;
	uint64_t module;
	struct error *err = read_member(s, ops, FILE_OPS_OWNER, &module);

	if (err)
		return err;
	*ret = maker_of_symbol(s->holders->tasks.found, ops);
	if (*ret != MAKER_OTHER || !module)
		return NULL;
	err = task_read_name(&s->holders->tasks, &arena, module, MODULE_NAME, &name);
	if (err)
		return err;
	if (!strcmp(name, "vfio"))
		*ret = MAKER_VFIO;
	else if (!strcmp(name, "iommufd"))
		*ret = MAKER_IOMMUFD;
	return NULL;
}

/* While a recorder listens nothing is kept: it has to hear of each task all that is its own. */
static struct error *maker_of(struct scan *s, uint64_t ops, enum maker *ret)
{
	size_t slot = (ops >> 6) % OPS_KEPT;
	bool is_kept = s->kept[slot].maker != MAKER_UNKNOWN && s->kept[slot].ops == ops;

	if (is_kept && !s->reader->kernel->target->recorder) {
		*ret = s->kept[slot].maker;
		return NULL;
	}
	struct error *err = find_maker(s, ops, ret);
	if (!err) {
		s->kept[slot].ops = ops;
		s->kept[slot].maker = *ret;
	}
	return err;
}

/* "7", and "noiommu-7" of a group that no IOMMU guards. */
static struct datum group_of_name(const char *name)
{
	static const char prefix[] = "noiommu-";
	char *end;

	if (!strncmp(name, prefix, sizeof(prefix) - 1))
		name += sizeof(prefix) - 1;
	if (*name < '0' || *name > '9')
		return (struct datum){0};
	uint64_t number = strtoull(name, &end, 10);
	return *end ? (struct datum){0} : datum_ok(number);
}

static enum vfio_kind kind_of(enum maker maker, const char *name, struct datum group)
{
	if (maker == MAKER_IOMMUFD)
		return VFIO_IOMMUFD;
	if (group.state == DATUM_OK)
		return VFIO_GROUP;
	return strcmp(name, "vfio") ? VFIO_DEVICE : VFIO_CONTAINER;
}

static struct error *read_file(struct scan *s, uint64_t address, enum maker maker)
{
	struct vfio_file file = {.address = address};
	_cleanup_(freep) char *name = NULL;
	uint64_t dentry, at;
	struct error *err = read_member(s, address, FILE_PRIVATE, &file.object);

	if (!err)
		err = read_member(s, address, FILE_DENTRY, &dentry);
	if (!err)
		err = read_member(s, dentry, DENTRY_NAME, &at);
	if (!err)
		err = target_read_string(s->reader->kernel->target, SPACE_VIRT, at, FILE_NAME_MAX,
					 &name);
	if (err)
		return err;
	file.group = group_of_name(name);
	file.kind = kind_of(maker, name, file.group);
	file.name = arena_strdup(&s->holders->arena, name);
	struct vfio_file *slot = vec_push(&s->holders->files);
	if (!slot || !file.name)
		return error_no_memory;
	*slot = file;
	return NULL;
}

static struct error *look_at_file(void *arg, uint64_t address)
{
	struct scan *s = arg;
	enum maker maker;
	uint64_t ops;
	struct error *err = read_member(s, address, FILE_OPS, &ops);

	if (!err)
		err = maker_of(s, ops, &maker);
	if (!err && maker != MAKER_OTHER && s->holders->files.n >= FILES_MAX)
		err = error_new(ERROR_CORRUPT, "more than %zu files of VFIO are open", FILES_MAX);
	if (err || maker == MAKER_OTHER)
		return err;
	return read_file(s, address, maker);
}

/*
 * A word beside the task's node in the list, of which a capture holds that of tasks only that it
 * has more of. A dump has both words or none, as they share a page.
 */
static uint64_t marker_of(const struct scan *s)
{
	uint64_t node = s->task + s->holders->tasks.found[TASK_LIST].value;
	uint64_t behind = node + 16;

	return ((behind + 7) & PAGE_MASK) == (node & PAGE_MASK) ? behind : node - 8;
}

static struct error *read_files(struct scan *s)
{
	uint64_t marker;
	struct error *err =
		target_read_u64(s->reader->kernel->target, SPACE_VIRT, marker_of(s), &marker);

	if (err && error_code(err) == ERROR_EXCLUDED) {
		error_free(err);
		return NULL;
	}
	s->holders->files.n = s->first_file;
	return err ? err : task_files(&s->holders->tasks, s->task, look_at_file, s);
}

/* First past the recorder: of whom holds nothing, a capture is to hold nothing. */
static struct error *find_files(struct scan *s)
{
	struct target *target = s->reader->kernel->target;
	struct recorder *recorder = take_ptr(target->recorder);
	struct error *err = read_files(s);

	target->recorder = recorder;
	if (!recorder || (!err && s->holders->files.n == s->first_file) ||
	    (err && !error_is_unreadable(err)))
		return err;
	error_free(err);
	return read_files(s);
}

static struct error *add_holder(struct scan *s)
{
	struct vfio_holder holder = {.task = s->task, .first_file = s->first_file};
	struct vfio_holders *holders = s->holders;
	struct error *err = read_member(s, s->task, TASK_PID, &holder.pid);

	if (err)
		return err;
	reader_object_number(s->reader, "process %" PRIu64, holder.pid);
	err = task_read_name(&holders->tasks, &holders->arena, s->task, TASK_NAME,
			     &holder.name.value);
	if (err && !error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND)
		return err;
	holder.name.state = err ? problems_add(s->reader->problems, err, "name", "%s",
					       reader_object_text(s->reader))
				: DATUM_OK;
	holder.n_files = holders->files.n - holder.first_file;
	struct vfio_holder *slot = vec_push(&holders->holders);
	if (!slot)
		return error_no_memory;
	*slot = holder;
	return NULL;
}

/* What of a task can't be read is told; the next one may be fine. */
static struct error *look_at_task(struct scan *s, uint64_t task)
{
	struct vfio_holders *holders = s->holders;

	s->task = task;
	s->first_file = holders->files.n;
	struct error *err = find_files(s);
	if (!err || error_is_unreadable(err)) {
		struct error *holder_err = holders->files.n > s->first_file ? add_holder(s) : NULL;

		if (!err)
			err = holder_err;
		else if (holder_err)
			error_free(holder_err);
	}
	if (!err || !error_is_unreadable(err))
		return err;
	holders->state =
		problems_add(s->reader->problems, err, "open files", "task 0x%" PRIx64, task);
	return NULL;
}

static struct error *read_all(struct reader *reader, struct vfio_holders *ret)
{
	struct scan s = {.reader = reader, .holders = ret};
	uint64_t node;
	struct error *err = tasks_open(reader->kernel, &ret->tasks);

	if (err)
		return err;
	struct list_walk walk = list_walk_begin(reader->kernel, ret->tasks.head);
	ret->state = DATUM_OK;
	while (!(err = list_walk_next(&walk, &node)) && node) {
		err = look_at_task(&s, task_of_node(&ret->tasks, node));
		if (err)
			return err;
	}
	if (err && error_is_unreadable(err)) {
		ret->state = problems_add(reader->problems, err, "list", "processes");
		err = NULL;
	}
	return err;
}

static int compare_holders(const void *a, const void *b)
{
	const struct vfio_holder *ha = a, *hb = b;

	if (ha->pid != hb->pid)
		return ha->pid < hb->pid ? -1 : 1;
	return (ha->task > hb->task) - (ha->task < hb->task);
}

/* Sorted, and each once: a damaged list may have told some twice. */
static void sort_holders(struct vfio_holders *h)
{
	size_t n = 0;

	if (h->holders.n)
		qsort(h->holders.at, h->holders.n, sizeof(*h->holders.at), compare_holders);
	for (size_t i = 0; i < h->holders.n; i++)
		if (!n || compare_holders(&h->holders.at[n - 1], &h->holders.at[i]))
			h->holders.at[n++] = h->holders.at[i];
	h->holders.n = n;
}

/* On a machine that runs, processes come and go: one pass without a mishap is wanted. */
struct error *vfio_holders_read(struct reader *reader, struct vfio_holders *ret)
{
	unsigned attempts = reader->kernel->target->moving ? ATTEMPTS : 1;
	struct vfio_holders holders = {0};
	struct error *err = NULL;

	for (unsigned i = 1; i <= attempts && !err && holders.state != DATUM_OK; i++) {
		struct problems problems = {0};
		struct reader own = {.kernel = reader->kernel, .problems = &problems};

		vfio_holders_free(&holders);
		err = read_all(&own, &holders);
		if (!err && (holders.state == DATUM_OK || i == attempts))
			problems_copy(reader->problems, &problems, NULL);
		problems_free(&problems);
	}
	if (err) {
		vfio_holders_free(&holders);
		return err;
	}
	sort_holders(&holders);
	*ret = holders;
	return NULL;
}

void vfio_holders_free(struct vfio_holders *holders)
{
	vec_free(&holders->holders);
	vec_free(&holders->files);
	arena_free(&holders->arena);
	*holders = (struct vfio_holders){0};
}

struct datum vfio_group_owner(struct reader *reader, const struct vfio_holders *holders,
			      uint64_t group)
{
	return reader_pointer(reader, group, &holders->tasks.found[GROUP_OWNER], "owner");
}

bool vfio_file_holds(const struct vfio_file *file, struct datum number, struct datum owner)
{
	if (owner.state == DATUM_OK &&
	    (owner.value == file->address || owner.value == file->object))
		return true;
	return file->kind == VFIO_GROUP && number.state == DATUM_OK &&
	       file->group.value == number.value;
}
