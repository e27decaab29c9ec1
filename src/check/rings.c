/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command ring, by what memory tells of it; what registers alone know is not in a dump. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/command_ring.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "check/rule.h"

static struct error *check_rings(struct check *check);

enum { WAIT, FULL };

static const struct rule rules[] = {
	[WAIT] =
		{"ring-wait", "Hardware has answered every completion wait", SEVERITY_CRITICAL,
		 INPUT_IOMMUS | INPUT_RINGS,
		 "The kernel waits for the IOMMU to have flushed old translations. While that does not "
		 "happen devices go on using them, and the CPUs that wait stand still.",
		 "'ring cmd' shows the commands that are not done and the devices that they are for: "
		 "often a device whose ATS hangs (IOTLB_INV_TIMEOUT in the log).",
		 check_rings},
	[FULL] =
		{"ring-full", "The command ring has room", SEVERITY_CRITICAL,
		 INPUT_IOMMUS | INPUT_RINGS,
		 "The IOMMU takes no commands: nothing is flushed any more, and the kernel spins until it "
		 "gives up.",
		 "'ring cmd' shows what it stands at; look in the log for COMMAND_HARDWARE_ERROR and "
		 "ILLEGAL_COMMAND_ERROR.",
		 check_rings},
};

#define RING_MAX (1 << 20) /* bytes, far above the driver's 8 KB (CMD_BUFFER_SIZE) */

/*
 * The driver queues nothing while the end of its command would come within 0x20 bytes of hardware's
 * head (__iommu_queue_command_sync): when it stands still so much lies between tail and head.
 */
#define FULL_LEFT 0x30

struct wait {
	bool found; /* it is in the ring, and not answered */
	uint32_t slot;
	struct datum address, number; /* of the word that holds its number; that */
};

static struct error *ring_read(struct check *check, const struct iommu_unit *u, void **ret,
			       uint32_t *slots)
{
	const struct ring *ring = &u->command_ring;
	uint64_t size = ring->size < RING_MAX ? ring->size : RING_MAX;
	uint8_t *bytes = malloc(size + 1);

	*ret = bytes;
	*slots = (uint32_t)(size / COMMAND_BYTES);
	if (!bytes)
		return error_no_memory;
	struct error *err =
		target_read(check->target, SPACE_PHYS, ring->address.value, bytes, size);
	for (uint64_t at = 0; at + 8 <= size && !err; at += 8) {
		uint64_t word = get_le64(bytes + at);

		memcpy(bytes + at, &word, sizeof(word));
	}
	return err;
}

/* The oldest one. What can't be read is the rule's gap, and then none is found. */
static struct error *find_wait(struct check *check, const struct rule *rule,
			       const struct iommu_unit *u, const char *object,
			       const struct ring_facts *facts, struct wait *ret)
{
	_cleanup_(freep) void *commands = NULL;
	bool known = check_known(check, rule, object, "command tail", facts->command_tail.state);
	uint64_t stored;
	uint32_t n;

	*ret = (struct wait){0};
	known = check_known(check, rule, object, "place of the semaphore",
			    facts->store_address.state) &&
		known;
	known = check_known(check, rule, object, "command buffer", u->command_ring.address.state) &&
		known;
	if (!known || u->command_ring.address.state != DATUM_OK)
		return NULL;
	struct error *err = ring_read(check, u, &commands, &n);
	if (!err) /* anew: of a running machine hardware has gone on */
		err = target_read_u64(check->target, SPACE_PHYS, facts->store_address.value,
				      &stored);
	if (err && error_is_unreadable(err)) {
		check_gap_of(check, rule, object, "command buffer", err);
		return NULL;
	}
	if (err || !n)
		return err;
	const struct command_ring ring = {
		.commands = commands,
		.n = n,
		.tail = (uint32_t)(facts->command_tail.value / COMMAND_BYTES % n),
		.store_address = facts->store_address.value,
		.stored = stored,
		.sme_mask = check->target->sme_mask,
	};
	struct command_progress progress = command_ring_judge(&ring);
	ret->slot = progress.waiting;
	ret->found = ret->slot != COMMAND_NO_SLOT;
	if (!ret->found && progress.foreign != COMMAND_NO_SLOT)
		check_unknown(check, rule, object, "command buffer", DATUM_ABSENT,
			      "another kernel has written over the older commands");
	if (ret->found) {
		ret->address = datum_ok(u->command_ring.address.value +
					(uint64_t)ret->slot * COMMAND_BYTES + 8);
		ret->number = datum_ok(ring.commands[ret->slot][1]);
	}
	return NULL;
}

