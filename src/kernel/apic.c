/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/apic.h"

#include "base/bytes.h"
#include "base/cleanup.h"

#define BAD_APIC_ID UINT32_MAX
#define FLAT_CPUS 8 /* in a logical destination of 8 bits */

struct mask {
	enum datum_state state;
	uint8_t bits[CPUS_MAX / 8];
};

static void mask_read(struct reader *r, enum core_need symbol, const char *what, uint32_t n,
		      struct mask *ret)
{
	const struct found *found = &r->kernel->core[symbol];

	ret->state = DATUM_ABSENT;
	if (!is_found(found))
		return;
	struct error *err = target_read(r->kernel->target, SPACE_VIRT, found->value, ret->bits,
					((size_t)n + 63) / 64 * 8);
	ret->state = err ? problems_add(r->problems, err, what, "processors") : DATUM_OK;
}

static struct datum mask_bit(const struct mask *mask, uint32_t i)
{
	return mask->state == DATUM_OK ? datum_ok(mask->bits[i / 8] >> i % 8 & 1)
				       : (struct datum){.state = mask->state};
}

/*
 * A panic has the other CPUs stop, and each marks itself as offline (stop_this_cpu). It stays an
 * active one, which a CPU that was taken offline is not any more.
 */
static void find_stopped(struct reader *r, struct apic_cpu *cpus, uint32_t n, uint32_t n_numbers)
{
	struct mask active = {.state = DATUM_NONE}; /* not read yet */

	for (uint32_t i = 0; i < n; i++) {
		if (!datum_is(cpus[i].online, 0))
			continue;
		if (active.state == DATUM_NONE)
			mask_read(r, CORE_CPU_ACTIVE, "active", n_numbers, &active);
		if (active.state != DATUM_ABSENT)
			cpus[i].online = mask_bit(&active, cpus[i].number);
	}
}

static struct error *read_cpus(struct reader *r, struct arena *arena, uint32_t n,
			       struct apic_cpus *ret)
{
	const struct found *core = r->kernel->core;
	struct apic_cpu *at = arena_alloc(arena, n * sizeof(*at));
	_cleanup_(freep) uint8_t *ids = malloc((size_t)n * 4);
	struct mask online;

	if (!at || !ids)
		return error_no_memory;
	struct error *err = target_read(r->kernel->target, SPACE_VIRT,
					core[CORE_CPU_APIC_IDS].value, ids, (size_t)n * 4);
	if (err) {
		ret->state = problems_add(r->problems, err, "APIC IDs", "processors");
		return NULL;
	}
	mask_read(r, CORE_CPU_ONLINE, "online", n, &online);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = get_le32(ids + (size_t)i * 4);

		if (id != BAD_APIC_ID)
			at[ret->n++] = (struct apic_cpu){i, id, mask_bit(&online, i)};
	}
	find_stopped(r, at, ret->n, n);
	ret->at = at;
	ret->state = DATUM_OK;
	return NULL;
}

struct error *apic_cpus_read(struct reader *r, struct arena *arena, struct apic_cpus *ret)
{
	const struct found *core = r->kernel->core;

	*ret = (struct apic_cpus){.state = DATUM_ABSENT};
	reader_object(r, "processors");
	ret->x2apic = reader_symbol(r, &core[CORE_X2APIC_MODE], 4, "x2APIC mode");
	struct datum n = reader_symbol(r, &core[CORE_CPU_COUNT], 4, "number");
	if (n.state == DATUM_OK && (!n.value || n.value > CPUS_MAX))
		n.state = problems_add(
			r->problems,
			error_new(ERROR_CORRUPT, "nr_cpu_ids is %u", (unsigned)n.value), "number",
			"processors");
	if (n.state != DATUM_OK) {
		ret->state = n.state;
		return NULL;
	}
	return is_found(&core[CORE_CPU_APIC_IDS]) ? read_cpus(r, arena, (uint32_t)n.value, ret)
						  : NULL;
}

/*
 * Logical IDs: in x2APIC mode hardware makes them of the APIC ID, 16 to a cluster; before, Linux's
 * flat mode gives CPU n the bit n (arch/x86/kernel/apic).
 */
bool apic_is_destination(const struct apic_cpus *cpus, const struct apic_cpu *cpu,
			 uint32_t destination, bool logical)
{
	if (!logical)
		return cpu->apic_id == destination ||
		       destination == (cpus->x2apic.value ? UINT32_MAX : UINT8_MAX);
	if (cpus->x2apic.value)
		return cpu->apic_id >> 4 == destination >> 16 &&
		       (destination & 0xffff & 1u << (cpu->apic_id & 0xf));
	return cpu->number < FLAT_CPUS && (destination & 1u << cpu->number);
}
