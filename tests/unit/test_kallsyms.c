/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols from the tables in a kernel's memory: every layout that kernels have had, built here as
 * scripts/kallsyms.c lays them out, and damaged ones. With a dump and its vmlinux as arguments it
 * compares all symbols of the two instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "blob.h"
#include "target/kallsyms.h"
#include "target/memory.h"
#include "target/symbols.h"
#include "target/x86_64.h"

#define KASLR UINT64_C(0x13c00000)
#define TEXT (START_KERNEL_MAP + 0x1000000)
#define RODATA (TEXT + 0x90000) /* behind a hole */
#define DATA (TEXT + 0x200000)

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

/* A kernel's memory: text, a hole, and read-only data with the tables in it. */
struct fake {
	struct target target;
	struct blob text, rodata;
	char vmcoreinfo[16][2][64];
	size_t n_vmcoreinfo;
};

static struct error *fake_read(struct target *target, enum space space, uint64_t address, void *buf,
			       size_t len)
{
	struct fake *fake = container_of(target, struct fake, target);
	const struct {
		uint64_t start;
		const struct blob *blob;
	} parts[] = {{TEXT + KASLR, &fake->text}, {RODATA + KASLR, &fake->rodata}};

	assert_int_equal(space, SPACE_VIRT);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (address < parts[i].start ||
		    !range_within(address - parts[i].start, len, parts[i].blob->n))
			continue;
		memcpy(buf, parts[i].blob->at + (address - parts[i].start), len);
		return NULL;
	}
	return error_new(ERROR_FAULT, "nothing at 0x%jx", (uintmax_t)address);
}

static const char *fake_vmcoreinfo(struct target *target, const char *key)
{
	struct fake *fake = container_of(target, struct fake, target);

	for (size_t i = 0; i < fake->n_vmcoreinfo; i++)
		if (!strcmp(fake->vmcoreinfo[i][0], key))
			return fake->vmcoreinfo[i][1];
	return NULL;
}

static const struct target_ops fake_ops = {
	.kind = "fake",
	.read = fake_read,
	.vmcoreinfo = fake_vmcoreinfo,
};

static void say_symbol(struct fake *fake, const char *name, uint64_t address)
{
	assert_true(fake->n_vmcoreinfo < ARRAY_SIZE(fake->vmcoreinfo));
	char (*line)[64] = fake->vmcoreinfo[fake->n_vmcoreinfo++];

	snprintf(line[0], sizeof(line[0]), "SYMBOL(%s)", name);
	snprintf(line[1], sizeof(line[1]), "%jx", (uintmax_t)address);
}

static void fake_free(struct fake *fake)
{
	blob_free(&fake->text);
	blob_free(&fake->rodata);
	free(fake);
}

/* The layouts. */

enum scheme { IN_FULL, BELOW_BASE, ABOVE_BASE, FROM_PLACE };

static const struct layout {
	const char *kernels;
	enum scheme scheme;
	bool tokens_first;   /* offsets come last, since 6.4 */
	unsigned alignment;  /* of each table */
	unsigned marker;     /* bytes */
	bool in_vmcoreinfo;  /* else they have to be searched for */
	bool long_names;     /* of two length bytes */
	bool per_cpu;        /* absolute ones */
} layouts[] = {
	{"before 4.6", IN_FULL, false, 8, 8, false, false, true},
	{"4.6 to 4.19", BELOW_BASE, false, 8, 8, false, false, true},
	{"4.20 to 5.19", BELOW_BASE, false, 8, 4, false, false, true},
	{"6.0, without KALLSYMS_BASE_RELATIVE", IN_FULL, false, 8, 4, true, false, true},
	{"6.1 to 6.3", BELOW_BASE, false, 8, 4, true, true, true},
	{"6.4 to 6.14", BELOW_BASE, true, 8, 4, true, true, true},
	{"6.15 to 6.19", ABOVE_BASE, true, 8, 4, true, true, false},
	{"7.0", FROM_PLACE, true, 4, 4, true, true, false},
};

