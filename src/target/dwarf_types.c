/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Type layouts from DWARF. The units that are likely to define what is asked for are read first;
 * what they don't define is looked for in every unit that mentions its name, in bounded memory.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "target/dwarf_hints.h"
#include "target/dwarf_layout.h"
#include "target/dwarf_strings.h"
#include "target/spec.h"
#include "target/type_source.h"

struct dwarf_source {
	struct type_source source;
	const struct target_spec *spec;
	struct dwarf_file file;
};

static struct error *dwarf_types_open(const struct target_spec *spec, struct elf_file *elf,
				      struct type_source **ret)
{
	_cleanup_(freep) struct dwarf_source *dwarf = calloc(1, sizeof(*dwarf));

	if (!dwarf)
		return error_no_memory;
	dwarf->source.ops = &dwarf_types;
	dwarf->spec = spec;
	struct error *err = dwarf_file_init(&dwarf->file, elf);
	if (err)
		return err;
	*ret = &take_ptr(dwarf)->source;
	return NULL;
}

static void dwarf_types_close(struct type_source *source)
{
	struct dwarf_source *dwarf = container_of(source, struct dwarf_source, source);

	dwarf_file_free(&dwarf->file);
	free(dwarf);
}

static struct error *read_unit(struct dwarf_source *dwarf, uint64_t offset,
			       struct type_batch *batch)
{
	_cleanup_(dwarf_unit_close) struct dwarf_unit unit = {0};
	struct error *err = dwarf_unit_open(&dwarf->file, offset, &unit);

	return err ? err : dwarf_offer_unit(&unit, batch);
}

static struct error *read_hinted(struct dwarf_source *dwarf, struct type_batch *batch,
				 struct unit_offsets *units)
{
	uint32_t hints;
	struct error *err = dwarf_hinted_units(dwarf->spec, &dwarf->file, units, &hints);

	for (size_t i = 0; !err && i < units->n && batch->n_open; i++) {
		err = spec_poll(dwarf->spec);
		if (!err)
			err = read_unit(dwarf, units->at[i], batch);
	}
	for (size_t i = 0; !err && i < batch->n_types; i++)
		if (dwarf_hints_own(hints, &batch->types[i]))
			type_batch_settle(batch, &batch->types[i]);
	return err;
}

/* Reads every unit that mentions a type still open, but those read already. */
static struct error *read_mentioning(struct dwarf_source *dwarf, struct type_batch *batch,
				     const struct dwarf_strings *strings,
				     const struct unit_offsets *already)
{
	_cleanup_(dwarf_mentions_free) struct dwarf_mentions mentions = {0};
	struct span info = dwarf->file.sections[DWARF_INFO];
	struct dwarf_scan scan = {.file = &dwarf->file};
	size_t n_open = 0;
	struct error *err = NULL;
	bool more;

	while (batch->n_open && !(err = dwarf_scan_next(dwarf->spec, &scan, &more)) && more) {
		struct span unit = {.at = info.at + scan.offset, .n = scan.end - scan.offset};
		spec_progress(dwarf->spec, "reading DWARF", scan.offset, info.n);
		if (batch->n_open != n_open) {
			dwarf_mentions_free(&mentions);
			err = dwarf_mentions_init(&dwarf->file, strings, batch, &mentions);
			n_open = batch->n_open;
		}
		if (!err && !unit_offsets_have(already, scan.offset) &&
		    dwarf_unit_mentions(&mentions, unit))
			err = read_unit(dwarf, scan.offset, batch);
		if (err)
			break;
	}
	return err;
}

static void settle_absent(struct type_batch *batch, const struct dwarf_strings *strings)
{
	for (size_t i = 0; i < batch->n_types; i++)
		if (!dwarf_strings_may_have(strings, &batch->types[i]))
			type_batch_settle(batch, &batch->types[i]);
}

static void settle_defined(struct type_batch *batch)
{
	for (size_t i = 0; i < batch->n_types; i++)
		if (batch->types[i].defined)
			type_batch_settle(batch, &batch->types[i]);
}

static struct error *read_types(struct dwarf_source *dwarf, struct type_batch *batch)
{
	_cleanup_(dwarf_strings_free) struct dwarf_strings strings = {0};
	_cleanup_(unit_offsets_free) struct unit_offsets units = {0};
	struct error *err = dwarf_strings_find(&dwarf->file, batch, &strings);

	if (err)
		return err;
	settle_absent(batch, &strings);
	if (batch->n_open)
		err = read_hinted(dwarf, batch, &units);
	/* What lacks members there is taken to lack them: other units have the same definition. */
	settle_defined(batch);
	return err ? err : read_mentioning(dwarf, batch, &strings, &units);
}

static struct error *dwarf_types_lookup(struct type_source *source, struct type_batch *batch)
{
	struct dwarf_source *dwarf = container_of(source, struct dwarf_source, source);
	struct error *err = batch->n_open ? read_types(dwarf, batch) : NULL;

	return err ? error_prepend(err, "%s", elf_file_path(dwarf->file.elf)) : NULL;
}

const struct type_source_ops dwarf_types = {
	.name = "dwarf",
	.lookup = dwarf_types_lookup,
	.close = dwarf_types_close,
};

const struct type_section dwarf_section = {
	.ops = &dwarf_types,
	.name = ".debug_info",
	.open = dwarf_types_open,
};
