/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/host.h"

#include <string.h>

#include "base/cleanup.h"
#include "target/memory.h"

#define HARDWARE_MAX 128 /* dump_stack_arch_desc_str[] of lib/dump_stack.c */

static struct text read_hardware(struct reader *r, struct arena *arena)
{
	const struct found *symbol = &r->kernel->core[CORE_HARDWARE_NAME];
	_cleanup_(freep) char *text = NULL;

	if (!is_found(symbol))
		return (struct text){.state = DATUM_ABSENT};
	struct error *err = target_read_string(r->kernel->target, SPACE_VIRT, symbol->value,
					       HARDWARE_MAX, &text);
	if (err)
		return (struct text){
			.state = problems_add(r->problems, err, "name of the hardware", "machine")};
	return text_ok(*text ? arena_strdup(arena, text) : NULL);
}

struct host host_read(struct reader *r, struct arena *arena)
{
	const struct found *core = r->kernel->core;
	struct host host = {.hardware = read_hardware(r, arena)};

	reader_object(r, "machine");
	host.cpus = reader_symbol(r, &core[CORE_CPUS_ONLINE], 4, "CPUs online");
	host.memory = reader_symbol(r, &core[CORE_TOTAL_PAGES], 8, "memory");
	if (host.memory.state == DATUM_OK && host.memory.value > UINT64_MAX / PAGE_SIZE)
		host.memory.state = DATUM_CORRUPT;
	host.memory.value *= PAGE_SIZE;
	return host;
}
