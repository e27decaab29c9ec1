/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/temporary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

struct error *temporary_file(int *ret)
{
	const char *wanted = getenv("TMPDIR");
	int fd = file_temporary();

	if (fd < 0)
		return error_errno(errno, "no temporary file can be made in %s",
				   wanted && *wanted ? wanted : "/var/tmp");
	*ret = fd;
	return NULL;
}

struct error *temporary_beside(const char *path, bool with_folders, struct file_replacement *ret)
{
	if (!file_replace_begin(path, with_folders, ret))
		return NULL;
	if (errno == EEXIST)
		return error_new(ERROR_OTHER, "is no regular file: it is left as it is");
	return error_errno(errno, "can't be written");
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
