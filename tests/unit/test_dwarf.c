/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types from DWARF against what the compiler that wrote it says of its own layouts: the programs in
 * tests/unit/dwarf print them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "sample.h"
#include "target/dwarf_die.h"
#include "target/dwarf_hints.h"

static const struct target_spec quiet_spec;

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

/* The hints lead to the driver's unit, and to no other. */
static void check_hints(const struct scratch *scratch, const char *name)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);
	_cleanup_(unit_offsets_free) struct unit_offsets units = {0};
	uint32_t hints;
	_cleanup_(dwarf_unit_close) struct dwarf_unit unit = {0};
	struct dwarf_file file;
	struct elf_file *elf;
	const char *unit_name;

	assert_ok(elf_file_open(&quiet_spec, path, &elf));
	assert_ok(dwarf_file_init(&file, elf));
	assert_ok(dwarf_hinted_units(&quiet_spec, &file, &units, &hints));
	assert_int_equal(units.n, 1);
	assert_int_equal(hints, 1);
	/* The file that would own it is not there, so that it may be anywhere. */
	assert_false(dwarf_hints_own(hints, &(struct wanted_type){.name = "log"}));
	assert_true(dwarf_hints_own(UINT32_MAX, &(struct wanted_type){.name = "log"}));
	assert_false(dwarf_hints_own(UINT32_MAX, &(struct wanted_type){.name = "pci_dev"}));
	assert_ok(dwarf_unit_open(&file, units.at[0], &unit));
	struct die die = die_of_unit(&unit);
	assert_ok(die_name(&die, &unit_name));
	assert_string_equal(unit_name, "drivers/iommu/amd/init.c");
	dwarf_unit_close(&unit);
	dwarf_file_free(&file);
	elf_file_close(elf);
}

/* One row per way to write DWARF. `then` makes program what is wanted of it. */
static const struct variant {
	const char *compiler, *flags, *then;
} variants[] = {
	{"gcc", "-gdwarf-4", NULL},
	{"gcc", "-gdwarf-5", NULL},
	{"gcc", "-gdwarf-2 -gstrict-dwarf", NULL}, /* bit fields from the top */
	{"gcc", "-gdwarf-3 -gstrict-dwarf", NULL},
	{"gcc", "-gdwarf-5 -gdwarf64", NULL},
	{"gcc", "-gdwarf-5 -gz=zlib", NULL},
	{"gcc", "-gdwarf-4 -gz=zlib-gnu", NULL}, /* .zdebug_info */
	{"gcc", "-gdwarf-5 -ffunction-sections -fdata-sections -O2", NULL},
	{"gcc", "-gdwarf-5 -flto", NULL}, /* units refer to one another */
	{"gcc", "-gdwarf-4 -no-pie -Wl,--emit-relocs", NULL},
	{"gcc", "-gdwarf-5", "objcopy -R .debug_aranges program"},
	{"gcc", "-gdwarf-4", "objcopy --only-keep-debug program program"},
	{"clang", "-gdwarf-4", NULL},
	{"clang", "-gdwarf-5", NULL}, /* strings by number, no .debug_aranges */
	{"clang", "-gdwarf-5 -gdwarf-aranges", NULL},
};

static void agrees_with_the_compiler(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		const struct variant *variant = &variants[i];
		struct scratch scratch;

		if (!scratch_has_program(variant->compiler)) {
			print_message("no %s here: %s not tried\n", variant->compiler,
				      variant->flags);
			continue;
		}
		print_message("%s %s %s\n", variant->compiler, variant->flags,
			      variant->then ? variant->then : "");
		scratch_make(&scratch);
		sample_compile(&scratch, variant->compiler, variant->flags);
		if (variant->then)
			scratch_run(&scratch, "%s", variant->then);
		sample_check(&scratch, "program", &dwarf_section);
		if (!strstr(variant->flags, "-flto"))
			check_hints(&scratch, "program");
		scratch_remove(&scratch);
	}
	(void)state;
}

