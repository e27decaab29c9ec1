/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "amd/hw/address_range.h"
#include "amd/message.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/vec.h"
#include "cmd/explain_now.h"
#include "cmd/session.h"
#include "kernel/log.h"

enum explain_column {
	COL_LINE,
	COL_COUNT,
	COL_KIND,
	COL_SEVERITY,
	COL_DEVICE,
	COL_DOMAIN,
	COL_PASID,
	COL_ADDRESS,
	COL_LAST_ADDRESS,
	COL_RANGE,
	COL_FLAGS,
	COL_FLAG_NAMES,
	COL_MEANING,
	COL_CAUSE,
	COL_NEXT,
	COL_NOW,
	COL_NOW_DOMAIN,
	COL_NOW_PA,
	COL_NOW_READ,
	COL_NOW_WRITE,
};

static const struct column columns[] = {
	[COL_LINE] = {"line", "Line", VALUE_TEXT, 0,
		      "what the kernel printed, the first of its sort"},
	[COL_COUNT] =
		{"count", "Lines", VALUE_NUMBER, 0,
		 "how many lines say the same of the same device, addresses aside; of info, of any"},
	[COL_KIND] = {"kind", "Kind", VALUE_TEXT, COLUMN_SPARSE,
		      "which message it is; none: not one that is known"},
	[COL_SEVERITY] = {"severity", "Severity", VALUE_TEXT, COLUMN_SPARSE,
			  "info, warning or error"},
	[COL_DEVICE] = {"device", "Device", VALUE_TEXT, COLUMN_SPARSE, "device that it is about"},
	[COL_DOMAIN] = {"domain_id", "Domain", VALUE_HEX, COLUMN_SPARSE,
			"domain ID that the line names"},
	[COL_PASID] = {"pasid", "PASID", VALUE_HEX, COLUMN_SPARSE,
		       "PASID that the line names, when it is not 0"},
	[COL_ADDRESS] = {"address", "Address", VALUE_HEX, COLUMN_SPARSE,
			 "address that the line names, the lowest"},
	[COL_LAST_ADDRESS] = {"last_address", "Last address", VALUE_HEX, COLUMN_SPARSE,
			      "the highest, when lines differ"},
	[COL_RANGE] = {"range", "Range", VALUE_TEXT, COLUMN_SPARSE,
		       "special range that the address lies in"},
	[COL_FLAGS] = {"flags", "Flags", VALUE_HEX, COLUMN_SPARSE,
		       "flags of the event, as printed"},
	[COL_FLAG_NAMES] = {"flag_names", "Flags set", VALUE_TEXT, COLUMN_ARRAY | COLUMN_SPARSE,
			    "their names"},
	[COL_MEANING] = {"meaning", "Meaning", VALUE_TEXT, 0, "what it says"},
	[COL_CAUSE] = {"cause", "Likely cause", VALUE_TEXT, COLUMN_SPARSE,
		       "what usually is behind it"},
	[COL_NEXT] = {"next", "Next", VALUE_TEXT, COLUMN_SPARSE, "what to look at, or to do"},
	[COL_NOW] = {"now", "Now", VALUE_TEXT, COLUMN_SPARSE,
		     "with a dump: what its tables hold for the device and the address"},
	[COL_NOW_DOMAIN] = {"now_domain_id", "Domain now", VALUE_HEX, COLUMN_SPARSE,
			    "the device's domain in the dump"},
	[COL_NOW_PA] = {"now_pa", "Leads to", VALUE_HEX, COLUMN_SPARSE,
			"physical address that the address leads to in the dump"},
	[COL_NOW_READ] = {"now_read", "Read now", VALUE_BOOL, COLUMN_SPARSE,
			  "the device may read there in the dump"},
	[COL_NOW_WRITE] = {"now_write", "Write now", VALUE_BOOL, COLUMN_SPARSE,
			   "the device may write there in the dump"},
};

