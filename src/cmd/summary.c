/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "check/rule.h"
#include "cmd/select.h"
#include "cmd/words.h"
#include "kernel/death.h"
#include "kernel/dma_mode.h"
#include "kernel/host.h"

enum { FATE_DMA, FATE_DEVICES };

static const struct column fate_columns[] = {
	[FATE_DMA] = {"dma", "DMA", VALUE_TEXT, 0, "as the column dma of 'devices'"},
	[FATE_DEVICES] = {"devices", "PCI-FUNCTIONS", VALUE_NUMBER, 0, "how many"},
};

static const struct table fate_table = {"summary-dma", VIEW_TABLE, fate_columns,
					ARRAY_SIZE(fate_columns)};

enum { CONCERN_SEVERITY, CONCERN_CHECK, CONCERN_OBJECT, CONCERN_MESSAGE };

static const struct column concern_columns[] = {
	[CONCERN_SEVERITY] = {"severity", "SEVERITY", VALUE_TEXT, 0, "critical, warning, unknown"},
	[CONCERN_CHECK] = {"check", "CHECK", VALUE_TEXT, 0, "the check that found it: 'help CHECK'"},
	[CONCERN_OBJECT] = {"object", "OBJECT", VALUE_TEXT, 0, "what it is about"},
	[CONCERN_MESSAGE] = {"message", "MESSAGE", VALUE_TEXT, COLUMN_WIDE,
			     "what looks wrong with it"},
};

#define CONCERNS_MAX 10 /* of one check: the screen is for all of them */

static const struct table concern_table = {"summary-concern", VIEW_TABLE, concern_columns,
					   ARRAY_SIZE(concern_columns)};

enum summary_column {
	COL_HARDWARE,
	COL_CPUS,
	COL_MEMORY,
	COL_RELEASE,
	COL_KIND,
	COL_FORMAT,
	COL_PANIC,
	COL_CAUSE,
	COL_PANIC_TIME,
	COL_CRASH_TIME,
	COL_UPTIME,
	COL_DMA_MODE,
	COL_REASON,
	COL_IOMMUS,
	COL_DEVICES,
	COL_DOMAINS,
	COL_FATES,
	COL_CONCERNS,
};

static const struct column columns[] = {
	[COL_HARDWARE] = {"hardware", "Machine", VALUE_TEXT, 0,
			  "maker, model and BIOS, as the kernel's oops messages have them"},
	[COL_CPUS] = {"cpus", "CPUs", VALUE_NUMBER, 0, "online"},
	[COL_MEMORY] = {"memory", "Memory", VALUE_SIZE, 0, "bytes that the kernel manages"},
	[COL_RELEASE] = {"release", "Kernel", VALUE_TEXT, 0, "kernel release"},
	[COL_KIND] = {"kind", "Target", VALUE_TEXT, 0,
		      "dump (a capture too), image, live; inside crash: crash"},
	[COL_FORMAT] = {"format", "Format", VALUE_TEXT, 0, "format of the dump file"},
	[COL_PANIC] = {"panic", "Died of", VALUE_TEXT, 0,
		       "the panic's line in the kernel log; none: it has not died"},
	[COL_CAUSE] = {"cause", "Trouble", VALUE_TEXT, COLUMN_SPARSE,
		       "the oops, lockup or request before it; without a panic the last one"},
	[COL_PANIC_TIME] = {"panic_time", "Seconds after boot", VALUE_TEXT, COLUMN_SPARSE,
			    "when it died, as the kernel log has it"},
	[COL_CRASH_TIME] = {"crash_time", "Date", VALUE_TEXT, COLUMN_SPARSE,
			    "when it died, as the dump says, UTC"},
	[COL_UPTIME] = {"last_message", "Log ends at second", VALUE_TEXT, 0,
			"time of the kernel log's last message, seconds after boot"},
	[COL_DMA_MODE] = {"dma_mode", "DMA by default", VALUE_TEXT, 0,
			  "translated or passed through"},
	[COL_REASON] = {"dma_mode_reason", "Because of", VALUE_TEXT, 0, "what decided that"},
	[COL_IOMMUS] = {"iommus", "IOMMUs", VALUE_NUMBER, 0, "how many; 0: none is in use"},
	[COL_DEVICES] = {"devices", "PCI functions", VALUE_NUMBER, 0, "how many"},
	[COL_DOMAINS] = {"domains", "Domains", VALUE_NUMBER, 0, "how many"},
	[COL_FATES] = {"dma", "What becomes of DMA", VALUE_ROWS, COLUMN_ARRAY,
		       "the PCI functions by what becomes of their DMA", &fate_table},
	[COL_CONCERNS] = {"concerns", "Looks wrong", VALUE_ROWS, COLUMN_ARRAY,
			  "what the checks say that need no page tables; 'check' says more", &concern_table},
};

