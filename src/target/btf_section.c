/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF as a section of a vmlinux. */
#include "target/btf_types.h"

static struct error *section_open(const struct target_spec *spec, struct elf_file *file,
				  struct type_source **ret)
{
	struct span blob;
	struct error *err = elf_file_section(file, btf_section.name, &blob);

	if (err)
		return err;
	err = btf_types_borrow(spec, blob, ret);
	return err ? error_prepend(err, "%s", elf_file_path(file)) : NULL;
}

const struct type_section btf_section = {
	.ops = &btf_types,
	.name = ".BTF",
	.open = section_open,
};
