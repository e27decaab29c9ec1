/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aligned columns. Cells that are plain ASCII and fit the width are laid out here; what takes knowing
 * how wide a character is, or which column to cut, is libsmartcols', which only grid.c knows.
 */
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

/* First the columns; false: no memory. The title is the caller's, and ASCII. */
bool grid_add_column(struct grid *grid, const char *title, unsigned flags);

/*
 * Then the cells, line by line: a cell is what is put into grid_text() between two grid_cell_end().
 * It must be fit to print and without NUL; false: no memory.
 */
struct buffer *grid_text(struct grid *grid);
bool grid_cell_end(struct grid *grid);

/* Prints it with `indent` blanks before each line, none behind; nothing when it has no lines. */
bool grid_print(struct grid *grid, struct buffer *buffer, size_t indent);

#endif
