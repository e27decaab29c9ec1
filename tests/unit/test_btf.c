/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types from BTF: as pahole writes it, against what the compiler says; every kind and form, and
 * hostile ones, laid out here. With a vmlinux as argument it compares what its BTF and its DWARF
 * say of every row of the need table instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "amd/driver.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "blob.h"
#include "kernel/kernel.h"
#include "sample.h"
#include "target/btf.h"
#include "target/btf_types.h"

static const struct target_spec quiet_spec;

static void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

static void assert_says(struct error *err, const char *phrase)
{
	assert_non_null(err);
	if (!strstr(error_message(err), phrase))
		fail_msg("\"%s\" is not in: %s", phrase, error_message(err));
	error_free(err);
}

static void agrees_with_the_compiler(void **state)
{
	static const char *const flags[] = {"-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -O2"};

	(void)state;
	if (!scratch_has_program("pahole"))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct scratch scratch;
		scratch_make(&scratch);
		sample_compile(&scratch, "gcc", flags[i]);
		scratch_run(&scratch, "LLVM_OBJCOPY=objcopy pahole -J program");
		sample_check(&scratch, "program", &btf_section);
		scratch_remove(&scratch);
	}
}

/* Laying out. */

struct builder {
	struct blob types, strings, layouts;
	uint32_t n_types;
};

static uint32_t put_string(struct builder *b, const char *text)
{
	uint32_t at = b->strings.n ? b->strings.n : 1;

	if (!*text)
		return 0;
	blob_put(&b->strings, at, text, strlen(text) + 1);
	return at;
}

static void put_words(struct builder *b, size_t n, ...)
{
	va_list ap;

	va_start(ap, n);
	for (size_t i = 0; i < n; i++)
		blob_le(&b->types, b->types.n, va_arg(ap, uint32_t), 4);
	va_end(ap);
}

#define FLAG UINT32_C(0x80000000)

/* Returns its number. n: members, ORed with FLAG. */
static uint32_t put_type(struct builder *b, const char *name, enum btf_kind kind, uint32_t n,
			 uint32_t size)
{
	put_words(b, 3, put_string(b, name), (uint32_t)kind << 24 | n, size);
	return ++b->n_types;
}

static uint32_t put_int(struct builder *b, const char *name, uint32_t bytes, uint32_t first,
			uint32_t width)
{
	uint32_t number = put_type(b, name, BTF_INT, 0, bytes);

	put_words(b, 1, first << 16 | width);
	return number;
}

static uint32_t put_array(struct builder *b, uint32_t element, uint32_t n)
{
	uint32_t number = put_type(b, "", BTF_ARRAY, 0, 0);

	put_words(b, 3, element, 1, n);
	return number;
}

static void put_member(struct builder *b, const char *name, uint32_t type, uint32_t place)
{
	put_words(b, 3, put_string(b, name), type, place);
}

#define HEADER 24
#define HEADER_WITH_LAYOUT 32

static struct blob finish(struct builder *b)
{
	struct blob blob = {0};
	size_t header = b->layouts.n ? HEADER_WITH_LAYOUT : HEADER;

	blob_le(&b->strings, 0, 0, 1);
	blob_le(&blob, 0, 0xeb9f, 2);
	blob_le(&blob, 2, 1, 1);
	blob_le(&blob, 4, header, 4);
	blob_le(&blob, 12, b->types.n, 4);
	blob_le(&blob, 16, b->types.n + b->layouts.n, 4);
	blob_le(&blob, 20, b->strings.n, 4);
	if (b->layouts.n) {
		blob_le(&blob, 24, b->types.n, 4);
		blob_le(&blob, 28, b->layouts.n, 4);
		blob_put(&blob, header + b->types.n, b->layouts.at, b->layouts.n);
	}
	blob_put(&blob, header, b->types.at, b->types.n);
	blob_put(&blob, header + b->types.n + b->layouts.n, b->strings.at, b->strings.n);
	blob_free(&b->types);
	blob_free(&b->layouts);
	blob_free(&b->strings);
	return blob;
}

