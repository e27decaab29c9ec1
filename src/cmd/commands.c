/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cmd/command.h"

/* One row each, in the order in which help shows them. */
#define COMMANDS(X)                                                                                \
	X(summary)                                                                                 \
	X(info)                                                                                    \
	X(kernel)                                                                                  \
	X(iommus)                                                                                  \
	X(ring)                                                                                    \
	X(devices)                                                                                 \
	X(groups)                                                                                  \
	X(owners)                                                                                  \
	X(dte)                                                                                     \
	X(domains)                                                                                 \
	X(domids)                                                                                  \
	X(walk)                                                                                    \
	X(map)                                                                                     \
	X(irt)                                                                                     \
	X(rmap)                                                                                    \
	X(ivrs)                                                                                    \
	X(page)                                                                                    \
	X(iova)                                                                                    \
	X(check)                                                                                   \
	X(explain)                                                                                 \
	X(diff)                                                                                    \
	X(capture)                                                                                 \
	X(rd)                                                                                      \
	X(decode)                                                                                  \
	X(help)

#define DECLARE(name) extern const struct command command_##name;
#define ROW(name) &command_##name,

COMMANDS(DECLARE)

const struct command *const commands[] = {COMMANDS(ROW) NULL};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
