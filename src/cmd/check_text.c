/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/check_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "check/rule.h"
#include "cmd/words.h"

/* Of each rule: more are counted. What is wrong is to fit on a screen. */
#define FINDINGS_SHOWN 4
#define GAPS_SHOWN 2

static const char *take_stream(struct arena *arena, FILE *out, char **text, size_t *length)
{
	const char *copy = fclose(out) ? NULL : arena_strndup(arena, *text, *length);

	free(*text);
	return copy;
}

static size_t count_status(const struct check_report *report, enum check_status status)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->outcomes[i].status == status;
	return n;
}

static uint64_t count_accepted(const struct check_report *report)
{
	uint64_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->outcomes[i].n_accepted;
	return n;
}

const char *check_headline(struct arena *arena, const struct check_report *report)
{
	static const char *const words[STATUSES] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	size_t n_unknown = count_status(report, STATUS_UNKNOWN);
	size_t n_found =
		count_status(report, STATUS_CRITICAL) + count_status(report, STATUS_WARNING);
	uint64_t n_accepted = count_accepted(report);
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "%s: ", words[report->status]);
	if (n_found)
		fprintf(out, "%zu of %zu checks found something", n_found, report->n);
	else
		fprintf(out, "%zu of %zu checks pass", report->n - n_unknown, report->n);
	if (n_unknown)
		fprintf(out, ", %zu could not tell", n_unknown);
	if (n_accepted)
		fprintf(out, ", %" PRIu64 " accepted", n_accepted);
	return take_stream(arena, out, &text, &length);
}

static void put_datum(FILE *out, struct datum d)
{
	if (d.state == DATUM_OK)
		fprintf(out, "0x%" PRIx64, d.value);
	else
		fputc('?', out);
}

static void put_evidence(FILE *out, const struct check_finding *f)
{
	for (size_t i = 0; i < f->n_evidence; i++) {
		const struct check_evidence *e = &f->evidence[i];

		fprintf(out, "%s%s at ", i ? "; " : "    evidence: ", e->what);
		put_datum(out, e->address);
		if (e->value.state == DATUM_OK)
			fprintf(out, " is 0x%016" PRIx64, e->value.value);
	}
	if (f->n_evidence)
		fputc('\n', out);
}

static void put_findings(FILE *out, const struct check_outcome *o)
{
	uint64_t more = o->n_more;

	for (size_t i = 0; i < o->findings.n; i++) {
		const struct check_finding *f = o->findings.at[i];

		if (i >= FINDINGS_SHOWN) {
			more++;
			continue;
		}
		fprintf(out, "  %s: %s", f->object, f->message);
		if (f->count > 1)
			fprintf(out, ", and %" PRIu64 " more like it", f->count - 1);
		fprintf(out, " (%s)\n", check_confidence_name(f->confidence));
		put_evidence(out, f);
	}
	if (more)
		fprintf(out, "  and %" PRIu64 " more; --json has all\n", more);
}

static void put_gaps(FILE *out, const struct check_outcome *o)
{
	uint64_t more = o->n_more_gaps;

	for (size_t i = 0; i < o->gaps.n; i++) {
		const struct check_gap *g = &o->gaps.at[i];

		if (i >= GAPS_SHOWN)
			more++;
		else
			fprintf(out, "  could not tell: %s, %s: %s\n", g->object, g->what,
				g->reason);
	}
	if (more)
		fprintf(out, "  and %" PRIu64 " more that could not be told; --json has all\n",
			more);
}

const char *check_outcome_text(struct arena *arena, const struct check_outcome *o)
{
	char *text = NULL;
	size_t length;

	if (o->status == STATUS_PASS)
		return NULL;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return NULL;
	fprintf(out, "%s: %s\n", check_status_name(o->status), o->rule->id);
	put_findings(out, o);
	put_gaps(out, o);
	if (o->findings.n) {
		fputs("  means: ", out);
		print_wrapped(out, 9, 9, o->rule->why);
		fputs("  to do: ", out);
		print_wrapped(out, 9, 9, o->rule->advice);
	}
	return take_stream(arena, out, &text, &length);
}

/* The labels are IDs and severities: there is nothing in them to escape. */
static void put_family(FILE *out, const struct check_report *report, const char *name,
		       const char *help, uint64_t (*value)(const struct check_outcome *o))
{
	fprintf(out, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
	for (size_t i = 0; i < report->n; i++) {
		const struct check_outcome *o = &report->outcomes[i];

		fprintf(out, "%s{id=\"%s\",severity=\"%s\"} %" PRIu64 "\n", name, o->rule->id,
			check_severity_name(o->rule->severity), value(o));
	}
}

static uint64_t metric_status(const struct check_outcome *o)
{
	return o->status;
}

static uint64_t metric_findings(const struct check_outcome *o)
{
	return o->findings.n + o->n_more;
}

static uint64_t metric_accepted(const struct check_outcome *o)
{
	return o->n_accepted;
}

const char *check_metrics(struct arena *arena, const struct check_report *report)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out,
		"# TYPE iommuscope_status gauge\n"
		"# HELP iommuscope_status Worst of all checks: 0 pass, 1 warning, 2 critical, "
		"3 unknown.\n"
		"iommuscope_status %d\n",
		report->status);
	put_family(out, report, "iommuscope_check_status",
		   "Of a check: 0 pass, 1 warning, 2 critical, 3 unknown.", metric_status);
	put_family(out, report, "iommuscope_check_findings", "What a check has found.",
		   metric_findings);
	put_family(out, report, "iommuscope_check_accepted",
		   "What a check has found and the baseline accepts.", metric_accepted);
	fputs("# EOF\n", out);
	return take_stream(arena, out, &text, &length);
}
