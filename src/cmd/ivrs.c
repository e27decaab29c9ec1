/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ivrs.h"

#include <inttypes.h>

#include "amd/hw/registers.h"
#include "base/cleanup.h"
#include "cmd/select.h"
#include "cmd/words.h"

enum unit_column {
	UNIT_TYPE,
	UNIT_BDF,
	UNIT_MMIO,
	UNIT_CAPABILITY,
	UNIT_MSI,
	UNIT_FLAGS,
	UNIT_FEATURES,
	UNIT_USED,
	UNIT_OFFSET,
	UNIT_UNIT_ID,
	UNIT_RAW_FLAGS,
	UNIT_RAW_FEATURE,
	UNIT_EFR,
	UNIT_EFR2,
	UNIT_LENGTH,
};

static const struct column unit_columns[] = {
	[UNIT_TYPE] = {"type", "TYPE", VALUE_HEX, 0, "type of the block: 0x10, 0x11 or 0x40"},
	[UNIT_BDF] = {"bdf", "BDF", VALUE_TEXT, 0, "the IOMMU's own PCI function"},
	[UNIT_MMIO] = {"mmio", "MMIO", VALUE_HEX, 0, "physical address of its registers"},
	[UNIT_CAPABILITY] = {"capability_offset", "CAP", VALUE_HEX, 0,
			     "its capability's offset in configuration space"},
	[UNIT_MSI] = {"msi_number", "MSI", VALUE_NUMBER, 0, "message that its event log uses"},
	[UNIT_FLAGS] = {"flag_names", "FLAGS", VALUE_TEXT, COLUMN_ARRAY,
			"its flags; 'help ivhd_flags' has them"},
	[UNIT_FEATURES] =
		{"features", "FEATURES", VALUE_TEXT, COLUMN_ARRAY | COLUMN_WIDE,
		 "of type 0x10 the features, else the image of its feature register (EFR)"},
	[UNIT_USED] = {"used", "USED", VALUE_BOOL, 0,
		       "the driver goes by this type: the highest that the first IOMMU has"},
	[UNIT_OFFSET] = {"offset", "OFFSET", VALUE_HEX, COLUMN_EXTRA, "of the block in the table"},
	[UNIT_UNIT_ID] = {"unit_id", "UNIT", VALUE_HEX, COLUMN_EXTRA, "HyperTransport unit ID"},
	[UNIT_RAW_FLAGS] = {"flags", "RAW-FLAGS", VALUE_HEX, COLUMN_EXTRA, "the flags' byte"},
	[UNIT_RAW_FEATURE] =
		{"feature", "FEATURE", VALUE_HEX, COLUMN_EXTRA,
		 "of type 0x10 the features ('decode ivhd_feature'), else the attributes "
		 "('decode ivhd_attributes')"},
	[UNIT_EFR] = {"efr", "EFR", VALUE_HEX, 0, "image of the feature register"},
	[UNIT_EFR2] = {"efr2", "EFR2", VALUE_HEX, COLUMN_EXTRA, "image of the second one"},
	[UNIT_LENGTH] = {"length", "LENGTH", VALUE_NUMBER, COLUMN_EXTRA, "bytes of the block"},
};

enum entry_column {
	ENTRY_COL_IOMMU,
	ENTRY_COL_BLOCK,
	ENTRY_COL_TYPE,
	ENTRY_COL_NAME,
	ENTRY_COL_FIRST,
	ENTRY_COL_LAST,
	ENTRY_COL_ALIAS,
	ENTRY_COL_DEVICE,
	ENTRY_COL_SETTING,
	ENTRY_COL_OFFSET,
	ENTRY_COL_RAW_SETTING,
	ENTRY_COL_EXTENDED,
	ENTRY_COL_HANDLE,
	ENTRY_COL_VARIETY,
	ENTRY_COL_HID,
	ENTRY_COL_CID,
	ENTRY_COL_UID,
};

