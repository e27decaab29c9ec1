/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target that is a dump: its memory, where its kernel lies in it, and that kernel's symbols. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "target/boot_info.h"
#include "target/capture.h"
#include "target/flattened.h"
#include "target/kinds.h"
#include "target/machine.h"
#include "target/memory_open.h"
#include "target/spec.h"
#include "target/symbols.h"

struct dump {
	struct machine machine;
	struct boot_info boot;
	struct target_spec spec; /* for the symbols, opened when the first is asked for */
	struct symbol_source *symbols;
	struct layout_file captured; /* what a capture brings along; asked before symbols */
	bool is_found; /* boot is known */
	bool is_capture;
	bool told_unknown; /* that the capture lacks a name */
	bool flattened; /* as it was given */
};

static struct dump *dump_of(struct target *target)
{
	return container_of(target, struct dump, machine.base);
}

static struct error *symbols_open(struct dump *dump)
{
	const struct own_symbols own = {
		.target = &dump->machine.base,
		.kaslr_offset = dump->boot.kaslr_offset,
	};
	bool has_own = dump->is_found && !dump->is_capture;

	return symbol_source_open(&dump->spec,
				  vmcoreinfo_get(&dump->boot.vmcoreinfo, "BUILD-ID"),
				  dump->boot.release, has_own ? &own : NULL, &dump->symbols);
}

static struct error *link_time_lookup(void *arg, struct lookup *rows, size_t n)
{
	struct dump *dump = arg;
	struct target *target = &dump->machine.base;
	struct recorder *recorder = take_ptr(target->recorder);
	struct error *err = dump->symbols ? NULL : symbols_open(dump);

	if (!err)
		err = symbol_source_lookup(dump->symbols, rows, n);
	/* A capture gets the answers, and not the memory that they were read from. */
	target->recorder = recorder;
	return err;
}

/* Names that are not in it were never asked while it was captured; a vmlinux may be at hand. */
static struct error *capture_lookup(struct dump *dump, struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (layout_file_find(&dump->captured, &rows[i]))
			continue;
		struct error *err = link_time_lookup(dump, &rows[i], 1);
		if (err && error_code(err) == ERROR_STOPPED)
			return err;
		if (err) {
			error_free(err);
			rows[i].state = LOOKUP_ABSENT;
			if (!dump->told_unknown)
				spec_note(&dump->spec,
					  "the capture does not say what %s is, and no vmlinux is "
					  "at hand: what needs it is missing",
					  rows[i].name ? rows[i].name : rows[i].type);
			dump->told_unknown = true;
		}
	}
	return NULL;
}

static struct error *dump_lookup(struct target *target, struct lookup *rows, size_t n)
{
	struct dump *dump = dump_of(target);
	struct error *err = dump->is_capture ? capture_lookup(dump, rows, n)
					     : link_time_lookup(dump, rows, n);

	if (err)
		return err;
	for (size_t i = 0; i < n; i++) {
		/* Per-CPU offsets and absolute symbols lie below the image and do not move. */
		if (rows[i].kind == LOOKUP_SYMBOL && rows[i].state == LOOKUP_FOUND &&
		    rows[i].value >= START_KERNEL_MAP)
			rows[i].value += dump->boot.kaslr_offset;
	}
	return NULL;
}

static const char *dump_vmcoreinfo(struct target *target, const char *key)
{
	return vmcoreinfo_get(&dump_of(target)->boot.vmcoreinfo, key);
}

static struct error *dump_export(struct target *target, struct layout_file *file)
{
	struct dump *dump = dump_of(target);
	struct error *err = layout_file_merge(file, &dump->captured);

	if (!err && dump->symbols)
		err = symbol_source_export(dump->symbols, file);
	return err;
}

static const char *format_name(const struct dump *dump)
{
	const char *format = dump->machine.memory->format;

	if (!dump->flattened)
		return format;
	if (dump->is_capture)
		return "flattened capture";
	return strcmp(format, "elf") ? "flattened kdump" : "flattened elf";
}

static void dump_facts(struct target *target, struct target_facts *ret)
{
	struct dump *dump = dump_of(target);
	struct symbol_facts symbols = {0};

	if (dump->symbols)
		symbols = symbol_source_facts(dump->symbols);
	*ret = (struct target_facts){
		.kind = "dump",
		.format = format_name(dump),
		.is_capture = dump->is_capture,
		.release = dump->boot.release,
		.build_id = dump_vmcoreinfo(target, "BUILD-ID"),
		.symbols = symbols.symbols,
		.types = symbols.types,
		.symbols_path = symbols.path,
		.kaslr_known = true,
		.kaslr_offset = dump->boot.kaslr_offset,
		.phys_base = dump->boot.phys_base,
		.sme_mask = dump->boot.sme_mask,
		.page_levels = dump->boot.levels,
		.page_table = dump->boot.root,
		.vmcoreinfo = dump->boot.vmcoreinfo.whole,
	};
	if (dump->is_capture && !ret->symbols)
		ret->symbols = ret->types = "capture";
	if (!ret->build_id)
		ret->build_id = dump->captured.build_id;
	if (!ret->build_id)
		ret->build_id = symbols.build_id;
}

static void dump_close(struct target *target)
{
	struct dump *dump = dump_of(target);

	symbol_source_close(dump->symbols);
	layout_file_free(&dump->captured);
	boot_info_free(&dump->boot);
	machine_done(&dump->machine);
	free(dump);
}

