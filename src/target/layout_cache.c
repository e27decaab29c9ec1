/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/layout_cache.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "target/spec.h"

char *layout_cache_path(const char *build_id)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	bool has_cache = cache && *cache == '/'; /* relative ones are to be ignored, says XDG */
	char *path;

	if (!build_id || !build_id_is_valid(build_id) || (!has_cache && (!home || !*home)))
		return NULL;
	if (asprintf(&path, "%s%s/iommuscope/%s.layouts", has_cache ? cache : home,
		     has_cache ? "" : "/.cache", build_id) < 0)
		return NULL;
	for (char *c = strrchr(path, '/'); *c; c++)
		*c = tolower((unsigned char)*c);
	return path;
}

/* The whole file, at most LAYOUT_FILE_MAX bytes; NULL: not there, or not readable (errno). */
static char *read_file(const char *path, size_t *ret)
{
	_cleanup_(closep) int fd = file_open(path, O_NONBLOCK);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (size < 0)
		return NULL;
	if (size > LAYOUT_FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	_cleanup_(freep) char *text = malloc(size + 1);
	size_t length = 0;
	for (ssize_t n = 1; text && n > 0 && length < (size_t)size; length += n) {
		n = pread(fd, text + length, size - length, (off_t)length);
		if (n < 0)
			return NULL;
	}
	*ret = length;
	return take_ptr(text);
}

static struct error *parse_cached(const char *text, size_t length, const char *build_id,
				  struct layout_file *ret)
{
	struct error *err = layout_file_parse(ret, text, length);

	if (!err && (!ret->build_id || strcasecmp(ret->build_id, build_id)))
		err = error_new(ERROR_CORRUPT, "of another build ID");
	return err;
}

void layout_cache_read(const struct target_spec *spec, const char *path, const char *build_id,
		       struct layout_file *file)
{
	_cleanup_(layout_file_freep) struct layout_file cached = {0};
	size_t length;
	_cleanup_(freep) char *text = read_file(path, &length);

	if (!text) {
		if (errno != ENOENT)
			spec_note(spec, "layout cache %s: %s", path, strerror(errno));
		return;
	}
	struct error *err = parse_cached(text, length, build_id, &cached);
	if (!err)
		err = layout_file_merge(file, &cached);
	if (err)
		spec_note(spec, "layout cache %s ignored: %s", path, error_message(err));
	error_free(err);
}

void layout_cache_write(const struct target_spec *spec, const char *path,
			const struct layout_file *file)
{
	_cleanup_(layout_file_freep) struct layout_file all = {0};

	/* Another run may have added rows since. */
	layout_cache_read(spec, path, file->build_id, &all);
	struct error *err = layout_file_merge(&all, file);
	if (!err)
		err = layout_file_save(&all, path, true);
	if (err)
		spec_note(spec, "layout cache %s: %s", path, error_message(err));
	error_free(err);
}
