/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/vmlinux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "target/spec.h"

/*
 * Where a vmlinux may lie, most telling first. %I: build ID as xx/yyyy, %B: whole, %R: release, %D:
 * the cache of debuginfod's client. To add a place: a row.
 */
static const char *const places[] = {
	"/usr/lib/debug/.build-id/%I.debug",
	"%D/%B/debuginfo",
	"/usr/lib/debug/boot/vmlinux-%R", /* Debian */
	"/usr/lib/debug/boot/vmlinux-%R.debug",
	"/usr/lib/debug/lib/modules/%R/vmlinux", /* Fedora, RHEL */
	"/usr/lib/debug/lib/modules/%R/vmlinux.debug",
	"/usr/lib/debug/usr/lib/modules/%R/vmlinux.debug", /* SUSE, /usr merged */
	"/boot/vmlinux-%R",
	"/lib/modules/%R/build/vmlinux",
	"/lib/modules/%R/vmlinux",
	"/boot/vmlinux-%R.gz", /* SUSE */
	"/boot/vmlinux-%R.xz",
	"/boot/vmlinux-%R.zst",
	"/usr/lib/modules/%R/vmlinux.xz",
	"/usr/lib/modules/%R/vmlinux.zst",
};

/*
 * What a distribution calls the package with a kernel's vmlinux; %s: the release. To add one: a
 * row, by what its releases have in them.
 */
static const struct debug_package {
	const char *mark, *package;
} debug_packages[] = {
	{"-amd64", "linux-image-%s-dbg"},                              /* Debian */
	{"-generic", "linux-image-%s-dbgsym"},                         /* Ubuntu */
	{"-default", "kernel-default-debuginfo of %s"},                /* SUSE */
	{".el", "kernel-debuginfo-%s: dnf debuginfo-install kernel"},  /* RHEL and its kin */
	{".fc", "kernel-debuginfo-%s: dnf debuginfo-install kernel"},  /* Fedora */
	{"", "Debian: linux-image-%s-dbg, Fedora and RHEL: kernel-debuginfo, SUSE: "
	     "kernel-default-debuginfo"},
};

static const char *release_text(const struct kernel_identity *kernel, const char *unknown)
{
	return kernel->release ? kernel->release : unknown;
}

struct advice vmlinux_advice(const struct kernel_identity *kernel)
{
	const char *release = release_text(kernel, "RELEASE");
	const struct debug_package *row = debug_packages;
	struct advice advice;
	char package[480];

	while (!strstr(release, row->mark))
		row++;
	snprintf(package, sizeof(package), row->package, release);
	snprintf(advice.text, sizeof(advice.text),
		 "install the kernel's debug package (%s) or give its vmlinux with -s", package);
	return advice;
}

struct error *vmlinux_no_types(const struct elf_file *file, const struct kernel_identity *kernel)
{
	return error_new(ERROR_NOT_FOUND, "%s has no debug information (BTF or DWARF); %s",
			 elf_file_path(file), vmlinux_advice(kernel).text);
}

/* Is it the right one? */

/* The release in "Linux version RELEASE (..."; length 0: it can't be had. */
static struct error *banner_release(struct elf_file *file, struct span *ret)
{
	static const char start[] = "Linux version ";
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = "linux_banner"};
	struct span banner = {0};
	struct error *err = elf_symbols_lookup(file, &row, 1);

	if (!err && row.state == LOOKUP_FOUND)
		err = elf_file_at_address(file, row.value, &banner);
	if (err)
		return err;
	*ret = (struct span){0};
	if (banner.n <= strlen(start) || memcmp(banner.at, start, strlen(start)))
		return NULL;
	*ret = (struct span){.at = banner.at + strlen(start), .n = banner.n - strlen(start)};
	const uint8_t *end = memchr(ret->at, ' ', ret->n);
	ret->n = end ? (size_t)(end - ret->at) : 0;
	return NULL;
}

static struct error *check_release(struct elf_file *file, const char *release)
{
	struct span its;
	struct error *err = banner_release(file, &its);

	if (err || !its.n || (its.n == strlen(release) && !memcmp(its.at, release, its.n)))
		return err;
	return error_new(ERROR_OTHER,
			 "%s is of Linux %.*s, the dump of %s; give the vmlinux of that",
			 elf_file_path(file), (int)(its.n < 64 ? its.n : 64), (const char *)its.at,
			 release);
}

static struct error *check_kernel(struct elf_file *file, const struct kernel_identity *kernel)
{
	const char *build_id = elf_file_build_id(file);