static const struct table explain_table = {"explain", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

enum { OPTION_FILE };

static const struct command_option options[] = {
	[OPTION_FILE] = {"file", "FILE", "explain a log; - is standard input"},
};

/* Lines that differ in addresses and times only. */
struct finding {
	struct message message; /* of the first line; points into text */
	const char *text;
	uint64_t count, first_address, last_address;
};

struct findings {
	struct command_call *call;
	VEC(struct finding) rows;
	uint64_t dropped;
	bool continued; /* the line before was the first half of an event's */
};

/* A log has few sorts of lines; a hostile one shall not fill the memory. */
#define FINDINGS_MAX 4096
#define LINE_MAX_LENGTH 4096

static bool is_same(const struct message *a, const struct message *b)
{
	if (a->kind == b->kind && a->kind->severity == MESSAGE_INFO)
		return true; /* of how the machine is set up, once is enough */
	if (a->kind != b->kind || strcmp(a->device, b->device) != 0 || a->n_values != b->n_values ||
	    a->words[0] != b->words[0] || a->layout != b->layout)
		return false;
	for (size_t i = 0; i < a->n_values; i++)
		if (a->values[i].length != b->values[i].length ||
		    memcmp(a->values[i].text, b->values[i].text, a->values[i].length) != 0)
			return false;
	return true;
}

static struct finding *find_same(struct findings *f, const struct message *m)
{
	for (size_t i = 0; m->kind && i < f->rows.n; i++)
		if (is_same(&f->rows.at[i].message, m))
			return &f->rows.at[i];
	return NULL;
}

static struct error *add_finding(struct findings *f, const char *line, const struct message *m)
{
	struct finding *same = find_same(f, m);

	if (same) {
		same->count++;
		if (m->words[1] < same->first_address)
			same->first_address = m->words[1];
		if (m->words[1] > same->last_address)
			same->last_address = m->words[1];
		return NULL;
	}
	if (f->rows.n == FINDINGS_MAX) {
		f->dropped++;
		return NULL;
	}
	struct finding *row = vec_push(&f->rows);
	if (!row)
		return error_no_memory;
	*row = (struct finding){.text = line, .count = 1};
	message_parse(line, f->continued, &row->message);
	row->first_address = row->last_address = row->message.words[1];
	return NULL;
}

/* Lines of other parts of the kernel are left out. */
static struct error *take_line(struct findings *f, const char *line)
{
	struct message message;
	struct error *err = NULL;
	enum message_parse parsed = message_parse(line, f->continued, &message);

	if (parsed == MESSAGE_PARSED) {
		const char *copy = arena_strndup(f->call->arena, line, strcspn(line, "\r\n"));

		err = copy ? add_finding(f, copy, &message) : error_no_memory;
	}
	f->continued = parsed == MESSAGE_CONTINUED;
	return err;
}

static struct error *take_text(struct findings *f, char *text)
{
	struct error *err = NULL;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line && !err;
	     line = strtok_r(NULL, "\n", &rest))
		err = take_line(f, line);
	return err;
}

static struct error *take_stream(struct findings *f, FILE *in)
{
	char line[LINE_MAX_LENGTH];
	struct error *err = NULL;
	bool begins = true;

	/* What is behind so many characters of a line is no message's. */
	while (!err && fgets(line, sizeof(line), in)) {
		if (begins)
			err = take_line(f, line);
		begins = strchr(line, '\n');
	}
	return err;
}

static struct error *take_file(struct findings *f, const char *path)
{
	bool is_standard = !strcmp(path, "-");
	FILE *in = is_standard ? stdin : file_stream(path);

	if (!in)
		return error_new(ERROR_USAGE, "can't open '%s': %s", path, strerror(errno));
	if (is_standard) /* a terminal's end of file is not for ever */
		clearerr(in);
	struct error *err = take_stream(f, in);
	if (!err && ferror(in))
		err = error_new(ERROR_USAGE, "can't read '%s': %s", path, strerror(errno));
	if (!is_standard)
		fclose(in);
	return err;
}

