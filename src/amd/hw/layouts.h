/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All layouts of this folder. To add one: write its rows in the file of its kind, name it in
 * layouts[], and where it is to be decoded by name give it a row in layout_forms[]; `decode`,
 * `help`, completion and the reference pages come from here.
 */
#ifndef AMD_HW_LAYOUTS_H
#define AMD_HW_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/layout.h"

/* Every layout once, in the order of the reference pages; NULL ends it. */
extern const struct layout *const layouts[];

/* A layout that takes the place of the general one when (words[0] & mask) == value. */
struct layout_variant {
	uint64_t mask, value;
	const struct layout *layout;
};

/*
 * What a user may paste. Several rows may have one name when their sizes differ (irte). Of the
 * variants the first that matches counts.
 */
struct layout_form {
	const char *name;
	const struct layout *layout; /* the general one; its size is the size of all variants */
	const struct layout_variant *variants;
	size_t n_variants;
};

extern const struct layout_form layout_forms[]; /* a NULL name ends it */

/* Any layout by its own name, variants too; NULL: none. */
const struct layout *layout_by_name(const char *name);

/* So many words make one such structure, and no bit lies beyond it. */
bool layout_fits(const struct layout *layout, const uint64_t *words, size_t n_words);

/* The general or variant layout of `form` that these words have. */
const struct layout *layout_form_choose(const struct layout_form *form, const uint64_t *words);

/*
 * The layout of n_words words that are called `name`: a form's name, or a layout's own. NULL: there
 * is none of that name, or none of that size (layout_fits).
 */
const struct layout *layout_choose(const char *name, const uint64_t *words, size_t n_words);

#endif
