/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An executable's symbols, BTF and DWARF: our own reading of ELF, and libelf's and libdwarf's. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "rows.h"
#include "target/elf_file.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct lookup symbols[] = {
		{.kind = LOOKUP_SYMBOL, .name = "_text"},
		{.kind = LOOKUP_SYMBOL, .name = "linux_banner"},
		{.kind = LOOKUP_SYMBOL, .name = "the_device"},
	};
	const struct type_section *const sections[] = {&btf_section, &dwarf_section};
	const struct target_spec spec = {0};
	struct elf_file *file;
	struct error *err = elf_file_open(&spec, fuzz_file(data, size), &file);

	if (err) {
		error_free(err);
		return;
	}
	elf_file_build_id(file);
	fuzz_ignore(elf_symbols_lookup(file, symbols, ARRAY_SIZE(symbols)));
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		struct type_source *source;

		if (!elf_file_has_section(file, sections[i]->name))
			continue;
		err = sections[i]->open(&spec, file, &source);
		if (err)
			error_free(err);
		else
			rows_ask(source);
	}
	elf_file_close(file);
}