static const struct table summary_table = {"summary", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

enum { LINE_SEQUENCE, LINE_TIME, LINE_LEVEL, LINE_TEXT };

static const struct column line_columns[] = {
	[LINE_SEQUENCE] = {"sequence", "SEQUENCE", VALUE_NUMBER, COLUMN_EXTRA,
			   "number of the message since boot", .width = 8},
	[LINE_TIME] = {"time", "TIME", VALUE_TEXT, 0, "seconds after boot", .width = 13},
	[LINE_LEVEL] = {"level", "LEVEL", VALUE_NUMBER, 0, "0 (emergency) to 7 (debug)",
			.width = 5},
	[LINE_TEXT] = {"text", "MESSAGE", VALUE_TEXT, 0, "what the kernel said", .width = 60},
};

static const struct table line_table = {"summary-log", VIEW_STREAM, line_columns,
					ARRAY_SIZE(line_columns)};

enum { OPTION_LOG };

static const struct command_option options[] = {
	[OPTION_LOG] = {"log", NULL,
			"instead: what the kernel log says of IOMMUs, VFIO and the death"},
};

static const struct table *summary_choose_table(const struct command_call *call)
{
	return call->values[OPTION_LOG] ? &line_table : &summary_table;
}

static const struct table *summary_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&summary_table, &line_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

/* As the kernel log prints it. */
static void emit_time(struct emit *e, unsigned column, struct datum ns)
{
	if (ns.state == DATUM_OK)
		emit_textf(e, column, "%" PRIu64 ".%06" PRIu64, ns.value / 1000000000,
			   ns.value / 1000 % 1000000);
	else
		emit_datum(e, column, ns);
}

struct log_summary {
	struct command_call *call;
	struct death death;
	struct datum last;
};

static struct error *take_record(void *arg, const struct log_record *record)
{
	struct log_summary *summary = arg;

	if (record->time_ns.state == DATUM_OK)
		summary->last = record->time_ns;
	return death_take(&summary->death, summary->call->arena, record);
}

/* A kernel log that can't be read leaves the reason unknown, and is no problem where there is none.
 */
static struct error *emit_death(struct command_call *call, struct kernel *kernel)
{
	struct log_summary summary = {.call = call};
	struct emit *e = call->emit;
	struct error *err = log_read(kernel, LOG_ALL, take_record, &summary);

	if (err && !error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND)
		return err;
	if (err && error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
		summary.death.panic.state = summary.death.cause.state = DATUM_ABSENT;
	} else if (err) {
		enum datum_state state =
			problems_add(call->problems, err, "why it died", "kernel log");

		if (summary.death.panic.state == DATUM_NONE)
			summary.death.panic.state = state;
		if (summary.death.cause.state == DATUM_NONE)
			summary.death.cause.state = state;
		summary.last.state = state; /* it may be one of those that can't be read */
	}
	emit_text_datum(e, COL_PANIC, summary.death.panic);
	emit_text_datum(e, COL_CAUSE, summary.death.cause);
	emit_time(e, COL_PANIC_TIME, summary.death.panic_ns);
	emit_time(e, COL_UPTIME, summary.last);
	return NULL;
}

static void emit_crash_time(struct emit *e, struct target *target)
{
	const char *text = target_vmcoreinfo(target, "CRASHTIME");
	char date[64];
	struct tm utc;

	if (!text)
		return;
	time_t seconds = (time_t)strtoull(text, NULL, 10);
	if (gmtime_r(&seconds, &utc) && strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &utc))
		emit_text(e, COL_CRASH_TIME, date);
}

static void emit_concern(struct emit *e, const struct check_outcome *o, const char *object,
			 const char *message)
{
	emit_row_begin(e);
	emit_text(e, CONCERN_SEVERITY, check_status_name(o->status));
	emit_text(e, CONCERN_CHECK, o->rule->id);
	emit_text(e, CONCERN_OBJECT, object);
	emit_text(e, CONCERN_MESSAGE, message);
	emit_row_end(e);
}

/* The first thing that a check lacked; 'check' shows the others. */
static void add_gap(struct problems *problems, const struct check_outcome *o)
{
	const struct check_gap *gap = &o->gaps.at[0];
	struct problem problem = {gap->object, gap->what, gap->state,
				  gap->reason ? gap->reason : datum_state_name(gap->state)};
	const struct problems one = {.at = &problem, .n = 1};

	problems_copy(problems, &one, NULL);
}

static void emit_outcome(struct command_call *call, const struct check_outcome *o)
{
	struct emit *e = call->emit;
	uint64_t n = o->findings.n + o->n_more;

	if (o->status == STATUS_UNKNOWN) {
		emit_concern(e, o, NULL, "could not be told; 'check' says what is missing");
		add_gap(call->problems, o);
	}
	for (size_t i = 0; i < o->findings.n && i < CONCERNS_MAX; i++)
		emit_concern(e, o, o->findings.at[i]->object, o->findings.at[i]->message);
	if (n > CONCERNS_MAX)
		emit_concern(e, o, NULL, "and more of these; 'check' shows them all");
}

