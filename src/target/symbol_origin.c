/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/symbol_origin.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "target/access.h"
#include "target/btf_types.h"
#include "target/kallsyms.h"
#include "target/spec.h"
#include "target/symbol_text.h"

static const struct type_section *const type_sections[N_TYPES] = {
	[TYPES_BTF] = &btf_section,
	[TYPES_DWARF] = &dwarf_section,
};

/* Not to be covered up by trying something else. */
static bool is_final(const struct error *err)
{
	return error_code(err) == ERROR_STOPPED || error_code(err) == ERROR_NO_MEMORY;
}

/* Opening the symbols. */

static bool is_system_map(const char *path)
{
	_cleanup_(closep) int fd = file_open(path, O_NONBLOCK | O_NOCTTY);
	char start[1024];
	ssize_t n = fd >= 0 ? read(fd, start, sizeof(start)) : 0;

	return n > 0 && symbol_text_is(start, n);
}

static struct error *open_elf(struct symbol_origin *origin)
{
	return elf_symbol_table_open(origin->vmlinux, &origin->symbols);
}

struct error *symbol_origin_open_given(struct symbol_origin *origin)
{
	const char *path = origin->spec->symbols;

	if (is_system_map(path))
		return system_map_open(origin->spec, path, &origin->symbols);
	struct error *err = vmlinux_open(origin->spec, path, origin->kernel, &origin->vmlinux);
	return err ? err : open_elf(origin);
}

static struct error *find_vmlinux(struct symbol_origin *origin)
{
	const char *sections[N_TYPES + 1] = {0};

	if (origin->spec->no_symbols)
		return error_new(ERROR_NOT_FOUND, "a vmlinux was ruled out with --no-symbols");
	for (size_t i = 0; i < N_TYPES; i++)
		sections[i] = type_sections[i]->name;
	struct error *err =
		vmlinux_find(origin->spec, "", origin->kernel, sections, &origin->vmlinux);
	return err ? err : open_elf(origin);
}

static struct error *open_own(struct symbol_origin *origin)
{
	const struct own_symbols *own = &origin->own;

	if (!own->symbols_file)
		return kallsyms_open(origin->spec, own->target, own->kaslr_offset,
				     &origin->symbols);
	struct error *err = access_check_addresses(own->symbols_file);
	return err ? err : proc_kallsyms_open(origin->spec, own->symbols_file, own->kaslr_offset,
					      &origin->symbols);
}

/* Neither the kernel's own nor a vmlinux's: says both, and with it what to do. Takes own_err. */
static struct error *nothing_found(const struct symbol_origin *origin, struct error *own_err)
{
	struct error *err = error_new(ERROR_NOT_FOUND,
				      "the kernel's own symbols can't be used (%s): %s",
				      error_message(own_err), error_message(origin->no_vmlinux));

	error_free(own_err);
	return err;
}

static struct error *need_symbols(struct symbol_origin *origin)
{
	if (origin->symbols)
		return NULL;
	struct error *err = origin->no_vmlinux ? NULL : find_vmlinux(origin);
	if (origin->symbols || (err && is_final(err)))
		return err;
	if (err)
		origin->no_vmlinux = err;
	if (!origin->own.target)
		return error_new(ERROR_NOT_FOUND, "%s", error_message(origin->no_vmlinux));
	err = open_own(origin);
	/* What hides the symbols of a running kernel can be undone: no other remedy is named. */
	if (!err || is_final(err) || origin->own.symbols_file)
		return err;
	return nothing_found(origin, err);
}

/* Asking for symbols. */

/* Known by VMCOREINFO too, the first a function's, the second that of data. */
static const char *const checked_names[] = {"_stext", "init_uts_ns"};

static struct error *contradiction(const struct symbol_origin *origin, const struct lookup *row,
				   uint64_t expected)
{
	return error_new(ERROR_OTHER,
			 "%s is another kernel's: it has %s at 0x%" PRIx64
			 ", VMCOREINFO at 0x%" PRIx64 " without the KASLR offset",
			 origin->spec->symbols ? origin->spec->symbols : origin->symbols->ops->name,
			 row->name, row->value, expected);
}