/* Asked alone, a name that two units define for themselves goes to whichever has what is asked. */
static void takes_the_definition_with_the_members(void **state)
{
	static const char *const names[] = {"own", "before"};
	struct scratch scratch;
	struct elf_file *elf;
	struct type_source *types;

	(void)state;
	scratch_make(&scratch);
	sample_compile(&scratch, "gcc", "-gdwarf-5");
	sample_open(&scratch, "program", &dwarf_section, &elf, &types);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct lookup rows[] = {
			{.kind = LOOKUP_MEMBER, .type = "struct cousin", .name = "shared"},
			{.kind = LOOKUP_MEMBER, .type = "struct cousin", .name = names[i]},
		};
		assert_ok(sample_ask(types, rows, ARRAY_SIZE(rows)));
		assert_int_equal(rows[1].state, LOOKUP_FOUND);
		assert_int_equal(rows[0].value, 8);
	}
	dwarf_types.close(types);
	elf_file_close(elf);
	scratch_remove(&scratch);
}

static void finds_symbols(void **state)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "only_global"},
		{.kind = LOOKUP_SYMBOL, .name = "global_and_static"},
		{.kind = LOOKUP_SYMBOL, .name = "twice_static"},
		{.kind = LOOKUP_SYMBOL, .name = "only_globa"},
		{.kind = LOOKUP_SYMBOL, .name = "printf"},
		{.kind = LOOKUP_SYMBOL, .name = "other.c"},
		{.kind = LOOKUP_SYMBOL, .name = "only_global"},
		{.kind = LOOKUP_SIZE, .type = "struct twin"},
	};
	static const enum lookup_state wanted[] = {
		LOOKUP_FOUND,  LOOKUP_FOUND,  LOOKUP_AMBIGUOUS, LOOKUP_ABSENT,
		LOOKUP_ABSENT, LOOKUP_ABSENT, LOOKUP_FOUND,     LOOKUP_UNANSWERED,
	};
	struct scratch scratch;
	struct elf_file *elf;
	size_t length;

	(void)state;
	scratch_make(&scratch);
	sample_compile(&scratch, "gcc", "-g");
	scratch_run(&scratch, "nm program | grep -E ' D (only_global|global_and_static)$' | "
			      "sort -k3 | cut -d' ' -f1 > nm");
	_cleanup_(freep) char *nm = scratch_read(&scratch, "nm", &length);
	_cleanup_(freep) char *path = scratch_path(&scratch, "program");
	assert_ok(elf_file_open(&quiet_spec, path, &elf));
	assert_ok(elf_symbols_lookup(elf, rows, ARRAY_SIZE(rows)));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(rows[i].state, wanted[i]);
	char *second = strchr(nm, '\n') + 1;
	assert_true(rows[1].value == strtoull(nm, NULL, 16));
	assert_true(rows[0].value == strtoull(second, NULL, 16));
	assert_true(rows[6].value == rows[0].value);
	elf_file_close(elf);
	scratch_remove(&scratch);
}

/* Whatever is done to it: an answer or an error, in bounded time. */
static void survives_damage(void **state)
{
	_cleanup_(layout_file_freep) struct layout_file truth = {0};
	struct scratch scratch;
	struct elf_file *elf;
	struct span info, abbreviations;
	size_t length, refused = 0;
	uint32_t random = 1;

	(void)state;
	scratch_make(&scratch);
	sample_compile(&scratch, "gcc", "-gdwarf-5");
	sample_truth(&scratch, &truth);
	_cleanup_(freep) char *path = scratch_path(&scratch, "program");
	_cleanup_(freep) char *bytes = scratch_read(&scratch, "program", &length);
	_cleanup_(freep) char *damaged = malloc(length);
	assert_non_null(damaged);
	assert_ok(elf_file_open(&quiet_spec, path, &elf));
	assert_ok(elf_file_section(elf, ".debug_info", &info));
	assert_ok(elf_file_section(elf, ".debug_abbrev", &abbreviations));
	const char *starts[] = {memmem(bytes, length, info.at, info.n),
				memmem(bytes, length, abbreviations.at, abbreviations.n)};
	size_t sizes[] = {info.n, abbreviations.n};
	elf_file_close(elf);
	for (unsigned round = 0; round < 400; round++) {
		memcpy(damaged, bytes, length);
		for (unsigned i = 0; i <= round % 4; i++) {
			random = random * 1664525 + 1013904223;
			size_t which = round / 4 % 2, at = (random >> 8) % sizes[which];
			damaged[starts[which] - bytes + at] = random >> 24;
		}
		scratch_write(&scratch, "damaged", damaged, length);
		struct type_source *types;
		sample_open(&scratch, "damaged", &dwarf_section, &elf, &types);
		struct error *err = sample_ask(types, truth.at, truth.n);
		refused += !!err;
		error_free(err);
		dwarf_types.close(types);
		elf_file_close(elf);
	}
	assert_in_range(refused, 20, 399);
	scratch_remove(&scratch);
}

