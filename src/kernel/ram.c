/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/ram.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/page.h"

#define DEPTH_MAX 32
#define RESOURCES_MAX 65536 /* a machine has some hundred */
#define RAM_NAME "System RAM"
#define BUS_NAME "PCI Bus "

struct resource {
	uint64_t first, last;
	struct text name;
	const char *function;
	bool is_ram, in_bus;
	enum datum_state state; /* of a span that is the resource's own */
};

struct ram_reader {
	struct reader *reader;
	const struct found *found;
	struct ram_map *map;
	uint64_t next;	 /* spans up to here are told */
	bool is_whole;	 /* up to UINT64_MAX, next has gone round */
	unsigned n_read; /* resources */
};

/* "0000:00:05.0": struct resource of a BAR bears the function's name. */
static bool is_function(const char *name)
{
	static const char form[] = "xxxx:xx:xx.x";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)name[i]) : name[i] != form[i])
			return false;
	return !name[sizeof(form) - 1];
}

static bool is_lost(enum datum_state state)
{
	return state != DATUM_OK && state != DATUM_NONE;
}

static bool begins_with(const char *name, const char *start)
{
	return !strncmp(name, start, strlen(start));
}

/* What of [.., last] is not told yet is of that resource; NULL: of none. */
static struct error *tell_span(struct ram_reader *r, uint64_t last, const struct resource *of,
			       enum datum_state state)
{
	if (r->is_whole || last < r->next)
		return NULL;
	struct ram_span *span = vec_push(r->map);
	if (!span)
		return error_no_memory;
	*span = (struct ram_span){
		.first = r->next, .last = last, .state = state, .name.state = state};
	if (of && state == DATUM_OK) {
		span->is_ram = of->is_ram;
		span->in_bus = of->in_bus;
		span->name = of->name;
		span->function = of->function;
	}
	r->next = last + 1;
	r->is_whole = !r->next;
	return NULL;
}

/* What it is by its name. Without that, RAM and a bus's window still hold nothing else. */
static void name_resource(struct ram_reader *r, uint64_t address, struct resource *resource)
{
	struct text name = reader_string(r->reader, &r->map->arena, address,
					 &r->found[PAGE_RESOURCE_NAME], "name");

	resource->name = name.state == DATUM_NONE ? text_ok("unnamed") : name;
	if (name.state == DATUM_OK) {
		resource->is_ram |= begins_with(name.value, RAM_NAME);
		resource->in_bus |= begins_with(name.value, BUS_NAME);
		if (is_function(name.value))
			resource->function = name.value;
	}
	if (resource->is_ram || resource->in_bus)
		resource->state = DATUM_OK;
	else if (is_lost(name.state))
		resource->state = name.state;
}

static struct error *read_resource(struct ram_reader *r, uint64_t address,
				   const struct resource *parent, struct resource *ret)
{
	struct kernel *kernel = r->reader->kernel;
	struct resource resource = {
		.is_ram = parent->is_ram,
		.in_bus = parent->in_bus,
		.function = parent->function,
		.state = is_lost(parent->state) ? parent->state : DATUM_OK,
	};
	struct error *err = kernel_read_member(kernel, address, &kernel->core[CORE_RESOURCE_START],
					       &resource.first);

	if (!err)
		err = kernel_read_member(kernel, address, &kernel->core[CORE_RESOURCE_END],
					 &resource.last);
	if (err)
		return err;
	if (++r->n_read > RESOURCES_MAX)
		return error_new(ERROR_CORRUPT, "more than %d resources", RESOURCES_MAX);
	if (resource.first > resource.last || resource.first < parent->first ||
	    resource.last > parent->last || resource.first < r->next || r->is_whole)
		return error_new(ERROR_CORRUPT,
				 "the resource at 0x%" PRIx64 ", 0x%" PRIx64 "-0x%" PRIx64
				 ", does not fit in with its neighbours",
				 address, resource.first, resource.last);
	name_resource(r, address, &resource);
	*ret = resource;
	return NULL;
}

static struct error *read_children(struct ram_reader *r, uint64_t address,
				   const struct resource *parent, unsigned depth);

/* One resource with what lies in it, and the address of the next one beside it. */
static struct error *read_one(struct ram_reader *r, uint64_t address, const struct resource *parent,
			      unsigned depth, uint64_t *sibling)
{
	struct kernel *kernel = r->reader->kernel;
	struct resource resource;
	struct error *err = target_poll(kernel->target);

	if (!err)
		err = read_resource(r, address, parent, &resource);
	if (!err && resource.first)
		err = tell_span(r, resource.first - 1, parent, parent->state);
	if (!err)
		err = read_children(r, address, &resource, depth + 1);
	if (!err)
		err = tell_span(r, resource.last, &resource, resource.state);
	if (!err)
		err = kernel_read_member(kernel, address, &r->found[PAGE_RESOURCE_SIBLING],
					 sibling);
	return err;
}

/*
 * From damage on it is not known what lies in the parent, only that it is part of it: that suffices
 * for RAM. At the top, nothing is known from there on.
 */
static struct error *read_children(struct ram_reader *r, uint64_t address,
				   const struct resource *parent, unsigned depth)
{
	struct kernel *kernel = r->reader->kernel;
	uint64_t child;
	struct error *err =
		kernel_read_member(kernel, address, &r->found[PAGE_RESOURCE_CHILD], &child);

	if (!err && child && depth > DEPTH_MAX)
		err = error_new(ERROR_CORRUPT, "resources lie in one another %d deep", DEPTH_MAX);
	while (!err && child)
		err = read_one(r, child, parent, depth, &child);
	if (!err || !error_is_unreadable(err))
		return err;
	enum datum_state state = problems_add(r->reader->problems, err, "resources", "%s",
					      parent->name.state == DATUM_OK ? parent->name.value
									     : "physical addresses");
	return tell_span(r, parent->last, parent, parent->is_ram ? DATUM_OK : state);
}

struct error *ram_map_read(struct reader *reader, struct ram_map *ret)
{
	static const struct resource everything = {.first = 0, .last = UINT64_MAX};
	const struct need_set *needs;
	struct ram_map map = {0};
	struct ram_reader r = {.reader = reader, .map = &map};
	struct error *err = kernel_part(reader->kernel, PART_PAGES, &needs);

	if (err)
		return err;
	r.found = needs->found;
	reader_object(reader, "physical addresses");
	if (!is_found(&r.found[PAGE_IOMEM]) || !is_found(&r.found[PAGE_RESOURCE_CHILD]))
		err = tell_span(&r, UINT64_MAX, NULL, DATUM_ABSENT);
	if (!err)
		err = read_children(&r, r.found[PAGE_IOMEM].value, &everything, 0);
	if (!err)
		err = tell_span(&r, UINT64_MAX, NULL, DATUM_NONE);
	if (err) {
		ram_map_free(&map);
		return err;
	}
	*ret = map;
	return NULL;
}

void ram_map_free(struct ram_map *map)
{
	vec_free(map);
	arena_free(&map->arena);
}

const struct ram_span *ram_map_find(const struct ram_map *map, uint64_t pa)
{
	size_t low = 0, high = map->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->at[middle].first <= pa)
			low = middle;
		else
			high = middle;
	}
	return &map->at[low];
}