static struct error *check(const struct symbol_origin *origin, const struct lookup *rows)
{
	for (size_t i = 0; origin->own.target && i < ARRAY_SIZE(checked_names); i++) {
		uint64_t address;

		if (!target_vmcoreinfo_symbol(origin->own.target, rows[i].name, &address))
			continue;
		address -= origin->own.kaslr_offset;
		if (rows[i].state == LOOKUP_FOUND && rows[i].value != address)
			return contradiction(origin, &rows[i], address);
		if (rows[i].state == LOOKUP_ABSENT && origin->symbols->ops->is_complete)
			return error_new(ERROR_CORRUPT,
					 "%s lacks %s, which VMCOREINFO has: is it damaged? Copy it anew",
					 origin->spec->symbols ? origin->spec->symbols
							       : origin->symbols->ops->name,
					 rows[i].name);
		if (rows[i].state == LOOKUP_ABSENT)
			return error_new(ERROR_NOT_FOUND,
					 "kallsyms lacks %s: this kernel keeps the names of "
					 "functions only (CONFIG_KALLSYMS_ALL)",
					 rows[i].name);
	}
	return NULL;
}

/* places: of the kernel's own BTF; NULL: not needed. */
static struct error *ask_symbols(struct symbol_origin *origin, struct lookup *rows, size_t n,
				 struct lookup places[2])
{
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};
	struct lookup checks[ARRAY_SIZE(checked_names)];
	struct error *err = symbol_batch_init(&batch, n + 2 + ARRAY_SIZE(checks));

	if (err)
		return err;
	symbol_batch_add(&batch, rows, n);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i] = (struct lookup){.kind = LOOKUP_SYMBOL, .name = checked_names[i]};
	if (!origin->is_checked)
		symbol_batch_add(&batch, checks, ARRAY_SIZE(checks));
	if (places)
		symbol_batch_add(&batch, places, 2);
	err = origin->symbols->ops->lookup(origin->symbols, &batch);
	if (!err && !origin->is_checked)
		err = check(origin, checks);
	if (!err)
		origin->is_checked = true;
	return err;
}

/* Types. */

static bool vmlinux_has(const struct symbol_origin *origin, size_t i)
{
	return origin->vmlinux && elf_file_has_section(origin->vmlinux, type_sections[i]->name);
}

/* The kernel's own BTF is what will be used, and it lies in memory. */
static bool wants_places(const struct symbol_origin *origin)
{
	return !origin->types_tried[TYPES_BTF] && !vmlinux_has(origin, TYPES_BTF) &&
	       origin->own.target && !origin->own.types_file;
}

static struct error *open_own_btf(struct symbol_origin *origin, const struct lookup places[2])
{
	const struct own_symbols *own = &origin->own;
	struct type_source **ret = &origin->types[TYPES_BTF];

	if (own->types_file)
		return btf_types_open_file(origin->spec, own->types_file, ret);
	if (places[0].state != LOOKUP_FOUND || places[1].state != LOOKUP_FOUND)
		return error_new(ERROR_NOT_FOUND,
				 "this kernel carries no BTF (CONFIG_DEBUG_INFO_BTF)");
	return btf_types_read(origin->spec, own->target, places[0].value + own->kaslr_offset,
			      places[1].value + own->kaslr_offset, ret);
}

/* NULL without types[i]: there is none of that kind. */
static struct error *open_types(struct symbol_origin *origin, size_t i,
				const struct lookup places[2])
{
	struct error *err = NULL;

	if (origin->types_tried[i])
		return NULL;
	if (vmlinux_has(origin, i))
		err = type_sections[i]->open(origin->spec, origin->vmlinux, &origin->types[i]);
	else if (i == TYPES_BTF && origin->own.target)
		err = open_own_btf(origin, places);
	origin->types_tried[i] = !err;
	return err;
}

static size_t count_defined(const struct type_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n_types; i++)
		n += batch->types[i].defined;
	return n;
}

static struct error *ask_source(struct symbol_origin *origin, size_t i, struct type_batch *batch)
{
	size_t n_defined = count_defined(batch);
	struct error *err = origin->types[i]->ops->lookup(origin->types[i], batch);

