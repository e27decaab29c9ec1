/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/registers.h"
#include "base/cleanup.h"
#include "cmd/select.h"
#include "cmd/words.h"

/* --fields: the registers and flag words that the driver keeps, bit by bit. */
enum bits_column { BITS_REGISTER, BITS_BITS, BITS_FIELD, BITS_VALUE, BITS_MEANING };

static const struct column bits_columns[] = {
	[BITS_REGISTER] = {"register", "REGISTER", VALUE_TEXT, 0,
			   "efr, efr2, capability, ivhd_flags; 'help efr' and the like say more"},
	[BITS_BITS] = {"bits", "BITS", VALUE_TEXT, 0, "which bits: high:low"},
	[BITS_FIELD] = {"field", "FIELD", VALUE_TEXT, 0, "name of the field"},
	[BITS_VALUE] = {"value", "VALUE", VALUE_HEX, 0, "its value"},
	[BITS_MEANING] = {"meaning", "MEANING", VALUE_TEXT, COLUMN_WIDE, "what it says"},
};

static const struct table bits_table = {"iommus-fields", VIEW_TABLE, bits_columns,
					ARRAY_SIZE(bits_columns)};

enum iommus_column {
	COL_NAME,
	COL_SEGMENT,
	COL_BDF,
	COL_MMIO,
	COL_MMIO_SIZE,
	COL_DEVICES,
	COL_DEVICE_TABLE,
	COL_COMMAND,
	COL_EVENT,
	COL_PPR,
	COL_GA,
	COL_EXCLUSION,
	COL_EXCLUSION_SIZE,
	COL_INTERRUPTS,
	COL_PRE_ENABLED,
	COL_CAPABILITY,
	COL_ACPI_FLAGS,
	COL_EFR,
	COL_EFR_NAMES,
	COL_EFR2,
	COL_EFR2_NAMES,
	COL_ADDRESS,
	COL_GUEST_TABLES, /* from here on in full: with --fields or an operand */
	COL_ROOT,
	COL_ERRATUM,
	COL_IRT_CACHE,
	COL_BANKS,
	COL_COUNTERS,
	COL_FIELDS,
};

enum setting_column { SETTING_SYMBOL, SETTING_VALUE, SETTING_WORD, SETTING_MEANING };

static const struct column setting_columns[] = {
	[SETTING_SYMBOL] = {"symbol", "SYMBOL", VALUE_TEXT, 0, "the driver's variable"},
	[SETTING_VALUE] = {"value", "VALUE", VALUE_HEX, 0, "what is in it"},
	[SETTING_WORD] = {"says", "SAYS", VALUE_TEXT, 0,
			  "what that value says; none: nothing more than the number"},
	[SETTING_MEANING] = {"meaning", "MEANING", VALUE_TEXT, COLUMN_WIDE, "what it is for"},
};

static const struct table setting_table = {"iommus-driver", VIEW_TABLE, setting_columns,
					   ARRAY_SIZE(setting_columns)};