	if (!elf_file_has_section(file, ".symtab"))
		return error_new(ERROR_OTHER, "%s is stripped: it has no symbol table; %s",
				 elf_file_path(file), vmlinux_advice(kernel).text);
	if (build_id && kernel->build_id) {
		if (!strcasecmp(build_id, kernel->build_id))
			return NULL;
		return error_new(ERROR_OTHER,
				 "%s is another kernel's: its build ID is %s, the dump's is %s; %s",
				 elf_file_path(file), build_id, kernel->build_id,
				 vmlinux_advice(kernel).text);
	}
	return kernel->release ? check_release(file, kernel->release) : NULL;
}

struct error *vmlinux_open(const struct target_spec *spec, const char *path,
			   const struct kernel_identity *kernel, struct elf_file **ret)
{
	struct elf_file *file;
	struct error *err = elf_file_open(spec, path, &file);

	if (err)
		return err;
	err = check_kernel(file, kernel);
	if (err)
		elf_file_close(file);
	else
		*ret = file;
	return err;
}

/* Where is it? */

static bool put_debuginfod_cache(FILE *out)
{
	const char *path = getenv("DEBUGINFOD_CACHE_PATH"), *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (path && *path)
		return fputs(path, out) >= 0;
	if (cache && *cache)
		return fprintf(out, "%s/debuginfod_client", cache) >= 0;
	return home && *home && fprintf(out, "%s/.cache/debuginfod_client", home) >= 0;
}

static bool put_field(FILE *out, char field, const struct kernel_identity *kernel)
{
	const char *id = kernel->build_id, *release = kernel->release;

	switch (field) {
	case 'I':
		return id && fprintf(out, "%.2s/%s", id, id + 2) >= 0;
	case 'B':
		return id && fputs(id, out) >= 0;
	case 'R':
		return release && fputs(release, out) >= 0;
	case 'D':
		return put_debuginfod_cache(out);
	}
	return false;
}

/* The path at a place; NULL when what it is made of is not known, or memory ran out. */
static char *place_path(const char *place, const char *root, const struct kernel_identity *kernel)
{
	char *path = NULL;
	size_t length;
	FILE *out = open_memstream(&path, &length);
	bool known = out;

	if (!out)
		return NULL;
	if (*place == '/')
		fputs(root, out);
	for (; known && *place; place++) {
		if (*place == '%')
			known = put_field(out, *++place, kernel);
		else
			fputc(*place, out);
	}
	if (fclose(out) || !known) {
		free(path);
		return NULL;
	}
	return path;
}

bool vmlinux_may_be_at(const char *path)
{
	char *folder = NULL;
	size_t length;
	FILE *out = open_memstream(&folder, &length);
	bool known = out && put_debuginfod_cache(out);
	bool is_there = out && !fclose(out) && known && !strncmp(path, folder, length);

	free(folder);
	for (size_t i = 0; i < ARRAY_SIZE(places) && !is_there; i++) {
		length = strcspn(places[i], "%");
		is_there = length && !strncmp(path, places[i], length);
	}
	return is_there && !strstr(path, "/../");
}

static bool has_any_section(struct elf_file *file, const char *const *names)
{
	for (; *names; names++)
		if (elf_file_has_section(file, *names))
			return true;
	return false;
}

/* Opens the candidate at path if it will do. */
static struct error *try_candidate(const struct target_spec *spec, const char *path,
				   const struct kernel_identity *kernel,
				   const char *const *type_sections, struct elf_file **ret)
{
	struct elf_file *file;
	struct error *err = vmlinux_open(spec, path, kernel, &file);

	if (err)
		return err;
	if (!has_any_section(file, type_sections)) {
		err = vmlinux_no_types(file, kernel);
		elf_file_close(file);
		return err;
	}
	*ret = file;
	return NULL;
}

struct error *vmlinux_find(const struct target_spec *spec, const char *root,
			   const struct kernel_identity *kernel, const char *const *type_sections,
			   struct elf_file **ret)
{
	_cleanup_(error_freep) struct error *obstacle = NULL; /* why the first candidate won't do */

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_(freep) char *path = place_path(places[i], root, kernel);
		if (!path || !file_exists(path))
			continue;
		struct error *err = try_candidate(spec, path, kernel, type_sections, ret);
		if (!err || error_code(err) == ERROR_STOPPED ||
		    error_code(err) == ERROR_NO_MEMORY)
			return err;
		spec_note(spec, "passed over: %s", error_message(err));
		if (obstacle)
			error_free(err);
		else
			obstacle = err;
	}
	if (obstacle)
		return error_prepend(take_ptr(obstacle), "no usable vmlinux");
	return error_new(ERROR_NOT_FOUND,
			 "no vmlinux of Linux %s (build ID %s) in the usual places; %s",
			 release_text(kernel, "of unknown release"),
			 kernel->build_id ? kernel->build_id : "unknown",
			 vmlinux_advice(kernel).text);
}