/* Asks a copy that ends where the blob does, so that sanitizers see a step beyond. */
static struct error *ask(const uint8_t *bytes, size_t n, struct lookup *rows, size_t n_rows)
{
	void *copy = malloc(n + !n);
	struct type_source *types;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	struct error *err = btf_types_open(&quiet_spec, copy, n, &types);
	if (err) {
		free(copy);
		return err;
	}
	err = sample_ask(types, rows, n_rows);
	types->ops->close(types);
	return err;
}

static struct lookup member(const char *type, const char *name)
{
	return (struct lookup){.kind = LOOKUP_MEMBER, .type = type, .name = name};
}

static struct lookup size_of(const char *type)
{
	return (struct lookup){.kind = LOOKUP_SIZE, .type = type};
}

static struct lookup enumerator(const char *type, const char *name)
{
	return (struct lookup){.kind = LOOKUP_ENUMERATOR, .type = type, .name = name};
}

/* What a row has to come to. */
struct expected {
	struct lookup row;
	enum lookup_state state;
	uint64_t value;
	uint32_t size;
	uint8_t bit_first, bit_width;
};

static void check_answers(struct builder *b, const struct expected *expected, size_t n)
{
	struct blob blob = finish(b);
	_cleanup_(freep) struct lookup *rows = calloc(n, sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		rows[i] = expected[i].row;
	assert_ok(ask(blob.at, blob.n, rows, n));
	for (size_t i = 0; i < n; i++) {
		const struct expected *e = &expected[i];
		if (rows[i].state != e->state ||
		    (e->state == LOOKUP_FOUND &&
		     (rows[i].value != e->value || rows[i].size != e->size ||
		      rows[i].bit_first != e->bit_first || rows[i].bit_width != e->bit_width)))
			fail_msg("%s.%s: state %d, 0x%jx:%u:%u:%u", rows[i].type, rows[i].name,
				 rows[i].state, (uintmax_t)rows[i].value, rows[i].size,
				 rows[i].bit_first, rows[i].bit_width);
	}
	blob_free(&blob);
}

/* Sorted as from Linux 7.0 on or not: a type may refer to later ones, and number 1 be anything. */
static void reads_every_kind(void **state)
{
	struct builder b = {0};

	(void)state;
	uint32_t inner = put_type(&b, "", BTF_STRUCT, 2, 16);
	put_member(&b, "deep", 4, 0);  /* number 4: long */
	put_member(&b, "array", 5, 64);
	uint32_t ptr = put_type(&b, "", BTF_PTR, 0, 0);
	uint32_t constant = put_type(&b, "", BTF_CONST, 0, inner);
	uint32_t number = put_int(&b, "long", 8, 0, 64);
	assert_int_equal(number, 4);
	uint32_t array = put_array(&b, 6, 2);
	assert_int_equal(put_int(&b, "int", 4, 0, 32), 6);
	assert_int_equal(array, 5);
	uint32_t tag = put_type(&b, "rcu", BTF_TYPE_TAG, 0, constant);
	uint32_t restricted = put_type(&b, "", BTF_RESTRICT, 0, tag);
	uint32_t flexible = put_array(&b, 6, 0);
	uint32_t square = put_array(&b, array, 3);
	uint32_t name = put_type(&b, "name_t", BTF_TYPEDEF, 0, restricted);
	uint32_t real = put_type(&b, "double", BTF_FLOAT, 0, 8);
	put_type(&b, "s", BTF_FWD, 0, 0);
	uint32_t s = put_type(&b, "s", BTF_STRUCT, 6, 128);
	put_member(&b, "first", ptr, 0);
	put_member(&b, "", constant, 64); /* anonymous, at 8 */
	put_member(&b, "named", name, 192);
	put_member(&b, "square", square, 320);
	put_member(&b, "real", real, 512);
	put_member(&b, "end", flexible, 1024);
	put_type(&b, "f", BTF_FUNC, 0, ptr);
	put_type(&b, "", BTF_FUNC_PROTO, 1, 0);
	put_words(&b, 2, 0u, 6u);
	put_type(&b, "v", BTF_VAR, 0, s);
	put_words(&b, 1, 1u);
	put_type(&b, ".data", BTF_DATASEC, 1, 4);
	put_words(&b, 3, 1u, 0u, 4u);
	put_type(&b, "note", BTF_DECL_TAG, 0, s);
	put_words(&b, 1, UINT32_MAX);
	put_type(&b, "u", BTF_UNION, 2, 8);
	put_member(&b, "whole", 4, 0);
	put_member(&b, "half", 6, 0);
	const struct expected expected[] = {
		{member("struct s", "first"), LOOKUP_FOUND, 0, 8},
		{member("struct s", "deep"), LOOKUP_FOUND, 8, 8},
		{member("struct s", "array"), LOOKUP_FOUND, 16, 8},
		{member("struct s", "named"), LOOKUP_FOUND, 24, 16},
		{member("struct s", "named.deep"), LOOKUP_FOUND, 24, 8},
		{member("struct s", "named.deep.er"), LOOKUP_ABSENT},
		{member("struct s", "square"), LOOKUP_FOUND, 40, 24},
		{member("struct s", "real"), LOOKUP_FOUND, 64, 8},
		{member("struct s", "end"), LOOKUP_FOUND, 128, 0},
		{member("struct s", "none"), LOOKUP_ABSENT},
		{size_of("struct s"), LOOKUP_FOUND, 128},
		{size_of("name_t"), LOOKUP_FOUND, 16},
		{member("name_t", "array"), LOOKUP_FOUND, 8, 8},
		{size_of("int"), LOOKUP_FOUND, 4},
		{size_of("double"), LOOKUP_FOUND, 8},
		{member("union u", "half"), LOOKUP_FOUND, 0, 4},
		{size_of("struct u"), LOOKUP_ABSENT},
		{size_of("union u"), LOOKUP_FOUND, 8},
	};
	check_answers(&b, expected, ARRAY_SIZE(expected));
}

static void reads_bit_fields(void **state)
{
	struct builder b = {0};

	(void)state;
	uint32_t word = put_int(&b, "int", 4, 0, 32);
	uint32_t five = put_int(&b, "int", 4, 0, 5);
	uint32_t six = put_int(&b, "int", 4, 3, 6); /* three bits in: the oldest form */
	put_type(&b, "flagged", BTF_STRUCT, 4 | FLAG, 16);
	put_member(&b, "plain", word, 0);
	put_member(&b, "one", word, 1u << 24 | 32);
	put_member(&b, "wide", word, 20u << 24 | 35);
	put_member(&b, "later", word, 96);
	put_type(&b, "old", BTF_STRUCT, 3, 8);
	put_member(&b, "plain", word, 0);
	put_member(&b, "five", five, 34);
	put_member(&b, "six", six, 39);
	uint32_t flagged = b.n_types - 1;
	put_type(&b, "outer", BTF_STRUCT, 1, 24);
	put_member(&b, "in", flagged, 64);
	const struct expected expected[] = {
		{member("struct flagged", "plain"), LOOKUP_FOUND, 0, 4},
		{member("struct flagged", "one"), LOOKUP_FOUND, 4, 1, 0, 1},
		{member("struct flagged", "wide"), LOOKUP_FOUND, 4, 4, 3, 20},
		{member("struct flagged", "later"), LOOKUP_FOUND, 12, 4},
		{member("struct old", "five"), LOOKUP_FOUND, 4, 1, 2, 5},
		{member("struct old", "six"), LOOKUP_FOUND, 5, 1, 2, 6},
		{member("struct outer", "in.wide"), LOOKUP_FOUND, 12, 4, 3, 20},
	};
	check_answers(&b, expected, ARRAY_SIZE(expected));
}

static void put_enum(struct builder *b, const char *name, uint32_t flag)
{
	put_type(b, name, BTF_ENUM, 2 | flag, 4);
	put_words(b, 4, put_string(b, flag ? "MINUS" : "PLUS"), UINT32_MAX,
		  put_string(b, flag ? "ONE" : "TWO"), flag ? 1u : 2u);
}

static void reads_enums(void **state)
{
	struct builder old = {0}, new = {0};

	(void)state;
	put_enum(&old, "e", 0);
	/* Before encoders marked signed enums, all were. */
	const struct expected in_old[] = {
		{enumerator("enum e", "PLUS"), LOOKUP_FOUND, UINT64_MAX},
		{enumerator(NULL, "TWO"), LOOKUP_FOUND, 2},
		{size_of("enum e"), LOOKUP_FOUND, 4},
	};
	check_answers(&old, in_old, ARRAY_SIZE(in_old));

	put_type(&new, "e", BTF_ENUM, 0, 4); /* a declaration */
	put_enum(&new, "e", 0);
	put_enum(&new, "", FLAG);
	put_type(&new, "wide", BTF_ENUM64, 1, 8);
	put_words(&new, 3, put_string(&new, "FAR"), 0x89abcdefu, 0x01234567u);
	const struct expected in_new[] = {
		{enumerator("enum e", "PLUS"), LOOKUP_FOUND, UINT32_MAX},
		{enumerator(NULL, "MINUS"), LOOKUP_FOUND, UINT64_MAX},
		{enumerator(NULL, "ONE"), LOOKUP_FOUND, 1},
		{enumerator("enum wide", "FAR"), LOOKUP_FOUND, UINT64_C(0x0123456789abcdef)},
		{enumerator(NULL, "FAR"), LOOKUP_FOUND, UINT64_C(0x0123456789abcdef)},
		{enumerator(NULL, "NEAR"), LOOKUP_ABSENT},
		{enumerator("enum wide", "PLUS"), LOOKUP_ABSENT},
	};
	check_answers(&new, in_new, ARRAY_SIZE(in_new));
}

/* Of several of one name, that with most of what is asked; of one kind only. */
static void chooses_among_namesakes(void **state)
{
	struct builder b = {0};

	(void)state;
	uint32_t word = put_int(&b, "int", 4, 0, 32);
	put_type(&b, "irte", BTF_UNION, 1, 4);
	put_member(&b, "val", word, 0);
	put_type(&b, "irte", BTF_STRUCT, 2, 8);
	put_member(&b, "val", word, 0);
	put_member(&b, "lo", word, 32);
	put_type(&b, "irte", BTF_STRUCT, 3, 16);
	put_member(&b, "val", word, 32);
	put_member(&b, "lo", word, 64);
	put_member(&b, "hi", word, 96);
	const struct expected expected[] = {
		{member("struct irte", "val"), LOOKUP_FOUND, 4, 4},
		{member("struct irte", "hi"), LOOKUP_FOUND, 12, 4},
		{member("struct irte", "other"), LOOKUP_ABSENT},
		{member("union irte", "val"), LOOKUP_FOUND, 0, 4},
	};
	check_answers(&b, expected, ARRAY_SIZE(expected));
}

/*
 * A kind of the future is stepped over where the blob says how (Linux 7.1), else it ends what is
 * read.
 */
static void steps_over_unknown_kinds(void **state)
{
	(void)state;
	for (unsigned with_layouts = 0; with_layouts < 2; with_layouts++) {
		struct builder b = {0};
		uint32_t word = put_int(&b, "int", 4, 0, 32);
		put_type(&b, "before", BTF_STRUCT, 1, 4);
		put_member(&b, "val", word, 0);
		put_type(&b, "future", 21, 3, 0);
		put_words(&b, 5, 1u, 2u, 3u, 4u, 5u); /* 8 bytes, and 4 each */
		put_type(&b, "after", BTF_STRUCT, 1, 4);
		put_member(&b, "val", word, 0);
		blob_le(&b.layouts, 21 * 4, 8 | 4 << 8, 4);
		if (!with_layouts)
			b.layouts.n = 0;
		const struct expected expected[] = {
			{member("struct before", "val"), LOOKUP_FOUND, 0, 4},
			{member("struct after", "val"),
			 with_layouts ? LOOKUP_FOUND : LOOKUP_ABSENT, 0, 4},
		};
		check_answers(&b, expected, ARRAY_SIZE(expected));
	}
}

/* More than 65535 members, as from Linux 7.1 on. */
static void reads_large_types(void **state)
{
	struct builder b = {0};
	uint32_t n = 70000;

	(void)state;
	put_type(&b, "large", BTF_ENUM, n, 4);
	uint32_t last = put_string(&b, "LAST");
	for (uint32_t i = 0; i < n; i++)
		put_words(&b, 2, i == n - 1 ? last : 0u, i);
	const struct expected expected[] = {
		{enumerator("enum large", "LAST"), LOOKUP_FOUND, 69999},
	};
	check_answers(&b, expected, ARRAY_SIZE(expected));
}

/* Hostile. */

static void ends_in_loops(void **state)
{
	struct builder b = {0};

	(void)state;
	put_type(&b, "a_t", BTF_TYPEDEF, 0, 2);
	put_type(&b, "b_t", BTF_TYPEDEF, 0, 1);
	put_array(&b, 3, 2); /* of itself */
	put_type(&b, "self", BTF_STRUCT, 2, 8);
	put_member(&b, "in", 1, 0);
	put_member(&b, "row", 3, 0);
	put_type(&b, "far", BTF_STRUCT, 1, 8);
	put_member(&b, "none", 12345, 0);
	put_array(&b, 6, UINT32_MAX);
	const struct expected expected[] = {
		{size_of("a_t"), LOOKUP_ABSENT},
		{member("struct self", "in.deeper"), LOOKUP_ABSENT},
		{member("struct self", "row.deeper"), LOOKUP_ABSENT},
		{member("struct far", "none"), LOOKUP_FOUND, 0, 0},
	};
	check_answers(&b, expected, ARRAY_SIZE(expected));
}

static void check_refused(struct builder *b, struct lookup row, const char *phrase)
{
	struct blob blob = finish(b);

	assert_says(ask(blob.at, blob.n, &row, 1), phrase);
	blob_free(&blob);
}

static void refuses_structs_without_end(void **state)
{
	struct builder nested = {0}, bomb = {0}, wide = {0};

	(void)state;
	put_type(&nested, "s", BTF_STRUCT, 1, 8);
	put_member(&nested, "", 1, 0); /* itself */
	check_refused(&nested, member("struct s", "m"), "without end");

	/* Each holds the next a thousand times: a few KB, and more members than atoms. */
	for (uint32_t i = 1; i <= 12; i++) {
		put_type(&bomb, "s", BTF_STRUCT, 1000, 8);
		for (unsigned k = 0; k < 1000; k++)
			put_member(&bomb, "", i + 1, 0);
	}
	check_refused(&bomb, member("struct s", "m"), "without end");

	put_array(&wide, 1, UINT32_MAX);
	put_type(&wide, "s", BTF_STRUCT, 1, 8);
	put_member(&wide, "m", 1, 0);
	check_refused(&wide, member("struct s", "m"), "too far out");
}

static struct blob small_blob(void)
{
	struct builder b = {0};
	uint32_t word = put_int(&b, "int", 4, 0, 32);

	put_type(&b, "in", BTF_STRUCT, 1 | FLAG, 4);
	put_member(&b, "bits", word, 3u << 24 | 5);
	put_type(&b, "s", BTF_STRUCT, 3, 40);
	put_member(&b, "m", word, 0);
	put_member(&b, "", 2, 32);
	put_member(&b, "list", 4, 64);
	put_array(&b, 2, 4);
	put_type(&b, "t", BTF_TYPEDEF, 0, 3);
	put_type(&b, "e", BTF_ENUM, 1, 4);
	put_words(&b, 2, put_string(&b, "E"), 7u);
	return finish(&b);
}

static struct error *ask_small(const uint8_t *bytes, size_t n)
{
	struct lookup rows[] = {
		member("struct s", "m"), member("struct s", "bits"),
		member("struct s", "list.bits"), member("t", "list"),
		size_of("t"), enumerator(NULL, "E"),
	};

	return ask(bytes, n, rows, ARRAY_SIZE(rows));
}

static void refuses_what_is_cut_off(void **state)
{
	struct blob blob = small_blob();

	(void)state;
	assert_ok(ask_small(blob.at, blob.n));
	for (size_t n = 0; n < blob.n; n++)
		assert_says(ask_small(blob.at, n), "BTF");
	blob_free(&blob);
}

static void survives_any_bytes(void **state)
{
	struct blob blob = small_blob();
	uint64_t random = 1;
	unsigned refused = 0, rounds = 4000;

	(void)state;
	for (unsigned round = 0; round < rounds; round++) {
		struct blob damaged = {0};
		blob_put(&damaged, 0, blob.at, blob.n);
		for (unsigned i = 0; i <= round % 5; i++) {
			random = random * UINT64_C(6364136223846793005) + 1;
			blob_le(&damaged, (random >> 33) % blob.n, random >> 20, 1);
		}
		struct error *err = ask_small(damaged.at, damaged.n);
		refused += !!err;
		error_free(err);
		blob_free(&damaged);
	}
	assert_in_range(refused, rounds / 20, rounds - rounds / 20);
	blob_free(&blob);
}

/* test_btf VMLINUX: both kinds of type information say the same of every row that is needed. */

static const struct need core_rows[] = {CORE_NEEDS(NEED_ROW)};
static const struct need amd_rows[] = {AMD_NEEDS(NEED_ROW)};

struct rows {
	struct lookup *at;
	size_t n, room;
};

static void add_row(struct rows *rows, const struct need *need, const char *name)
{
	struct lookup *added = vec_push(rows);

	assert_non_null(added);
	added->kind = need->kind;
	added->type = need->type;
	added->name = name;
}

static void add_needs(struct rows *rows, const struct need *needs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *rest = needs[i].names ? strdup(needs[i].names) : NULL;

		if (needs[i].kind == LOOKUP_SIZE)
			add_row(rows, &needs[i], NULL);
		else if (needs[i].kind != LOOKUP_SYMBOL)
			for (char *name; (name = strsep(&rest, "|"));)
				add_row(rows, &needs[i], name);
	}
}