static const struct target_ops dump_ops = {
	.kind = "dump",
	.read = machine_read,
	.translate = machine_translate,
	.lookup = dump_lookup,
	.vmcoreinfo = dump_vmcoreinfo,
	.export = dump_export,
	.facts = dump_facts,
	.close = dump_close,
};

/* What people try to open, by how it begins. */
static struct error *unknown_format(const uint8_t magic[MAGIC_SIZE])
{
	static const struct {
		const char *start;
		size_t length;
		const char *message;
	} known[] = {
		{"\x1f\x8b", 2, "is compressed with gzip: decompress it first"},
		{"\xfd" "7zXZ", 5, "is compressed with xz: decompress it first"},
		{"\x28\xb5\x2f\xfd", 4, "is compressed with zstd: decompress it first"},
		{"BZh", 3, "is compressed with bzip2: decompress it first"},
		{"LibvirtQemudSave", 16, "is a saved virtual machine: make a dump with virsh dump "
					 "--memory-only"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!memcmp(magic, known[i].start, known[i].length))
			return error_new(ERROR_OTHER, "%s", known[i].message);
	}
	return error_new(ERROR_OTHER, "is not a dump: neither ELF nor kdump, flattened or not; name "
				      "what kdump, QEMU or 'virsh dump --memory-only' has written");
}

static struct error *magic_read(const struct core_file *file, uint8_t magic[MAGIC_SIZE])
{
	memset(magic, 0, MAGIC_SIZE);
	return core_file_read(file, 0, magic, file->size < MAGIC_SIZE ? file->size : MAGIC_SIZE);
}

/* A flattened file is replaced by what it contains. */
static struct error *file_open(const struct target_spec *spec, const char *path,
			       struct core_file *ret, uint8_t magic[MAGIC_SIZE],
			       bool *ret_flattened)
{
	struct core_file flat = {.fd = -1};
	struct error *err = core_file_open(path, ret);

	if (!err)
		err = magic_read(ret, magic);
	if (!err && flattened_is_magic(magic)) {
		*ret_flattened = true;
		flat = *ret;
		ret->fd = -1;
		err = flattened_rearrange(spec, &flat, ret);
		core_file_close(&flat);
		if (!err)
			err = magic_read(ret, magic);
	}
	return err ? error_prepend(err, "%s", path) : NULL;
}

/* Takes the files on success only. */
static struct error *container_open(struct core_file *files, size_t n,
				    const uint8_t magic[MAGIC_SIZE], struct memory **ret)
{
	if (kdump_is_magic(magic))
		return kdump_memory_open(files, n, ret);
	struct error *err = elf_is_core_magic(magic) ? elf_memory_open(&files[0], ret)
						     : unknown_format(magic);
	return err ? error_prepend(err, "%s", files[0].path) : NULL;
}

static struct error *dump_memory_open(struct dump *dump, const struct target_spec *spec)
{
	_cleanup_(freep) struct core_file *files = calloc(spec->n_cores, sizeof(*files));
	uint8_t magic[MAGIC_SIZE];
	struct error *err = NULL;

	if (!files)
		return error_no_memory;
	for (size_t i = 0; i < spec->n_cores; i++)
		files[i].fd = -1;
	for (size_t i = 0; i < spec->n_cores && !err; i++) {
		err = file_open(spec, spec->cores[i], &files[i], magic, &dump->flattened);
		if (!err && spec->n_cores > 1 && !kdump_is_magic(magic))
			err = error_new(ERROR_USAGE, "%s: is no part of a split kdump, and only "
						     "such parts are given with several -c",
					spec->cores[i]);
	}
	if (!err)
		err = container_open(files, spec->n_cores, magic, &dump->machine.memory);
	for (size_t i = 0; i < spec->n_cores; i++)
		core_file_close(&files[i]);
	return err;
}

static struct error *boot_find(struct dump *dump, const struct target_spec *spec)
{
	const struct boot_symbols symbols = {.lookup = link_time_lookup, .arg = dump};
	struct memory **memory = &dump->machine.memory;

	dump->is_capture = capture_is(*memory);
	if (!dump->is_capture)
		return boot_info_find(&dump->machine, spec, &symbols, &dump->boot);
	struct error *err = capture_memory_open(memory, &dump->boot, &dump->captured);
	return err ? err
		   : boot_info_complete(&dump->machine, (*memory)->notes.vmcoreinfo, &dump->boot);
}

/* What the user named is checked at once; what has to be found can wait until it is needed. */
static struct error *symbols_check(struct dump *dump)
{
	/* Opened while the kernel was looked for, if at all: not checked against it. */
	symbol_source_close(dump->symbols);
	dump->symbols = NULL;
	dump->is_found = true;
	return dump->spec.symbols ? symbols_open(dump) : NULL;
}

struct error *dump_target_open(const struct target_spec *spec, struct target **ret)
{
	struct dump *dump = calloc(1, sizeof(*dump));

	if (!dump)
		return error_no_memory;
	dump->machine.base = (struct target){.ops = &dump_ops, .interrupt = spec->interrupt};
	dump->spec = *spec;
	struct error *err = dump_memory_open(dump, spec);
	if (!err) {
		err = boot_find(dump, spec);
		if (err)
			err = error_prepend(err, "%s", spec->cores[0]);
	}
	if (!err)
		err = symbols_check(dump);
	if (err) {
		dump_close(&dump->machine.base);
		return err;
	}
	*ret = &dump->machine.base;
	return NULL;
}
