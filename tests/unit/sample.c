/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include <libgen.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"

static const struct target_spec quiet_spec;

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

void sample_compile(const struct scratch *scratch, const char *compiler, const char *flags)
{
	char here[4096];

	assert_non_null(realpath(__FILE__, here));
	scratch_run(scratch,
		    "mkdir -p drivers/iommu/amd kernel && cp %s/dwarf/* . && "
		    "mv driver.c drivers/iommu/amd/init.c && mv core.c kernel/core.c && "
		    "%s -w -O1 -I. %s -o program kernel/core.c drivers/iommu/amd/init.c other.c",
		    dirname(here), compiler, flags);
	scratch_run(scratch, "(echo iommuscope-layouts 1 && ./program) > truth");
}

void sample_truth(const struct scratch *scratch, struct layout_file *ret)
{
	size_t length;
	_cleanup_(freep) char *text = scratch_read(scratch, "truth", &length);

	assert_ok(layout_file_parse(ret, text, length));
	assert_true(ret->n > 80);
}

void sample_open(const struct scratch *scratch, const char *name, const struct type_section *section,
		 struct elf_file **elf, struct type_source **types)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);

	assert_ok(elf_file_open(&quiet_spec, path, elf));
	assert_true(elf_file_has_section(*elf, section->name));
	assert_ok(section->open(&quiet_spec, *elf, types));
}

struct error *sample_ask(struct type_source *types, struct lookup *rows, size_t n)
{
	_cleanup_(type_batch_free) struct type_batch batch = {0};
	struct error *err = type_batch_init(&batch, rows, n);

	return err ? err : types->ops->lookup(types, &batch);
}

static void check_row(const struct lookup *row, const struct lookup *said)
{
	if (row->state == said->state &&
	    (said->state != LOOKUP_FOUND ||
	     (row->value == said->value && row->size == said->size &&
	      row->bit_first == said->bit_first && row->bit_width == said->bit_width)))
		return;
	fail_msg("%s %s: state %d, %ju:%u:%u:%u, but the compiler says state %d, %ju:%u:%u:%u",
		 row->type, row->name, row->state, (uintmax_t)row->value, row->size,
		 row->bit_first, row->bit_width, said->state, (uintmax_t)said->value, said->size,
		 said->bit_first, said->bit_width);
}

void sample_check(const struct scratch *scratch, const char *name,
		  const struct type_section *section)
{
	_cleanup_(layout_file_freep) struct layout_file truth = {0};
	_cleanup_(freep) struct lookup *rows = NULL;
	struct elf_file *elf;
	struct type_source *types;

	sample_truth(scratch, &truth);
	sample_open(scratch, name, section, &elf, &types);
	rows = calloc(truth.n, sizeof(*rows));
	assert_non_null(rows);
	for (size_t i = 0; i < truth.n; i++)
		rows[i] = (struct lookup){.kind = truth.at[i].kind,
					  .type = truth.at[i].type,
					  .name = truth.at[i].name};
	assert_ok(sample_ask(types, rows, truth.n));
	for (size_t i = 0; i < truth.n; i++)
		check_row(&rows[i], &truth.at[i]);
	types->ops->close(types);
	elf_file_close(elf);
}
