/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* A right is a process's, and so is the way around its lack. */
static struct {
	file_server serve; /* NULL: this process opens files itself */
	void *arg;
} server;

void file_serve_by(file_server serve, void *arg)
{
	server.serve = serve;
	server.arg = arg;
}

int file_open(const char *path, int flags)
{
	if (server.serve)
		return server.serve(server.arg, FILE_READ, path, flags);
	return open(path, O_RDONLY | O_CLOEXEC | (flags & FILE_OPEN_FLAGS));
}

FILE *file_stream(const char *path)
{
	int fd = file_open(path, 0);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !stream)
		close(fd);
	return stream;
}

DIR *file_folder(const char *path)
{
	int fd = file_open(path, O_DIRECTORY | O_NONBLOCK);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !folder)
		close(fd);
	return folder;
}

bool file_exists(const char *path)
{
	int fd = file_open(path, O_PATH);

	closep(&fd);
	return fd >= 0;
}

/* stat() and fstat() would tie the module for crash to glibc 2.33 and later */
static bool identify(const char *path, struct statx *ret)
{
	int fd = file_open(path, O_PATH);
	bool is_known = fd >= 0 && !statx(fd, "", AT_EMPTY_PATH, STATX_INO, ret);

	closep(&fd);
	return is_known;
}

bool file_is_same(const char *a, const char *b)
{
	struct statx one, other;

	return identify(a, &one) && identify(b, &other) && one.stx_ino == other.stx_ino &&
	       one.stx_dev_major == other.stx_dev_major && one.stx_dev_minor == other.stx_dev_minor;
}

/* Not every file system has O_TMPFILE. */
static int temporary_in(const char *folder)
{
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	_cleanup_(freep) char *path = NULL;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (asprintf(&path, "%s/iommuscope-XXXXXX", folder) < 0) {
		path = NULL;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

int file_temporary(void)
{
	const char *wanted = getenv("TMPDIR");
	const char *const places[] = {wanted && *wanted ? wanted : "/var/tmp", "/var/tmp", "/tmp"};
	int first_errno = 0;

	if (server.serve)
		return server.serve(server.arg, FILE_TEMPORARY, "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = temporary_in(places[i]);

		if (fd >= 0)
			return fd;
		if (!first_errno)
			first_errno = errno;
	}
	errno = first_errno;
	return -1;
}

static bool make_folder(const char *folder)
{
	return !mkdir(folder, 0700) || errno == EEXIST;
}

/* The folder that path lies in, and the one that holds it. */
static bool make_folders(const char *path)
{
	_cleanup_(freep) char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash)
		return false;
	*slash = '\0';
	if (make_folder(folder))
		return true;
	slash = errno == ENOENT ? strrchr(folder, '/') : NULL;
	if (!slash)
		return false;
	*slash = '\0';
	if (!make_folder(folder))
		return false;
	*slash = '/';
	return make_folder(folder);
}

static int replace_here(const char *path, bool with_folders, struct file_replacement *ret)
{
	_cleanup_(freep) char *name = NULL;
	struct statx st;

	if (with_folders && !make_folders(path))
		return -1;
	if (!statx(AT_FDCWD, path, 0, STATX_TYPE, &st) && !S_ISREG(st.stx_mode)) {
		errno = EEXIST;
		return -1;
	}
	if (asprintf(&name, "%s.XXXXXX", path) < 0) {
		name = NULL;
		return -1;
	}
	int fd = mkostemp(name, O_CLOEXEC); /* O_EXCL is in it */
	if (fd < 0)
		return -1;
	*ret = (struct file_replacement){.fd = fd, .path = path, .temporary_name = take_ptr(name)};
	return 0;
}

int file_replace_begin(const char *path, bool with_folders, struct file_replacement *ret)
{
	if (!server.serve)
		return replace_here(path, with_folders, ret);
	int fd = server.serve(server.arg, FILE_REPLACE, path, with_folders);
	if (fd < 0)
		return -1;
	*ret = (struct file_replacement){.fd = fd, .path = path};
	return 0;
}

int file_replace_end(struct file_replacement *r, bool keep)
{
	_cleanup_(freep) char *name = take_ptr(r->temporary_name);

	if (!name)
		return server.serve(server.arg, FILE_REPLACE_END, r->path, keep);
	if (keep && !rename(name, r->path))
		return 0;
	int rename_errno = errno;
	unlink(name);
	errno = rename_errno;
	return keep ? -1 : 0;
}
