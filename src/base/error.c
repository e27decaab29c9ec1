/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error {
	enum error_code code;
	bool is_static;
	const char *message;
};

static struct error no_memory = {ERROR_NO_MEMORY, true, "out of memory"};
static struct error stopped = {ERROR_STOPPED, true, "interrupted"};
static struct error not_found = {ERROR_NOT_FOUND, true, "not found"};

struct error *const error_no_memory = &no_memory;
struct error *const error_stopped = &stopped;
struct error *const error_not_found = &not_found;

/* Takes message. */
static struct error *error_wrap(enum error_code code, char *message)
{
	struct error *err = message ? malloc(sizeof(*err)) : NULL;

	if (!err) {
		free(message);
		return error_no_memory;
	}
	*err = (struct error){.code = code, .message = message};
	return err;
}

static char *format(const char *fmt, va_list ap)
{
	char *text;

	return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

struct error *error_new(enum error_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *message = format(fmt, ap);
	va_end(ap);
	return error_wrap(code, message);
}

/* Takes head; tail stays the caller's. */
static struct error *error_join(enum error_code code, char *head, const char *tail)
{
	char *message = NULL;

	if (head && asprintf(&message, "%s: %s", head, tail) < 0)
		message = NULL;
	free(head);
	return error_wrap(code, message);
}

struct error *error_prepend(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *head = format(fmt, ap);
	va_end(ap);
	struct error *joined = error_join(err->code, head, err->message);
	if (joined == error_no_memory && err->code != ERROR_NO_MEMORY)
		return err; /* the shorter message beats losing what failed */
	error_free(err);
	return joined;
}

struct error *error_errno(int errno_value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *head = format(fmt, ap);
	va_end(ap);
	return error_join(errno_value == ENOMEM ? ERROR_NO_MEMORY : ERROR_IO, head,
			  strerror(errno_value));
}

enum error_code error_code(const struct error *err)
{
	return err->code;
}

const char *error_message(const struct error *err)
{
	return err->message;
}

bool error_is_unreadable(const struct error *err)
{
	return err->code >= ERROR_EXCLUDED && err->code <= ERROR_TORN;
}

void error_free(struct error *err)
{
	if (!err || err->is_static)
		return;
	free((char *)err->message);
	free(err);
}
