/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "target/layout_cache.h"
#include "target/spec.h"
#include "target/type_source.h"
#include "target/vmlinux.h"

/* In the order in which they are preferred. */
static const struct type_source_ops *const type_sources[] = {
	&dwarf_types,
};

struct symbol_source {
	const struct target_spec *spec;
	struct kernel_identity kernel; /* owned; build_id may be the vmlinux's own */
	char *cache_path;              /* NULL: no cache */
	struct elf_file *vmlinux;      /* NULL: not (yet) needed */
	struct type_source *types;     /* NULL: likewise */
	struct layout_file cached, answered;
	bool cache_answered, elf_answered, types_answered;
};

static struct error *copy_text(const char *text, const char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? error_no_memory : NULL;
}

/* The vmlinux that the user gave; without a build ID from the dump its own is taken. */
static struct error *open_given(struct symbol_source *source)
{
	struct error *err = vmlinux_open(source->spec, source->spec->symbols, &source->kernel,
					 &source->vmlinux);

	if (err || source->kernel.build_id)
		return err;
	return copy_text(elf_file_build_id(source->vmlinux), &source->kernel.build_id);
}

static struct error *open_cache(struct symbol_source *source)
{
	const struct kernel_identity *kernel = &source->kernel;
	struct error *err = NULL;

	if (kernel->build_id)
		err = layout_file_set_build_id(&source->answered, kernel->build_id);
	if (!err && kernel->release)
		err = layout_file_set_release(&source->answered, kernel->release);
	if (err || !kernel->build_id || source->spec->no_cache || source->spec->no_symbols)
		return err;
	source->cache_path = layout_cache_path(kernel->build_id);
	if (source->cache_path)
		layout_cache_read(source->spec, source->cache_path, kernel->build_id,
				  &source->cached);
	return NULL;
}

static void symbol_source_closep(struct symbol_source **source)
{
	symbol_source_close(*source);
}

struct error *symbol_source_open(const struct target_spec *spec, const char *build_id,
				 const char *release, struct symbol_source **ret)
{
	_cleanup_(symbol_source_closep) struct symbol_source *source = calloc(1, sizeof(*source));
	struct error *err = NULL;

	if (!source)
		return error_no_memory;
	source->spec = spec;
	/* What the dump says becomes part of paths and messages: odd words are as good as none. */
	if (build_id && build_id_is_valid(build_id))
		err = copy_text(build_id, &source->kernel.build_id);
	if (!err && release && release_is_valid(release))
		err = copy_text(release, &source->kernel.release);
	if (!err && spec->symbols)
		err = open_given(source);
	if (!err)
		err = open_cache(source);
	if (err)
		return err;
	*ret = take_ptr(source);
	return NULL;
}

void symbol_source_close(struct symbol_source *source)
{
	if (!source)
		return;
	if (source->types)
		source->types->ops->close(source->types);
	elf_file_close(source->vmlinux);
	layout_file_free(&source->cached);
	layout_file_free(&source->answered);
	free((char *)source->kernel.build_id);
	free((char *)source->kernel.release);
	free(source->cache_path);
	free(source);
}

static struct error *need_vmlinux(struct symbol_source *source)
{
	const char *sections[ARRAY_SIZE(type_sources) + 1] = {0};

	if (source->vmlinux)
		return NULL;
	if (source->spec->no_symbols)
		return error_new(ERROR_NOT_FOUND,
				 "no symbols: a vmlinux was ruled out with --no-symbols");
	for (size_t i = 0; i < ARRAY_SIZE(type_sources); i++)
		sections[i] = type_sources[i]->section;
	return vmlinux_find(source->spec, "", &source->kernel, sections, &source->vmlinux);
}

static struct error *need_types(struct symbol_source *source)
{
	for (size_t i = 0; !source->types && i < ARRAY_SIZE(type_sources); i++) {
		struct error *err = NULL;
		if (elf_file_has_section(source->vmlinux, type_sources[i]->section))
			err = type_sources[i]->open(source->spec, source->vmlinux, &source->types);
		if (err)
			return err;
	}
	return source->types ? NULL : vmlinux_no_types(source->vmlinux, &source->kernel);
}

static bool answer_from_known(const struct symbol_source *source, struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!layout_file_find(&source->answered, &rows[i]) &&
		    !layout_file_find(&source->cached, &rows[i]))
			return false;
	return true;
}

static struct error *keep_answers(struct symbol_source *source, const struct lookup *rows, size_t n)
{
	struct error *err = NULL;

	for (size_t i = 0; !err && i < n; i++)
		err = layout_file_add(&source->answered, &rows[i]);
	return err;
}

static void count_kinds(const struct lookup *rows, size_t n, size_t *symbols, size_t *types)
{
	*symbols = *types = 0;
	for (size_t i = 0; i < n; i++)
		*(rows[i].kind == LOOKUP_SYMBOL ? symbols : types) += 1;
}

/*
 * The whole batch, and not only the rows that the cache lacks: which of several definitions is
 * meant shows in all that is asked of it.
 */
static struct error *answer_from_vmlinux(struct symbol_source *source, struct lookup *rows,
					 size_t n)
{
	size_t symbols, types;
	struct error *err = need_vmlinux(source);

	count_kinds(rows, n, &symbols, &types);
	if (!err && symbols)
		err = elf_symbols_lookup(source->vmlinux, rows, n);
	if (!err && types)
		err = need_types(source);
	if (!err && types)
		err = source->types->ops->lookup(source->types, rows, n);
	if (err)
		return err;
	source->elf_answered |= symbols > 0;
	source->types_answered |= types > 0;
	return NULL;
}

struct error *symbol_source_lookup(struct symbol_source *source, struct lookup *rows, size_t n)
{
	if (answer_from_known(source, rows, n)) {
		source->cache_answered |= n > 0;
		return keep_answers(source, rows, n);
	}
	struct error *err = answer_from_vmlinux(source, rows, n);
	if (!err)
		err = keep_answers(source, rows, n);
	if (!err && source->cache_path)
		layout_cache_write(source->spec, source->cache_path, &source->answered);
	return err;
}

struct symbol_facts symbol_source_facts(const struct symbol_source *source)
{
	const char *cached = source->cache_answered ? "cache" : NULL;

	return (struct symbol_facts){
		.symbols = source->elf_answered ? "elf" : cached,
		.types = source->types_answered ? source->types->ops->name : cached,
		.path = source->vmlinux ? elf_file_path(source->vmlinux)
			: cached	? source->cache_path
					: NULL,
		.build_id = source->kernel.build_id,
	};
}

struct error *symbol_source_export(const struct symbol_source *source, struct layout_file *file)
{
	return layout_file_merge(file, &source->answered);
}
