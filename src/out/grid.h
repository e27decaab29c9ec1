/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aligned columns by libsmartcols: the only file that knows it is grid.c. */
#ifndef OUT_GRID_H
#define OUT_GRID_H

#include "out/buffer.h"

enum grid_flag {
	GRID_RIGHT = 1, /* aligned to the right */
	GRID_WIDE = 2,	/* may be cut to fit the width */
};

struct grid;

struct grid *grid_new(bool color, unsigned width); /* width 0: no limit; NULL: no memory */
void grid_free(struct grid *grid);		   /* NULL is fine */

/* Columns first, then lines; false: no memory. Texts are copied and must be fit to print. */
bool grid_add_column(struct grid *grid, const char *title, unsigned flags);
bool grid_add_line(struct grid *grid);
bool grid_set(struct grid *grid, size_t column, const char *text); /* in the last line */

/* Prints it with `indent` blanks before each line, none behind; nothing when it has no lines. */
bool grid_print(struct grid *grid, struct buffer *buffer, size_t indent);

#endif
