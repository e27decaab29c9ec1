/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/past.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>

#include "base/cleanup.h"
#include "base/file.h"

#define OPEN_TRIES 16

/* Makes the folders that lead to path, for this user alone. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			errno = 0; /* what is written there will fail, and says nothing */
		*slash = '/';
	}
}

/* NULL: nobody says where home is. */
static char *past_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int length = -1;

	/* The specification wants relative paths ignored. */
	if (state && *state == '/')
		length = asprintf(&path, "%s/iommuscope/history", state);
	else if (home && *home == '/')
		length = asprintf(&path, "%s/.local/state/iommuscope/history", home);
	return length < 0 ? NULL : path;
}

/* Ours to read and write alone until it is closed; -1: there is none to be had. */
static int past_open(const char *path)
{
	/* Another prompt's end may put a shorter one in its place meanwhile. */
	for (int i = 0; i < OPEN_TRIES; i++) {
		_cleanup_(closep) int fd =
			open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
		struct stat opened, named;

		/* No device, no pipe, and nothing that others may put lines into for us to run. */
		if (fd < 0 || fstat(fd, &opened) || !S_ISREG(opened.st_mode) || flock(fd, LOCK_EX))
			return -1;
		if (!stat(path, &named) && named.st_ino == opened.st_ino &&
		    named.st_dev == opened.st_dev) {
			int ours = fd;

			fd = -1;
			return ours;
		}
	}
	return -1;
}

void past_load(void)
{
	_cleanup_(freep) char *path = past_path();
	struct stat file;

	using_history();
	stifle_history(PAST_MAX);
	if (path && !stat(path, &file) && S_ISREG(file.st_mode))
		read_history(path);
}

void past_add(const char *line)
{
	_cleanup_(freep) char *path = past_path(), *text = NULL;
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!line[strspn(line, " \t")] || (last && !strcmp(last->line, line)))
		return;
	add_history(line);
	if (!path)
		return;
	make_folders(path);
	_cleanup_(closep) int fd = past_open(path);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int length = end < 0 ? -1 : asprintf(&text, "%s\n", line);
	if (length < 0) {
		text = NULL;
		return;
	}
	/* All of the line or nothing of it. */
	if (write(fd, text, (size_t)length) != length && ftruncate(fd, end))
		return;
}

/* Its last PAST_MAX lines, if there are more, into `ret`. */
static bool keep_last(FILE *file, FILE *ret)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;
	long n = 0;

	while (getline(&line, &room, file) > 0)
		n++;
	rewind(file);
	for (long i = 0; i < n && getline(&line, &room, file) > 0; i++)
		if (i >= n - PAST_MAX)
			fputs(line, ret);
	return !ferror(file) && !fflush(ret) && n > PAST_MAX;
}

/* Whole or not at all, and no line of another prompt's is lost. */
static void shorten(const char *path)
{
	struct file_replacement shorter;
	int fd = past_open(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file) {
		closep(&fd);
		return;
	}
	if (!file_replace_begin(path, false, &shorter)) {
		FILE *ret = fdopen(shorter.fd, "w");
		bool is_shorter = ret && keep_last(file, ret);

		if (ret)
			is_shorter = !fclose(ret) && is_shorter;
		else
			close(shorter.fd);
		file_replace_end(&shorter, is_shorter);
	}
	fclose(file);
}

void past_end(void)
{
	_cleanup_(freep) char *path = past_path();
	_cleanup_(freep) char *target = path ? realpath(path, NULL) : NULL; /* it may be a link */

	if (target)
		shorten(target);
	clear_history();
}