/* What the checks say that need no page tables. */
static struct error *emit_concerns(struct command_call *call, struct iommu_driver *driver,
				   struct snapshot *s, const struct check_options *chosen)
{
	struct emit *e = call->emit;
	_cleanup_(check_report_free) struct check_report report = {0};
	struct error *err = check_run(driver, s, chosen, &report);

	if (err)
		return err;
	emit_rows_begin(e, COL_CONCERNS);
	for (size_t i = 0; i < report.n; i++)
		if (report.outcomes[i].status != STATUS_PASS)
			emit_outcome(call, &report.outcomes[i]);
	emit_rows_end(e);
	return NULL;
}

static void emit_fates(struct emit *e, const struct snapshot *s)
{
	emit_rows_begin(e, COL_FATES);
	for (enum dma_fate fate = DMA_UNKNOWN; fate <= DMA_ILLEGAL; fate++) {
		const struct device *one = NULL;
		uint64_t n = 0;

		for (uint32_t i = 0; i < s->n_devices; i++)
			if (s->devices[i].dma == fate) {
				one = &s->devices[i];
				n++;
			}
		if (!n)
			continue;
		emit_row_begin(e);
		emit_text_datum(e, FATE_DMA, dma_fate_text(one));
		emit_number(e, FATE_DEVICES, n);
		emit_row_end(e);
	}
	emit_rows_end(e);
}

static struct error *emit_iommus(struct command_call *call)
{
	static const struct check_options chosen = {.threshold = SEVERITY_WARNING,
						    .cost = COST_SNAPSHOT};
	struct iommu_driver *driver;
	struct emit *e = call->emit;
	struct snapshot *s;
	struct error *err = session_driver(call->session, &driver);

	if (err && error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
		emit_number(e, COL_IOMMUS, 0);
		emit_empty(e, COL_FATES);
		emit_empty(e, COL_CONCERNS);
		return NULL;
	}
	if (!err)
		err = call_snapshot(call, SNAPSHOT_DEVICES | check_parts(&chosen), &s);
	if (err)
		return err;
	emit_datum(e, COL_IOMMUS, count_of(s, s->n_iommus));
	emit_datum(e, COL_DEVICES, count_of(s, s->n_devices));
	emit_datum(e, COL_DOMAINS, count_of(s, s->n_domains));
	emit_fates(e, s);
	return emit_concerns(call, driver, s, &chosen);
}

static struct error *emit_log_line(void *arg, const struct log_record *record)
{
	struct emit *e = arg;

	if (emit_failed(e))
		return error_stopped;
	if (record->text.state != DATUM_OK || !log_line_is_kept(record->text.value))
		return NULL;
	emit_row_begin(e);
	emit_datum(e, LINE_SEQUENCE, record->sequence);
	emit_time(e, LINE_TIME, record->time_ns);
	emit_datum(e, LINE_LEVEL, record->level);
	emit_text(e, LINE_TEXT, record->text.value);
	emit_row_end(e);
	return NULL;
}

static struct error *summary_run(struct command_call *call)
{
	struct reader reader = {.problems = call->problems};
	struct emit *e = call->emit;
	struct target *target;
	struct error *err = session_target(call->session, &target);

	if (!err)
		err = session_kernel(call->session, &reader.kernel);
	if (err)
		return err;
	if (call->values[OPTION_LOG])
		return log_read(reader.kernel, LOG_ALL, emit_log_line, e);
	struct target_facts facts = target_facts(target);
	struct host host = host_read(&reader, call->arena);
	struct dma_mode mode = dma_mode_read(&reader, call->arena);
	emit_row_begin(e);
	emit_text_datum(e, COL_HARDWARE, host.hardware);
	emit_datum(e, COL_CPUS, host.cpus);
	emit_datum(e, COL_MEMORY, host.memory);
	emit_text(e, COL_RELEASE, facts.release);
	emit_text(e, COL_KIND, facts.kind);
	emit_text(e, COL_FORMAT, facts.format);
	emit_crash_time(e, target);
	emit_text_datum(e, COL_DMA_MODE, mode.mode);
	emit_text_datum(e, COL_REASON, mode.reason);
	err = emit_death(call, reader.kernel);
	if (!err)
		err = emit_iommus(call);
	emit_row_end(e);
	return err;
}

const struct command command_summary = {
	.name = "summary",
	.operands = "",
	.summary = "one screen: the machine, why it died, its IOMMUs, and what looks wrong",
	.topic = "The machine",
	.details =
		"What the prompt shows first. --log shows those lines of the kernel log that concern "
		"IOMMUs, VFIO and the kernel's death; a capture holds no other lines.\n"
		"    summary\n"
		"    summary --log",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &summary_table,
	.choose_table = summary_choose_table,
	.list_tables = summary_list_tables,
	.run = summary_run,
};