/*
 * A number that was given out is not waited for yet: from Linux 6.5 to 6.17 a CPU takes one before
 * it has the lock under which it queues its command. So the ring has to have it.
 */
static struct error *check_wait(struct check *check, const struct iommu_unit *u,
				const char *object, const struct ring_facts *facts)
{
	bool known = check_known(check, &rules[WAIT], object, "semaphore", facts->expected.state);
	struct wait wait;

	known = check_known(check, &rules[WAIT], object, "semaphore", facts->stored.state) && known;
	if (!known || facts->expected.state != DATUM_OK || facts->stored.state != DATUM_OK ||
	    facts->stored.value >= facts->expected.value)
		return NULL;
	struct error *err = find_wait(check, &rules[WAIT], u, object, facts, &wait);
	if (err || !wait.found)
		return err;
	struct check_finding *f = check_find(
		check, &rules[WAIT], object, NULL, CONFIDENCE_LIKELY,
		"the completion wait in slot %" PRIu32 " is number 0x%" PRIx64
		", the last one that was answered is 0x%" PRIx64,
		wait.slot, wait.number.value, facts->stored.value);
	check_word(check, f, "number that hardware stored", facts->store_address, facts->stored);
	check_word(check, f, "number of the wait", wait.address, wait.number);
	check_word_at(check, f, "number given out last", facts->expected_word, facts->expected);
	return NULL;
}

/* Where waits are numbered, one that is not answered has to be there too: with the head as it was
 * read last a ring in use looks full now and then. */
static struct error *is_stuck(struct check *check, const struct iommu_unit *u, const char *object,
			      const struct ring_facts *facts, bool *ret)
{
	struct wait wait = {.found = true};
	struct error *err = NULL;

	*ret = false;
	if (!check_known(check, &rules[FULL], object, "semaphore",
			 facts->stored.state == DATUM_ABSENT ? DATUM_NONE : facts->stored.state))
		return NULL;
	if (facts->stored.state == DATUM_OK)
		err = find_wait(check, &rules[FULL], u, object, facts, &wait);
	*ret = wait.found;
	return err;
}

static struct error *check_full(struct check *check, const struct iommu_unit *u,
				const char *object, const struct ring_facts *facts)
{
	uint64_t size = u->command_ring.size;
	bool known =
		check_known(check, &rules[FULL], object, "command head", facts->command_head.state);

	known = check_known(check, &rules[FULL], object, "command tail",
			    facts->command_tail.state) &&
		known;
	if (!known || facts->command_head.state != DATUM_OK ||
	    facts->command_tail.state != DATUM_OK || !size)
		return NULL;
	uint64_t left = (facts->command_head.value + size - facts->command_tail.value) % size;
	bool stuck, is_empty = !left;
	/* The head in memory is old as long as there is room: it is looked at when there seems to
	 * be none. */
	if (is_empty || left > FULL_LEFT)
		return NULL;
	struct error *err = is_stuck(check, u, object, facts, &stuck);
	if (err || !stuck)
		return err;
	struct check_finding *f = check_find(
		check, &rules[FULL], object, NULL, CONFIDENCE_LIKELY,
		"the driver queues nothing more: hardware's head is at 0x%" PRIx64
		", the driver's tail at 0x%" PRIx64,
		facts->command_head.value, facts->command_tail.value);
	check_word_at(check, f, "head as last read", facts->head_word, facts->command_head);
	check_word_at(check, f, "tail", facts->tail_word, facts->command_tail);
	return NULL;
}

static struct error *check_rings(struct check *check)
{
	const struct snapshot *s = check->snapshot;

	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_iommus && !err; i++) {
		const struct iommu_unit *u = &s->iommus[i];
		const char *object = u->name.state == DATUM_OK ? u->name.value : "IOMMU";

		err = check_wait(check, u, object, &s->ring_facts[i]);
		if (!err)
			err = check_full(check, u, object, &s->ring_facts[i]);
	}
	return err;
}

const struct rule_set ring_rules = {"rings", "Rings", rules, ARRAY_SIZE(rules)};
