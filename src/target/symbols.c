/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/symbols.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "target/core_file.h"
#include "target/layout_cache.h"
#include "target/spec.h"

struct symbol_source {
	const struct target_spec *spec;
	struct kernel_identity kernel; /* owned; build_id may be the vmlinux's own */
	struct symbol_origin origin;
	char *cache_path;              /* NULL: no cache */
	struct layout_file given;      /* an export, in place of a vmlinux */
	struct layout_file cached, answered;
	bool given_answered, cache_answered;
	bool told_unknown; /* that the export lacks a name */
};

static struct error *copy_text(const char *text, const char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? error_no_memory : NULL;
}

/* Opening. */

/* An export says which kernel it is of, by its build ID or, of old kernels, their release. */
static struct error *check_export(const struct symbol_source *source)
{
	const struct layout_file *given = &source->given;
	const struct kernel_identity *kernel = &source->kernel;

	if (given->build_id && kernel->build_id) {
		if (!strcasecmp(given->build_id, kernel->build_id))
			return NULL;
		return error_new(ERROR_OTHER, "another kernel's: of build ID %s, the dump is of %s",
				 given->build_id, kernel->build_id);
	}
	if (!given->release || !kernel->release || !strcmp(given->release, kernel->release))
		return NULL;
	return error_new(ERROR_OTHER, "another kernel's: of Linux %s, the dump is of %s",
			 given->release, kernel->release);
}

/* is: the file begins as such; the rest is read then. */
static struct error *open_export(struct symbol_source *source, bool *is)
{
	static const char magic[] = LAYOUT_FILE_MAGIC "\n";
	struct core_file file = {.fd = -1};
	char start[sizeof(magic) - 1];
	_cleanup_(freep) void *text = NULL;
	struct error *err = core_file_open(source->spec->symbols, &file);

	if (!err)
		err = core_file_read(&file, 0, start, sizeof(start));
	*is = !err && !memcmp(start, magic, sizeof(start));
	error_free(err); /* who takes it for a vmlinux says what is wrong with it */
	err = NULL;
	if (*is && file.size > LAYOUT_FILE_MAX)
		err = error_new(ERROR_CORRUPT, "too large to be an export");
	else if (*is)
		err = core_file_read_alloc(&file, 0, file.size, &text);
	if (*is && !err)
		err = layout_file_parse(&source->given, text, file.size);
	if (*is && !err)
		err = check_export(source);
	core_file_close(&file);
	return err ? error_prepend(err, "%s", source->spec->symbols) : NULL;
}

/* The file that the user gave; without a build ID from the dump its own is taken. */
static struct error *open_given(struct symbol_source *source)
{
	const char *build_id = NULL;
	bool is_export;
	struct error *err = open_export(source, &is_export);

	if (!err && !is_export)
		err = symbol_origin_open_given(&source->origin);
	if (err || source->kernel.build_id)
		return err;
	if (is_export)
		build_id = source->given.build_id;
	else if (source->origin.vmlinux)
		build_id = elf_file_build_id(source->origin.vmlinux);
	return copy_text(build_id, &source->kernel.build_id);
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
				 const char *release, const struct own_symbols *own,
				 struct symbol_source **ret)
{
	_cleanup_(symbol_source_closep) struct symbol_source *source = calloc(1, sizeof(*source));
	struct error *err = NULL;

	if (!source)
		return error_no_memory;
	source->spec = spec;
	source->origin = (struct symbol_origin){.spec = spec, .kernel = &source->kernel};
	if (own)
		source->origin.own = *own;
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
	symbol_origin_close(&source->origin);
	layout_file_free(&source->given);
	layout_file_free(&source->cached);
	layout_file_free(&source->answered);
	free((char *)source->kernel.build_id);
	free((char *)source->kernel.release);
	free(source->cache_path);
	free(source);
}

/* Asking. */

/* All rows or none: which of several definitions is meant shows in all that is asked of it. */
static bool answer_from(const struct layout_file *first, const struct layout_file *second,
			struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!layout_file_find(first, &rows[i]) && !layout_file_find(second, &rows[i]))
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

static struct error *answer_from_origin(struct symbol_source *source, struct lookup *rows, size_t n)
{
	struct error *err = symbol_origin_lookup(&source->origin, rows, n);

	if (!err)
		err = keep_answers(source, rows, n);
	if (!err && source->cache_path && symbol_origin_is_complete(&source->origin))
		layout_cache_write(source->spec, source->cache_path, &source->answered);
	return err;
}

/* Nothing but the export is at hand: what was not asked when it was written is not known. */
static struct error *answer_from_export(struct symbol_source *source, struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = rows[i].name ? rows[i].name : rows[i].type;

		if (layout_file_find(&source->given, &rows[i]))
			continue;
		rows[i].state = LOOKUP_ABSENT;
		if (!source->told_unknown)
			spec_note(source->spec,
				  "%s does not say what %s is, and neither a vmlinux nor the "
				  "kernel's own symbols are at hand: what needs it is missing",
				  source->spec->symbols, name);
		source->told_unknown = true;
	}
	source->given_answered = true;
	return keep_answers(source, rows, n);
}

struct error *symbol_source_lookup(struct symbol_source *source, struct lookup *rows, size_t n)
{
	bool has_export = source->given.n;

	if (has_export && answer_from(&source->answered, &source->given, rows, n)) {
		source->given_answered |= n > 0;
		return keep_answers(source, rows, n);
	}
	if (answer_from(&source->answered, &source->cached, rows, n)) {
		source->cache_answered |= n > 0;
		return keep_answers(source, rows, n);
	}
	struct error *err = answer_from_origin(source, rows, n);
	if (!err || !has_export || error_code(err) != ERROR_NOT_FOUND)
		return err;
	error_free(err);
	return answer_from_export(source, rows, n);
}

/* What was read last in this order says most. */
struct symbol_facts symbol_source_facts(const struct symbol_source *source)
{
	const struct symbol_origin *origin = &source->origin;
	struct symbol_facts facts = {
		.symbols = symbol_origin_symbols(origin),
		.types = symbol_origin_types(origin),
		.build_id = source->kernel.build_id,
	};
	const char *kept = source->given_answered ? "export"
			   : source->cache_answered ? "cache"
						    : NULL;

	if (origin->vmlinux)
		facts.path = elf_file_path(origin->vmlinux);
	else if (source->spec->symbols)
		facts.path = source->spec->symbols;
	else if (kept && !facts.symbols && !facts.types)
		facts.path = source->cache_path;
	facts.symbols = facts.symbols ? facts.symbols : kept;
	facts.types = facts.types ? facts.types : kept;
	return facts;
}

struct error *symbol_source_export(const struct symbol_source *source, struct layout_file *file)
{
	return layout_file_merge(file, &source->answered);
}
