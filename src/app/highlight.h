/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream that passes text on and shows in reverse which words of a line differ from those of the
 * same line the time before. It remembers the first HIGHLIGHT_MAX bytes of each time.
 */
#ifndef APP_HIGHLIGHT_H
#define APP_HIGHLIGHT_H

#include <stdio.h>

#define HIGHLIGHT_MAX (1u << 20)

struct highlight;

/* Text must not be coloured. out stays the caller's. NULL: no memory. */
struct highlight *highlight_new(FILE *out);
FILE *highlight_stream(struct highlight *highlight);
void highlight_next(
	struct highlight *highlight); /* the text so far is what the next is held against */
void highlight_free(struct highlight *highlight);

#endif
