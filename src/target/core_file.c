/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/core_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"

static struct error *check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(errno, "cannot examine it");
	if (S_ISDIR(st.st_mode))
		return error_new(ERROR_OTHER, "is a directory, not a dump; name the file in it");
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_new(ERROR_OTHER, "is neither a regular file nor a block device");
	return NULL;
}

static const char *advice(int why)
{
	switch (why) {
	case ENOENT:
		return "; kdump leaves its dumps in /var/crash";
	case EACCES:
	case EPERM:
		return "; dumps are for root to read: try it as root";
	default:
		return "";
	}
}

struct error *core_file_open(const char *path, struct core_file *ret)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	_cleanup_(closep) int fd = file_open(path, O_NONBLOCK);

	if (fd < 0)
		return error_new(ERROR_IO, "cannot open it: %s%s", strerror(errno), advice(errno));
	struct error *err = check_kind(fd);
	if (err)
		return err;
	/* A block device's st_size is 0; its end is found by seeking on both. */
	off_t end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return error_errno(errno, "cannot find its end");
	if (end == 0)
		return error_new(ERROR_CORRUPT, "is empty");
	*ret = (struct core_file){.fd = fd, .size = (uint64_t)end, .path = path};
	fd = -1;
	return NULL;
}

struct error *core_file_read(const struct core_file *file, uint64_t offset, void *buf, size_t len)
{
	if (!range_within(offset, len, file->size))
		return error_new(ERROR_CORRUPT,
				 "the file is truncated: it ends at offset 0x%" PRIx64
				 " and %zu bytes are wanted at 0x%" PRIx64 CORE_FILE_COPY_ADVICE,
				 file->size, len, offset);
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(file->fd, (char *)buf + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(errno, "reading the file at offset 0x%" PRIx64, offset);
		if (n == 0)
			return error_new(ERROR_CORRUPT,
					 "the file became shorter while it was read: nothing at "
					 "offset 0x%" PRIx64,
					 offset + done);
		done += (size_t)n;
	}
	return NULL;
}

struct error *core_file_read_alloc(const struct core_file *file, uint64_t offset, uint64_t len,
				   void **ret)
{
	if (!range_within(offset, len, file->size))
		return error_new(ERROR_CORRUPT,
				 "the file is truncated: it ends at offset 0x%" PRIx64
				 " and 0x%" PRIx64 " bytes are wanted at 0x%" PRIx64 CORE_FILE_COPY_ADVICE,
				 file->size, len, offset);
	if (len > CORE_FILE_ALLOC_MAX)
		return error_new(ERROR_CORRUPT,
				 "0x%" PRIx64 " bytes are more than any dump has there", len);
	_cleanup_(freep) char *buf = malloc(len + 1);
	if (!buf)
		return error_no_memory;
	struct error *err = core_file_read(file, offset, buf, len);
	if (err)
		return err;
	buf[len] = '\0';
	*ret = take_ptr(buf);
	return NULL;
}

void core_file_close(struct core_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
