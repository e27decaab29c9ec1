/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel itself has printed about its IOMMUs. */
#include "kernel/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amd/message.h"
#include "base/cleanup.h"
#include "check/rule.h"

static struct error *check_log(struct check *check);

enum { TIMEOUT, IOTLB, OVERFLOW, ERRORS, WARNINGS };

static const struct rule rules[] = {
	[TIMEOUT] =
		{"log-timeout", "The log has no time-outs of the IOMMU", SEVERITY_CRITICAL,
		 INPUT_LOG,
		 "The IOMMU did not do what it was told in time: devices may go on using translations "
		 "that were taken away.",
		 "'ring cmd' shows what it stood at; an IOTLB_INV_TIMEOUT before it names the device to "
		 "blame.",
		 check_log},
	[IOTLB] =
		{"log-iotlb", "The log has no devices that did not answer invalidations",
		 SEVERITY_CRITICAL, INPUT_LOG,
		 "The device keeps translations of its own (ATS) and did not drop them: it may reach "
		 "memory that is no longer its.",
		 "Blame the device, not the IOMMU: look for its resets; pci=noats keeps ATS off.",
		 check_log},
	[OVERFLOW] =
		{"log-overflow", "The log has no overflow of the event or page request log",
		 SEVERITY_WARNING, INPUT_LOG,
		 "Events came faster than the kernel took them: some are lost, and the log does not "
		 "tell the whole story.",
		 "Look which device floods it: 'explain' folds the lines of the log.", check_log},
	[ERRORS] =
		{"log-error", "The log has no errors of the IOMMU", SEVERITY_WARNING, INPUT_LOG,
		 "A device's DMA, or the IOMMU itself, has failed.",
		 "'explain LINE' tells what the line means, with the dump what the tables say of it now.",
		 check_log},
	[WARNINGS] = {"log-warning", "The log has no warnings about the IOMMU", SEVERITY_NOTICE,
		      INPUT_LOG,
		      "Something is not as it should be, often the firmware's tables; DMA goes on.",
		      "'explain LINE' tells what the line means.", check_log},
};

/* Messages that have a rule of their own; the others go by their severity. */
static const struct {
	const char *word; /* in the message's ID */
	unsigned rule;
} special[] = {
	{"IOTLB_INV_TIMEOUT", IOTLB},
	{"timeout", TIMEOUT},
	{"overflow", OVERFLOW},
	{"restart", OVERFLOW},
};

struct log_walk {
	struct check *check;
	bool continued;
};

static int rule_of(const struct message_kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (kind->severity != MESSAGE_INFO && strstr(kind->id, special[i].word))
			return (int)special[i].rule;
	switch (kind->severity) {
	case MESSAGE_ERROR:
		return ERRORS;
	case MESSAGE_WARNING:
		return WARNINGS;
	case MESSAGE_INFO:
		break;
	}
	return -1;
}

static struct error *visit_record(void *arg, const struct log_record *record)
{
	struct log_walk *w = arg;
	struct message m;
	char stable[96];

	/* Of other records a capture has no text: they are not about an IOMMU. */
	if (record->text.state != DATUM_OK)
		return NULL;
	enum message_parse parsed = message_parse(record->text.value, w->continued, &m);
	w->continued = parsed == MESSAGE_CONTINUED;
	if (parsed != MESSAGE_PARSED || !m.kind)
		return NULL;
	int rule = rule_of(m.kind);
	if (rule < 0)
		return NULL;
	const char *object = *m.device ? m.device : "IOMMU";
	snprintf(stable, sizeof(stable), "%s-%s", m.kind->id, object);
	struct check_finding *f =
		check_find(w->check, &rules[rule], object, stable, CONFIDENCE_CERTAIN,
			   "\"%s\": %s%s%s", record->text.value, m.kind->meaning,
			   m.kind->cause ? " " : "", m.kind->cause ? m.kind->cause : "");
	check_word(w->check, f, "number of the log's record", (struct datum){.state = DATUM_ABSENT},
		   record->sequence);
	return NULL;
}

static struct error *check_log(struct check *check)
{
	struct log_walk w = {.check = check};
	struct error *err = log_read(check->kernel, LOG_ALL, visit_record, &w);

	if (!err || error_code(err) == ERROR_STOPPED || error_code(err) == ERROR_NO_MEMORY)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_unknown(check, &rules[i], "kernel log", "records", datum_state_of(err),
			      error_message(err));
	error_free(err);
	return NULL;
}

const struct rule_set log_rules = {"log", "The kernel's log", rules, ARRAY_SIZE(rules)};