struct symbol {
	char name[256]; /* with its type in front */
	uint64_t address;
};

#define N_PER_CPU 300
#define N_FUNCTIONS 1400

struct symbols {
	struct symbol at[N_PER_CPU + N_FUNCTIONS + 32];
	size_t n;
};

static void add(struct symbols *symbols, uint64_t address, const char *fmt, ...)
{
	struct symbol *added = &symbols->at[symbols->n++];
	va_list ap;

	assert_true(symbols->n <= ARRAY_SIZE(symbols->at));
	va_start(ap, fmt);
	vsnprintf(added->name, sizeof(added->name), fmt, ap);
	va_end(ap);
	added->address = address;
}

/* By address, as a kernel has them; addresses with KASLR. */
static struct symbols *make_symbols(const struct layout *layout)
{
	struct symbols *s = calloc(1, sizeof(*s));
	char letters[200];

	assert_non_null(s);
	for (unsigned i = 0; layout->per_cpu && i < N_PER_CPU; i++)
		add(s, UINT64_C(64) * i, "A__per_cpu_%u", i);
	add(s, TEXT + KASLR, "T_text");
	add(s, TEXT + KASLR, "T_stext");
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		add(s, TEXT + KASLR + 16 * (i + 1), "%ciommu_func_%x", i % 3 ? 't' : 'T', i * 7);
	add(s, RODATA + KASLR + 0x100, "tstatic_twice");
	add(s, RODATA + KASLR + 0x200, "tstatic_twice");
	add(s, RODATA + KASLR + 0x300, "dboth");
	add(s, RODATA + KASLR + 0x400, "Dboth");
	add(s, RODATA + KASLR + 0x500, "bsame_place");
	add(s, RODATA + KASLR + 0x500, "bsame_place");
	add(s, RODATA + KASLR + 0x600, "dq");
	memset(letters, 'L', sizeof(letters));
	if (layout->long_names)
		add(s, RODATA + KASLR + 0x700, "t%.*s", (int)sizeof(letters), letters);
	add(s, RODATA + KASLR + 0x900, "R__start_BTF");
	add(s, RODATA + KASLR + 0x980, "R__stop_BTF");
	add(s, DATA + KASLR, "Dinit_uts_ns");
	add(s, TEXT + KASLR + 0x40000000, "B_end");
	return s;
}

/* Tokens: a character stands for itself, and some longer ones in places that names leave free. */

static const char *const long_tokens[] = {"iommu_func_", "_func", "Tiommu_func_", "__per_cpu_"};
#define FIRST_LONG 200

static const char *token_text(unsigned token, char buf[2])
{
	if (token >= FIRST_LONG && token - FIRST_LONG < ARRAY_SIZE(long_tokens))
		return long_tokens[token - FIRST_LONG];
	buf[0] = token > ' ' && token < 0x7f ? token : 'x';
	buf[1] = '\0';
	return buf;
}

static size_t tokenize(const char *text, uint8_t *tokens)
{
	size_t n = 0;

	while (*text) {
		unsigned token = (unsigned char)*text;
		size_t length = 1;
		for (unsigned i = 0; i < ARRAY_SIZE(long_tokens); i++) {
			size_t its = strlen(long_tokens[i]);
			if (its > length && !strncmp(text, long_tokens[i], its)) {
				token = FIRST_LONG + i;
				length = its;
			}
		}
		tokens[n++] = token;
		text += length;
	}
	return n;
}

struct builder {
	struct fake *fake;
	const struct layout *layout;
	const struct symbols *symbols;
	struct blob names, markers;
};

static void build_names(struct builder *b)
{
	for (size_t i = 0; i < b->symbols->n; i++) {
		uint8_t tokens[256];
		size_t n = tokenize(b->symbols->at[i].name, tokens);

		if (i % 256 == 0)
			blob_le(&b->markers, b->markers.n, b->names.n, b->layout->marker);
		if (n > 0x7f)
			blob_le(&b->names, b->names.n, (n & 0x7f) | 0x80 | n >> 7 << 8, 2);
		else
			blob_le(&b->names, b->names.n, n, 1);
		blob_put(&b->names, b->names.n, tokens, n);
	}
}

