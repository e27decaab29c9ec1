/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ring_entries.h"

#include <inttypes.h>
#include <string.h>

#include "amd/hw/layouts.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "kernel/pci.h"

enum entry_column {
	COL_SLOT,
	COL_NAME,
	COL_DEVICE,
	COL_DOMAIN,
	COL_PASID,
	COL_ADDRESS,
	/* Of commands: */
	COL_LAST,
	COL_PROGRESS,
	COL_OPERANDS,
	COL_RAW,
	/* Of what is in a log: */
	LOG_FLAGS = COL_LAST,
	LOG_OPERANDS,
	LOG_RAW,
};

#define COMMON_COLUMNS                                                                             \
	[COL_SLOT] = {"slot", "SLOT", VALUE_NUMBER, 0, "its place in the ring"},                   \
	[COL_NAME] = {"name", "ENTRY", VALUE_TEXT, 0, "which command or event"},                   \
	[COL_DEVICE] = {"device", "DEVICE", VALUE_TEXT, 0, "PCI function that it is for or of"},   \
	[COL_DOMAIN] = {"domain_id", "DOMAIN", VALUE_HEX, 0, "domain ID that it is for or of"},    \
	[COL_PASID] = {"pasid", "PASID", VALUE_HEX, 0, "PASID, where it has one"},                 \
	[COL_ADDRESS] = {"address", "ADDRESS", VALUE_HEX, 0,                                       \
			 "its address; of an invalidation the first"}
#define OPERANDS_COLUMN                                                                             \
	{                                                                                           \
		"operands", "OPERANDS", VALUE_TEXT, COLUMN_ARRAY | COLUMN_WIDE,                     \
			"its other fields that are not 0, by the names of 'help cmd', 'help event'" \
	}
#define RAW_COLUMN                                                                                 \
	{                                                                                          \
		"raw", "WORDS", VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS | COLUMN_EXTRA,             \
			"its 64-bit words, low first"                                              \
	}

static const struct column command_columns[] = {
	COMMON_COLUMNS,
	[COL_LAST] = {"last_address", "LAST", VALUE_HEX, 0,
		      "the last address of an invalidation, by the size encoded in it"},
	[COL_PROGRESS] = {"progress", "PROGRESS", VALUE_TEXT, 0,
			  "done; open (behind the last that is known to be done); overwritten "
			  "(another kernel's)"},
	[COL_OPERANDS] = OPERANDS_COLUMN,
	[COL_RAW] = RAW_COLUMN,
};

static const struct column log_columns[] = {
	COMMON_COLUMNS,
	[LOG_FLAGS] = {"flags", "FLAGS", VALUE_HEX, 0, "as the kernel logs them; of ga none"},
	[LOG_OPERANDS] = OPERANDS_COLUMN,
	[LOG_RAW] = RAW_COLUMN,
};

const struct table command_entry_table = {"ring-commands", VIEW_TABLE, command_columns,
					  ARRAY_SIZE(command_columns)};
const struct table log_entry_table = {"ring-log-entries", VIEW_TABLE, log_columns,
				      ARRAY_SIZE(log_columns)};

static bool is_blank(const uint64_t *words)
{
	return !(words[0] | words[1]);
}

void ring_image_take(struct ring_image *image, const struct ring_kind *kind, uint32_t first,
		     const uint8_t *bytes, uint64_t size)
{
	for (uint64_t at = 0; at + kind->entry_bytes <= size; at += kind->entry_bytes, first++) {
		image->words[first][0] = get_le64(bytes + at);
		if (kind->entry_bytes == 16)
			image->words[first][1] = get_le64(bytes + at + 8);
		image->known[first] = true;
		image->used += !is_blank(image->words[first]);
	}
}

static void emit_device(struct emit *e, unsigned column, const struct iommu_unit *u, uint64_t devid)
{
	char name[PCI_NAME_SIZE];

	if (u->segment.state != DATUM_OK) {
		emit_datum(e, column, u->segment);
		return;
	}
	pci_name(name, (uint32_t)u->segment.value, (uint16_t)devid);
	emit_text(e, column, name);
}

static void emit_name(struct emit *e, const struct field *field, uint64_t value)
{
	const struct field_value *named = field_value_find(field, value);

	if (named)
		emit_text(e, COL_NAME, named->name);
	else
		emit_textf(e, COL_NAME, "unknown (%s 0x%" PRIx64 ")", field->key, value);
}

static void emit_operand(struct emit *e, unsigned column, const struct field *field, uint64_t value)
{
	const struct field_value *named = field_value_find(field, value);

	if (field->format == FIELD_FLAG)
		emit_text(e, column, field->key);
	else if (field->format == FIELD_ENUM && named)
		emit_textf(e, column, "%s=%s", field->key, named->name);
	else if (field->format == FIELD_NUMBER)
		emit_textf(e, column, "%s=%" PRIu64, field->key, value);
	else
		emit_textf(e, column, "%s=0x%" PRIx64, field->key, value);
}

/* Keys that have a column of their own. */
static const struct key_column {
	const char *key;
	enum entry_column column;
} key_columns[] = {
	{"opcode", COL_NAME},	   {"code", COL_NAME},	 {"device_id", COL_DEVICE},
	{"domain_id", COL_DOMAIN}, {"pasid", COL_PASID}, {"address", COL_ADDRESS},
};

