/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growable arrays, typed where they are declared:
 *
 *	struct device_vec { struct device *at; size_t n, room; } v = {0};
 *	struct device *d = vec_push(&v);	(zeroed; NULL when memory ran out)
 *
 * A push may move the array: keep indexes, not pointers, across pushes.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdlib.h>
#include <stdbool.h>
#include <stddef.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t n, room;                                                                    \
	}

bool vec_grow(void **at, size_t *room, size_t n, size_t element_size);

#define vec_push(v)                                                                                \
	(vec_grow((void **)&(v)->at, &(v)->room, (v)->n, sizeof(*(v)->at)) ? &(v)->at[(v)->n++]    \
									   : NULL)

#define vec_free(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->n = (v)->room = 0;                                                            \
	} while (0)

#endif
