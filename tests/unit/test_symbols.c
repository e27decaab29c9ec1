/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the vmlinux that belongs to a dump, in all its forms, and the cache before it. */
#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "scratch.h"
#include "target/symbols.h"
#include "target/vmlinux.h"

#define BUILD_ID "00112233445566778899aabbccddeeff01234567"
#define OTHER_ID "ff112233445566778899aabbccddeeff01234567"
#define RELEASE "6.1.0-test-amd64"

static const char source[] =
	"#include <stddef.h>\n"
	"const char linux_banner[] = \"Linux version " RELEASE " (a@b) #1\";\n"
	"struct driver { int index; long place; } amd_iommu_list;\n"
	"int main(void) { return linux_banner[0] == amd_iommu_list.index; }\n";

static const char *const dwarf_only[] = {".debug_info", NULL};
static const struct kernel_identity kernel = {.build_id = BUILD_ID, .release = RELEASE};

struct notes {
	char text[4096];
};

static void note(void *arg, const char *line)
{
	struct notes *notes = arg;
	size_t used = strlen(notes->text);

	snprintf(notes->text + used, sizeof(notes->text) - used, "%s\n", line);
}

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
	assert_null(strchr(error_message(err), '\n'));
	error_free(err);
}

static int setup(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch_make(scratch);
	scratch_write_text(scratch, "vmlinux.c", source);
	scratch_run(scratch, "cc -g -no-pie -Wl,--build-id=0x%s -o vmlinux vmlinux.c", BUILD_ID);
	_cleanup_(freep) char *cache = scratch_path(scratch, "cache");
	_cleanup_(freep) char *debuginfod = scratch_path(scratch, "debuginfod");
	setenv("XDG_CACHE_HOME", cache, 1);
	setenv("DEBUGINFOD_CACHE_PATH", debuginfod, 1);
	*state = scratch;
	return 0;
}

static int teardown(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

/* Finding. */

/* The file that vmlinux_find() takes below the folder "root". */
static void assert_found_at(const struct scratch *scratch, const struct kernel_identity *wanted,
			    const char *name)
{
	struct target_spec spec = {0};
	_cleanup_(freep) char *root = scratch_path(scratch, "root");
	_cleanup_(freep) char *path = scratch_path(scratch, name);
	struct elf_file *file;

	assert_ok(vmlinux_find(&spec, root, wanted, dwarf_only, &file));
	assert_string_equal(elf_file_path(file), path);
	assert_string_equal(elf_file_build_id(file), BUILD_ID);
	elf_file_close(file);
}

static void finds_in_each_place(void **state)
{
	static const char *const places[] = {
		"root/usr/lib/debug/.build-id/00/112233445566778899aabbccddeeff01234567.debug",
		"debuginfod/" BUILD_ID "/debuginfo",
		"root/usr/lib/debug/boot/vmlinux-" RELEASE,
		"root/usr/lib/debug/boot/vmlinux-" RELEASE ".debug",
		"root/usr/lib/debug/lib/modules/" RELEASE "/vmlinux",
		"root/usr/lib/debug/usr/lib/modules/" RELEASE "/vmlinux.debug",
		"root/boot/vmlinux-" RELEASE,
		"root/lib/modules/" RELEASE "/build/vmlinux",
		"root/lib/modules/" RELEASE "/vmlinux",
	};
	const struct scratch *scratch = *state;
	struct target_spec spec = {0};
	_cleanup_(freep) char *root = scratch_path(scratch, "root");
	struct elf_file *file;

	assert_says(vmlinux_find(&spec, root, &kernel, dwarf_only, &file), "linux-image-" RELEASE);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		scratch_write(scratch, places[i], "", 0);
		scratch_run(scratch, "cp vmlinux %s", places[i]);
		assert_found_at(scratch, &kernel, places[i]);
		scratch_run(scratch, "rm %s", places[i]);
	}
}

