/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Health checks: rules over the snapshot, each with a stable ID. Of every rule that is run the
 * outcome says pass, what was found, or what could not be told, never a pass for something unread.
 *
 * To add a rule: a row in the table of its topic's file (check/rule.h), and in tests/e2e/checks.py
 * what provokes it. `check`, `check --list`, `help ID`, docs/checks.md and the metrics come from
 * the row.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "base/arena.h"
#include "base/datum.h"
#include "check/baseline.h"
#include "model/driver.h"

struct rule;

enum check_severity {
	SEVERITY_NOTICE, /* worth knowing; run on request only */
	SEVERITY_WARNING,
	SEVERITY_CRITICAL,
	SEVERITIES,
};

/* The numbers are those that monitoring plug-ins exit with. */
enum check_status {
	STATUS_PASS = 0,
	STATUS_WARNING = 1,
	STATUS_CRITICAL = 2,
	STATUS_UNKNOWN = 3,
	STATUSES,
};

/* What a rule reads beyond the snapshot. */
enum check_cost {
	COST_SNAPSHOT, /* a few words more */
	COST_TABLES,   /* every page table of every domain, and what pages are used for */
};

enum check_confidence {
	CONFIDENCE_CERTAIN,  /* the words contradict the specification or each other */
	CONFIDENCE_LIKELY,   /* there is an innocent explanation, but a rare one */
	CONFIDENCE_POSSIBLE, /* the dump can't tell it from something innocent */
};

/* A word that shows what is wrong. */
struct check_evidence {
	const char *what;     /* "word 0 of the device table entry" */
	struct datum address; /* physical */
	struct datum value;
};

#define EVIDENCE_MAX 4

struct check_finding {
	const char *object; /* "0000:00:04.0" */
	const char *key;    /* "dte-driver/0000:00:04.0": the same after a reboot */
	const char *message;
	enum check_confidence confidence;
	uint64_t count; /* such things found at that object; the message and evidence are of the
			   first */
	struct check_evidence evidence[EVIDENCE_MAX];
	size_t n_evidence;
};

/* Something that a rule needed and did not get. */
struct check_gap {
	const char *object;
	const char *what;
	enum datum_state state;
	const char *reason;
};

#define FINDINGS_MAX 1000 /* of one rule; likewise gaps */

struct check_outcome {
	const struct rule *rule;
	enum check_status status;
	struct check_findings {
		struct check_finding **at; /* in the order found */
		size_t n, room;
	} findings;
	uint32_t *hashes; /* of their keys, to find one again; the arena's, NULL: none yet */
	struct check_gaps {
		struct check_gap *at;
		size_t n, room;
	} gaps;
	uint32_t *gap_hashes; /* of object and what */
	uint64_t n_accepted;	      /* findings that the baseline has */
	uint64_t n_more, n_more_gaps; /* past FINDINGS_MAX */
	size_t n_order;		      /* its place in the tables, among those that were run */
};

struct check_options {
	enum check_severity threshold; /* rules of at least this */
	enum check_cost cost;	       /* rules that cost no more */
	/* Comma-separated IDs and topics; NULL: all. A notice that `only` names is run whatever the
	 * threshold. */
	const char *only, *skip;
	const struct baseline *baseline; /* NULL: none */
};

struct check_report {
	struct arena arena;
	struct check_outcome *outcomes; /* worst first, then in the tables' order */
	size_t n;
	enum check_status status; /* critical before warning before unknown before pass */
};

/* ERROR_USAGE for a word of only or skip that is no ID and no topic. */
struct error *check_options_verify(const struct check_options *options);

/* The parts of the snapshot that the chosen rules look at (enum snapshot_part). */
unsigned check_parts(const struct check_options *options);

/*
 * Runs the chosen rules. The snapshot has their parts. Fails only when memory runs out, when the
 * user interrupts, or when the target can't be read at all. check_report_free() also after a
 * failure.
 */
struct error *check_run(struct iommu_driver *driver, struct snapshot *snapshot,
			const struct check_options *options, struct check_report *ret);

/* The report when the snapshot could not be had: nothing can be told, and why. */
struct error *check_run_without(const struct error *why, const struct check_options *options,
				struct check_report *ret);

void check_report_free(struct check_report *report);

/* Names for people and JSON: "critical", "unknown", "certain". */
const char *check_severity_name(enum check_severity severity);
const char *check_status_name(enum check_status status);
const char *check_confidence_name(enum check_confidence confidence);
/* ERROR_USAGE when it is none. */
struct error *check_severity_parse(const char *word, enum check_severity *ret);

#endif