/* The operands are one text: in the prompt it needs no quotes. */
static struct error *take_operands(struct findings *f, const struct command_call *call)
{
	char *text = arena_strdup(call->arena, call->operands[0]);

	for (size_t i = 1; text && i < call->n_operands; i++)
		text = arena_printf(call->arena, "%s %s", text, call->operands[i]);
	return text ? take_text(f, text) : error_no_memory;
}

static void emit_flags(struct emit *e, const struct message *m)
{
	emit_number(e, COL_FLAGS, m->words[0] >> 48 & 0xfff);
	emit_empty(e, COL_FLAG_NAMES);
	for (size_t row = 0; row < m->layout->n_fields; row++) {
		const struct field *field = &m->layout->fields[row];
		uint64_t value;

		if (field->first < 48 || field->first >= 60 || field_is_piece(field))
			continue;
		value = layout_get(m->layout, m->words, row);
		const struct field_value *name = field_value_find(field, value);
		if (field->format == FIELD_FLAG && value)
			emit_text(e, COL_FLAG_NAMES, field->label);
		else if (name)
			emit_text(e, COL_FLAG_NAMES, name->name);
	}
}

static void emit_event(struct emit *e, const struct finding *f)
{
	const struct message *m = &f->message;
	const struct address_range *range =
		m->has_address ? address_range_find(f->first_address) : NULL;

	if (m->has_domain)
		emit_number(e, COL_DOMAIN, message_operand(m, "domain_id"));
	if (m->has_pasid)
		emit_number(e, COL_PASID, message_operand(m, "pasid"));
	if (m->has_address) {
		emit_number(e, COL_ADDRESS, f->first_address);
		if (f->last_address != f->first_address)
			emit_number(e, COL_LAST_ADDRESS, f->last_address);
	}
	if (range)
		emit_textf(e, COL_RANGE, "%s: %s", range->name, range->meaning);
	if (m->has_flags)
		emit_flags(e, m);
}

static void emit_fault(struct emit *e, const struct message *m)
{
	const struct fault_case *c = message_fault_case(m);

	emit_text(e, COL_MEANING, c->meaning);
	if (m->has_domain && !message_operand(m, "domain_id"))
		emit_textf(e, COL_CAUSE,
			   "Domain 0: the device had no domain of its own then, before its "
			   "driver was there or after it had gone. Else: %s",
			   c->cause);
	else
		emit_text(e, COL_CAUSE, c->cause);
	emit_text(e, COL_NEXT, c->next);
}

static void emit_kind(struct emit *e, const struct message *m)
{
	const char *request;

	if (!m->kind) {
		emit_text(e, COL_MEANING, "The AMD IOMMU driver's, but none that is known here.");
		return;
	}
	emit_text(e, COL_KIND, m->kind->id);
	emit_text(e, COL_SEVERITY, message_severity_name(m->kind->severity));
	if (!strcmp(m->kind->id, "IO_PAGE_FAULT")) {
		emit_fault(e, m);
		return;
	}
	request = strcmp(m->kind->id, "INVALID_DEVICE_REQUEST") ? NULL : message_request_type(m);
	if (request)
		emit_textf(e, COL_MEANING, "%.*s: %s.", (int)strlen(m->kind->meaning) - 1,
			   m->kind->meaning, request);
	else
		emit_text(e, COL_MEANING, m->kind->meaning);
	emit_text(e, COL_CAUSE, m->kind->cause);
	emit_text(e, COL_NEXT, m->kind->next);
}

static struct error *emit_now(struct command_call *call, const struct finding *f)
{
	struct emit *e = call->emit;
	struct explain_now now;
	bool known = false;
	struct error *err = NULL;

