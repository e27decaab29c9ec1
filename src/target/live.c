/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target that is the running kernel: its memory through /proc/kcore, and what else the system
 * says of it. Every read goes to the kernel, and what it reads may change meanwhile (together.h).
 */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "target/boot_info.h"
#include "target/elf_notes.h"
#include "target/kcore.h"
#include "target/kinds.h"
#include "target/machine.h"
#include "target/symbols.h"

#define NOTES_SIZE 4096 /* more than kernels have in /sys/kernel/notes */
#define BUILD_ID_MAX 32

struct live {
	struct machine machine;
	struct boot_info boot;
	struct target_spec spec; /* for the symbols, opened when the first is asked for */
	struct symbol_source *symbols;
	char build_id[2 * BUILD_ID_MAX + 1]; /* "": not known */
};

static struct live *live_of(struct target *target)
{
	return container_of(target, struct live, machine.base);
}

static const char *live_build_id(const struct live *live)
{
	return live->build_id[0] ? live->build_id : NULL;
}

static struct error *symbols_open(struct live *live)
{
	const struct own_symbols own = {
		.target = &live->machine.base,
		.kaslr_offset = live->boot.kaslr_offset,
		.symbols_file = "/proc/kallsyms",
		.types_file = "/sys/kernel/btf/vmlinux",
	};

	return symbol_source_open(&live->spec, live_build_id(live), live->boot.release, &own,
				  &live->symbols);
}

static struct error *live_lookup(struct target *target, struct lookup *rows, size_t n)
{
	struct live *live = live_of(target);
	struct error *err = live->symbols ? NULL : symbols_open(live);

	if (!err)
		err = symbol_source_lookup(live->symbols, rows, n);
	for (size_t i = 0; i < n && !err; i++) {
		if (rows[i].kind == LOOKUP_SYMBOL && rows[i].state == LOOKUP_FOUND &&
		    rows[i].value >= START_KERNEL_MAP)
			rows[i].value += live->boot.kaslr_offset;
	}
	return err;
}

static const char *live_vmcoreinfo(struct target *target, const char *key)
{
	return vmcoreinfo_get(&live_of(target)->boot.vmcoreinfo, key);
}

static struct error *live_export(struct target *target, struct layout_file *file)
{
	struct live *live = live_of(target);

	return live->symbols ? symbol_source_export(live->symbols, file) : NULL;
}

static void live_facts(struct target *target, struct target_facts *ret)
{
	struct live *live = live_of(target);
	struct symbol_facts symbols = {0};

	if (live->symbols)
		symbols = symbol_source_facts(live->symbols);
	*ret = (struct target_facts){
		.kind = "live",
		.format = live->machine.memory->format,
		.release = live->boot.release,
		.build_id = live_build_id(live),
		.symbols = symbols.symbols,
		.types = symbols.types,
		.symbols_path = symbols.path,
		.kaslr_known = true,
		.kaslr_offset = live->boot.kaslr_offset,
		.phys_base = live->boot.phys_base,
		.sme_mask = live->boot.sme_mask,
		.page_levels = live->boot.levels,
		.page_table = live->boot.root,
		.vmcoreinfo = live->boot.vmcoreinfo.whole,
	};
}

static void live_close(struct target *target)
{
	struct live *live = live_of(target);

	symbol_source_close(live->symbols);
	boot_info_free(&live->boot);
	machine_done(&live->machine);
	free(live);
}

static const struct target_ops live_ops = {
	.kind = "live",
	.read = machine_read,
	.translate = machine_translate,
	.lookup = live_lookup,
	.vmcoreinfo = live_vmcoreinfo,
	.export = live_export,
	.facts = live_facts,
	.close = live_close,
};

/* As much of a small file as fits; 0: it can't be read. */
static size_t read_small(const char *path, void *buf, size_t size)
{
	_cleanup_(closep) int fd = file_open(path, 0);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	return n < 0 ? 0 : (size_t)n;
}

/* The notes linked into the kernel; VMCOREINFO has its build ID from Linux 5.9 on only. */
static void find_build_id(struct live *live)
{
	uint8_t notes[NOTES_SIZE];
	size_t size = read_small("/sys/kernel/notes", notes, sizeof(notes)), offset = 0;
	struct elf_note note;

	while (elf_note_next(notes, size, &offset, &note)) {
		if (strcmp(note.name, ELF_NOTE_GNU) != 0 || note.type != NT_GNU_BUILD_ID ||
		    note.desc_size > BUILD_ID_MAX)
			continue;
		for (uint32_t i = 0; i < note.desc_size; i++)
			snprintf(live->build_id + (size_t)2 * i, 3, "%02x", note.desc[i]);
		return;
	}
}

/* Before Linux 4.19 kcore has no VMCOREINFO; this says where its note lies. */
static struct error *find_vmcoreinfo(struct memory *memory)
{
	char line[64] = {0};
	uint8_t bytes[PAGE_SIZE];
	uint64_t pa, size;
	struct elf_note note;

	if (memory->notes.vmcoreinfo)
		return NULL;
	if (!read_small("/sys/kernel/vmcoreinfo", line, sizeof(line) - 1) ||
	    sscanf(line, "%" SCNx64 " %" SCNx64, &pa, &size) != 2)
		return error_new(ERROR_OTHER,
				 "%s: the kernel keeps no VMCOREINFO (CONFIG_VMCORE_INFO or "
				 "CONFIG_CRASH_CORE), nothing says where in memory it lies; give a "
				 "dump with -c FILE", KCORE_PATH);
	struct error *err = memory_read(memory, pa, bytes, size < PAGE_SIZE ? size : PAGE_SIZE);
	if (err)
		return error_prepend(err, "VMCOREINFO");
	if (!elf_note_find(bytes, sizeof(bytes), "VMCOREINFO", &note))
		return error_new(ERROR_CORRUPT, "no VMCOREINFO is where /sys/kernel/vmcoreinfo says");
	memory->notes.vmcoreinfo = strndup((const char *)note.desc, note.desc_size);
	return memory->notes.vmcoreinfo ? NULL : error_no_memory;
}

static struct error *live_load(struct live *live)
{
	struct machine *machine = &live->machine;
	struct error *err = kcore_open(KCORE_PATH, &machine->memory);

	if (err)
		return err;
	machine->maps = kcore_maps(machine->memory, &machine->n_maps);
	machine->maps_are_shortcuts = true;
	err = find_vmcoreinfo(machine->memory);
	if (!err) {
		err = boot_info_find(machine, &live->spec, NULL, &live->boot);
		if (err)
			return error_prepend(err, "%s", KCORE_PATH);
	}
	if (!err) {
		find_build_id(live);
		/* What the user named is checked at once. */
		err = live->spec.symbols ? symbols_open(live) : NULL;
	}
	return err;
}

struct error *live_target_open(const struct target_spec *spec, struct target **ret)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		return error_no_memory;
	live->machine.base = (struct target){
		.ops = &live_ops,
		.interrupt = spec->interrupt,
		.system = "/sys",
	};
	live->spec = *spec;
	struct error *err = live_load(live);
	if (err) {
		live_close(&live->machine.base);
		return err;
	}
	*ret = &live->machine.base;
	return NULL;
}
