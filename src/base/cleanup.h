/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scope-bound cleanup: `_cleanup_(freep) char *name = ...;`. The variable is ended when its scope
 * is left, by whichever way; return it with take_ptr(), which leaves NULL behind.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function), unused))

#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_ptr_ = (p);                                                     \
		(p) = NULL;                                                                        \
		take_ptr_;                                                                         \
	})

/* Passed the address of any pointer. */
static inline void freep(void *pointer_address)
{
	free(*(void **)pointer_address);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(pointer, type, member)                                                        \
	((type *)((char *)(pointer) - __builtin_offsetof(type, member)))

#endif