/* Begins a table behind what is there, and says where it is if such kernels do. */
static size_t begin(struct builder *b, const char *label)
{
	struct blob *rodata = &b->fake->rodata;

	while (rodata->n % b->layout->alignment)
		blob_le(rodata, rodata->n, 0, 1);
	if (b->layout->in_vmcoreinfo)
		say_symbol(b->fake, label, RODATA + KASLR + rodata->n);
	return rodata->n;
}

static void put_offsets(struct builder *b)
{
	struct blob *rodata = &b->fake->rodata;
	uint64_t base = TEXT + KASLR;
	bool in_full = b->layout->scheme == IN_FULL;

	size_t at = begin(b, in_full ? "kallsyms_addresses" : "kallsyms_offsets");
	for (size_t i = 0; i < b->symbols->n; i++) {
		uint64_t address = b->symbols->at[i].address;
		uint64_t values[] = {
			[IN_FULL] = address,
			[BELOW_BASE] = address < base ? address : base - 1 - address,
			[ABOVE_BASE] = address - base,
			[FROM_PLACE] = address - (RODATA + KASLR + at + 4 * i),
		};
		blob_le(rodata, rodata->n, values[b->layout->scheme], in_full ? 8 : 4);
	}
	if (b->layout->scheme == BELOW_BASE || b->layout->scheme == ABOVE_BASE) {
		begin(b, "kallsyms_relative_base");
		blob_le(rodata, rodata->n, base, 8);
	}
}

static void put_names(struct builder *b)
{
	struct blob *rodata = &b->fake->rodata;

	begin(b, "kallsyms_num_syms");
	blob_le(rodata, rodata->n, b->symbols->n, 4);
	size_t at = begin(b, "kallsyms_names");
	blob_put(rodata, at, b->names.at, b->names.n);
	at = (rodata->n + 7) & ~(size_t)7;
	blob_put(rodata, at, b->markers.at, b->markers.n);
}

static void put_tokens(struct builder *b)
{
	struct blob *rodata = &b->fake->rodata;
	uint16_t starts[256];
	size_t at = begin(b, "kallsyms_token_table");

	for (unsigned i = 0; i < 256; i++) {
		char buf[2];
		const char *text = token_text(i, buf);
		starts[i] = rodata->n - at;
		blob_put(rodata, rodata->n, text, strlen(text) + 1);
	}
	begin(b, "kallsyms_token_index");
	for (unsigned i = 0; i < 256; i++)
		blob_le(rodata, rodata->n, starts[i], 2);
}

static struct fake *make_fake(const struct layout *layout, const struct symbols *symbols)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	struct builder b = {.fake = fake, .layout = layout, .symbols = symbols};

	assert_non_null(fake);
	fake->target.ops = &fake_ops;
	blob_fill(&fake->text, 0, 0xcc, 3 * PAGE_SIZE);
	/* Digits that are no tokens, and bytes that lie where a table might begin. */
	blob_put(&fake->rodata, 0x1000, "0\0001\0002\0003\0004\0005\0006\0007\0008\0009", 20);
	blob_fill(&fake->rodata, 0x2000, 0x5a, 0x1003);
	say_symbol(fake, "_stext", TEXT + KASLR);
	say_symbol(fake, "init_uts_ns", DATA + KASLR);
	build_names(&b);
	if (!layout->tokens_first)
		put_offsets(&b);
	put_names(&b);
	put_tokens(&b);
	if (layout->tokens_first)
		put_offsets(&b);
	blob_free(&b.names);
	blob_free(&b.markers);
	/* The last page is a whole one. */
	blob_fill(&fake->rodata, fake->rodata.n, 0, -fake->rodata.n & (PAGE_SIZE - 1));
	return fake;
}

/* Asking. */

static const struct target_spec quiet;