static const struct column entry_columns[] = {
	[ENTRY_COL_IOMMU] = {"iommu", "IOMMU", VALUE_TEXT, 0, "IOMMU that serves the devices"},
	[ENTRY_COL_BLOCK] = {"block", "BLOCK", VALUE_HEX, 0, "type of the block that it is in"},
	[ENTRY_COL_TYPE] = {"type", "TYPE", VALUE_HEX, 0, "type of the entry"},
	[ENTRY_COL_NAME] =
		{"name", "NAME", VALUE_TEXT, 0,
		 "all, select, range, alias, alias range, extended, extended range, special "
		 "(I/O APIC, HPET), acpi, padding"},
	[ENTRY_COL_FIRST] = {"first", "FIRST", VALUE_TEXT, 0, "first device"},
	[ENTRY_COL_LAST] = {"last", "LAST", VALUE_TEXT, 0, "last device of a range"},
	[ENTRY_COL_ALIAS] = {"alias", "ALIAS", VALUE_TEXT, 0, "requester ID that the devices use"},
	[ENTRY_COL_DEVICE] = {"device", "DEVICE", VALUE_TEXT, 0,
			      "of special and acpi entries: 'ioapic 0', 'AMDI0020:1'"},
	[ENTRY_COL_SETTING] = {"settings", "SETTINGS", VALUE_TEXT, COLUMN_ARRAY,
			       "for the devices' table entries; 'help ivhd_setting' has them"},
	[ENTRY_COL_OFFSET] = {"offset", "OFFSET", VALUE_HEX, COLUMN_EXTRA, "in the table"},
	[ENTRY_COL_RAW_SETTING] = {"data", "DATA", VALUE_HEX, COLUMN_EXTRA, "the settings' byte"},
	[ENTRY_COL_EXTENDED] = {"extended", "EXTENDED", VALUE_HEX, COLUMN_EXTRA,
				"flags of an extended entry: whether the devices may use ATS"},
	[ENTRY_COL_HANDLE] = {"handle", "HANDLE", VALUE_NUMBER, COLUMN_EXTRA,
			      "ID of the I/O APIC, number of the HPET"},
	[ENTRY_COL_VARIETY] = {"variety", "VARIETY", VALUE_TEXT, COLUMN_EXTRA, "ioapic or hpet"},
	[ENTRY_COL_HID] = {"hid", "HID", VALUE_TEXT, COLUMN_EXTRA, "ACPI hardware ID"},
	[ENTRY_COL_CID] = {"cid", "CID", VALUE_TEXT, COLUMN_EXTRA, "ACPI compatible ID"},
	[ENTRY_COL_UID] = {"uid", "UID", VALUE_TEXT, COLUMN_EXTRA, "ACPI unique ID"},
};

enum memory_column {
	MEMORY_TYPE,
	MEMORY_FIRST,
	MEMORY_LAST,
	MEMORY_START,
	MEMORY_SIZE,
	MEMORY_FLAGS,
	MEMORY_OFFSET,
	MEMORY_RAW_FLAGS,
};

static const struct column memory_columns[] = {
	[MEMORY_TYPE] = {"type", "TYPE", VALUE_HEX, 0,
			 "0x20: all devices, 0x21: one, 0x22: a range"},
	[MEMORY_FIRST] = {"first", "FIRST", VALUE_TEXT, 0, "first device"},
	[MEMORY_LAST] = {"last", "LAST", VALUE_TEXT, 0, "last device"},
	[MEMORY_START] = {"start", "START", VALUE_HEX, 0, "its physical address"},
	[MEMORY_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "its bytes"},
	[MEMORY_FLAGS] =
		{"flag_names", "FLAGS", VALUE_TEXT, COLUMN_ARRAY,
		 "unity (mapped one to one), ir, iw (read, write), exclusion (untranslated)"},
	[MEMORY_OFFSET] = {"offset", "OFFSET", VALUE_HEX, COLUMN_EXTRA,
			   "of the block in the table"},
	[MEMORY_RAW_FLAGS] = {"flags", "RAW-FLAGS", VALUE_HEX, COLUMN_EXTRA, "the flags' byte"},
};

enum difference_column { DIFFER_OBJECT, DIFFER_WHAT, DIFFER_TABLE, DIFFER_DRIVER };

static const struct column difference_columns[] = {
	[DIFFER_OBJECT] = {"object", "OBJECT", VALUE_TEXT, 0, "the device, or memory"},
	[DIFFER_WHAT] = {"what", "WHAT", VALUE_TEXT, 0, "what of it differs"},
	[DIFFER_TABLE] = {"table", "TABLE", VALUE_TEXT, 0, "as the firmware's table has it"},
	[DIFFER_DRIVER] = {"driver", "DRIVER", VALUE_TEXT, 0, "as the driver has it"},
};

#define ROWS(name, columns)                                                                        \
	static const struct table name##_table = {#name, VIEW_TABLE, columns, ARRAY_SIZE(columns)}

ROWS(iommus, unit_columns);
ROWS(entries, entry_columns);
ROWS(memory, memory_columns);
ROWS(differences, difference_columns);

