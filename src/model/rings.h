/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the driver keeps of an IOMMU's rings beside their place (struct ring, model/snapshot.h). */
#ifndef MODEL_RINGS_H
#define MODEL_RINGS_H

#include "base/datum.h"

struct ring_facts {
	/* Kernel virtual addresses of the words that hold these; 0: there is none. */
	uint64_t head_word, tail_word, expected_word;
	struct datum command_head; /* byte offset; the register as it was read last, often long ago */
	struct datum command_tail; /* byte offset of the slot that is written next; up to date */
	/* Slots that the registers say, where the running system shows them; DATUM_NONE: it does not. */
	struct datum hardware_head, hardware_tail;
	struct datum need_sync;    /* boolean: commands were queued that no wait follows yet */
	struct datum store_address; /* physical; hardware stores a wait's number there */
	struct datum stored;       /* the number there. DATUM_ABSENT: this kernel does not number waits */
	struct datum expected;     /* the number given out last */
	struct datum guest_tail;   /* byte offset in the guest vAPIC log, written by hardware */
	struct datum keeps_logs;   /* boolean: entries that were read stay in the logs (SNP) */
};

#endif
