/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far hardware has got in a command buffer, as far as memory tells: its own head is in a
 * register. Linux 5.10 and later number each COMPLETION_WAIT, and hardware stores that number when
 * all commands before it are done; so the newest one stored is a proven lower bound.
 */
#ifndef AMD_HW_COMMAND_RING_H
#define AMD_HW_COMMAND_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "amd/hw/command.h"

struct command_ring {
	const uint64_t (*commands)[COMMAND_WORDS];
	uint32_t n;		/* slots */
	uint32_t tail;		/* slot that the driver writes next: the oldest command is there */
	uint64_t store_address; /* physical; where hardware stores for this kernel */
	uint64_t stored;	/* what is there: the number stored last */
	uint64_t sme_mask;	/* the memory encryption bit that commands bear; 0: none */
};

/* Slots, or COMMAND_NO_SLOT. */
#define COMMAND_NO_SLOT UINT32_MAX

struct command_progress {
	uint32_t done;	  /* the newest command that is known to be done */
	uint32_t pending; /* the oldest one that a COMPLETION_WAIT without its number follows: not
			     done */
	uint32_t waiting; /* that COMPLETION_WAIT */
	uint32_t
		foreign; /* the last slot of those from 0 on that another kernel has written over */
};

struct command_progress command_ring_judge(const struct command_ring *ring);

/*
 * The addresses that an invalidation's second word covers, both included: one page, or with S set
 * as many as the lowest zero from bit 12 on says.
 */
void command_pages(uint64_t word, uint64_t *first, uint64_t *last);

#endif
