/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Not every file system has O_TMPFILE. */
static int open_in(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	_cleanup_(freep) char *path = NULL;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (asprintf(&path, "%s/iommuscope-XXXXXX", directory) < 0) {
		path = NULL;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

struct error *temporary_file(int *ret)
{
	const char *wanted = getenv("TMPDIR");
	const char *const places[] = {wanted && *wanted ? wanted : "/var/tmp", "/var/tmp", "/tmp"};
	int first_errno = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = open_in(places[i]);

		if (fd >= 0) {
			*ret = fd;
			return NULL;
		}
		if (!first_errno)
			first_errno = errno;
	}
	return error_errno(first_errno, "no temporary file can be made in %s", places[0]);
}

struct error *temporary_beside(const char *path, char **ret_name, int *ret_fd)
{
	_cleanup_(freep) char *name = NULL;
	struct statx st;

	/* stat() would tie the module for crash to glibc 2.33 and later */
	if (!statx(AT_FDCWD, path, 0, STATX_TYPE, &st) && !S_ISREG(st.stx_mode))
		return error_new(ERROR_OTHER, "is no regular file: it is left as it is");
	if (asprintf(&name, "%s.XXXXXX", path) < 0) {
		name = NULL;
		return error_no_memory;
	}
	int fd = mkostemp(name, O_CLOEXEC); /* O_EXCL is in it */
	if (fd < 0)
		return error_errno(errno, "can't be written");
	*ret_name = take_ptr(name);
	*ret_fd = fd;
	return NULL;
}

struct error *temporary_write(int fd, const void *bytes, size_t len, uint64_t offset)
{
	for (const char *p = bytes; len;) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT))
			return error_errno(errno, "no room for a temporary copy (set TMPDIR to a "
						  "directory that has it)");
		if (n < 0)
			return error_errno(errno, "writing a temporary file at offset 0x%" PRIx64,
					   offset);
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return NULL;
}