/* Cut off anywhere, from the ELF header on. */
static void refuses_cut_off_files(void **state)
{
	static const struct lookup asked = {
		.kind = LOOKUP_MEMBER, .type = "struct everything", .name = "tree.count.counter"};
	struct scratch scratch;
	size_t length, answered = 0;

	(void)state;
	scratch_make(&scratch);
	sample_compile(&scratch, "gcc", "-gdwarf-5");
	_cleanup_(freep) char *bytes = scratch_read(&scratch, "program", &length);
	_cleanup_(freep) char *path = scratch_path(&scratch, "cut");
	for (size_t size = 0; size < length; size += 997) {
		struct lookup row = asked;
		struct elf_file *elf;
		struct type_source *types = NULL;
		scratch_write(&scratch, "cut", bytes, size);
		struct error *err = elf_file_open(&quiet_spec, path, &elf);
		if (err) {
			error_free(err);
			continue;
		}
		if (elf_file_has_section(elf, dwarf_section.name))
			err = dwarf_section.open(&quiet_spec, elf, &types);
		if (!err && types)
			err = sample_ask(types, &row, 1);
		answered += !err && row.state == LOOKUP_FOUND;
		error_free(err);
		if (types)
			dwarf_types.close(types);
		elf_file_close(elf);
	}
	assert_int_equal(answered, 0);
	scratch_remove(&scratch);
}

/* A unit of blocks within blocks, entries in the innermost, none of which says where its sibling is;
 * behind them a structure, whose name is as short as those that compilers put there. */
static const char blocks[] =
	".section .debug_abbrev\n"
	".byte 1, 0x11, 1, 3, 8, 0, 0\n"           /* unit: name */
	".byte 2, 0x0b, 1, 0, 0\n"                 /* block, with children */
	".byte 3, 0x34, 0, 0, 0\n"                 /* variable */
	".byte 4, 0x13, 0, 3, 8, 0xb, 0xb, 0, 0\n" /* structure: name, size */
	".byte 0\n"
	".section .debug_info\n"
	".long end - start\n"
	"start: .value 4\n"
	".long 0\n"
	".byte 8, 1\n"
	".asciz \"unit.c\"\n"
	".fill DEPTH, 1, 2\n"
	".fill VARIABLES, 1, 3\n"
	".fill DEPTH, 1, 0\n"
	".byte 4\n"
	".asciz \"key\"\n"
	".byte 24, 0\n"
	"end:\n"
	".text\n"
	".globl _start\n"
	"_start: nop\n";

/* libdwarf goes through the variables once for each block: not for hours. */
static void bounds_what_lies_below(void **state)
{
	static const struct {
		unsigned depth, variables;
		const char *error; /* NULL: answered */
	} cases[] = {
		{1, 100000, NULL},
		{6, 100000, NULL},
		{12, 1, NULL},
		{200, 100000, "too many entries below entries"},
		{400, 1, "entries below entries without end"},
	};
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "blocks.s", blocks, strlen(blocks));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lookup row = {.kind = LOOKUP_SIZE, .type = "struct key"};
		struct elf_file *elf;
		struct type_source *types;

		scratch_run(&scratch,
			    "gcc -nostdlib -static -Wa,--defsym,DEPTH=%u,--defsym,VARIABLES=%u "
			    "-o program blocks.s",
			    cases[i].depth, cases[i].variables);
		sample_open(&scratch, "program", &dwarf_section, &elf, &types);
		struct error *err = sample_ask(types, &row, 1);
		if (cases[i].error) {
			assert_non_null(err);
			assert_non_null(strstr(error_message(err), cases[i].error));
		} else {
			assert_ok(err);
			assert_int_equal(row.state, LOOKUP_FOUND);
			assert_int_equal(row.value, 24);
		}
		error_free(err);
		dwarf_types.close(types);
		elf_file_close(elf);
	}
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_compiler),
		cmocka_unit_test(takes_the_definition_with_the_members),
		cmocka_unit_test(finds_symbols),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_cut_off_files),
		cmocka_unit_test(bounds_what_lies_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
