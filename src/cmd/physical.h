/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory as a call names it: addresses and ranges as operands, --symbol, --kernel-text. */
#ifndef CMD_PHYSICAL_H
#define CMD_PHYSICAL_H

#include <stdlib.h>

#include "base/parse.h"
#include "cmd/command.h"

#define PHYSICAL_OPTIONS                                                                           \
	{"symbol", "NAME", "the page that this symbol of the kernel begins in"},                   \
	{                                                                                          \
		"kernel-text", NULL, "the kernel's code, from _stext to _etext"                    \
	}

/* Whole pages, in rising order, none twice. */
struct physical {
	struct range *at;
	size_t n, room;
};

static inline void physical_free(struct physical *physical)
{
	free(physical->at);
}

/* At least one range; ERROR_USAGE when the call names none. */
struct error *physical_of_call(struct command_call *call, struct physical *ret);

/* Of [first, last], the part in the first range that touches it; false: none does. */
bool physical_part(const struct physical *physical, uint64_t first, uint64_t last,
		   struct range *ret);

#endif
