/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/vec.h"

#define FILE_STEP 4096 /* bytes; what most files of sysfs hold at most */
#define NAMES_MAX 65536

/* The whole path; error_not_found when the kernel is not the one that runs here. */
static struct error *path_of(const struct target *target, const char *path, char **ret)
{
	if (!target->system)
		return error_not_found;
	return asprintf(ret, "%s/%s", target->system, path) < 0 ? error_no_memory : NULL;
}

static struct error *refused(const char *path)
{
	return errno == ENOENT || errno == ENOTDIR ? error_not_found
						   : error_errno(errno, "%s", path);
}

static struct error *read_whole(int fd, const char *path, size_t max, uint8_t **ret, size_t *size)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t n = 0, room = 0;

	for (;;) {
		if (n == room) {
			uint8_t *more = realloc(bytes, room + FILE_STEP + 1);

			if (!more)
				return error_no_memory;
			bytes = more;
			room += FILE_STEP;
		}
		ssize_t got = read(fd, bytes + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(errno, "%s", path);
		n += (size_t)got;
		if (n > max)
			return error_new(ERROR_IO, "%s: larger than %zu bytes", path, max);
		if (!got)
			break;
	}
	bytes[n] = '\0';
	*ret = take_ptr(bytes);
	*size = n;
	return NULL;
}

struct error *target_system_file(struct target *target, const char *path, size_t max, uint8_t **ret,
				 size_t *size)
{
	_cleanup_(freep) char *whole = NULL;
	_cleanup_(closep) int fd = -1;
	struct error *err = path_of(target, path, &whole);

	if (err)
		return err;
	fd = file_open(whole, O_NONBLOCK);
	return fd < 0 ? refused(whole) : read_whole(fd, whole, max, ret, size);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct error *read_names(DIR *folder, const char *path, struct system_names *ret)
{
	VEC(char *) names = {0};
	struct error *err = NULL;

	for (const struct dirent *entry; !err && (errno = 0, entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		char **name = names.n < NAMES_MAX ? vec_push(&names) : NULL;
		if (name)
			*name = strdup(entry->d_name);
		if (names.n == NAMES_MAX)
			err = error_new(ERROR_IO, "%s: more than %d names", path, NAMES_MAX - 1);
		else if (!name || !*name)
			err = error_no_memory;
	}
	if (!err && errno)
		err = error_errno(errno, "%s", path);
	*ret = (struct system_names){names.at, names.n};
	if (err)
		system_names_free(ret);
	else if (names.n)
		qsort(names.at, names.n, sizeof(*names.at), compare_names);
	return err;
}

struct error *target_system_names(struct target *target, const char *path, struct system_names *ret)
{
	_cleanup_(freep) char *whole = NULL;
	struct error *err = path_of(target, path, &whole);

	if (err)
		return err;
	DIR *folder = file_folder(whole);
	if (!folder)
		return refused(whole);
	struct system_names names;
	err = read_names(folder, whole, &names);
	closedir(folder);
	if (!err)
		*ret = names;
	return err;
}

void system_names_free(struct system_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->at[i]);
	free(names->at);
	*names = (struct system_names){0};
}