	if (!f->message.kind || f->message.kind->severity == MESSAGE_INFO)
		return NULL;
	err = explain_now(call, &f->message, f->first_address, &known, &now);
	if (err || !known)
		return err;
	emit_text(e, COL_NOW, now.sentence);
	emit_datum(e, COL_NOW_DOMAIN, now.domain_id);
	emit_datum(e, COL_NOW_PA, now.pa);
	if (now.pa.state != DATUM_OK)
		return NULL;
	emit_bool(e, COL_NOW_READ, now.read);
	emit_bool(e, COL_NOW_WRITE, now.write);
	return NULL;
}

static struct error *emit_finding(struct command_call *call, const struct finding *f)
{
	struct emit *e = call->emit;
	struct error *err = NULL;

	emit_row_begin(e);
	emit_text(e, COL_LINE, f->text);
	emit_number(e, COL_COUNT, f->count);
	if (*f->message.device)
		emit_text(e, COL_DEVICE, f->message.device);
	if (f->message.layout && f->message.kind)
		emit_event(e, f);
	emit_kind(e, &f->message);
	if (session_is_given(call->session))
		err = emit_now(call, f);
	emit_row_end(e);
	return err;
}

/* Worst first; what is not known stands in the middle. */
static enum message_severity severity_of(const struct message *m)
{
	return m->kind ? m->kind->severity : MESSAGE_WARNING;
}

static struct error *take_record(void *arg, const struct log_record *record)
{
	struct findings *f = arg;

	if (record->text.state != DATUM_OK)
		return NULL; /* a capture holds only those that matter */
	char *text = arena_strdup(f->call->arena, record->text.value);
	return text ? take_text(f, text) : error_no_memory;
}

/* The target's own log. */
static struct error *take_log(struct findings *f)
{
	struct kernel *kernel;
	struct error *err = session_kernel(f->call->session, &kernel);

	if (!err)
		err = log_read(kernel, LOG_ALL, take_record, f);
	if (!err || !error_is_unreadable(err))
		return err;
	problems_add(f->call->problems, err, "records", "kernel log");
	return NULL;
}

static struct error *take_input(struct findings *f, const struct command_call *call)
{
	const char *file = call->values[OPTION_FILE];

	if (file && call->n_operands)
		return error_new(ERROR_USAGE, "a line or --file FILE, not both");
	if (file)
		return take_file(f, file);
	if (!call->n_operands)
		return take_log(f);
	struct error *err = take_operands(f, call);
	if (!err && !f->rows.n)
		err = error_new(ERROR_USAGE, "no message of the AMD IOMMU driver: '%s'",
				call->operands[0]);
	return err;
}

static struct error *explain_run(struct command_call *call)
{
	struct findings f = {.call = call};
	struct error *err = take_input(&f, call);

	for (int severity = MESSAGE_ERROR; !err && severity >= MESSAGE_INFO; severity--)
		for (size_t i = 0; i < f.rows.n && !err; i++)
			if (severity_of(&f.rows.at[i].message) == (enum message_severity)severity)
				err = emit_finding(call, &f.rows.at[i]);
	if (!err && f.dropped)
		err = error_new(ERROR_OTHER, "%ju lines of further sorts are left out",
				(uintmax_t)f.dropped);
	vec_free(&f.rows);
	return err;
}

const struct command command_explain = {
	.name = "explain",
	.operands = "[TEXT]",
	.summary = "what a line of the kernel's log about the IOMMU means, and what to do",
	.topic = "What is wrong",
	.details =
		"Any line that the AMD IOMMU driver prints, in the wording of any kernel, with its time "
		"stamp or without; of a whole log (--file) the lines of others are left out and repeats "
		"are folded and the worst stand first.\n"
		"    explain 'AMD-Vi: Event logged [IO_PAGE_FAULT device=a1:00.1 domain=0x0079 "
		"address=0xdf000000 flags=0x0070]'\n"
		"    dmesg | iommuscope explain --file -",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &explain_table,
	.max_operands = SIZE_MAX,
	.no_target = true,
	.run = explain_run,
};