/* Passed over: another kernel's, stripped of debug information, not an ELF file. */
static void goes_on_behind_a_wrong_one(void **state)
{
	const struct scratch *scratch = *state;
	struct notes notes = {{0}};
	struct target_spec spec = {.note = note, .note_arg = &notes};
	_cleanup_(freep) char *root = scratch_path(scratch, "root");
	struct elf_file *file;

	scratch_run(scratch, "mkdir -p root/boot root/usr/lib/debug/boot root/lib/modules/" RELEASE
			     " debuginfod/" BUILD_ID);
	scratch_run(scratch, "cc -g -Wl,--build-id=0x" OTHER_ID
			     " -o root/usr/lib/debug/boot/vmlinux-" RELEASE " vmlinux.c");
	scratch_run(scratch, "strip -g -o root/boot/vmlinux-" RELEASE " vmlinux");
	scratch_write_text(scratch, "debuginfod/" BUILD_ID "/debuginfo", "not found");
	assert_says(vmlinux_find(&spec, root, &kernel, dwarf_only, &file), "not an ELF file");
	assert_non_null(strstr(notes.text, OTHER_ID));
	assert_non_null(strstr(notes.text, "no debug information"));
	scratch_run(scratch, "cp vmlinux root/lib/modules/" RELEASE);
	assert_found_at(scratch, &kernel, "root/lib/modules/" RELEASE "/vmlinux");
	scratch_run(scratch, "rm -r root debuginfod");
}

static void names_the_package_to_install(void **state)
{
	static const char *const packages[][2] = {
		{"6.1.0-44-amd64", "(linux-image-6.1.0-44-amd64-dbg)"},
		{"6.8.0-45-generic", "(linux-image-6.8.0-45-generic-dbgsym)"},
		{"4.18.0-553.el8_10.x86_64", "(kernel-debuginfo-4.18.0-553.el8_10.x86_64: dnf "},
		{"6.11.4-301.fc41.x86_64", "(kernel-debuginfo-6.11.4-301.fc41.x86_64: dnf "},
		{"6.4.0-150600.23.7-default", "(kernel-default-debuginfo of 6.4.0-"},
		{"7.0.1", "(Debian: linux-image-7.0.1-dbg, Fedora and RHEL: kernel-debuginfo, "
			  "SUSE: kernel-default-debuginfo)"},
		{NULL, "(Debian: linux-image-RELEASE-dbg, "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++) {
		struct kernel_identity identity = {.release = packages[i][0]};
		struct advice advice = vmlinux_advice(&identity);
		if (!strstr(advice.text, packages[i][1]) || !strstr(advice.text, "-s"))
			fail_msg("%s", advice.text);
	}
}

/* Forms. */

static void write_gzip(const struct scratch *scratch, const char *name, const char *bytes, size_t n)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);

	/* In two members, as pigz and concatenation make them. */
	for (int half = 0; half < 2; half++) {
		gzFile file = gzopen(path, half ? "a" : "w");
		size_t start = half ? n / 2 : 0, size = half ? n - n / 2 : n / 2;
		assert_non_null(file);
		assert_int_equal(gzwrite(file, bytes + start, size), size);
		assert_int_equal(gzclose(file), Z_OK);
	}
}

static void write_xz(const struct scratch *scratch, const char *name, const char *bytes, size_t n)
{
	size_t room = lzma_stream_buffer_bound(n), used = 0;
	_cleanup_(freep) uint8_t *packed = malloc(room);

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (const uint8_t *)bytes,
						 n, packed, &used, room),
			 LZMA_OK);
	scratch_write(scratch, name, packed, used);
}

static void write_zstd(const struct scratch *scratch, const char *name, const char *bytes, size_t n)
{
	size_t room = ZSTD_compressBound(n);
	_cleanup_(freep) char *packed = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();

	assert_non_null(context);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1); /* as the zstd program does */
	size_t used = ZSTD_compress2(context, packed, room, bytes, n);
	ZSTD_freeCCtx(context);
	assert_false(ZSTD_isError(used));
	scratch_write(scratch, name, packed, used);
}

