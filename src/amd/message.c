/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "amd/hw/event.h"
#include "amd/hw/layouts.h"
#include "base/cleanup.h"

#define TAG "AMD-Vi: "
#define EVENT_BEGIN "Event logged ["
#define HEX_DIGITS "0123456789abcdefABCDEF"
#define FLAGS_SHIFT 48
#define FLAGS_MASK UINT64_C(0xfff)

static bool take(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

/* "0a:00.0" or "0000:0a:00.0", and no more of a number behind: its length; 0: none. */
static size_t bdf_length(const char *text)
{
	unsigned segment, bus, device, function;
	int length = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &segment, &bus, &device, &function, &length) == 4 &&
	    length >= 10)
		return isxdigit((unsigned char)text[length]) ? 0 : (size_t)length;
	length = 0;
	if (sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &function, &length) == 3 && length >= 6)
		return isxdigit((unsigned char)text[length]) ? 0 : (size_t)length;
	return 0;
}

/* Kernels that name no segment know only the first. Sets the device ID of the event too. */
static bool take_device(const char *text, struct message *m)
{
	unsigned segment = 0, bus, device, function;
	size_t length = bdf_length(text);
	bool whole = length > 7;

	if (!length)
		return false;
	if (whole)
		sscanf(text, "%4x:%2x:%2x.%1x", &segment, &bus, &device, &function);
	else
		sscanf(text, "%2x:%2x.%1x", &bus, &device, &function);
	if (device > 0x1f || function > 7)
		return false;
	snprintf(m->device, sizeof(m->device), "%04x:%02x:%02x.%x", segment, bus, device, function);
	m->words[0] |= bus << 8 | device << 3 | function;
	return true;
}

/* The device that the kernel prints in front: "ahci 0000:28:00.0: AMD-Vi: ...". */
static void take_prefix(const char *line, const char *end, struct message *m)
{
	const char *at = end;

	if (end - line < 2 || end[-1] != ' ' || end[-2] != ':')
		return;
	for (at = end - 2; at > line && at[-1] != ' '; at--)
		;
	if (bdf_length(at) == (size_t)(end - 2 - at))
		take_device(at, m);
}

/* A pattern's literal pieces in their order, all of the text: what is between them are values. */
static bool match(const char *pattern, const char *text, struct message *m)
{
	m->n_values = 0;
	while (*pattern) {
		size_t literal = strcspn(pattern, "{");

		if (strncmp(pattern, text, literal) != 0)
			return false;
		pattern += literal;
		text += literal;
		if (!*pattern)
			break;
		const char *name = pattern + 1, *close = strchr(pattern, '}');
		if (!close)
			return false;
		pattern = close + 1;
		size_t next = strcspn(pattern, "{");
		const char *end = text;
		while (next ? strncmp(end, pattern, next) != 0 : *end != '\0') {
			if (!*end)
				return false;
			end++;
		}
		if (*name == '#' && strspn(text, HEX_DIGITS) != (size_t)(end - text))
			return false;
		if (m->n_values < MESSAGE_VALUES_MAX && end - text <= UINT8_MAX)
			m->values[m->n_values++] = (struct message_value){
				name, text, (uint8_t)(close - name), (uint8_t)(end - text)};
		text = end;
	}
	return text[strspn(text, " \r\n")] == '\0';
}

static void find_kind(const char *text, bool bare, struct message *m)
{
	for (const struct message_kind *kind = message_rows; kind->id; kind++) {
		if (kind->bare == bare && match(kind->pattern, text, m)) {
			m->kind = kind;
			break;
		}
	}
	if (!m->kind)
		m->n_values = 0;
	for (size_t i = 0; i < m->n_values; i++)
		if (!strncmp(m->values[i].name, "device}", 7))
			take_device(m->values[i].text, m);
}

/* The keys of an event in the kernel's lines, and the operand of its log entry. */
static const struct event_key {
	const char *text, *field;
} event_keys[] = {
	{"domain", "domain_id"},    {"pasid", "pasid"}, {"address", "address"},
	{"gpa", "address"},	    {"spa", "address"}, {"vmg_tag", "vmg_tag"},
	{"flags_rmp", "rmp_flags"}, {"tag", "tag"},
};

