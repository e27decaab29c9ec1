/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/check.h"

#include "base/cleanup.h"
#include "check/rule.h"
#include "cmd/check_text.h"
#include "cmd/select.h"

enum { EVIDENCE_WHAT, EVIDENCE_ADDRESS, EVIDENCE_VALUE };

static const struct column evidence_columns[] = {
	[EVIDENCE_WHAT] = {"what", NULL, VALUE_TEXT, 0, "Which word"},
	[EVIDENCE_ADDRESS] = {"address", NULL, VALUE_HEX, 0, "Its physical address"},
	[EVIDENCE_VALUE] = {"value", NULL, VALUE_HEX, COLUMN_WORDS, "What it holds"},
};

static const struct table evidence_table = {"check-evidence", VIEW_TABLE, evidence_columns,
					    ARRAY_SIZE(evidence_columns)};

enum {
	FINDING_OBJECT,
	FINDING_MESSAGE,
	FINDING_CONFIDENCE,
	FINDING_COUNT,
	FINDING_KEY,
	FINDING_EVIDENCE,
};

static const struct column finding_columns[] = {
	[FINDING_OBJECT] = {"object", NULL, VALUE_TEXT, 0, "What it was found at"},
	[FINDING_MESSAGE] = {"message", NULL, VALUE_TEXT, 0, "What is wrong"},
	[FINDING_CONFIDENCE] = {"confidence", NULL, VALUE_TEXT, 0,
				"How sure that is: certain, likely or possible"},
	[FINDING_COUNT] = {"count", NULL, VALUE_NUMBER, 0,
			   "How many such things; message and evidence are of the first"},
	[FINDING_KEY] = {"key", NULL, VALUE_TEXT, 0,
			 "Names it in a baseline; the same after a reboot"},
	[FINDING_EVIDENCE] = {"evidence", NULL, VALUE_ROWS, 0, "The words that show it",
			      .rows = &evidence_table},
};

static const struct table finding_table = {"check-finding", VIEW_TABLE, finding_columns,
					   ARRAY_SIZE(finding_columns)};

enum { GAP_OBJECT, GAP_WHAT, GAP_WHY, GAP_REASON };

static const struct column gap_columns[] = {
	[GAP_OBJECT] = {"object", NULL, VALUE_TEXT, 0, "Of what something is not known"},
	[GAP_WHAT] = {"what", NULL, VALUE_TEXT, 0, "What is not known"},
	[GAP_WHY] = {"why", NULL, VALUE_TEXT, 0,
		     "absent, excluded, fault, io, corrupt, torn or stopped"},
	[GAP_REASON] = {"reason", NULL, VALUE_TEXT, 0, "Why in words"},
};

static const struct table gap_table = {"check-unknown", VIEW_TABLE, gap_columns,
				       ARRAY_SIZE(gap_columns)};

enum check_column {
	COL_TEXT,
	COL_ID,
	COL_SEVERITY,
	COL_STATUS,
	COL_TITLE,
	COL_FINDINGS,
	COL_UNKNOWN,
	COL_ACCEPTED,
	COL_WHY,
	COL_ADVICE,
};

static const struct column columns[] = {
	[COL_TEXT] = {"text", NULL, VALUE_TEXT, COLUMN_PROSE, "the outcome in words"},
	[COL_ID] = {"id", "ID", VALUE_TEXT, COLUMN_EXTRA, "the check's name; never changes"},
	[COL_SEVERITY] = {"severity", NULL, VALUE_TEXT, COLUMN_EXTRA,
			  "notice, warning or critical"},
	[COL_STATUS] =
		{"status", NULL, VALUE_TEXT, COLUMN_EXTRA,
		 "pass; warning or critical: it found something; unknown: it could not tell"},
	[COL_TITLE] = {"title", NULL, VALUE_TEXT, COLUMN_EXTRA, "what holds when it passes"},
	[COL_FINDINGS] = {"findings", NULL, VALUE_ROWS, COLUMN_EXTRA, "what it found",
			  .rows = &finding_table},
	[COL_UNKNOWN] = {"unknown", NULL, VALUE_ROWS, COLUMN_EXTRA,
			 "what it needed and could not read", .rows = &gap_table},
	[COL_ACCEPTED] = {"accepted", NULL, VALUE_NUMBER, COLUMN_EXTRA,
			  "findings that the baseline has, and that count as none"},
	[COL_WHY] = {"why", NULL, VALUE_TEXT, COLUMN_EXTRA, "what a finding means"},
	[COL_ADVICE] = {"advice", NULL, VALUE_TEXT, COLUMN_EXTRA, "what to do about it"},
};