static const struct form {
	const char *place;
	void (*write)(const struct scratch *, const char *, const char *, size_t);
} forms[] = {
	{"root/boot/vmlinux-" RELEASE ".gz", write_gzip},
	{"root/boot/vmlinux-" RELEASE ".xz", write_xz},
	{"root/boot/vmlinux-" RELEASE ".zst", write_zstd},
};

static void unpacks(void **state)
{
	const struct scratch *scratch = *state;
	struct target_spec spec = {0};
	size_t length, packed_length;
	_cleanup_(freep) char *bytes = scratch_read(scratch, "vmlinux", &length);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_(freep) char *path = scratch_path(scratch, forms[i].place);
		struct elf_file *file;
		scratch_write(scratch, forms[i].place, "", 0);
		forms[i].write(scratch, forms[i].place, bytes, length);
		assert_found_at(scratch, &kernel, forms[i].place);
		assert_ok(elf_file_open(&spec, path, &file));
		assert_int_equal(elf_file_size(file), length);
		elf_file_close(file);

		/* Cut off; damaged in the middle. */
		_cleanup_(freep) char *packed =
			scratch_read(scratch, forms[i].place, &packed_length);
		scratch_write(scratch, forms[i].place, packed, packed_length * 2 / 3);
		assert_says(elf_file_open(&spec, path, &file), "bad ");
		memset(packed + packed_length / 2, 0xff, 32);
		scratch_write(scratch, forms[i].place, packed, packed_length);
		assert_says(elf_file_open(&spec, path, &file), "bad ");

		/* No ELF file within, and a bomb. */
		_cleanup_(freep) char *zeros = calloc(1, 32 << 20);
		forms[i].write(scratch, forms[i].place, zeros, 1 << 20);
		assert_says(elf_file_open(&spec, path, &file), "holds no ELF file");
		memcpy(zeros, bytes, 4096);
		forms[i].write(scratch, forms[i].place, zeros, 32 << 20);
		assert_says(elf_file_open(&spec, path, &file), "times its size");
		scratch_run(scratch, "rm %s", forms[i].place);
	}
}

static void stops_unpacking_when_interrupted(void **state)
{
	const struct scratch *scratch = *state;
	volatile int interrupt = 1;
	struct target_spec spec = {.interrupt = &interrupt};
	_cleanup_(freep) char *path = scratch_path(scratch, "packed");
	struct elf_file *file;
	size_t length;
	_cleanup_(freep) char *bytes = scratch_read(scratch, "vmlinux", &length);

	write_gzip(scratch, "packed", bytes, length);
	struct error *err = elf_file_open(&spec, path, &file);
	assert_non_null(err);
	assert_int_equal(error_code(err), ERROR_STOPPED);
	error_free(err);
}

/* What the user gives with -s. */

static struct error *open_given(const struct scratch *scratch, const char *name,
				const char *build_id, const char *release)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);
	struct target_spec spec = {.symbols = path};
	struct symbol_source *symbols = NULL;
	struct error *err = symbol_source_open(&spec, build_id, release, NULL, &symbols);

	symbol_source_close(symbols);
	return err;
}