static struct error *ask(struct symbol_table *table, struct lookup *rows, size_t n)
{
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};
	struct error *err = symbol_batch_init(&batch, n);

	if (err)
		return err;
	symbol_batch_add(&batch, rows, n);
	return table->ops->lookup(table, &batch);
}

static uint64_t link_address(uint64_t address)
{
	return address < START_KERNEL_MAP ? address : address - KASLR;
}

static void assert_row(const char *kernels, const struct lookup *row, enum lookup_state state,
		       uint64_t value)
{
	if (row->state != state || (state == LOOKUP_FOUND && row->value != value))
		fail_msg("%s: %s is %d 0x%jx and not %d 0x%jx", kernels, row->name, row->state,
			 (uintmax_t)row->value, state, (uintmax_t)value);
}

/* All names, asked at once. */
static void check_layout(const struct layout *layout)
{
	_cleanup_(freep) struct symbols *symbols = make_symbols(layout);
	struct fake *fake = make_fake(layout, symbols);
	_cleanup_(freep) struct lookup *rows = calloc(symbols->n + 1, sizeof(*rows));
	struct symbol_table *table;

	assert_ok(kallsyms_open(&quiet, &fake->target, KASLR, &table));
	for (size_t i = 0; i < symbols->n; i++)
		rows[i] = (struct lookup){.kind = LOOKUP_SYMBOL, .name = symbols->at[i].name + 1};
	rows[symbols->n] = (struct lookup){.kind = LOOKUP_SYMBOL, .name = "iommu_func_nowhere"};
	assert_ok(ask(table, rows, symbols->n + 1));
	for (size_t i = 0; i < symbols->n; i++) {
		const char *name = rows[i].name;
		uint64_t address = link_address(symbols->at[i].address);

		if (!strcmp(name, "static_twice"))
			assert_row(layout->kernels, &rows[i], LOOKUP_AMBIGUOUS, 0);
		else if (!strcmp(name, "both")) /* the global one */
			assert_row(layout->kernels, &rows[i], LOOKUP_FOUND, RODATA + 0x400);
		else
			assert_row(layout->kernels, &rows[i], LOOKUP_FOUND, address);
	}
	assert_row(layout->kernels, &rows[symbols->n], LOOKUP_ABSENT, 0);
	table->ops->close(table);
	fake_free(fake);
}

static void reads_every_layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		check_layout(&layouts[i]);
}

/* Damage. */

static struct error *open_and_ask(struct fake *fake)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "_end"},
		{.kind = LOOKUP_SYMBOL, .name = "iommu_func_0"},
	};
	struct symbol_table *table;
	struct error *err = kallsyms_open(&quiet, &fake->target, KASLR, &table);

	if (err)
		return err;
	err = ask(table, rows, ARRAY_SIZE(rows));
	table->ops->close(table);
	return err;
}

static uint64_t told(const struct fake *fake, const char *name)
{
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	for (size_t i = 0; i < fake->n_vmcoreinfo; i++)
		if (!strcmp(fake->vmcoreinfo[i][0], key))
			return strtoull(fake->vmcoreinfo[i][1], NULL, 16);
	fail_msg("VMCOREINFO lacks %s", key);
	return 0;
}

/* Writes over a table, asks, and puts it right again. */
static void check_damage(struct fake *fake, const char *table, size_t offset, uint64_t value,
			 unsigned size, const char *phrase)
{
	size_t at = told(fake, table) - (RODATA + KASLR) + offset;
	uint64_t before = get_le(fake->rodata.at + at, size);

	blob_le(&fake->rodata, at, value, size);
	assert_says(open_and_ask(fake), phrase);
	blob_le(&fake->rodata, at, before, size);
	assert_ok(open_and_ask(fake));
}