static const struct table check_table = {"check", VIEW_PROSE, columns, ARRAY_SIZE(columns)};

enum list_column { LIST_ID, LIST_SEVERITY, LIST_TOPIC, LIST_TITLE };

static const struct column list_columns[] = {
	[LIST_ID] = {"id", "ID", VALUE_TEXT, 0, "the check's name; never changes"},
	[LIST_SEVERITY] = {"severity", NULL, VALUE_TEXT, 0, "notice, warning or critical"},
	[LIST_TOPIC] = {"topic", NULL, VALUE_TEXT, 0,
			"stands for all its checks in --only and --skip"},
	[LIST_TITLE] = {"title", NULL, VALUE_TEXT, 0, "what holds when it passes"},
};

static const struct table list_table = {"check-list", VIEW_TABLE, list_columns,
					ARRAY_SIZE(list_columns)};

static const struct column metrics_columns[] = {
	{"text", NULL, VALUE_TEXT, 0, "OpenMetrics text"},
};

static const struct table metrics_table = {"check-metrics", VIEW_PROSE, metrics_columns,
					   ARRAY_SIZE(metrics_columns)};

static const struct command_option options[] = {
	{"list", NULL, "the checks there are"},
	{"only", "CHECK,...", "only these checks, or topics of --list"},
	{"skip", "CHECK,...", "all but these"},
	{"threshold", "LEVEL",
	 "checks of at least this severity: notice, warning (the default), critical"},
	{"baseline", "FILE", "findings whose keys are in FILE, one a line, are accepted"},
	{"openmetrics", NULL, "metrics, for node_exporter's textfile collector"},
};

static const struct table *check_choose_table(const struct command_call *call)
{
	if (call_option(call, "list"))
		return &list_table;
	return call_option(call, "openmetrics") ? &metrics_table : &check_table;
}

static const struct table *check_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&check_table, &list_table, &metrics_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

static bool check_wants_target(const struct command_call *call)
{
	return !call_option(call, "list");
}

static void emit_list(struct emit *e)
{
	for (size_t s = 0; rule_sets[s]; s++)
		for (size_t i = 0; i < rule_sets[s]->n; i++) {
			const struct rule *rule = &rule_sets[s]->rules[i];

			emit_row_begin(e);
			emit_text(e, LIST_ID, rule->id);
			emit_text(e, LIST_SEVERITY, check_severity_name(rule->severity));
			emit_text(e, LIST_TOPIC, rule_sets[s]->topic);
			emit_text(e, LIST_TITLE, rule->title);
			emit_row_end(e);
		}
}

static void emit_finding(struct emit *e, const struct check_finding *f)
{
	emit_row_begin(e);
	emit_text(e, FINDING_OBJECT, f->object);
	emit_text(e, FINDING_MESSAGE, f->message);
	emit_text(e, FINDING_CONFIDENCE, check_confidence_name(f->confidence));
	emit_number(e, FINDING_COUNT, f->count);
	emit_text(e, FINDING_KEY, f->key);
	emit_rows_begin(e, FINDING_EVIDENCE);
	for (size_t i = 0; i < f->n_evidence; i++) {
		emit_row_begin(e);
		emit_text(e, EVIDENCE_WHAT, f->evidence[i].what);
		emit_datum(e, EVIDENCE_ADDRESS, f->evidence[i].address);
		emit_datum(e, EVIDENCE_VALUE, f->evidence[i].value);
		emit_row_end(e);
	}
	emit_rows_end(e);
	emit_row_end(e);
}

static void emit_gap(struct emit *e, const struct check_gap *gap)
{
	emit_row_begin(e);
	emit_text(e, GAP_OBJECT, gap->object);
	emit_text(e, GAP_WHAT, gap->what);
	emit_text(e, GAP_WHY, datum_state_name(gap->state));
	emit_text(e, GAP_REASON, gap->reason);
	emit_row_end(e);
}