static void checks_what_is_given(void **state)
{
	const struct scratch *scratch = *state;
	static const unsigned char arm[20] = {0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 2, [18] = 0xb7};
	_cleanup_(freep) char *elf_header = calloc(1, 64);

	assert_ok(open_given(scratch, "vmlinux", BUILD_ID, RELEASE));
	assert_ok(open_given(scratch, "vmlinux", NULL, NULL));
	assert_ok(open_given(scratch, "vmlinux", NULL, RELEASE));
	/* The build ID decides; a dump's odd words count as none. */
	assert_ok(open_given(scratch, "vmlinux", "00112233445566778899AABBCCDDEEFF01234567", "x"));
	assert_ok(open_given(scratch, "vmlinux", "../../etc", "6.1\n/.."));
	assert_says(open_given(scratch, "vmlinux", OTHER_ID, RELEASE), OTHER_ID);
	assert_says(open_given(scratch, "vmlinux", OTHER_ID, RELEASE), BUILD_ID);
	assert_says(open_given(scratch, "vmlinux", NULL, "5.10.0"), RELEASE);
	assert_says(open_given(scratch, "vmlinux", NULL, "5.10.0"), "5.10.0");

	scratch_run(scratch, "objcopy --only-keep-debug vmlinux separate.debug");
	assert_ok(open_given(scratch, "separate.debug", BUILD_ID, RELEASE));
	assert_says(open_given(scratch, "separate.debug", OTHER_ID, RELEASE), BUILD_ID);

	scratch_run(scratch, "strip -o stripped vmlinux && cc -c -g -o object.o vmlinux.c");
	assert_says(open_given(scratch, "stripped", BUILD_ID, RELEASE), "stripped");
	assert_says(open_given(scratch, "object.o", BUILD_ID, RELEASE), "relocatable");
	assert_says(open_given(scratch, "vmlinux.c", BUILD_ID, RELEASE), "not an ELF file");
	assert_says(open_given(scratch, "nowhere", BUILD_ID, RELEASE), "no such file");
	assert_says(open_given(scratch, ".", BUILD_ID, RELEASE), "not a regular file");
	scratch_write(scratch, "empty", "", 0);
	assert_says(open_given(scratch, "empty", BUILD_ID, RELEASE), "empty");
	memcpy(elf_header, arm, sizeof(arm));
	elf_header[52] = 64;
	scratch_write(scratch, "arm", elf_header, 64);
	assert_says(open_given(scratch, "arm", BUILD_ID, RELEASE), "x86-64");
}

static void says_when_types_are_missing(void **state)
{
	const struct scratch *scratch = *state;
	_cleanup_(freep) char *path = scratch_path(scratch, "no-debug");
	struct target_spec spec = {.symbols = path, .no_cache = true};
	struct symbol_source *symbols;
	struct lookup symbol = {.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"};
	struct lookup type = {.kind = LOOKUP_SIZE, .type = "struct driver"};

	scratch_run(scratch, "strip -g -o no-debug vmlinux");
	assert_ok(symbol_source_open(&spec, BUILD_ID, RELEASE, NULL, &symbols));
	assert_ok(symbol_source_lookup(symbols, &symbol, 1));
	assert_int_equal(symbol.state, LOOKUP_FOUND);
	assert_says(symbol_source_lookup(symbols, &type, 1), "no debug information");
	symbol_source_close(symbols);
}

/* A System.map: symbols, and no types where the kernel itself is not at hand. */
static void reads_a_system_map(void **state)
{
	const struct scratch *scratch = *state;
	_cleanup_(freep) char *path = scratch_path(scratch, "System.map");
	struct target_spec spec = {.symbols = path, .no_cache = true};
	struct symbol_source *symbols;
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "per_cpu"},
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"},
		{.kind = LOOKUP_SYMBOL, .name = "twice"},
		{.kind = LOOKUP_SYMBOL, .name = "of_module"},
		{.kind = LOOKUP_SYMBOL, .name = "last"},
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu"},
	};
	static const struct {
		enum lookup_state state;
		uint64_t value;
	} expected[ARRAY_SIZE(rows)] = {
		{LOOKUP_FOUND, 0x20400},
		{LOOKUP_FOUND, UINT64_C(0xffffffff82000040)},
		{LOOKUP_AMBIGUOUS, 0},
		{LOOKUP_ABSENT, 0},
		{LOOKUP_FOUND, UINT64_C(0xffffffff83000000)},
		{LOOKUP_ABSENT, 0},
	};
	struct lookup type = {.kind = LOOKUP_SIZE, .type = "struct driver"};

	scratch_write_text(scratch, "System.map",
			   "0000000000020400 A per_cpu\n"
			   "ffffffff81000000 T _stext\n"
			   "ffffffff81000010 t twice\n"
			   "ffffffff81000020 t twice\n"
			   "ffffffff82000040 D amd_iommu_list\n"
			   "ffffffffc0000000 t of_module\t[nvme]\n"
			   "ffffffff83000000 B _end\n"
			   "ffffffff83000000 B last"); /* without its newline */
	assert_ok(symbol_source_open(&spec, BUILD_ID, RELEASE, NULL, &symbols));
	assert_ok(symbol_source_lookup(symbols, rows, ARRAY_SIZE(rows)));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(rows[i].state, expected[i].state);
		if (expected[i].state == LOOKUP_FOUND)
			assert_int_equal(rows[i].value, expected[i].value);
	}
	assert_string_equal(symbol_source_facts(symbols).symbols, "system.map");
	assert_string_equal(symbol_source_facts(symbols).path, path);
	assert_says(symbol_source_lookup(symbols, &type, 1), "no types");
	static const char *const cut[] = {"ffffffff81000000 T _stext\nffffff",
					  "ffffffff81000000 T _stext\nffffffff82000000 D the_dri"};
	for (size_t i = 0; i < ARRAY_SIZE(cut); i++) {
		scratch_write_text(scratch, "System.map", cut[i]);
		assert_says(symbol_source_lookup(symbols, &(struct lookup){.name = "x"}, 1), "cut off");
	}
	symbol_source_close(symbols);
}