/* In the order of the enumerators. */
#define COLUMNS                                                                                    \
	[COL_NAME] = {"name", "IOMMU", VALUE_TEXT, 0, "name, as in /sys/class/iommu"},             \
	[COL_SEGMENT] = {"segment", "PCI segment", VALUE_HEX, 0, "PCI segment that it serves"},    \
	[COL_BDF] = {"bdf", "PCI address", VALUE_TEXT, 0, "its own PCI function"},                 \
	[COL_MMIO] = {"mmio", "MMIO", VALUE_HEX, 0, "physical address of its registers"},          \
	[COL_MMIO_SIZE] = {"mmio_size", "MMIO size", VALUE_SIZE, 0, "bytes of registers"},         \
	[COL_DEVICES] = {"devices", "Devices behind it", VALUE_NUMBER, 0, "PCI functions it serves"}, \
	[COL_DEVICE_TABLE] = {"device_table", "Device table", VALUE_HEX, 0, "its physical address"}, \
	[COL_COMMAND] = {"command_buffer", "Command buffer", VALUE_HEX, 0, "its physical address"}, \
	[COL_EVENT] = {"event_log", "Event log", VALUE_HEX, 0, "its physical address"},            \
	[COL_PPR] = {"ppr_log", "PPR log", VALUE_HEX, 0, "its physical address; none: not in use"}, \
	[COL_GA] = {"ga_log", "Guest vAPIC log", VALUE_HEX, 0,                                     \
		    "its physical address; none: not in use"},                                     \
	[COL_EXCLUSION] = {"exclusion_start", "Exclusion range", VALUE_HEX, 0,                     \
			   "physical addresses that bypass translation; 0: none"},                 \
	[COL_EXCLUSION_SIZE] = {"exclusion_size", "Exclusion size", VALUE_SIZE, 0, "its bytes"},   \
	[COL_INTERRUPTS] = {"interrupts_enabled", "Its own interrupts", VALUE_BOOL, 0,             \
			    "the driver has set up the event interrupt"},                          \
	[COL_PRE_ENABLED] = {"pre_enabled", "On before this kernel", VALUE_BOOL, 0,                \
			     "this kernel found translation enabled (kdump, kexec)"},              \
	[COL_CAPABILITY] = {"capability", "PCI capability", VALUE_HEX, 0,                          \
			    "first word of its PCI capability"},                                   \
	[COL_ACPI_FLAGS] = {"acpi_flags", "IVHD flags", VALUE_HEX, 0, "flags of its IVRS block"},  \
	[COL_EFR] = {"efr", "Features (EFR)", VALUE_HEX, 0, "extended feature register"},          \
	[COL_EFR_NAMES] = {"efr_features", "EFR has", VALUE_TEXT, COLUMN_ARRAY,                    \
			   "fields of the EFR that are not 0"},                                    \
	[COL_EFR2] = {"efr2", "Features 2 (EFR2)", VALUE_HEX, 0, "extended feature register 2"},   \
	[COL_EFR2_NAMES] = {"efr2_features", "EFR2 has", VALUE_TEXT, COLUMN_ARRAY,                 \
			    "fields of the EFR2 that are not 0"},                                  \
	[COL_ADDRESS] = {"address", "struct amd_iommu", VALUE_HEX, 0, "the driver's object"}

static const struct column columns[] = {COLUMNS};

static const struct column full_columns[] = {
	COLUMNS,
	[COL_GUEST_TABLES] = {"guest_tables", "Guest translation", VALUE_BOOL, 0,
			      "the driver takes it for one with guest tables (kernels before 6.7)"},
	[COL_ROOT] = {"root", "Root of its bus", VALUE_TEXT, 0,
		      "PCI function 0 of its bus, through which an erratum of the RD890 is cured"},
	[COL_ERRATUM] = {"rd890_erratum", "RD890 erratum", VALUE_BOOL, 0,
			 "its registers were saved, to be restored behind a suspend"},
	[COL_IRT_CACHE] = {"irt_cache_disabled", "Entries not cached", VALUE_BOOL, 0,
			   "it does not cache interrupt entries (amd_iommu=irtcachedis)"},
	[COL_BANKS] = {"counter_banks", "Banks of counters", VALUE_NUMBER, 0,
		       "banks of performance counters"},
	[COL_COUNTERS] = {"counters", "Counters of a bank", VALUE_NUMBER, 0,
			  "performance counters in each bank"},
	[COL_FIELDS] = {"fields", "Fields", VALUE_ROWS, COLUMN_ARRAY,
			"every field of the registers and flag words that the driver keeps",
			&bits_table},
};

static const struct table iommus_table = {"iommus", VIEW_RECORD, columns, ARRAY_SIZE(columns)};
static const struct table full_table = {"iommus-full", VIEW_RECORD, full_columns,
					ARRAY_SIZE(full_columns)};

static const struct command_option options[] = {
	{"fields", NULL, "the features, the PCI capability and the IVHD flags bit by bit"},
	{"driver", NULL, "how the driver is set up: its own variables"},
};

static bool is_full(const struct command_call *call)
{
	return call_option(call, "fields") || call->n_operands;
}

