/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by name. All that the folders from target/ to cmd/ open goes through here, so that a
 * process which may open nothing itself can have another one do it (app/worker.h). Failing, all of
 * these return -1 or NULL and set errno.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

enum file_wish {
	FILE_READ,	  /* a descriptor to read `path` from; flags: as for file_open() */
	FILE_TEMPORARY,	  /* a descriptor of a new file without a name */
	FILE_REPLACE,	  /* a descriptor of what is to take the place of `path`; flags: make its
			     folders */
	FILE_REPLACE_END, /* flags: keep it; 0 */
	FILE_WISHES
};

/* Does what is wished: a descriptor, 0, or -1 and errno. */
typedef int (*file_server)(void *arg, enum file_wish wish, const char *path, int flags);

/* From now on all wishes go to this one. */
void file_serve_by(file_server server, void *arg);

#define FILE_OPEN_FLAGS (O_NONBLOCK | O_NOCTTY | O_DIRECTORY | O_PATH)

/* For reading, closed on exec; flags: of FILE_OPEN_FLAGS. */
int file_open(const char *path, int flags);
FILE *file_stream(const char *path);
DIR *file_folder(const char *path);
bool file_exists(const char *path);
/* Both are there and are one file, whatever they are called. */
bool file_is_same(const char *a, const char *b);

/* In $TMPDIR, else in /var/tmp (large and on disk, unlike many a /tmp), else in /tmp. */
int file_temporary(void);

/* A file that takes another one's place, or its name, once it is complete. */
struct file_replacement {
	int fd;		      /* to write to; the caller's to close */
	const char *path;     /* borrowed */
	char *temporary_name; /* beside it; NULL: the server knows */
};

/*
 * with_folders: makes the folder that path lies in, and the one that holds it, for this user alone.
 * EEXIST: something is at path that is no regular file: a device, a pipe.
 */
int file_replace_begin(const char *path, bool with_folders, struct file_replacement *ret);

/* keep: it takes the place, else it is gone. */
int file_replace_end(struct file_replacement *replacement, bool keep);

#endif