static void add_all_needs(struct rows *rows)
{
	add_needs(rows, core_rows, ARRAY_SIZE(core_rows));
	add_needs(rows, amd_rows, ARRAY_SIZE(amd_rows));
	for (size_t i = 0; i < PART_N; i++)
		add_needs(rows, need_parts[i]->rows, need_parts[i]->n);
}

static struct error *ask_vmlinux(const char *path, const struct type_section *section,
				 struct lookup *rows, size_t n)
{
	struct elf_file *elf;
	struct type_source *types;
	struct error *err = elf_file_open(&quiet_spec, path, &elf);

	if (!err)
		err = section->open(&quiet_spec, elf, &types);
	if (!err)
		err = sample_ask(types, rows, n);
	if (err)
		return err;
	types->ops->close(types);
	elf_file_close(elf);
	return NULL;
}

static int compare(const char *path)
{
	struct rows btf = {0}, dwarf = {0};
	size_t found = 0, differences = 0;

	add_all_needs(&btf);
	add_all_needs(&dwarf);
	struct error *err = ask_vmlinux(path, &btf_section, btf.at, btf.n);
	if (!err)
		err = ask_vmlinux(path, &dwarf_section, dwarf.at, dwarf.n);
	if (err) {
		printf("%s\n", error_message(err));
		return 1;
	}
	for (size_t i = 0; i < btf.n; i++) {
		const struct lookup *b = &btf.at[i], *d = &dwarf.at[i];
		found += b->state == LOOKUP_FOUND;
		if (b->state == d->state &&
		    (b->state != LOOKUP_FOUND ||
		     (b->value == d->value && b->size == d->size && b->bit_first == d->bit_first &&
		      b->bit_width == d->bit_width)))
			continue;
		printf("%s.%s: BTF %d %ju:%u:%u:%u, DWARF %d %ju:%u:%u:%u\n",
		       b->type ? b->type : "", b->name ? b->name : "(size)", b->state, (uintmax_t)b->value, b->size,
		       b->bit_first, b->bit_width, d->state, (uintmax_t)d->value, d->size,
		       d->bit_first, d->bit_width);
		differences++;
	}
	printf("%zu rows, %zu found, %zu differ\n", btf.n, found, differences);
	return differences != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_compiler),
		cmocka_unit_test(reads_every_kind),
		cmocka_unit_test(reads_bit_fields),
		cmocka_unit_test(reads_enums),
		cmocka_unit_test(chooses_among_namesakes),
		cmocka_unit_test(steps_over_unknown_kinds),
		cmocka_unit_test(reads_large_types),
		cmocka_unit_test(ends_in_loops),
		cmocka_unit_test(refuses_structs_without_end),
		cmocka_unit_test(refuses_what_is_cut_off),
		cmocka_unit_test(survives_any_bytes),
	};

	if (argc == 2)
		return compare(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
