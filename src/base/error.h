/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors. A function that can fail returns `struct error *`: NULL is success. Results leave
 * through the last parameters and are untouched on failure.
 *
 * The caller owns a returned error and ends it with error_free(), passes it up, or passes it up
 * with one more phrase in front (error_prepend). Three errors are static, so that the paths
 * that must not allocate can return them: error_no_memory, error_stopped, error_not_found.
 * error_free() and error_prepend() accept them all the same.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

enum error_code {
	ERROR_OTHER,
	ERROR_NO_MEMORY,
	ERROR_STOPPED,   /* the user interrupted, or a visitor has seen enough */
	ERROR_NOT_FOUND, /* asked for by name or number, and not there */
	ERROR_USAGE,     /* the caller's words are wrong: exit status 2 */
	/* Why memory could not be read. These are never confused with one another. */
	ERROR_EXCLUDED, /* the machine had this page, the dump does not hold it */
	ERROR_FAULT,    /* no translation, or no memory at that address */
	ERROR_IO,       /* the system refused to read the file */
	ERROR_CORRUPT,  /* there, but it contradicts itself (truncated file, bad checksum, loop) */
	ERROR_TORN,     /* a running kernel changed it while it was read */
};

struct error;

extern struct error *const error_no_memory;
extern struct error *const error_stopped;
extern struct error *const error_not_found;

struct error *error_new(enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

/* "fmt: " and then what err says. Takes err, returns the error to go on with; keeps its code. */
struct error *error_prepend(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

/* ERROR_IO (ERROR_NO_MEMORY for ENOMEM) with the system's words for errno_value behind it. */
struct error *error_errno(int errno_value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), warn_unused_result, returns_nonnull));

enum error_code error_code(const struct error *err);
const char *error_message(const struct error *err); /* lives as long as err */

/* One of the codes that mean "this memory could not be read". */
bool error_is_unreadable(const struct error *err);

void error_free(struct error *err); /* NULL is fine */

static inline void error_freep(struct error **err)
{
	error_free(*err);
}

#endif