	if (!err && count_defined(batch) > n_defined)
		origin->types_answered[i] = true;
	return err;
}

/* No source could be opened. Takes why; NULL: there was none. */
static struct error *no_types(const struct symbol_origin *origin, struct error *why)
{
	_cleanup_(error_freep) struct error *reason = why;

	if (!reason && origin->vmlinux)
		return vmlinux_no_types(origin->vmlinux, origin->kernel);
	return error_new(ERROR_NOT_FOUND, "no types: %s; %s",
			 reason ? error_message(reason) : "none come with the symbols",
			 vmlinux_advice(origin->kernel).text);
}

/*
 * The batch's open types, by the first source that knows this kernel's: each has all of them, and a
 * name that the next has to search for in vain costs it seconds. What one can't do the next may.
 */
static struct error *ask_sources(struct symbol_origin *origin, struct type_batch *batch,
				 const struct lookup places[2])
{
	_cleanup_(error_freep) struct error *obstacle = NULL;
	bool asked = false;

	for (size_t i = 0; i < N_TYPES && (batch->n_open || !asked); i++) {
		struct error *err = open_types(origin, i, places);
		if (!err && origin->types[i]) {
			err = ask_source(origin, i, batch);
			asked = true;
			if (!err && origin->types_answered[i])
				break;
		} else if (err && !is_final(err) && !obstacle) {
			obstacle = take_ptr(err);
		}
		if (err)
			return err;
	}
	if (!asked)
		return no_types(origin, take_ptr(obstacle));
	/* A kernel without BTF is none the worse when DWARF has answered. */
	if (obstacle && (origin->spec->verbose || error_code(obstacle) != ERROR_NOT_FOUND))
		spec_note(origin->spec, "passed over: %s", error_message(obstacle));
	return NULL;
}

static struct error *ask_types(struct symbol_origin *origin, struct lookup *rows, size_t n,
			       const struct lookup places[2])
{
	_cleanup_(type_batch_free) struct type_batch batch = {0};
	struct error *err = type_batch_init(&batch, rows, n);

	return err ? err : ask_sources(origin, &batch, places);
}

/* All. */

static void count_kinds(const struct lookup *rows, size_t n, size_t *symbols, size_t *types)
{
	*symbols = *types = 0;
	for (size_t i = 0; i < n; i++)
		*(rows[i].kind == LOOKUP_SYMBOL ? symbols : types) += 1;
}

struct error *symbol_origin_lookup(struct symbol_origin *origin, struct lookup *rows, size_t n)
{
	struct lookup places[2] = {
		{.kind = LOOKUP_SYMBOL, .name = "__start_BTF"},
		{.kind = LOOKUP_SYMBOL, .name = "__stop_BTF"},
	};
	size_t symbols, types;
	struct error *err = need_symbols(origin);

	count_kinds(rows, n, &symbols, &types);
	bool with_places = !err && types && wants_places(origin);
	if (!err && (symbols || with_places))
		err = ask_symbols(origin, rows, n, with_places ? places : NULL);
	if (!err && types)
		err = ask_types(origin, rows, n, places);
	if (!err && symbols)
		origin->symbols_answered = true;
	return err;
}

bool symbol_origin_is_complete(const struct symbol_origin *origin)
{
	return origin->symbols && origin->symbols->ops->is_complete;
}

const char *symbol_origin_symbols(const struct symbol_origin *origin)
{
	return origin->symbols_answered ? origin->symbols->ops->name : NULL;
}

const char *symbol_origin_types(const struct symbol_origin *origin)
{
	bool btf = origin->types_answered[TYPES_BTF], dwarf = origin->types_answered[TYPES_DWARF];

	if (btf && dwarf)
		return "btf and dwarf";
	return btf ? btf_types.name : dwarf ? dwarf_types.name : NULL;
}

void symbol_origin_close(struct symbol_origin *origin)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (origin->types[i])
			origin->types[i]->ops->close(origin->types[i]);
	if (origin->symbols)
		origin->symbols->ops->close(origin->symbols);
	elf_file_close(origin->vmlinux);
	error_free(origin->no_vmlinux);
}
