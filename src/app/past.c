/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <readline/history.h>

#include "base/cleanup.h"

/* Makes the folders that lead to path, for this user alone. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			errno = 0; /* what is written there will fail, and says nothing */
		*slash = '/';
	}
}

/* NULL: nobody says where home is. */
static char *past_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int length = -1;

	/* The specification wants relative paths ignored. */
	if (state && *state == '/')
		length = asprintf(&path, "%s/iommuscope/history", state);
	else if (home && *home == '/')
		length = asprintf(&path, "%s/.local/state/iommuscope/history", home);
	return length < 0 ? NULL : path;
}

void past_load(void)
{
	_cleanup_(freep) char *path = past_path();
	struct stat file;

	using_history();
	stifle_history(PAST_MAX);
	/* No device, no pipe, and nothing that others may put lines into for us to run. */
	if (path && !stat(path, &file) && S_ISREG(file.st_mode))
		read_history(path);
}

void past_add(const char *line)
{
	_cleanup_(freep) char *path = past_path();
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!line[strspn(line, " \t")] || (last && !strcmp(last->line, line)))
		return;
	add_history(line);
	if (!path)
		return;
	make_folders(path);
	FILE *file = fopen(path, "ae");
	if (!file)
		return;
	fprintf(file, "%s\n", line);
	fclose(file);
}

void past_end(void)
{
	_cleanup_(freep) char *path = past_path();
	struct stat file;

	if (path && !stat(path, &file) && S_ISREG(file.st_mode))
		history_truncate_file(path, PAST_MAX);
	clear_history();
}
