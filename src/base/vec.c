/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for element n and zeroes it. */
bool vec_grow(void **at, size_t *room, size_t n, size_t element_size)
{
	if (n == *room) {
		size_t more = n ? n * 2 : 8;

		if (more < n || more > SIZE_MAX / element_size)
			return false;
		void *moved = realloc(*at, more * element_size);
		if (!moved)
			return false;
		*at = moved;
		*room = more;
	}
	memset((char *)*at + n * element_size, 0, element_size);
	return true;
}