static const struct table *iommus_choose_table(const struct command_call *call)
{
	if (call_option(call, "driver"))
		return &setting_table;
	return is_full(call) ? &full_table : &iommus_table;
}

static const struct table *iommus_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&iommus_table, &full_table, &setting_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}


/* Every field, those that are 0 too: what the hardware lacks is half of the answer. */
static void emit_bits(struct emit *e, struct datum word, const struct layout *layout)
{
	uint64_t words[LAYOUT_WORDS_MAX] = {word.value};

	for (size_t i = 0; i < layout->n_fields && word.state == DATUM_OK; i++) {
		const struct field *f = &layout->fields[i];
		uint64_t value = field_is_piece(f) ? 0 : layout_get(layout, words, i);
		const struct field_value *named = field_value_find(f, value);

		if (field_is_piece(f) || (f->format == FIELD_RESERVED && !value))
			continue;
		emit_row_begin(e);
		emit_text(e, BITS_REGISTER, layout->name);
		if (f->width == 1)
			emit_textf(e, BITS_BITS, "%u", f->first);
		else
			emit_textf(e, BITS_BITS, "%u:%u", f->first + f->width - 1u, f->first);
		emit_text(e, BITS_FIELD, f->key);
		emit_number(e, BITS_VALUE, value);
		if (named)
			emit_textf(e, BITS_MEANING, "%s: %s", f->label, named->name);
		else
			emit_text(e, BITS_MEANING, f->label);
		emit_row_end(e);
	}
}

static void emit_all_bits(struct emit *e, const struct iommu_unit *u)
{
	emit_rows_begin(e, COL_FIELDS);
	emit_bits(e, u->features, &efr_layout);
	emit_bits(e, u->features2, &efr2_layout);
	emit_bits(e, u->capability, &capability_layout);
	emit_bits(e, u->acpi_flags, &ivhd_flags_layout);
	emit_rows_end(e);
}

static void emit_settings_of(struct emit *e, const struct snapshot *s,
			     const struct unit_settings *settings)
{
	struct datum erratum = settings->erratum_bar;

	if (erratum.state == DATUM_OK)
		erratum.value = erratum.value != 0;
	emit_datum(e, COL_GUEST_TABLES, settings->guest_tables);
	emit_datum(e, COL_ERRATUM, erratum);
	emit_datum(e, COL_IRT_CACHE, settings->irt_cache_off);
	emit_datum(e, COL_BANKS, settings->counter_banks);
	emit_datum(e, COL_COUNTERS, settings->counters);
	if (settings->root.state != DATUM_OK)
		emit_datum(e, COL_ROOT, settings->root);
	for (uint32_t i = 0; i < s->n_devices && settings->root.state == DATUM_OK; i++)
		if (s->devices[i].pci_device == settings->root.value)
			emit_text(e, COL_ROOT, s->devices[i].name);
}

static uint64_t count_devices(const struct snapshot *s, uint32_t iommu)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->n_devices; i++)
		n += datum_is(s->devices[i].iommu, iommu);
	return n;
}