static void emit_outcome(struct command_call *call, const struct check_outcome *o)
{
	struct emit *e = call->emit;

	emit_row_begin(e);
	emit_text(e, COL_TEXT, check_outcome_text(call->arena, o));
	emit_text(e, COL_ID, o->rule->id);
	emit_text(e, COL_SEVERITY, check_severity_name(o->rule->severity));
	emit_text(e, COL_STATUS, check_status_name(o->status));
	emit_text(e, COL_TITLE, o->rule->title);
	emit_rows_begin(e, COL_FINDINGS);
	for (size_t i = 0; i < o->findings.n; i++)
		emit_finding(e, o->findings.at[i]);
	emit_rows_end(e);
	emit_rows_begin(e, COL_UNKNOWN);
	for (size_t i = 0; i < o->gaps.n; i++)
		emit_gap(e, &o->gaps.at[i]);
	emit_rows_end(e);
	emit_number(e, COL_ACCEPTED, o->n_accepted);
	emit_text(e, COL_WHY, o->rule->why);
	emit_text(e, COL_ADVICE, o->rule->advice);
	emit_row_end(e);
}

static void emit_report(struct command_call *call, const struct check_report *report)
{
	struct emit *e = call->emit;

	call->verdict = report->status;
	if (call_option(call, "openmetrics")) {
		emit_row_begin(e);
		emit_text(e, 0, check_metrics(call->arena, report));
		emit_row_end(e);
		return;
	}
	emit_heading(e, check_headline(call->arena, report));
	for (size_t i = 0; i < report->n; i++)
		emit_outcome(call, &report->outcomes[i]);
}

static struct error *read_options(const struct command_call *call, struct check_options *ret,
				  struct baseline *baseline)
{
	const char *threshold = call_option(call, "threshold");
	const char *path = call_option(call, "baseline");
	struct error *err = NULL;

	*ret = (struct check_options){
		.threshold = SEVERITY_WARNING,
		.cost = COST_TABLES,
		.only = call_option(call, "only"),
		.skip = call_option(call, "skip"),
		.baseline = baseline,
	};
	if (threshold)
		err = check_severity_parse(threshold, &ret->threshold);
	if (!err)
		err = check_options_verify(ret);
	if (!err && path)
		err = baseline_read(path, baseline);
	return err;
}

/* Without a snapshot there is still an answer: nothing can be told, and why. */
static struct error *run_checks(struct command_call *call, const struct check_options *chosen,
				struct check_report *report)
{
	struct iommu_driver *driver;
	struct snapshot *snapshot;
	struct error *err = session_driver(call->session, &driver);

	if (err)
		return err;
	err = session_snapshot(call->session, check_parts(chosen), &snapshot);
	if (!err)
		return check_run(driver, snapshot, chosen, report);
	if (error_code(err) == ERROR_STOPPED || error_code(err) == ERROR_NO_MEMORY)
		return err;
	struct error *without_err = check_run_without(err, chosen, report);
	error_free(err);
	return without_err;
}

static struct error *check_command_run(struct command_call *call)
{
	struct check_options chosen;
	_cleanup_(baseline_free) struct baseline baseline = {0};
	_cleanup_(check_report_free) struct check_report report = {0};

	if (call_option(call, "list")) {
		emit_list(call->emit);
		return NULL;
	}
	struct error *err = read_options(call, &chosen, &baseline);
	if (!err)
		err = run_checks(call, &chosen, &report);
	if (!err)
		emit_report(call, &report);
	return err;
}

const struct command command_check = {
	.name = "check",
	.operands = "",
	.summary = "health checks: what is wrong, how sure that is, and what to do",
	.topic = "Health",
	.details =
		"The exit status is a monitoring plug-in's: 0 all checks pass, 1 warning, 2 critical, "
		"3 unknown: a check could not tell, or it could not be run. Critical wins over warning, "
		"that over unknown. 'help ID' explains a check.\n"
		"A finding's key names it in a baseline, one a line; # begins a comment. It holds across "
		"reboots.\n"
		"    check\n"
		"    check --only page-tables --json\n"
		"    check --baseline accepted.txt\n"
		"    check --openmetrics",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &check_table,
	.choose_table = check_choose_table,
	.list_tables = check_list_tables,
	.wants_target = check_wants_target,
	.has_verdict = true,
	.run = check_command_run,
};
