/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine: which rules are run, and what their outcomes come to. */
#include "check/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/vec.h"
#include "check/rule.h"

static const char *const severity_names[SEVERITIES] = {"notice", "warning", "critical"};
static const char *const status_names[STATUSES] = {"pass", "warning", "critical", "unknown"};
static const char *const confidence_names[] = {"certain", "likely", "possible"};

const char *check_severity_name(enum check_severity severity)
{
	return severity_names[severity];
}

const char *check_status_name(enum check_status status)
{
	return status_names[status];
}

const char *check_confidence_name(enum check_confidence confidence)
{
	return confidence_names[confidence];
}

struct error *check_severity_parse(const char *word, enum check_severity *ret)
{
	for (size_t i = 0; i < SEVERITIES; i++)
		if (!strcmp(word, severity_names[i])) {
			*ret = (enum check_severity)i;
			return NULL;
		}
	return error_new(ERROR_USAGE, "a severity is notice, warning or critical, not '%s'", word);
}

/* The comma-separated list has the word. */
static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list && *list) {
		size_t n = strcspn(list, ", ");

		if (n == length && !memcmp(list, word, n))
			return true;
		list += n + (list[n] != '\0');
	}
	return false;
}

static bool list_names(const char *list, const struct rule_set *set, const struct rule *rule)
{
	return list_has(list, rule->id) || list_has(list, set->topic);
}

static bool is_chosen(const struct check_options *options, const struct rule_set *set,
		      const struct rule *rule)
{
	if (rule_cost(rule) > options->cost || list_names(options->skip, set, rule))
		return false;
	if (options->only && !list_names(options->only, set, rule))
		return false;
	return rule->severity >= options->threshold || list_has(options->only, rule->id);
}

static struct error *verify_word(const char *word)
{
	struct suggestion suggestion = suggestion_for(word);

	for (size_t s = 0; rule_sets[s]; s++) {
		if (!strcmp(rule_sets[s]->topic, word))
			return NULL;
		suggestion_offer(&suggestion, rule_sets[s]->topic);
		for (size_t i = 0; i < rule_sets[s]->n; i++)
			suggestion_offer(&suggestion, rule_sets[s]->rules[i].id);
	}
	return rule_find(word)
		       ? NULL
		       : suggestion_error(&suggestion, "check", "; 'check --list' lists them");
}

static struct error *verify_list(const char *list)
{
	_cleanup_(freep) char *words = list ? strdup(list) : NULL;
	struct error *err = NULL;
	char *rest;

	if (!list)
		return NULL;
	if (!words)
		return error_no_memory;
	for (char *word = strtok_r(words, ", ", &rest); word && !err;
	     word = strtok_r(NULL, ", ", &rest))
		err = verify_word(word);
	return err;
}

struct error *check_options_verify(const struct check_options *options)
{
	struct error *err = verify_list(options->only);

	if (!err)
		err = verify_list(options->skip);
	for (size_t i = 0; rule_sets[i] && !err; i++)
		for (size_t k = 0; k < rule_sets[i]->n; k++)
			if (is_chosen(options, rule_sets[i], &rule_sets[i]->rules[k]))
				return NULL;
	return err ? err : error_new(ERROR_USAGE, "no check is left by these options");
}

/* What the inputs come to: the part of the snapshot, its state, and whose problems say why. */
static enum datum_state iommus_state(const struct snapshot *s)
{
	return s->iommus_state;
}

static enum datum_state devices_state(const struct snapshot *s)
{
	return s->devices_state;
}

static enum datum_state groups_state(const struct snapshot *s)
{
	return s->groups_state;
}

static enum datum_state domains_state(const struct snapshot *s)
{
	return s->domains_state;
}

static enum datum_state ids_state(const struct snapshot *s)
{
	return s->ids.state;
}

static enum datum_state interrupts_state(const struct snapshot *s)
{
	return s->interrupts.state;
}

static const struct {
	enum rule_input input;
	unsigned parts;
	enum datum_state (*state)(const struct snapshot *s); /* NULL: object by object */
	const char *object, *what;
	const char *text; /* for people */
} inputs[] = {
	{INPUT_IOMMUS, SNAPSHOT_IOMMUS, iommus_state, "IOMMUs", "list", "the IOMMUs"},
	{INPUT_DEVICES, SNAPSHOT_DEVICES, devices_state, "PCI functions", "list",
	 "the PCI functions"},
	{INPUT_GROUPS, SNAPSHOT_DEVICES, groups_state, "IOMMU groups", "list", "the IOMMU groups"},
	{INPUT_DOMAINS, SNAPSHOT_DEVICES, domains_state, "domains", "list", "the domains"},
	{INPUT_IDS, SNAPSHOT_IDS, ids_state, "domain IDs", "allocator", "the domain-ID allocator"},
	{INPUT_ENTRIES, SNAPSHOT_DEVICES, NULL, NULL, NULL, "the device table"},
	{INPUT_TABLES, SNAPSHOT_DEVICES, NULL, NULL, NULL, "every page table"},
	{INPUT_PAGES, SNAPSHOT_DEVICES, NULL, NULL, NULL, "what physical pages are used for"},
	{INPUT_INTERRUPTS, SNAPSHOT_INTERRUPTS | SNAPSHOT_DEVICES, interrupts_state, "interrupts",
	 "list", "the interrupts and the CPUs"},
	{INPUT_RINGS, SNAPSHOT_RINGS | SNAPSHOT_IOMMUS, NULL, NULL, NULL, "the rings"},
	{INPUT_LOG, SNAPSHOT_IOMMUS, NULL, NULL, NULL, "the kernel's log"},
	{INPUT_IOVAS, SNAPSHOT_DEVICES, NULL, NULL, NULL, "the allocators of IOVAs"},
};

