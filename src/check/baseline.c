/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/vec.h"

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The line without its comment and the blanks around; the same storage. */
static char *trim(char *line)
{
	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	size_t length = strlen(line);
	while (length && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		line[--length] = '\0';
	return line;
}

static struct error *read_lines(FILE *in, const char *path, struct baseline *ret)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, in) >= 0) {
		char *key = trim(line);

		if (!*key)
			continue;
		char **slot = vec_push(ret);
		if (!slot || !(*slot = strdup(key)))
			return error_no_memory;
	}
	return ferror(in) ? error_errno(errno, "can't read '%s'", path) : NULL;
}

struct error *baseline_read(const char *path, struct baseline *ret)
{
	struct baseline baseline = {0};
	FILE *in = file_stream(path);

	if (!in)
		return error_new(ERROR_USAGE, "can't open '%s': %s", path, strerror(errno));
	struct error *err = read_lines(in, path, &baseline);
	fclose(in);
	if (err) {
		baseline_free(&baseline);
		return err;
	}
	if (baseline.n)
		qsort(baseline.at, baseline.n, sizeof(*baseline.at), compare);
	*ret = baseline;
	return NULL;
}

bool baseline_has(const struct baseline *baseline, const char *key)
{
	return baseline && baseline->n &&
	       bsearch(&key, baseline->at, baseline->n, sizeof(*baseline->at), compare);
}

void baseline_free(struct baseline *baseline)
{
	for (size_t i = 0; i < baseline->n; i++)
		free(baseline->at[i]);
	vec_free(baseline);
}
