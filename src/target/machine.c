/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/machine.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/recorder.h"

/*
 * A read of several pages fails as a whole. Each of them is noted for what it is, so that the same
 * read of the capture fails for the same reason.
 */
static struct error *note_failure(struct machine *machine, uint64_t pa, size_t len,
				  struct error *failure)
{
	struct recorder *recorder = machine->base.recorder;
	uint8_t bytes[PAGE_SIZE];

	if (!error_is_unreadable(failure) || !range_within(pa, len, PHYSICAL_END))
		return failure;
	while (len) {
		size_t room = PAGE_SIZE - (pa & (PAGE_SIZE - 1));
		size_t n = len < room ? len : room;
		struct error *err = memory_read(machine->memory, pa, bytes, n);
		struct error *note_err = err ? recorder_note_failed(recorder, pa, error_code(err))
					     : recorder_note(recorder, pa, n);

		error_free(err);
		if (note_err) {
			error_free(failure);
			return note_err;
		}
		pa += n;
		len -= n;
	}
	return failure;
}

static struct error *read_phys(void *arg, uint64_t pa, void *buf, size_t len)
{
	struct machine *machine = arg;
	struct recorder *recorder = machine->base.recorder;
	struct error *err = memory_read(machine->memory, pa, buf, len);

	if (!recorder)
		return err;
	return err ? note_failure(machine, pa, len, err) : recorder_note(recorder, pa, len);
}

static bool maps_find(const struct machine *machine, uint64_t va, uint64_t *ret)
{
	for (size_t i = 0; i < machine->n_maps; i++) {
		const struct machine_map *map = &machine->maps[i];

		if (va >= map->va && va - map->va < map->size) {
			*ret = map->pa + (va - map->va);
			return true;
		}
	}
	return false;
}

static struct error *translate(struct machine *machine, uint64_t va, uint64_t *ret)
{
	/* A capture has none of the maps: whoever records has to see the tables that lead there. */
	bool by_tables = machine->maps_are_shortcuts && machine->base.recorder;

	if (!by_tables && maps_find(machine, va, ret))
		return NULL;
	if (!machine->x86.levels)
		return error_new(ERROR_FAULT, "virtual address 0x%" PRIx64 " is not mapped", va);
	return x86_64_translate(&machine->x86, va, ret);
}

/* A new recorder has to see the page-table words too. */
static void follow_recorder(struct machine *machine)
{
	if (machine->tlb_recorder == machine->base.recorder)
		return;
	machine->tlb_recorder = machine->base.recorder;
	x86_64_flush(&machine->x86);
}

struct error *machine_translate(struct target *target, uint64_t virt, uint64_t *phys)
{
	struct machine *machine = container_of(target, struct machine, base);

	follow_recorder(machine);
	return translate(machine, virt, phys);
}

/* How many bytes from va on lie one behind the other in physical memory too, from pa on. */
static size_t run_size(struct machine *machine, uint64_t va, uint64_t pa, size_t len)
{
	size_t n = PAGE_SIZE - (va & (PAGE_SIZE - 1));
	uint64_t next;

	while (n < len) {
		struct error *err = translate(machine, va + n, &next);

		error_free(err);
		if (err || next != pa + n)
			return n;
		n += PAGE_SIZE;
	}
	return len;
}

static struct error *read_virt(struct machine *machine, uint64_t va, void *buf, size_t len)
{
	follow_recorder(machine);
	if (len && va + (len - 1) < va)
		return error_new(ERROR_FAULT, "virtual address 0x%" PRIx64
					      ": the range wraps around", va);
	for (uint8_t *p = buf; len;) {
		uint64_t pa;
		struct error *err = translate(machine, va, &pa);

		if (err)
			return err;
		size_t n = run_size(machine, va, pa, len);
		err = read_phys(machine, pa, p, n);
		if (err)
			return error_prepend(err, "virtual address 0x%" PRIx64, va);
		p += n;
		va += n;
		len -= n;
	}
	return NULL;
}

struct error *machine_read(struct target *target, enum space space, uint64_t addr, void *buf,
			   size_t len)
{
	struct machine *machine = container_of(target, struct machine, base);

	return space == SPACE_PHYS ? read_phys(machine, addr, buf, len)
				   : read_virt(machine, addr, buf, len);
}

void machine_init(struct machine *machine)
{
	machine->base.sme_mask = machine->x86.sme_mask;
	machine->base.moving = machine->x86.moving = machine->memory->moving;
	machine->x86.read = read_phys;
	machine->x86.arg = machine;
	x86_64_flush(&machine->x86);
}

void machine_done(struct machine *machine)
{
	memory_close(machine->memory);
}