enum ivrs_column {
	COL_SOURCE,
	COL_ADDRESS,
	COL_LENGTH,
	COL_REVISION,
	COL_OEM,
	COL_OEM_TABLE,
	COL_CHECKSUM,
	COL_INFO,
	COL_INFO_NAMES,
	COL_UNITS,
	COL_ENTRIES,
	COL_MEMORY,
	COL_DIFFERENCES,
};

static const struct column columns[] = {
	[COL_SOURCE] = {"source", "Table from", VALUE_TEXT, 0, "memory, sysfs, or the file"},
	[COL_ADDRESS] = {"address", "Address", VALUE_HEX, 0, "its physical address in memory"},
	[COL_LENGTH] = {"length", "Length", VALUE_NUMBER, 0, "its bytes, as its header has it"},
	[COL_REVISION] = {"revision", "Revision", VALUE_NUMBER, 0, "of the table's format"},
	[COL_OEM] = {"oem_id", "OEM", VALUE_TEXT, 0, "who made the firmware"},
	[COL_OEM_TABLE] = {"oem_table_id", "OEM table", VALUE_TEXT, 0, "its name for the table"},
	[COL_CHECKSUM] = {"checksum_holds", "Checksum holds", VALUE_BOOL, 0,
			  "its bytes sum up to 0, as they have to"},
	[COL_INFO] = {"iv_info", "IVinfo", VALUE_HEX, 0, "the header's flags, raw"},
	[COL_INFO_NAMES] = {"iv_info_fields", "IVinfo has", VALUE_TEXT, COLUMN_ARRAY,
			    "its fields that are not 0; 'help ivrs_info' has them"},
	[COL_UNITS] = {"iommus", "IOMMUs (IVHD)", VALUE_ROWS, COLUMN_ARRAY,
		       "a block for each IOMMU", &iommus_table},
	[COL_ENTRIES] = {"entries", "Devices", VALUE_ROWS, COLUMN_ARRAY,
			 "the device entries of those blocks", &entries_table},
	[COL_MEMORY] = {"memory", "Memory (IVMD)", VALUE_ROWS, COLUMN_ARRAY,
			"memory that devices need", &memory_table},
	[COL_DIFFERENCES] = {"differences", "The driver differs", VALUE_ROWS, COLUMN_ARRAY,
			     "what the driver has made of it that is not what the table says",
			     &differences_table},
};