/* An export stands in for a vmlinux; what it does not say is missing, and the user is told. */
static void reads_an_export(void **state)
{
	static const char rows_of_it[] = "symbol amd_iommu_list 0xffffffff82000040\n"
					 "size struct nowhere -\n";
	const struct scratch *scratch = *state;
	_cleanup_(freep) char *path = scratch_path(scratch, "export");
	_cleanup_(freep) char *text = NULL;
	struct notes notes = {{0}};
	struct target_spec spec = {
		.symbols = path, .no_cache = true, .note = note, .note_arg = &notes};
	struct symbol_source *symbols;
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"},
		{.kind = LOOKUP_SIZE, .type = "struct nowhere"},
		{.kind = LOOKUP_SIZE, .type = "struct unheard_of"},
	};

	assert_true(asprintf(&text, "iommuscope-layouts 1\nbuild-id %s\nrelease %s\n%s", BUILD_ID,
			     RELEASE, rows_of_it) > 0);
	scratch_write_text(scratch, "export", text);
	assert_says(open_given(scratch, "export", OTHER_ID, RELEASE), OTHER_ID);
	assert_says(open_given(scratch, "export", NULL, "5.10.0"), "5.10.0");
	assert_ok(symbol_source_open(&spec, BUILD_ID, RELEASE, NULL, &symbols));
	assert_ok(symbol_source_lookup(symbols, rows, 2));
	assert_int_equal(rows[0].state, LOOKUP_FOUND);
	assert_int_equal(rows[0].value, UINT64_C(0xffffffff82000040));
	assert_int_equal(rows[1].state, LOOKUP_ABSENT);
	assert_string_equal(symbol_source_facts(symbols).types, "export");
	assert_string_equal(notes.text, "");
	assert_ok(symbol_source_lookup(symbols, rows, 3));
	assert_int_equal(rows[0].state, LOOKUP_FOUND);
	assert_int_equal(rows[2].state, LOOKUP_ABSENT);
	assert_non_null(strstr(notes.text, "struct unheard_of"));
	symbol_source_close(symbols);
	scratch_write_text(scratch, "export", "iommuscope-layouts 1\nsymbol amd_iommu_list\n");
	assert_says(open_given(scratch, "export", BUILD_ID, RELEASE), "export");
}