/*
 * What the kernel calls a PASID are the bits of one; whether they are, or a domain ID, is told by
 * the flags, which stand behind it.
 */
static bool set_pasid(struct message *m, uint64_t value)
{
	m->words[0] |= (value & 0xffff) << 32 | (value >> 16 & 0xf) << 16;
	return value <= 0xfffff;
}

static bool set_operand(struct message *m, const char *key, uint64_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_keys); i++) {
		const char *field = event_keys[i].field;
		int row = layout_find(m->layout, field);

		if (strcmp(event_keys[i].text, key) != 0)
			continue;
		if (!strcmp(field, "address")) {
			m->has_address = true;
			m->words[1] = value; /* whole, also where its low bits are reserved */
			return true;
		}
		if (!strcmp(field, "pasid") && m->layout != &event_invalid_ppr_request_layout)
			return set_pasid(m, value);
		return row >= 0 && layout_set(m->layout, m->words, (size_t)row, value);
	}
	return false;
}

/* One "key=value"; false: it is not one that events have. */
static bool take_operand(const char **text, struct message *m)
{
	char key[16];
	size_t length = strcspn(*text, "=, ]");
	char *end;

	if ((*text)[length] != '=' || length >= sizeof(key))
		return false;
	memcpy(key, *text, length);
	key[length] = '\0';
	*text += length + 1;
	if (!strcmp(key, "device") || !strcmp(key, "devid")) {
		size_t digits = strcspn(*text, ", ]");
		bool taken = take_device(*text, m);

		*text += digits;
		return taken || !strcmp(key, "devid");
	}
	uint64_t value = strtoull(*text, &end, 16);
	if (end == *text || !strchr(", ]", *end))
		return false;
	*text = end;
	if (strcmp(key, "flags") != 0)
		return set_operand(m, key, value);
	m->has_flags = true;
	m->words[0] |= (value & FLAGS_MASK) << FLAGS_SHIFT;
	return value <= FLAGS_MASK;
}

static enum event_code event_code(const char *name)
{
	int row = layout_find(&event_layout, "code");

	for (const struct field_value *v = event_layout.fields[row].values; v->name; v++)
		if (!strcmp(v->name, name))
			return (enum event_code)v->value;
	return !strcmp(name, "RMP_HW_ERROR") ? EVENT_RMP_HARDWARE_ERROR : 0;
}

/* "UNKNOWN event[0]=0x... event[1]=... event[2]=... event[3]=..." */
static bool take_words(const char *text, struct message *m)
{
	uint32_t half[4];
	const char *at = strstr(text, "event[0]=");

	if (!at || sscanf(at, "event[0]=%x event[1]=%x event[2]=%x event[3]=%x", &half[0], &half[1],
			  &half[2], &half[3]) != 4)
		return false;
	m->words[0] = half[0] | (uint64_t)half[1] << 32;
	m->words[1] = half[2] | (uint64_t)half[3] << 32;
	m->layout = layout_choose("event", m->words, 2);
	m->has_flags = true;
	return true;
}

/* From the event's name on. Whatever is not understood to its end is no event that is known. */
static void take_event(const char *text, struct message *m)
{
	char name[32];
	size_t length = strcspn(text, " ,]\r\n");
	const struct message_kind *kind = message_events;

	if (length >= sizeof(name))
		return;
	memcpy(name, text, length);
	name[length] = '\0';
	text += length;
	while (kind->id && strcmp(kind->id, name) != 0)
		kind++;
	if (!kind->id)
		return;
	if (!strcmp(name, "UNKNOWN")) {
		m->kind = take_words(text, m) ? kind : NULL;
		return;
	}
	m->words[0] |= (uint64_t)event_code(name) << 60;
	m->layout = layout_choose("event", m->words, 2);
	for (;;) {
		text += strspn(text, ", ");
		if (*text == ']' || !*text || *text == '\n' || *text == '\r')
			break;
		if (!take_operand(&text, m))
			return;
	}
	/* With GN, or another flag, the entry has another shape. */
	m->layout = layout_choose("event", m->words, 2);
	m->has_domain = layout_find(m->layout, "domain_id") >= 0;
	m->has_pasid = message_operand(m, "pasid");
	m->kind = kind;
}

