/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command ring, by what memory tells of it; what registers alone know is not in a dump. */
#include <inttypes.h>

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

#define NEARLY_FULL                                                                                \
	0x20 /* bytes: the driver then reads hardware's head anew (iommu_queue_command) */
#define COMMAND_BYTES 16

static void check_wait(struct check *check, const struct iommu_unit *u, const char *object,
		       const struct ring_facts *facts)
{
	bool known = check_known(check, &rules[WAIT], object, "semaphore", facts->expected.state);

	known = check_known(check, &rules[WAIT], object, "semaphore", facts->stored.state) && known;
	(void)u;
	if (!known || facts->expected.state != DATUM_OK || facts->stored.state != DATUM_OK ||
	    facts->stored.value >= facts->expected.value)
		return;
	struct check_finding *f = check_find(check, &rules[WAIT], object, NULL, CONFIDENCE_LIKELY,
					     "the last wait that was answered is number 0x%" PRIx64
					     ", the last one queued 0x%" PRIx64,
					     facts->stored.value, facts->expected.value);
	check_word(check, f, "number that hardware stored", facts->store_address, facts->stored);
	check_word_at(check, f, "number given out last", facts->expected_word, facts->expected);
}

static void check_full(struct check *check, const struct iommu_unit *u, const char *object,
		       const struct ring_facts *facts)
{
	uint64_t size = u->command_ring.size;
	bool known =
		check_known(check, &rules[FULL], object, "command head", facts->command_head.state);

	known = check_known(check, &rules[FULL], object, "command tail",
			    facts->command_tail.state) &&
		known;
	if (!known || facts->command_head.state != DATUM_OK ||
	    facts->command_tail.state != DATUM_OK || !size)
		return;
	uint64_t left = (facts->command_head.value + size - facts->command_tail.value) % size;
	bool is_empty = !left;
	/* The head in memory is old as long as there is room: it is looked at when there seems to
	 * be none. */
	if (is_empty || left > NEARLY_FULL - COMMAND_BYTES)
		return;
	struct check_finding *f = check_find(
		check, &rules[FULL], object, NULL, CONFIDENCE_LIKELY,
		"there is room for %" PRIu64 " commands: hardware's head is at 0x%" PRIx64
		", the driver's tail at 0x%" PRIx64,
		left / COMMAND_BYTES - 1, facts->command_head.value, facts->command_tail.value);
	check_word_at(check, f, "head as last read", facts->head_word, facts->command_head);
	check_word_at(check, f, "tail", facts->tail_word, facts->command_tail);
}

static struct error *check_rings(struct check *check)
{
	const struct snapshot *s = check->snapshot;

	for (uint32_t i = 0; i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];
		const char *object = u->name.state == DATUM_OK ? u->name.value : "IOMMU";

		check_wait(check, u, object, &s->ring_facts[i]);
		check_full(check, u, object, &s->ring_facts[i]);
	}
	return NULL;
}

const struct rule_set ring_rules = {"rings", "Rings", rules, ARRAY_SIZE(rules)};
