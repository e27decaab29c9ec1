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
	COL_FIELDS, /* with --fields */
};

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
	[COL_FIELDS] = {"fields", "Fields", VALUE_ROWS, COLUMN_ARRAY,
			"every field of the registers and flag words that the driver keeps",
			&bits_table},
};

static const struct table iommus_table = {"iommus", VIEW_RECORD, columns, ARRAY_SIZE(columns)};
static const struct table full_table = {"iommus-full", VIEW_RECORD, full_columns,
					ARRAY_SIZE(full_columns)};

static const struct command_option options[] = {
	{"fields", NULL, "the features, the PCI capability and the IVHD flags bit by bit"},
};

static const struct table *iommus_choose_table(const struct command_call *call)
{
	return call_option(call, "fields") ? &full_table : &iommus_table;
}

static const struct table *iommus_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&iommus_table, &full_table};

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
	if (call_option(call, "fields"))
		emit_all_bits(e, u);
	emit_row_end(e);
}

static struct error *iommus_run(struct command_call *call)
{
	struct snapshot *s;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);

	if (err)
		return err;
	for (uint32_t i = 0; i < s->n_iommus; i++)
		emit_iommu(call, s, i);
	return NULL;
}

const struct command command_iommus = {
	.name = "iommus",
	.operands = "",
	.summary = "the IOMMUs: where they are, what they can do, their tables and rings",
	.topic = "The machine",
	.details = "Values are those that the driver keeps; registers themselves are not in a dump.\n"
		   "    iommus\n"
		   "    iommus --fields\n"
		   "    iommus -j",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &iommus_table,
	.choose_table = iommus_choose_table,
	.list_tables = iommus_list_tables,
	.run = iommus_run,
};