static const struct key_column *find_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_columns); i++)
		if (!strcmp(key_columns[i].key, key))
			return &key_columns[i];
	return NULL;
}

static bool is_command(const struct layout *layout)
{
	return layout_find(layout, "opcode") >= 0;
}

/* An invalidation's address has its size in it. */
static void emit_address(struct emit *e, const struct layout *layout, const uint64_t *words,
			 uint64_t value)
{
	uint64_t first, last;

	if (!is_command(layout)) {
		emit_number(e, COL_ADDRESS, value);
		return;
	}
	command_pages(words[1], &first, &last);
	emit_number(e, COL_ADDRESS, first);
	emit_number(e, COL_LAST, last);
}

static void emit_fields_of(struct emit *e, const struct iommu_unit *u, const struct layout *layout,
			   const uint64_t *words)
{
	unsigned operands = is_command(layout) ? COL_OPERANDS : LOG_OPERANDS;

	emit_empty(e, operands);
	for (size_t i = 0; i < layout->n_fields; i++) {
		const struct field *field = &layout->fields[i];
		const struct key_column *known =
			field_is_piece(field) ? NULL : find_key(field->key);

		if (field_is_piece(field) || !layout_field_is_valid(layout, words, i))
			continue;
		uint64_t value = layout_get(layout, words, i);
		if (!known && value)
			emit_operand(e, operands, field, value);
		else if (known && known->column == COL_NAME)
			emit_name(e, field, value);
		else if (known && known->column == COL_DEVICE)
			emit_device(e, COL_DEVICE, u, value);
		else if (known && known->column == COL_ADDRESS)
			emit_address(e, layout, words, value);
		else if (known)
			emit_number(e, known->column, value);
	}
}

/* Place in the order of writing: 0 is the oldest. */
static uint32_t age(const struct ring_view *view, const struct ring_image *image, uint32_t slot)
{
	return (uint32_t)(((uint64_t)slot + image->n - view->tail) % image->n);
}

static const char *progress_word(const struct ring_view *view, const struct ring_image *image,
				 uint32_t slot)
{
	const struct command_progress *p = &view->progress;

	if (p->foreign != COMMAND_NO_SLOT && slot <= p->foreign)
		return "overwritten";
	if (p->done != COMMAND_NO_SLOT && age(view, image, slot) <= age(view, image, p->done))
		return "done";
	return p->done != COMMAND_NO_SLOT || p->waiting != COMMAND_NO_SLOT ? "open" : NULL;
}

static void emit_entry(struct emit *e, const struct iommu_unit *u, const struct ring_image *image,
		       const struct ring_view *view, uint32_t slot)
{
	bool commands = !strcmp(view->kind->form, "cmd");
	unsigned n_words = view->kind->entry_bytes / 8;
	const uint64_t *words = image->words[slot];
	const struct layout *layout = layout_choose(view->kind->form, words, n_words);

	emit_row_begin(e);
	emit_number(e, COL_SLOT, slot);
	if (commands)
		emit_text(e, COL_PROGRESS, progress_word(view, image, slot));
	else if (n_words == 2)
		emit_number(e, LOG_FLAGS, bits(words[0], 48, 12));
	if (layout)
		emit_fields_of(e, u, layout, words);
	for (unsigned i = 0; i < n_words; i++)
		emit_number(e, commands ? COL_RAW : LOG_RAW, words[i]);
	emit_row_end(e);
}

void ring_entries_emit(struct emit *e, const struct iommu_unit *u, const struct ring_image *image,
		       const struct ring_view *view)
{
	uint32_t pending = view->progress.pending;
	uint32_t skip = image->used > view->limit ? image->used - view->limit : 0;

	for (uint32_t k = 0; k < image->n && !emit_failed(e); k++) {
		uint32_t slot = (uint32_t)(((uint64_t)view->tail + k) % image->n);
		bool open = pending != COMMAND_NO_SLOT && k >= age(view, image, pending);

		if (!image->known[slot] || is_blank(image->words[slot]))
			continue;
		if (skip) {
			skip--;
			if (!open)
				continue;
		}
		emit_entry(e, u, image, view, slot);
	}
}

static bool command_field(const uint64_t *words, const char *key, uint64_t *ret)
{
	const struct layout *layout = layout_choose("cmd", words, COMMAND_WORDS);
	int row = layout ? layout_find(layout, key) : -1;

	if (row >= 0)
		*ret = layout_get(layout, words, (size_t)row);
	return row >= 0;
}

void ring_entry_emit_target(struct emit *e, const struct iommu_unit *u, const uint64_t *words,
			    unsigned devices, unsigned domains)
{
	uint64_t value;

	if (command_field(words, "device_id", &value))
		emit_device(e, devices, u, value);
	if (command_field(words, "domain_id", &value))
		emit_number(e, domains, value);
}

bool ring_entry_has_domain(const uint64_t *words, uint64_t domain)
{
	uint64_t value;

	return command_field(words, "domain_id", &value) && value == domain;
}

bool ring_entry_same_target(const uint64_t *one, const uint64_t *other)
{
	static const char *const keys[] = {"device_id", "domain_id"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint64_t a = 0, b = 0;

		if (command_field(one, keys[i], &a) != command_field(other, keys[i], &b) || a != b)
			return false;
	}
	return true;
}
