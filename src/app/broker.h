/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program opens for its worker, and what it does not: to read, the files that the user
 * named and the places where kernels' files lie; to write, the file that the command at work is
 * there to write and the layout cache.
 */
#ifndef APP_BROKER_H
#define APP_BROKER_H

#include "app/opened.h"
#include "base/file.h"

struct broker {
	const struct opened *opened;
	const char *const *words; /* of the line at work */
	size_t n;
	struct file_replacement replacement; /* at most one at a time */
	char *path;			     /* its; NULL: there is none */
};

/* A descriptor, the caller's to close, or 0 for FILE_REPLACE_END, or -1 and errno: EACCES, not
 * allowed. */
int broker_serve(struct broker *broker, enum file_wish wish, const char *path, int flags);

/* What was not ended is gone. */
void broker_end(struct broker *broker);

#endif