static void refuses_damaged_tables(void **state)
{
	const struct layout *layout = &layouts[5];
	_cleanup_(freep) struct symbols *symbols = make_symbols(layout);
	struct fake *fake = make_fake(layout, symbols);

	(void)state;
	assert_string_equal(layout->kernels, "6.4 to 6.14");
	assert_ok(open_and_ask(fake));
	check_damage(fake, "kallsyms_num_syms", 0, 0, 4, "not credible");
	check_damage(fake, "kallsyms_num_syms", 0, UINT32_MAX, 4, "not credible");
	check_damage(fake, "kallsyms_token_index", 2, 0xffff, 2, "outside");
	check_damage(fake, "kallsyms_relative_base", 0, TEXT, 8, "_stext");
	/* More names than there are: they run out of the memory that is there. */
	check_damage(fake, "kallsyms_num_syms", 0, 1 << 21, 4, "nothing at");
	fake_free(fake);
}

/* Whatever is in the tables, reading them ends, within their memory (sanitizers look on). */
static void survives_any_bytes(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		_cleanup_(freep) struct symbols *symbols = make_symbols(&layouts[i]);
		for (unsigned round = 0; round < 36; round++) {
			struct fake *fake = make_fake(&layouts[i], symbols);
			for (unsigned k = 0; k < 1u << round % 12; k++) {
				random = random * UINT64_C(6364136223846793005) + 1;
				size_t at = 0x3000 + (random >> 33) % (fake->rodata.n - 0x3000);
				blob_le(&fake->rodata, at, random >> 20, 1);
			}
			error_free(open_and_ask(fake));
			fake_free(fake);
		}
	}
}

/* As the source of a session's symbols. */

static struct error *ask_source(struct fake *fake, bool no_symbols, struct lookup *rows, size_t n)
{
	const struct target_spec spec = {.no_symbols = no_symbols, .no_cache = true};
	const struct own_symbols own = {.target = &fake->target, .kaslr_offset = KASLR};
	struct symbol_source *source;
	struct error *err = symbol_source_open(&spec, NULL, "5.10.0-9-amd64", &own, &source);

	if (err)
		return err;
	err = symbol_source_lookup(source, rows, n);
	if (!err)
		assert_string_equal(symbol_source_facts(source).symbols, "kallsyms");
	symbol_source_close(source);
	return err;
}

static void says_when_there_are_none(void **state)
{
	const struct layout *layout = &layouts[2];
	_cleanup_(freep) struct symbols *symbols = make_symbols(layout);
	struct fake *fake = make_fake(layout, symbols);
	static const char digits[] = "0\0001\0002\0003\0004";
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = "both"};

	(void)state;
	assert_ok(open_and_ask(fake));
	uint8_t *at = memmem(fake->rodata.at + 0x2000, fake->rodata.n - 0x2000, digits,
			     sizeof(digits));
	assert_non_null(at);
	*at = 'z';
	assert_says(open_and_ask(fake), "kallsyms");
	fake->n_vmcoreinfo = 0;
	assert_says(open_and_ask(fake), "VMCOREINFO");
	/* To the user: what was tried, and what to install. */
	assert_says(ask_source(fake, true, &row, 1), "--no-symbols");
	assert_says(ask_source(fake, false, &row, 1), "no vmlinux of Linux 5.10.0-9-amd64");
	assert_says(ask_source(fake, false, &row, 1), "linux-image-5.10.0-9-amd64-dbg");
	assert_says(ask_source(fake, false, &row, 1), "no VMCOREINFO says");
	fake_free(fake);
}