static const struct table ivrs_table = {"ivrs", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

struct show {
	struct command_call *call;
	const struct ivrs *ivrs;
	uint8_t used_type;
};

static void miss(const struct show *show, size_t offset, const char *problem)
{
	if (problem)
		problems_add(show->call->problems, error_new(ERROR_CORRUPT, "%s", problem), "table",
			     "IVRS at 0x%zx", offset);
}

static void put_bdf(const struct show *show, unsigned column, uint16_t segment, uint16_t devid)
{
	emit_text(show->call->emit, column, ivrs_bdf(show->call->arena, segment, devid));
}

static void put_unit(const struct show *show, const struct ivrs_block *b)
{
	struct emit *e = show->call->emit;
	const uint64_t info = b->info;
	bool has_efr = b->type != IVHD_10;

	emit_row_begin(e);
	emit_number(e, UNIT_TYPE, b->type);
	put_bdf(show, UNIT_BDF, b->segment, b->devid);
	emit_number(e, UNIT_MMIO, b->base);
	emit_number(e, UNIT_CAPABILITY, b->capability);
	emit_number(e, UNIT_MSI,
		    layout_get(&ivhd_info_layout, &info,
			       (size_t)layout_find(&ivhd_info_layout, "msi_number")));
	emit_nonzero_fields(e, UNIT_FLAGS, datum_ok(b->flags), &ivhd_flags_layout);
	emit_nonzero_fields(e, UNIT_FEATURES, datum_ok(has_efr ? b->efr : b->feature),
			    has_efr ? &efr_layout : &ivhd_feature_layout);
	emit_bool(e, UNIT_USED, b->type == show->used_type);
	emit_number(e, UNIT_OFFSET, b->offset);
	emit_number(e, UNIT_UNIT_ID,
		    layout_get(&ivhd_info_layout, &info,
			       (size_t)layout_find(&ivhd_info_layout, "unit_id")));
	emit_number(e, UNIT_RAW_FLAGS, b->flags);
	emit_number(e, UNIT_RAW_FEATURE, b->feature);
	if (has_efr) {
		emit_number(e, UNIT_EFR, b->efr);
		emit_number(e, UNIT_EFR2, b->efr2);
	}
	emit_number(e, UNIT_LENGTH, b->length);
	emit_row_end(e);
}

static void put_special(const struct show *show, const struct ivrs_entry *entry)
{
	struct emit *e = show->call->emit;
	const char *variety = ivrs_name(ivrs_variety_names, entry->variety);

	emit_textf(e, ENTRY_COL_DEVICE, "%s %u", variety ? variety : "unknown", entry->handle);
	emit_number(e, ENTRY_COL_HANDLE, entry->handle);
	emit_text(e, ENTRY_COL_VARIETY, variety);
}

static void put_acpi(const struct show *show, const struct ivrs_entry *entry)
{
	struct emit *e = show->call->emit;
	const char *uid = ivrs_uid(show->call->arena, entry);

	emit_textf(e, ENTRY_COL_DEVICE, "%s:%s", entry->hid, uid ? uid : "");
	emit_text(e, ENTRY_COL_HID, entry->hid);
	emit_text(e, ENTRY_COL_CID, *entry->cid ? entry->cid : NULL);
	emit_text(e, ENTRY_COL_UID, uid);
}

static void put_entry(const struct show *show, const struct ivrs_block *b,
		      const struct ivrs_entry *entry)
{
	struct emit *e = show->call->emit;

	emit_row_begin(e);
	put_bdf(show, ENTRY_COL_IOMMU, b->segment, b->devid);
	emit_number(e, ENTRY_COL_BLOCK, b->type);
	emit_number(e, ENTRY_COL_TYPE, entry->type);
	emit_text(e, ENTRY_COL_NAME, ivrs_name(ivrs_entry_names, entry->type));
	if (entry->type != ENTRY_PAD && entry->type != ENTRY_PAD_8) {
		put_bdf(show, ENTRY_COL_FIRST, b->segment, entry->first);
		emit_nonzero_fields(e, ENTRY_COL_SETTING, datum_ok(entry->setting),
				    &ivhd_setting_layout);
		emit_number(e, ENTRY_COL_RAW_SETTING, entry->setting);
	} else {
		emit_empty(e, ENTRY_COL_SETTING);
	}
	if (entry->last != entry->first)
		put_bdf(show, ENTRY_COL_LAST, b->segment, entry->last);
	if (entry->has_alias)
		put_bdf(show, ENTRY_COL_ALIAS, b->segment, entry->alias);
	if (entry->type == ENTRY_EXTENDED || entry->type == ENTRY_EXTENDED_RANGE)
		emit_number(e, ENTRY_COL_EXTENDED, entry->extended);
	if (entry->type == ENTRY_SPECIAL)
		put_special(show, entry);
	if (entry->type == ENTRY_ACPI)
		put_acpi(show, entry);
	emit_number(e, ENTRY_COL_OFFSET, entry->offset);
	emit_row_end(e);
}

static void put_entries(const struct show *show, const struct ivrs_block *b)
{
	struct ivrs_entry entry = {.offset = b->entries};
	const char *problem = NULL;
	size_t at = 0;

	while (ivrs_next_entry(show->ivrs, b, &at, &entry, &problem))
		put_entry(show, b, &entry);
	miss(show, at ? at : b->entries, problem);
}

static void put_memory(const struct show *show, const struct ivrs_block *b)
{
	struct emit *e = show->call->emit;

	emit_row_begin(e);
	emit_number(e, MEMORY_TYPE, b->type);
	put_bdf(show, MEMORY_FIRST, b->segment, b->devid);
	put_bdf(show, MEMORY_LAST, b->segment, b->last);
	emit_number(e, MEMORY_START, b->start);
	emit_number(e, MEMORY_SIZE, b->size);
	emit_nonzero_fields(e, MEMORY_FLAGS, datum_ok(b->flags), &ivmd_flags_layout);
	emit_number(e, MEMORY_OFFSET, b->offset);
	emit_number(e, MEMORY_RAW_FLAGS, b->flags);
	emit_row_end(e);
}

/* Each kind of block has a table of its own: the blocks are gone through for each. */
static void put_blocks(const struct show *show, unsigned column,
		       void (*put)(const struct show *, const struct ivrs_block *), bool ivhd)
{
	struct ivrs_block block;
	const char *problem;

	emit_rows_begin(show->call->emit, column);
	for (size_t at = 0; ivrs_next_block(show->ivrs, &at, &block, &problem);)
		if (ivhd ? block.is_ivhd : block.is_ivmd)
			put(show, &block);
	emit_rows_end(show->call->emit);
}

static void check_blocks(const struct show *show)
{
	struct ivrs_block block = {0};
	const char *problem;
	size_t at = 0;

	while (ivrs_next_block(show->ivrs, &at, &block, &problem))
		if (!block.is_ivhd && !block.is_ivmd)
			problems_add(show->call->problems,
				     error_new(ERROR_CORRUPT, "a block of unknown type 0x%x",
					       block.type),
				     "table", "IVRS at 0x%zx", block.offset);
	miss(show, at ? block.offset : 0, problem);
}

static void put_difference(void *arg, const struct ivrs_difference *d)
{
	struct emit *e = arg;

	emit_row_begin(e);
	emit_text(e, DIFFER_OBJECT, d->object);
	emit_text(e, DIFFER_WHAT, d->what);
	emit_text(e, DIFFER_TABLE, d->table);
	emit_text(e, DIFFER_DRIVER, d->driver);
	emit_row_end(e);
}

/* A file need not be this machine's: there is nothing to hold it against. */
static struct error *put_differences(const struct show *show)
{
	struct command_call *call = show->call;
	struct snapshot *s;

	if (call->n_operands)
		return NULL;
	struct error *err = session_snapshot(call->session, SNAPSHOT_FIRMWARE, &s);
	if (err && !error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND)
		return err;
	if (err) {
		problems_add(call->problems, err, "what the driver made of it", "IVRS");
		return NULL;
	}
	problems_copy(call->problems, &s->problems, NULL);
	emit_rows_begin(call->emit, COL_DIFFERENCES);
	ivrs_differ(show->ivrs, s, call->arena, put_difference, call->emit);
	emit_rows_end(call->emit);
	return NULL;
}

static struct error *ivrs_run(struct command_call *call)
{
	struct emit *e = call->emit;
	struct ivrs_source source;
	struct ivrs ivrs;
	struct error *err = ivrs_find(call, &source);
	const char *wrong = err ? NULL : ivrs_open(source.bytes, source.size, &ivrs);

	if (err)
		return err;
	if (wrong)
		return error_new(call->n_operands ? ERROR_USAGE : ERROR_CORRUPT,
				 "%s holds no IVRS table: %s", source.where, wrong);
	const struct show show = {call, &ivrs, ivrs_used_type(&ivrs)};
	emit_row_begin(e);
	emit_text(e, COL_SOURCE, source.where);
	emit_datum(e, COL_ADDRESS, source.address);
	emit_number(e, COL_LENGTH, ivrs.length);
	emit_number(e, COL_REVISION, ivrs.revision);
	emit_text(e, COL_OEM, ivrs.oem_id);
	emit_text(e, COL_OEM_TABLE, ivrs.oem_table_id);
	emit_bool(e, COL_CHECKSUM, ivrs.checksum_holds);
	emit_number(e, COL_INFO, ivrs.info);
	emit_nonzero_fields(e, COL_INFO_NAMES, datum_ok(ivrs.info), &ivrs_info_layout);
	check_blocks(&show);
	put_blocks(&show, COL_UNITS, put_unit, true);
	put_blocks(&show, COL_ENTRIES, put_entries, true);
	put_blocks(&show, COL_MEMORY, put_memory, false);
	err = put_differences(&show);
	emit_row_end(e);
	return err;
}

/* A file is what it looks at. */
static bool ivrs_wants_target(const struct command_call *call)
{
	return !call->n_operands;
}

const struct command command_ivrs = {
	.name = "ivrs",
	.operands = "[FILE]",
	.summary = "the firmware's IVRS table: IOMMUs, their devices, memory that devices need",
	.topic = "Devices",
	.details =
		"Of a dump: from its memory, where the kernel has the ACPI tables listed. A kdump leaves out "
		"the firmware's memory; the table can then be had from the machine, where it is "
		"/sys/firmware/acpi/tables/IVRS. Of the running system that file. Of FILE, a table as it "
		"lies there or as iasl compiles it, without a target.\n"
		"Where there is a target, what the driver has made of the table is held against it: "
		"which IOMMU and requester ID each PCI function has, the regions that devices need, "
		"I/O APICs, HPETs and ACPI devices. A device whose requester ID a quirk of the kernel's "
		"has changed differs too.\n"
		"    ivrs\n"
		"    ivrs /sys/firmware/acpi/tables/IVRS",
	.table = &ivrs_table,
	.max_operands = 1,
	.wants_target = ivrs_wants_target,
	.run = ivrs_run,
};