/* The cache. */

#define TYPES_FROM_SIZE 16
#define CACHE_FILE "cache/iommuscope/" BUILD_ID ".layouts"

/* Three rows from a source for BUILD_ID; facts->types tells where the answers came from. */
static struct error *ask(const struct target_spec *spec, bool one_more, char *types_from)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"},
		{.kind = LOOKUP_MEMBER, .type = "struct driver", .name = "place"},
		{.kind = LOOKUP_SIZE, .type = "struct nowhere"},
		{.kind = LOOKUP_SIZE, .type = "struct driver"},
	};
	struct symbol_source *symbols;
	struct error *err = symbol_source_open(spec, BUILD_ID, RELEASE, NULL, &symbols);

	if (err)
		return err;
	err = symbol_source_lookup(symbols, rows, one_more ? 4 : 3);
	if (!err) {
		assert_int_equal(rows[0].state, LOOKUP_FOUND);
		assert_int_equal(rows[1].value, 8);
		assert_int_equal(rows[1].size, 8);
		assert_int_equal(rows[2].state, LOOKUP_ABSENT);
		assert_int_equal(rows[3].state, one_more ? LOOKUP_FOUND : LOOKUP_UNANSWERED);
		snprintf(types_from, TYPES_FROM_SIZE, "%s", symbol_source_facts(symbols).types);
	}
	symbol_source_close(symbols);
	return err;
}

static void put_vmlinux(const struct scratch *scratch, bool there)
{
	scratch_run(scratch, "mkdir -p debuginfod/" BUILD_ID);
	scratch_run(scratch, there ? "cp vmlinux debuginfod/" BUILD_ID "/debuginfo"
				   : "rm -f debuginfod/" BUILD_ID "/debuginfo");
}

static void answers_from_the_cache(void **state)
{
	const struct scratch *scratch = *state;
	struct notes notes = {{0}};
	struct target_spec spec = {.note = note, .note_arg = &notes};
	struct target_spec uncached = {.no_cache = true};
	char from[TYPES_FROM_SIZE];
	size_t length;

	put_vmlinux(scratch, true);
	assert_ok(ask(&uncached, false, from));
	scratch_run(scratch, "test ! -e cache");
	assert_ok(ask(&spec, false, from));
	assert_string_equal(from, "dwarf");
	put_vmlinux(scratch, false);
	assert_ok(ask(&spec, false, from));
	assert_string_equal(from, "cache");
	assert_says(ask(&uncached, false, from), "no vmlinux");
	assert_says(ask(&spec, true, from), "no vmlinux");
	put_vmlinux(scratch, true);
	assert_ok(ask(&spec, true, from));
	assert_string_equal(from, "dwarf");
	assert_ok(ask(&spec, true, from));
	assert_string_equal(from, "cache");
	assert_string_equal(notes.text, "");

	_cleanup_(freep) char *text = scratch_read(scratch, CACHE_FILE, &length);
	assert_non_null(strstr(text, "\nbuild-id " BUILD_ID "\n"));
	assert_non_null(strstr(text, "\nmember struct driver.place 8:8\n"));
	assert_non_null(strstr(text, "\nsize struct nowhere -\n"));
	scratch_run(scratch, "test $(ls cache/iommuscope | wc -l) = 1"); /* no temporary is left */
	scratch_run(scratch, "rm -r cache debuginfod");
}

/* A wrong vmlinux is refused even where the cache could answer. */
static void checks_the_given_one_before_the_cache(void **state)
{
	const struct scratch *scratch = *state;
	_cleanup_(freep) char *path = scratch_path(scratch, "other");
	_cleanup_(freep) char *right = scratch_path(scratch, "vmlinux");
	struct target_spec spec = {.symbols = right};
	char from[TYPES_FROM_SIZE];

	scratch_run(scratch, "cc -g -Wl,--build-id=0x" OTHER_ID " -o other vmlinux.c");
	assert_ok(ask(&spec, false, from));
	assert_ok(ask(&spec, false, from));
	assert_string_equal(from, "cache");
	spec.symbols = path;
	assert_says(ask(&spec, false, from), OTHER_ID);
	scratch_run(scratch, "rm -r cache");
}