/* Where what the kernel said begins: behind "[  12.3] ", "Dec 8 10:02:17 host kernel: " and the
 * like. */
static const char *skip_stamp(const char *line)
{
	const char *kernel = strstr(line, "kernel: ");

	if (kernel)
		line = kernel + strlen("kernel: ");
	for (;;) {
		line += strspn(line, " \t");
		const char *close = *line == '[' ? strchr(line, ']') : NULL;
		if (*line == '<' && isdigit((unsigned char)line[1]) && strchr(line, '>'))
			line = strchr(line, '>') + 1;
		else if (close &&
			 (isdigit((unsigned char)line[1]) || strchr(" +ATCMSFW", line[1])) &&
			 close[1] == ' ')
			line = close + 2;
		else
			return line;
	}
}

enum message_parse message_parse(const char *line, bool after, struct message *ret)
{
	const char *begin = skip_stamp(line), *tag = strstr(begin, TAG), *text = tag;

	*ret = (struct message){0};
	if (tag) {
		while (take(&text, TAG))
			;
		take_prefix(begin, tag, ret);
		if (take(&text, "[Firmware Bug]: ") || take(&text, "[Firmware Warn]: "))
			ret->firmware_bug = true;
		take(&text, ": ");
	} else if (after) {
		take_event(begin, ret);
		return ret->kind ? MESSAGE_PARSED : MESSAGE_NONE;
	} else {
		/* "pci 0000:00:01.0: Adding to iommu group 4": the device, then what is said of it
		 */
		text = begin;
		find_kind(text, true, ret);
		const char *colon = strstr(begin, ": ");
		if (!ret->kind && colon) {
			find_kind(colon + 2, true, ret);
			take_prefix(begin, colon + 2, ret);
		}
		return ret->kind ? MESSAGE_PARSED : MESSAGE_NONE;
	}
	find_kind(text, false, ret);
	if (!ret->kind) {
		/* Linux 4.18 left "Event logged [" out of some. */
		if (take(&text, EVENT_BEGIN) && !text[strspn(text, "\r\n")])
			return MESSAGE_CONTINUED;
		/* The prefix's device and the event's are the same where both are there. */
		take_event(text, ret);
	}
	return MESSAGE_PARSED;
}

const char *message_severity_name(enum message_severity severity)
{
	static const char *const names[] = {
		[MESSAGE_INFO] = "info",
		[MESSAGE_WARNING] = "warning",
		[MESSAGE_ERROR] = "error",
	};

	return names[severity];
}

uint64_t message_operand(const struct message *message, const char *key)
{
	int row = message->layout ? layout_find(message->layout, key) : -1;

	if (!strcmp(key, "address"))
		return message->words[1];
	return row >= 0 ? layout_get(message->layout, message->words, (size_t)row) : 0;
}

const struct fault_case *message_fault_case(const struct message *message)
{
	const struct fault_case *c = message_fault_cases;

	while ((message->words[0] & c->mask) != c->value)
		c++;
	return c;
}

const char *message_request_type(const struct message *message)
{
	static const char *const transactions[] = {
		"a read, or a write that wants an answer, in the interrupt range",
		"a pre-translated (ATS) access, though the device's entry does not allow ATS",
		"a port I/O access, though IoCtl of the device's entry does not allow any",
		"a write to the system management range, though SysMgt of the device's entry does not allow it",
		"a read, or a write that wants an answer, in the system management range",
		"an interrupt or EOI message, though IntCtl of the device's entry does not allow it",
		"a write to a reserved part of the interrupt range",
		"a system management or port I/O access that wants translation, but there is none",
	};
	static const char *const translations[] = {
		"a translation (ATS) request, though the device's entry does not allow ATS",
		"a translation (ATS) request for a special address range",
		"a translation (ATS) request that is malformed",
		NULL,
		NULL,
		NULL,
		NULL,
		NULL,
	};
	uint64_t type = message_operand(message, "type") & 7;

	return message_operand(message, "tr") ? translations[type] : transactions[type];
}
