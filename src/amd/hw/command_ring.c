/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/command_ring.h"

#include "base/bytes.h"

#define OPCODE(command) ((command)[0] >> 60)
#define WAIT_STORES UINT64_C(1)
#define WAIT_ADDRESS UINT64_C(0x000ffffffffffff8)
#define PAGES_SIZED UINT64_C(1)
#define PAGES_ADDRESS (~UINT64_C(0xfff))

static bool stores(const uint64_t command[COMMAND_WORDS])
{
	return OPCODE(command) == COMMAND_COMPLETION_WAIT && (command[0] & WAIT_STORES);
}

static bool is_own_wait(const struct command_ring *ring, const uint64_t command[COMMAND_WORDS])
{
	uint64_t differs = (command[0] ^ ring->store_address) & WAIT_ADDRESS & ~ring->sme_mask;

	return stores(command) && !differs;
}

/* Numbers rise by one for each COMPLETION_WAIT and may wrap. */
static bool is_stored(const struct command_ring *ring, const uint64_t command[COMMAND_WORDS])
{
	return (int64_t)(ring->stored - command[1]) >= 0;
}

/* A kernel that took the ring over starts at slot 0 and has its numbers stored elsewhere. */
static uint32_t find_foreign(const struct command_ring *ring)
{
	uint32_t last = COMMAND_NO_SLOT;

	for (uint32_t i = 0; i < ring->n; i++)
		if (stores(ring->commands[i]) && !is_own_wait(ring, ring->commands[i]))
			last = i;
	return last;
}

struct command_progress command_ring_judge(const struct command_ring *ring)
{
	struct command_progress p = {COMMAND_NO_SLOT, COMMAND_NO_SLOT, COMMAND_NO_SLOT,
				     find_foreign(ring)};
	uint32_t first = COMMAND_NO_SLOT; /* the oldest one behind the newest that is done */

	for (uint32_t k = 0; k < ring->n; k++) { /* from the oldest to the newest */
		uint32_t slot = (uint32_t)(((uint64_t)ring->tail + k) % ring->n);
		const uint64_t *command = ring->commands[slot];
		bool ours = p.foreign == COMMAND_NO_SLOT || slot > p.foreign;

		if (!ours || !OPCODE(command))
			continue;
		if (first == COMMAND_NO_SLOT)
			first = slot;
		if (!is_own_wait(ring, command))
			continue;
		if (is_stored(ring, command)) {
			p.done = slot;
			first = p.pending = p.waiting = COMMAND_NO_SLOT;
		} else if (p.waiting == COMMAND_NO_SLOT) {
			p.pending = first;
			p.waiting = slot;
		}
	}
	return p;
}

void command_pages(uint64_t word, uint64_t *first, uint64_t *last)
{
	uint64_t address = word & PAGES_ADDRESS;
	unsigned bit = 12;

	if (!(word & PAGES_SIZED)) {
		*first = address;
		*last = address | ~PAGES_ADDRESS;
		return;
	}
	while (bit < 64 && address >> bit & 1)
		bit++;
	uint64_t mask = bit_mask(bit + 1); /* all of 64 bits when bit is 63 or there is no zero */
	*first = address & ~mask;
	*last = address | mask;
}