static void emit_iommu(struct command_call *call, const struct snapshot *s, uint32_t index)
{
	struct emit *e = call->emit;
	const struct iommu_unit *u = &s->iommus[index];

	emit_row_begin(e);
	emit_text_datum(e, COL_NAME, u->name);
	emit_datum(e, COL_SEGMENT, u->segment);
	if (u->devid.state == DATUM_OK && u->segment.state == DATUM_OK)
		emit_textf(e, COL_BDF, "%04x:%02x:%02x.%x", (unsigned)u->segment.value,
			   (unsigned)u->devid.value >> 8 & 0xff,
			   (unsigned)u->devid.value >> 3 & 0x1f, (unsigned)u->devid.value & 7);
	else
		emit_datum(e, COL_BDF, u->segment.state == DATUM_OK ? u->devid : u->segment);
	emit_datum(e, COL_MMIO, u->mmio);
	emit_datum(e, COL_MMIO_SIZE, u->mmio_size);
	emit_datum(e, COL_DEVICES, count_of(s, count_devices(s, index)));
	emit_datum(e, COL_DEVICE_TABLE, u->device_table);
	emit_datum(e, COL_COMMAND, u->command_ring.address);
	emit_datum(e, COL_EVENT, u->event_ring.address);
	emit_datum(e, COL_PPR, u->page_request_ring.address);
	emit_datum(e, COL_GA, u->guest_ring.address);
	emit_datum(e, COL_EXCLUSION, u->exclusion_start);
	emit_datum(e, COL_EXCLUSION_SIZE, u->exclusion_size);
	emit_datum(e, COL_INTERRUPTS, u->interrupts_enabled);
	emit_datum(e, COL_PRE_ENABLED, u->taken_over);
	emit_datum(e, COL_CAPABILITY, u->capability);
	emit_datum(e, COL_ACPI_FLAGS, u->acpi_flags);
	emit_datum(e, COL_EFR, u->features);
	emit_nonzero_fields(e, COL_EFR_NAMES, u->features, &efr_layout);
	emit_datum(e, COL_EFR2, u->features2);
	emit_nonzero_fields(e, COL_EFR2_NAMES, u->features2, &efr2_layout);
	emit_datum(e, COL_ADDRESS, u->address);
	if (is_full(call)) {
		emit_settings_of(e, s, &s->unit_settings[index]);
		emit_all_bits(e, u);
	}
	emit_row_end(e);
}

static void emit_driver(struct emit *e, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n_settings; i++) {
		const struct driver_setting *setting = &s->settings[i];

		if (setting->value.state == DATUM_ABSENT) /* another kernel's */
			continue;
		emit_row_begin(e);
		emit_text(e, SETTING_SYMBOL, setting->symbol);
		emit_datum(e, SETTING_VALUE, setting->value);
		if (setting->value.state == DATUM_OK)
			emit_text(e, SETTING_WORD, setting->word);
		else
			emit_datum(e, SETTING_WORD, setting->value);
		emit_text(e, SETTING_MEANING, setting->meaning);
		emit_row_end(e);
	}
}

static struct error *emit_named(struct command_call *call, const struct snapshot *s)
{
	for (size_t n = 0; n < call->n_operands; n++) {
		uint32_t i;
		struct error *err = find_iommu(s, call->operands[n], &i);

		if (err)
			return err;
		if (s->iommus[i].name.state == DATUM_OK)
			call_problems_of(call, s, s->iommus[i].name.value);
		emit_iommu(call, s, i);
	}
	return NULL;
}

static struct error *iommus_run(struct command_call *call)
{
	struct snapshot *s;
	bool driver = call_option(call, "driver");
	unsigned parts = driver	      ? SNAPSHOT_SETTINGS
			 : is_full(call) ? SNAPSHOT_DEVICES | SNAPSHOT_SETTINGS
					 : SNAPSHOT_DEVICES;

	if (driver && (call->n_operands || call_option(call, "fields")))
		return error_new(ERROR_USAGE, "--driver is about all IOMMUs, and goes alone");
	struct error *err = call_snapshot(call, parts, &s);
	if (err || call->n_operands)
		return err ? err : emit_named(call, s);
	if (driver)
		emit_driver(call->emit, s);
	for (uint32_t i = 0; i < s->n_iommus && !driver; i++)
		emit_iommu(call, s, i);
	return NULL;
}

const struct command command_iommus = {
	.name = "iommus",
	.operands = "[IOMMU...]",
	.summary = "the IOMMUs: where they are, what they can do, their tables and rings",
	.topic = "The machine",
	.details = "Values are those that the driver keeps. Registers themselves are not in a dump; of the "
		   "running kernel they can't be read without writing to it, which is never done ('ring "
		   "cmd' has the two that can). An IOMMU, by name, index or BDF, is shown in full.\n"
		   "    iommus\n"
		   "    iommus ivhd0\n"
		   "    iommus --driver\n"
		   "    iommus --fields\n"
		   "    iommus -j",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &iommus_table,
	.choose_table = iommus_choose_table,
	.list_tables = iommus_list_tables,
	.max_operands = SIZE_MAX,
	.run = iommus_run,
};
