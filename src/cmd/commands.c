/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cmd/command.h"

extern const struct command command_summary, command_info, command_kernel, command_iommus,
	command_devices, command_groups, command_dte, command_domains, command_domids, command_walk,
	command_map, command_rmap, command_page, command_check, command_capture, command_rd,
	command_decode, command_help;

const struct command *const commands[] = {
	&command_summary,
	&command_info,
	&command_kernel,
	&command_iommus,
	&command_devices,
	&command_groups,
	&command_dte,
	&command_domains,
	&command_domids,
	&command_walk,
	&command_map,
	&command_rmap,
	&command_page,
	&command_check,
	&command_capture,
	&command_rd,
	&command_decode,
	&command_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}
