/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules tell the engine. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/vec.h"
#include "check/rule.h"

static struct check_outcome *outcome_of(const struct check *check, const struct rule *rule)
{
	for (size_t i = 0; i < check->report->n; i++)
		if (check->report->outcomes[i].rule == rule)
			return &check->report->outcomes[i];
	return NULL;
}

bool check_wants(const struct check *check, const struct rule *rule)
{
	return outcome_of(check, rule);
}

/* A key is one word, so that it can stand in a list and on a command line. */
static const char *make_key(struct arena *arena, const struct rule *rule, const char *object)
{
	char *key = arena_printf(arena, "%s/%s", rule->id, object);

	for (char *c = key; c && *c; c++)
		if (*c == ' ' || *c == '#')
			*c = '-';
	return key;
}

static struct check_finding *find_again(const struct check_outcome *outcome, const char *key,
					uint32_t hash)
{
	for (size_t i = outcome->findings.n; i--;)
		if (outcome->hashes[i] == hash && !strcmp(outcome->findings.at[i]->key, key))
			return outcome->findings.at[i];
	return NULL;
}

/* Notes the hash of number i, where there is memory for it. */
static bool hash_note(struct arena *arena, uint32_t **hashes, size_t i, uint32_t hash)
{
	if (!*hashes)
		*hashes = arena_alloc(arena, FINDINGS_MAX * sizeof(**hashes));
	if (*hashes)
		(*hashes)[i] = hash;
	return *hashes;
}

static struct check_finding *add_finding(struct check *check, struct check_outcome *outcome,
					 const char *object, const char *key, uint32_t hash,
					 const char *message)
{
	struct arena *arena = &check->report->arena;
	bool noted = hash_note(arena, &outcome->hashes, outcome->findings.n, hash);
	struct check_finding *finding = arena_alloc(arena, sizeof(*finding));
	const char *name = arena_strdup(arena, object);
	struct check_finding **slot =
		noted && finding && name && message ? vec_push(&outcome->findings) : NULL;

	if (!slot) {
		check->no_memory = true;
		return NULL;
	}
	*finding =
		(struct check_finding){.object = name, .key = key, .message = message, .count = 1};
	*slot = finding;
	return finding;
}

struct check_finding *check_find(struct check *check, const struct rule *rule, const char *object,
				 const char *stable, enum check_confidence confidence,
				 const char *fmt, ...)
{
	struct check_outcome *outcome = outcome_of(check, rule);
	struct arena *arena = &check->report->arena;
	_cleanup_(freep) char *message = NULL;
	va_list ap;

	if (!outcome)
		return NULL;
	const char *key = make_key(arena, rule, stable ? stable : object);
	if (!key) {
		check->no_memory = true;
		return NULL;
	}
	uint32_t hash = hash_text(HASH_START, key);
	struct check_finding *again = find_again(outcome, key, hash);
	if (again) {
		again->count++;
		return NULL;
	}
	if (baseline_has(check->options->baseline, key)) {
		outcome->n_accepted++;
		return NULL;
	}
	if (outcome->findings.n == FINDINGS_MAX) {
		outcome->n_more++;
		return NULL;
	}
	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	struct check_finding *finding = add_finding(check, outcome, object, key, hash,
						    message ? arena_strdup(arena, message) : NULL);
	if (finding)
		finding->confidence = confidence;
	return finding;
}

void check_word(struct check *check, struct check_finding *finding, const char *what,
		struct datum address, struct datum value)
{
	(void)check;
	if (finding && finding->n_evidence < EVIDENCE_MAX)
		finding->evidence[finding->n_evidence++] =
			(struct check_evidence){what, address, value};
}

void check_word_at(struct check *check, struct check_finding *finding, const char *what,
		   uint64_t virtual_address, struct datum value)
{
	struct datum address = {.state = DATUM_ABSENT};
	uint64_t phys;

	if (!finding)
		return;
	if (virtual_address) {
		struct error *err = target_translate(check->target, virtual_address, &phys);

		address = err ? (struct datum){.state = datum_state_of(err)} : datum_ok(phys);
		error_free(err);
	}
	check_word(check, finding, what, address, value);
}

static const char *const state_reasons[] = {
	[DATUM_ABSENT] = "this kernel has no such member, symbol or type",
	[DATUM_EXCLUDED] = "its page is not in the dump",
	[DATUM_FAULT] = "its address has no memory",
	[DATUM_IO] = "the file could not be read",
	[DATUM_CORRUPT] = "it contradicts itself",
	[DATUM_TORN] = "the kernel changed it while it was read",
	[DATUM_STOPPED] = "it was interrupted",
};

/* What the snapshot's problems say of it, or the state in words. */
static const char *find_reason(const struct check *check, const char *object, const char *what,
			       enum datum_state state)
{
	const struct problem *problem = problems_find(&check->snapshot->problems, object, what);

	return problem ? problem->message : state_reasons[state];
}

void check_unknown(struct check *check, const struct rule *rule, const char *object,
		   const char *what, enum datum_state state, const char *reason)
{
	struct check_outcome *outcome = outcome_of(check, rule);
	struct arena *arena = &check->report->arena;

	if (!outcome)
		return;
	uint32_t hash = hash_text(hash_text(HASH_START, object), what);
	for (size_t i = 0; i < outcome->gaps.n; i++)
		if (outcome->gap_hashes[i] == hash &&
		    !strcmp(outcome->gaps.at[i].object, object) &&
		    !strcmp(outcome->gaps.at[i].what, what))
			return;
	if (outcome->gaps.n == FINDINGS_MAX) {
		outcome->n_more_gaps++;
		return;
	}
	bool noted = hash_note(arena, &outcome->gap_hashes, outcome->gaps.n, hash);
	struct check_gap *gap = noted ? vec_push(&outcome->gaps) : NULL;
	if (!gap) {
		check->no_memory = true;
		return;
	}
	*gap = (struct check_gap){arena_strdup(arena, object), arena_strdup(arena, what), state,
				  arena_strdup(arena, reason)};
	if (!gap->object || !gap->what || !gap->reason) {
		outcome->gaps.n--;
		check->no_memory = true;
	}
}

bool check_known(struct check *check, const struct rule *rule, const char *object, const char *what,
		 enum datum_state state)
{
	if (state == DATUM_OK || state == DATUM_NONE)
		return true;
	check_unknown(check, rule, object, what, state, find_reason(check, object, what, state));
	return false;
}

void check_gap_of(struct check *check, const struct rule *rule, const char *object,
		  const char *what, struct error *err)
{
	check_unknown(check, rule, object, what, datum_state_of(err), error_message(err));
	error_free(err);
}

struct domain_words domain_words(const struct snapshot *snapshot, const struct domain *domain)
{
	struct domain_words words;

	if (domain->id.state == DATUM_OK)
		snprintf(words.object, sizeof(words.object), "domain 0x%" PRIx64, domain->id.value);
	else
		snprintf(words.object, sizeof(words.object), "domain at 0x%" PRIx64,
			 domain->address ? domain->address : domain->core_address);
	if (domain->n_devices)
		snprintf(words.stable, sizeof(words.stable), "domain-of-%s",
			 snapshot->devices[domain->devices[0]].name);
	else
		snprintf(words.stable, sizeof(words.stable), "domain-without-devices-%s",
			 domain->type_name ? domain->type_name : "of-unknown-type");
	return words;
}
