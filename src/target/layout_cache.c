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
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > LAYOUT_FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	_cleanup_(freep) char *text = malloc(st.st_size + 1);
	size_t length = 0;
	for (ssize_t n = 1; text && n > 0 && length < (size_t)st.st_size; length += n) {
		n = read(fd, text + length, st.st_size - length);
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

/* The folder that path lies in, and the one that holds it. */
static void make_folders(const char *path)
{
	_cleanup_(freep) char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash)
		return;
	*slash = '\0';
	if (!mkdir(folder, 0700) || errno != ENOENT)
		return;
	slash = strrchr(folder, '/');
	if (!slash)
		return;
	*slash = '\0';
	mkdir(folder, 0700);
	*slash = '/';
	mkdir(folder, 0700);
}

/* Whole or not at all: under another name first. errno says why not. */
static bool replace_file(const char *path, const char *text, size_t length)
{
	_cleanup_(freep) char *temporary = NULL;
	bool written = true;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		errno = ENOMEM;
		return false;
	}
	int fd = mkostemp(temporary, O_CLOEXEC); /* O_EXCL is in it */
	if (fd < 0)
		return false;
	for (size_t done = 0; written && done < length;) {
		ssize_t n = write(fd, text + done, length - done);
		written = n > 0;
		done += written ? n : 0;
	}
	written = !close(fd) && written;
	if (written && !rename(temporary, path))
		return true;
	int reason = errno;
	unlink(temporary);
	errno = reason;
	return false;
}

void layout_cache_write(const struct target_spec *spec, const char *path,
			const struct layout_file *file)
{
	_cleanup_(layout_file_freep) struct layout_file all = {0};
	_cleanup_(freep) char *text = NULL;
	size_t length;

	/* Another run may have added rows since. */
	layout_cache_read(spec, path, file->build_id, &all);
	struct error *err = layout_file_merge(&all, file);
	if (!err)
		err = layout_file_format(&all, &text, &length);
	if (!err && length <= LAYOUT_FILE_MAX) {
		make_folders(path);
		if (!replace_file(path, text, length))
			err = error_errno(errno, "can't be written");
	}
	if (err)
		spec_note(spec, "layout cache %s: %s", path, error_message(err));
	error_free(err);
}