const char *rule_inputs_text(struct arena *arena, const struct rule *rule)
{
	const char *text = "";

	for (size_t i = 0; text && i < ARRAY_SIZE(inputs); i++)
		if (rule->inputs & inputs[i].input)
			text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "",
					    inputs[i].text);
	return text ? text : "";
}

static unsigned rule_parts(const struct rule *rule)
{
	unsigned parts = 0;

	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++)
		if (rule->inputs & inputs[i].input)
			parts |= inputs[i].parts;
	return parts;
}

unsigned check_parts(const struct check_options *options)
{
	unsigned parts = 0;

	for (size_t s = 0; rule_sets[s]; s++)
		for (size_t i = 0; i < rule_sets[s]->n; i++)
			if (is_chosen(options, rule_sets[s], &rule_sets[s]->rules[i]))
				parts |= rule_parts(&rule_sets[s]->rules[i]);
	return parts;
}

static struct error *choose_rules(const struct check_options *options, struct check_report *report)
{
	size_t room = 0;

	for (size_t s = 0; rule_sets[s]; s++)
		room += rule_sets[s]->n;
	report->outcomes = calloc(room, sizeof(*report->outcomes));
	if (!report->outcomes)
		return error_no_memory;
	for (size_t s = 0; rule_sets[s]; s++)
		for (size_t i = 0; i < rule_sets[s]->n; i++)
			if (is_chosen(options, rule_sets[s], &rule_sets[s]->rules[i]))
				report->outcomes[report->n++].rule = &rule_sets[s]->rules[i];
	return NULL;
}

static void note_missing_inputs(struct check *check, const struct rule *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++)
		if (rule->inputs & inputs[i].input && inputs[i].state)
			check_known(check, rule, inputs[i].object, inputs[i].what,
				    inputs[i].state(check->snapshot));
}

/* One of several rules with the same function stands for them all. */
static bool runs_first(const struct check_report *report, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (report->outcomes[k].rule->run == report->outcomes[i].rule->run)
			return false;
	return true;
}

static enum check_status outcome_status(const struct check_outcome *o)
{
	if (o->findings.n)
		return o->rule->severity == SEVERITY_CRITICAL ? STATUS_CRITICAL : STATUS_WARNING;
	return o->gaps.n ? STATUS_UNKNOWN : STATUS_PASS;
}

/* How bad a status is, as monitoring plug-ins weigh them. */
static unsigned status_rank(enum check_status status)
{
	static const unsigned ranks[STATUSES] = {
		[STATUS_PASS] = 0,
		[STATUS_UNKNOWN] = 1,
		[STATUS_WARNING] = 2,
		[STATUS_CRITICAL] = 3,
	};

	return ranks[status];
}

static int compare_outcomes(const void *a, const void *b)
{
	const struct check_outcome *oa = a, *ob = b;
	unsigned ra = status_rank(oa->status), rb = status_rank(ob->status);

	if (ra != rb)
		return ra > rb ? -1 : 1;
	/* Put in the tables' order by number before. */
	return (oa->n_order > ob->n_order) - (oa->n_order < ob->n_order);
}

static void judge(struct check_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		struct check_outcome *o = &report->outcomes[i];

		o->status = outcome_status(o);
		o->n_order = i;
		if (status_rank(o->status) > status_rank(report->status))
			report->status = o->status;
	}
	if (report->n)
		qsort(report->outcomes, report->n, sizeof(*report->outcomes), compare_outcomes);
}

struct error *check_run(struct iommu_driver *driver, struct snapshot *snapshot,
			const struct check_options *options, struct check_report *ret)
{
	struct check check = {
		.driver = driver,
		.kernel = driver->kernel,
		.target = driver->kernel->target,
		.snapshot = snapshot,
		.options = options,
		.report = ret,
	};
	struct error *err = choose_rules(options, ret);

	for (size_t i = 0; i < ret->n && !err; i++)
		note_missing_inputs(&check, ret->outcomes[i].rule);
	for (size_t i = 0; i < ret->n && !err; i++) {
		err = target_poll(check.target);
		if (!err && runs_first(ret, i))
			err = ret->outcomes[i].rule->run(&check);
	}
	if (!err && check.no_memory)
		err = error_no_memory;
	judge(ret);
	return err;
}

struct error *check_run_without(const struct error *why, const struct check_options *options,
				struct check_report *ret)
{
	struct error *err = choose_rules(options, ret);

	for (size_t i = 0; i < ret->n && !err; i++) {
		struct check_gap *gap = vec_push(&ret->outcomes[i].gaps);
		const char *reason = arena_strdup(&ret->arena, error_message(why));

		if (!gap || !reason)
			return error_no_memory;
		*gap = (struct check_gap){"IOMMUs", "state", datum_state_of(why), reason};
	}
	judge(ret);
	return err;
}

void check_report_free(struct check_report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		vec_free(&report->outcomes[i].findings);
		vec_free(&report->outcomes[i].gaps);
	}
	free(report->outcomes);
	arena_free(&report->arena);
	*report = (struct check_report){0};
}
