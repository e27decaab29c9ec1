/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in an IOMMU's command buffer, and how far hardware has got in it. */
#include <stdlib.h>
#include <string.h>

#include "amd/hw/command_ring.h"
#include "base/cleanup.h"
#include "fuzz.h"

static void check_slot(uint32_t slot, uint32_t n)
{
	if (slot != COMMAND_NO_SLOT && slot >= n)
		abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct command_ring ring = {
		.tail = (uint32_t)input_le(&input, 4),
		.store_address = input_le(&input, 8),
		.stored = input_le(&input, 8),
	};
	uint64_t first, last;

	ring.sme_mask = ring.store_address & 1 ? UINT64_C(1) << 47 : 0; /* bit 0 is no part of it */
	ring.n = (uint32_t)(input.n / COMMAND_BYTES);
	_cleanup_(freep) uint64_t(*commands)[COMMAND_WORDS] = calloc(ring.n + 1, COMMAND_BYTES);
	if (!commands)
		return;
	memcpy(commands, input.at, (size_t)ring.n * COMMAND_BYTES);
	ring.commands = (const uint64_t(*)[COMMAND_WORDS])commands;
	struct command_progress progress = command_ring_judge(&ring);
	check_slot(progress.done, ring.n);
	check_slot(progress.pending, ring.n);
	check_slot(progress.waiting, ring.n);
	check_slot(progress.foreign, ring.n);
	for (uint32_t i = 0; i < ring.n; i++) {
		command_pages(commands[i][1], &first, &last);
		if (first > last)
			abort();
	}
}
