/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dump_bytes.h"

#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "target/boot_info.h"
#include "target/capture.h"
#include "target/flattened.h"
#include "target/memory_open.h"
#include "target/vmcoreinfo.h"

#define PAGES 64 /* read of those that the dump holds */

static void read_pages(struct memory *memory)
{
	static const uint64_t places[] = {
		0, 0x1000, 0x7ff8, 0x100000, UINT64_C(1) << 32, PHYSICAL_END - 8};
	struct vmcoreinfo info = {0};
	uint8_t page[PAGE_SIZE];
	uint64_t pa = 0;

	for (unsigned i = 0; i < PAGES && memory->ops->next(memory, &pa); i++, pa += PAGE_SIZE) {
		fuzz_ignore(memory_read(memory, pa, page, sizeof(page)));
		fuzz_ignore(memory_read(memory, pa + 0xff0, page, 32));
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		fuzz_ignore(memory_read(memory, places[i], page, 8));
	if (memory->notes.vmcoreinfo)
		fuzz_ignore(vmcoreinfo_parse(memory->notes.vmcoreinfo, &info));
	vmcoreinfo_free(&info);
}

static void read_capture(struct memory **memory)
{
	struct boot_info boot = {0};
	struct layout_file layouts = {0};
	struct error *err = capture_memory_open(memory, &boot, &layouts);

	if (!err)
		read_pages(*memory);
	error_free(err);
	layout_file_free(&layouts);
	boot_info_free(&boot);
}

static void read_container(struct core_file *file)
{
	_cleanup_(memory_closep) struct memory *memory = NULL;
	uint8_t magic[MAGIC_SIZE] = {0};
	struct error *err =
		core_file_read(file, 0, magic, file->size < MAGIC_SIZE ? file->size : MAGIC_SIZE);

	if (!err && kdump_is_magic(magic))
		err = kdump_memory_open(file, 1, &memory);
	else if (!err && elf_is_core_magic(magic))
		err = elf_memory_open(file, &memory);
	if (!err && memory) {
		read_pages(memory);
		if (capture_is(memory))
			read_capture(&memory);
	}
	error_free(err);
	core_file_close(file);
}

void dump_bytes_read(const uint8_t *data, size_t size)
{
	const struct target_spec spec = {0};
	struct core_file file = {.fd = -1}, flat = {.fd = -1};
	struct error *err = core_file_open(fuzz_file(data, size), &file);
	uint8_t magic[MAGIC_SIZE] = {0};

	memcpy(magic, data, size < MAGIC_SIZE ? size : MAGIC_SIZE);
	if (!err && flattened_is_magic(magic)) {
		flat = file;
		file.fd = -1;
		err = flattened_rearrange(&spec, &flat, &file);
		core_file_close(&flat);
	}
	if (!err)
		read_container(&file);
	error_free(err);
	core_file_close(&file);
}