static void mends_a_damaged_cache(void **state)
{
	static const char *const damages[] = {
		"",
		"rubbish",
		"iommuscope-layouts 1\nbuild-id " OTHER_ID "\nmember struct driver.place 0:4\n",
		"iommuscope-layouts 1\nmember struct driver.place 0:4\n",
		"iommuscope-layouts 1\nbuild-id " BUILD_ID "\nmember struct driver.place\n",
	};
	const struct scratch *scratch = *state;
	char from[TYPES_FROM_SIZE];

	put_vmlinux(scratch, true);
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct notes notes = {{0}};
		struct target_spec spec = {.note = note, .note_arg = &notes};
		scratch_write_text(scratch, CACHE_FILE, damages[i]);
		assert_ok(ask(&spec, false, from));
		assert_string_equal(from, "dwarf");
		assert_non_null(strstr(notes.text, "ignored"));
		assert_ok(ask(&spec, false, from));
		assert_string_equal(from, "cache");
	}
	scratch_run(scratch, "rm -r cache debuginfod");
}

static void does_without_a_cache_folder(void **state)
{
	const struct scratch *scratch = *state;
	struct notes notes = {{0}};
	struct target_spec spec = {.note = note, .note_arg = &notes};
	char from[TYPES_FROM_SIZE];

	put_vmlinux(scratch, true);
	scratch_write_text(scratch, "cache", "a file where the folder should be");
	assert_ok(ask(&spec, false, from));
	assert_string_equal(from, "dwarf");
	assert_non_null(strstr(notes.text, "can't be written"));
	scratch_run(scratch, "rm -r cache debuginfod");
}

/* Only what was asked is exported, however much the cache holds. */
static void exports_the_answers(void **state)
{
	const struct scratch *scratch = *state;
	_cleanup_(freep) char *path = scratch_path(scratch, "vmlinux");
	struct target_spec spec = {.symbols = path};
	_cleanup_(layout_file_freep) struct layout_file file = {0};
	struct lookup row = {.kind = LOOKUP_SIZE, .type = "struct driver"};
	struct symbol_source *symbols;
	char from[TYPES_FROM_SIZE];
	size_t length;

	assert_ok(ask(&spec, true, from));
	assert_ok(symbol_source_open(&spec, BUILD_ID, RELEASE, NULL, &symbols));
	assert_ok(symbol_source_lookup(symbols, &row, 1));
	assert_ok(symbol_source_export(symbols, &file));
	_cleanup_(freep) char *text = NULL;
	assert_ok(layout_file_format(&file, &text, &length));
	assert_string_equal(text, "iommuscope-layouts 1\nbuild-id " BUILD_ID "\nrelease " RELEASE
				  "\nsize struct driver 16\n");
	symbol_source_close(symbols);
	scratch_run(scratch, "rm -r cache");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_in_each_place),
		cmocka_unit_test(goes_on_behind_a_wrong_one),
		cmocka_unit_test(names_the_package_to_install),
		cmocka_unit_test(unpacks),
		cmocka_unit_test(stops_unpacking_when_interrupted),
		cmocka_unit_test(checks_what_is_given),
		cmocka_unit_test(says_when_types_are_missing),
		cmocka_unit_test(reads_a_system_map),
		cmocka_unit_test(reads_an_export),
		cmocka_unit_test(answers_from_the_cache),
		cmocka_unit_test(checks_the_given_one_before_the_cache),
		cmocka_unit_test(mends_a_damaged_cache),
		cmocka_unit_test(does_without_a_cache_folder),
		cmocka_unit_test(exports_the_answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
