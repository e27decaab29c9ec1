/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule is, and what it tells the engine. Only src/check and commands that name rules include
 * this. */
#ifndef CHECK_RULE_H
#define CHECK_RULE_H

#include "check/check.h"

struct check;

/* What a rule stands on. The engine notes a gap for one that is not there in full. */
enum rule_input {
	INPUT_IOMMUS = 1,	/* the list of IOMMUs */
	INPUT_DEVICES = 2,	/* the list of PCI functions */
	INPUT_GROUPS = 4,	/* the list of IOMMU groups */
	INPUT_DOMAINS = 8,	/* all domains that something is attached to */
	INPUT_IDS = 16,		/* the domain-ID allocator */
	INPUT_ENTRIES = 32,	/* the device table; each entry's gaps are the rule's own */
	INPUT_TABLES = 64,	/* page tables; likewise */
	INPUT_PAGES = 128,	/* what physical pages are used for; likewise */
	INPUT_INTERRUPTS = 256, /* the kernel's remapped interrupts, and the CPUs */
	INPUT_RINGS =
		512, /* what the driver keeps of the rings; each one's gaps are the rule's own */
	INPUT_LOG = 1024,   /* the kernel's log; likewise */
	INPUT_IOVAS = 2048, /* the allocators of IOVAs; likewise */
};

struct rule {
	const char *id;	   /* "dte-driver"; never changes */
	const char *title; /* what is well when it passes: "Device table and driver agree" */
	enum check_severity severity;
	unsigned inputs; /* enum rule_input, ORed */
	const char *why; /* what it means when it does not pass; one or two sentences */
	const char *advice;
	/* Rules that are found in one go have the same one, which is run once. */
	struct error *(*run)(struct check *check);
};

struct rule_set {
	const char *topic; /* "device-table": may stand for all its IDs in --only and --skip */
	const char *title;
	const struct rule *rules;
	size_t n;
};

/* In the order in which --list shows them; ends with NULL. */
extern const struct rule_set *const rule_sets[];

/* NULL: there is none. */
const struct rule *rule_find(const char *id);
/* What it stands on: "the PCI functions, the device table"; "" when memory ran out. */
const char *rule_inputs_text(struct arena *arena, const struct rule *rule);
enum check_cost rule_cost(const struct rule *rule);

struct check {
	struct iommu_driver *driver;
	struct kernel *kernel;
	struct target *target;
	struct snapshot *snapshot;
	const struct check_options *options;
	struct check_report *report;
	bool no_memory; /* something could not be noted */
};

/* The rule was chosen. What is told of others is dropped, so that asking only saves work. */
bool check_wants(const struct check *check, const struct rule *rule);

/*
 * Something is wrong with `object`, whose name in the finding's key is `stable` (NULL: the same).
 * What was found before at that object is counted up. NULL: not wanted, accepted, or dropped;
 * check_word() takes that.
 */
struct check_finding *check_find(struct check *check, const struct rule *rule, const char *object,
				 const char *stable, enum check_confidence confidence,
				 const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Evidence at a physical address, or at a kernel virtual one. `what` is static, or in the report's
 * arena. */
void check_word(struct check *check, struct check_finding *finding, const char *what,
		struct datum address, struct datum value);
void check_word_at(struct check *check, struct check_finding *finding, const char *what,
		   uint64_t virtual_address, struct datum value);

/* The rule can't tell of `object`: `what` is not known. DATUM_OK and DATUM_NONE are no gaps. False:
 * it is one. */
bool check_known(struct check *check, const struct rule *rule, const char *object, const char *what,
		 enum datum_state state);
/* Likewise with a reason of the caller's. */
void check_unknown(struct check *check, const struct rule *rule, const char *object,
		   const char *what, enum datum_state state, const char *reason);
/* Likewise for an error that was met on the way, which it takes. */
void check_gap_of(struct check *check, const struct rule *rule, const char *object,
		  const char *what, struct error *err);

/* How a domain is called: "domain 0x5"; and where it is to be known again: by its first device. */
struct domain_words {
	char object[64], stable[64];
};
struct domain_words domain_words(const struct snapshot *snapshot, const struct domain *domain);

extern const struct rule_set device_table_rules, domain_rules, page_table_rules, mapping_rules,
	interrupt_rules, ring_rules, exposure_rules, log_rules, iova_rules;

#endif
