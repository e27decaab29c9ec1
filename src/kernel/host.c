/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/host.h"

#include <string.h>

#include "base/cleanup.h"
#include "kernel/apic.h"
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

/* Before Linux 5.3 nobody counts them. */
static struct datum count_online(struct reader *r)
{
	const struct found *core = r->kernel->core, *mask = &core[CORE_CPU_ONLINE];
	struct datum n = reader_symbol(r, &core[CORE_CPU_COUNT], 4, "number of CPUs");
	uint64_t count = 0;

	if (n.state != DATUM_OK)
		return n;
	if (!is_found(mask))
		return (struct datum){.state = DATUM_ABSENT};
	if (n.value > CPUS_MAX)
		return (struct datum){.state = DATUM_CORRUPT};
	for (uint64_t at = 0; at < n.value; at += 64) {
		uint64_t word;
		struct error *err = target_read_u64(r->kernel->target, SPACE_VIRT,
						    mask->value + at / 8, &word);

		if (err)
			return (struct datum){.state = problems_add(r->problems, err, "CPUs online",
								    "machine")};
		count += (uint64_t)__builtin_popcountll(word);
	}
	return datum_ok(count);
}

struct host host_read(struct reader *r, struct arena *arena)
{
	const struct found *core = r->kernel->core;
	struct host host = {.hardware = read_hardware(r, arena)};

	reader_object(r, "machine");
	host.cpus = is_found(&core[CORE_CPUS_ONLINE])
			    ? reader_symbol(r, &core[CORE_CPUS_ONLINE], 4, "CPUs online")
			    : count_online(r);
	host.memory = reader_symbol(r, &core[CORE_TOTAL_PAGES], 8, "memory");
	if (host.memory.state == DATUM_OK && host.memory.value > UINT64_MAX / PAGE_SIZE)
		host.memory.state = DATUM_CORRUPT;
	host.memory.value *= PAGE_SIZE;
	return host;
}