/* One struct: "struct s { int a; }". */
static void put_btf(struct fake *fake)
{
	static const uint32_t words[] = {
		0x0001eb9f, 24, 0, 16 + 24, 16 + 24, 9,
		1, 1 << 24, 4, 1 << 24 | 32,  /* int */
		5, 4 << 24 | 1, 4, 7, 1, 0, /* s, a */
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		blob_le(&fake->rodata, 0x900 + 4 * i, words[i], 4);
	blob_put(&fake->rodata, 0x900 + sizeof(words), "\0int\0s\0a", 9);
}

static void serves_a_session(void **state)
{
	const struct layout *layout = &layouts[6];
	_cleanup_(freep) struct symbols *symbols = make_symbols(layout);
	struct fake *fake = make_fake(layout, symbols);
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "both"},
		{.kind = LOOKUP_MEMBER, .type = "struct s", .name = "a"},
		{.kind = LOOKUP_SIZE, .type = "struct t"},
	};

	(void)state;
	assert_says(ask_source(fake, true, rows, 3), "BTF");
	put_btf(fake);
	/* No vmlinux is found: the same. */
	assert_ok(ask_source(fake, false, rows, 3));
	assert_ok(ask_source(fake, true, rows, 3));
	assert_row("", &rows[0], LOOKUP_FOUND, RODATA + 0x400);
	assert_row("", &rows[1], LOOKUP_FOUND, 0);
	assert_int_equal(rows[1].size, 4);
	assert_row("", &rows[2], LOOKUP_ABSENT, 0);
	fake_free(fake);
}

static void tells_tables_of_functions_only(void **state)
{
	const struct layout *layout = &layouts[4];
	_cleanup_(freep) struct symbols *symbols = make_symbols(layout);
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = "both"};

	(void)state;
	for (size_t i = 0; i < symbols->n; i++)
		if (!strcmp(symbols->at[i].name, "Dinit_uts_ns"))
			symbols->at[i].name[1] = 'j';
	struct fake *fake = make_fake(layout, symbols);
	assert_says(ask_source(fake, true, &row, 1), "CONFIG_KALLSYMS_ALL");
	fake_free(fake);
}

/* test_kallsyms CORE VMLINUX: for each name on standard input what the kernel's own table and its
 * vmlinux say of it, where that differs. */

static struct error *compare(const char *core, const char *vmlinux)
{
	static const char *const states[] = {"unanswered", "found", "absent", "ambiguous"};
	const char *const cores[] = {core};
	struct target_spec own = {.cores = cores, .n_cores = 1, .no_symbols = true};
	struct target_spec elf = {
		.cores = cores, .n_cores = 1, .symbols = vmlinux, .no_cache = true};
	const struct target_spec *specs[] = {&own, &elf};
	struct lookup *rows[2] = {0};
	struct error *err = NULL;
	size_t n = 0, room = 1 << 20, differences = 0, found = 0;
	char *line = NULL;
	size_t line_room = 0;

	rows[0] = calloc(room, sizeof(**rows));
	rows[1] = calloc(room, sizeof(**rows));
	while (rows[0] && rows[1] && n < room && getline(&line, &line_room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rows[0][n] = (struct lookup){.kind = LOOKUP_SYMBOL, .name = strdup(line)};
		rows[1][n] = rows[0][n];
		n++;
	}
	for (unsigned i = 0; i < 2 && !err; i++) {
		struct target *target;
		err = target_open(specs[i], &target);
		if (!err)
			err = target_lookup(target, rows[i], n);
		if (!err)
			target_close(target);
	}
	for (size_t i = 0; i < n && !err; i++) {
		found += rows[0][i].state == LOOKUP_FOUND;
		if (rows[0][i].state == rows[1][i].state &&
		    (rows[0][i].state != LOOKUP_FOUND || rows[0][i].value == rows[1][i].value))
			continue;
		printf("%s: %s 0x%jx, in vmlinux %s 0x%jx\n", rows[0][i].name,
		       states[rows[0][i].state], (uintmax_t)rows[0][i].value,
		       states[rows[1][i].state], (uintmax_t)rows[1][i].value);
		differences++;
	}
	printf("%zu names, %zu found, %zu differ\n", n, found, differences);
	return err;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_layout),
		cmocka_unit_test(refuses_damaged_tables),
		cmocka_unit_test(survives_any_bytes),
		cmocka_unit_test(says_when_there_are_none),
		cmocka_unit_test(serves_a_session),
		cmocka_unit_test(tells_tables_of_functions_only),
	};

	if (argc == 3) {
		struct error *err = compare(argv[1], argv[2]);
		if (err)
			printf("%s\n", error_message(err));
		return err != NULL;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
