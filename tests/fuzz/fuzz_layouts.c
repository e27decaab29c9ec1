/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout cache, and what `kernel --export` writes. What was taken is written and taken again.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	_cleanup_(layout_file_freep) struct layout_file file = {0}, again = {0};
	_cleanup_(freep) char *text = NULL;
	size_t length;

	fuzz_ignore(layout_file_parse(&file, (const char *)data, size));
	struct error *err = layout_file_format(&file, &text, &length);
	if (!err)
		err = layout_file_parse(&again, text, length);
	if (err || again.n != file.n)
		abort();
}
