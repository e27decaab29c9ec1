/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns: our own layout of plain cells beside libsmartcols', which gets the same cells with one
 * character that is not ASCII and as wide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "out/grid.h"

#define COLUMNS 3
#define LINES 40
#define OTHER "\xc3\xa9" /* é */

struct shape {
	unsigned flags[COLUMNS];
	bool color;
	unsigned width;
	size_t indent, lines;
	uint32_t seed;
};

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* A word of 0 to 11 characters, blanks among them; its first "e" as `e` has it. */
static void put_word(struct buffer *text, uint32_t *state, const char **e)
{
	for (uint32_t n = next(state) % 12; n; n--) {
		char c = "e abc0x "[next(state) % 8];

		if (c == 'e' && *e) {
			buffer_str(text, *e);
			*e = NULL;
		} else {
			buffer_char(text, c);
		}
	}
}

static char *print(const struct shape *shape, const char *e)
{
	static const char *const titles[COLUMNS] = {"FIRST", "N", "LAST-ONE"};
	struct grid *grid = grid_new(shape->color, shape->width);
	uint32_t state = shape->seed;
	struct buffer out;
	const char *one = e;

	assert_non_null(grid);
	assert_true(buffer_init(&out, NULL));
	for (size_t i = 0; i < COLUMNS; i++)
		assert_true(grid_add_column(grid, titles[i], shape->flags[i]));
	for (size_t n = 0; n < shape->lines * COLUMNS; n++) {
		put_word(grid_text(grid), &state, &one);
		assert_true(grid_cell_end(grid));
	}
	assert_true(grid_print(grid, &out, shape->indent));
	buffer_char(&out, '\0');
	assert_int_equal(out.error, 0);
	grid_free(grid);
	return out.at;
}

static void assert_same(const struct shape *shape)
{
	_cleanup_(freep) char *ours = print(shape, "e"), *library = print(shape, OTHER);
	char *other = strstr(library, OTHER);

	if (other) {
		*other = 'e';
		memmove(other + 1, other + strlen(OTHER), strlen(other + strlen(OTHER)) + 1);
	}
	assert_string_equal(ours, library);
}

static void test_same_as_library(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 400; seed++) {
		struct shape shape = {
			.flags = {seed & 1 ? GRID_RIGHT : 0, seed & 2 ? GRID_RIGHT : 0,
				  seed & 4 ? GRID_RIGHT : 0},
			.color = seed & 8,
			.indent = seed & 16 ? 2 : 0,
			.lines = seed % LINES,
			.seed = seed,
		};

		assert_same(&shape);
		/* Room for all of it, just that, and the end of a terminal that is wider. */
		shape.flags[1] |= GRID_WIDE;
		for (shape.width = 33; shape.width < 40; shape.width++)
			assert_same(&shape);
	}
}

static void test_cut_by_library(void **state)
{
	const struct shape shape = {.flags = {GRID_WIDE, GRID_WIDE, GRID_WIDE}, .width = 20, .lines = LINES};
	_cleanup_(freep) char *text = print(&shape, "e");

	(void)state;
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= shape.width);
}

static void test_empty(void **state)
{
	const struct shape shape = {0};
	_cleanup_(freep) char *text = print(&shape, "e");

	(void)state;
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_library),
		cmocka_unit_test(test_cut_by_library),
		cmocka_unit_test(test_empty),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
