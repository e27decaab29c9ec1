/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"

void scratch_make(struct scratch *scratch)
{
	const char *folder = getenv("TMPDIR");
	int n = snprintf(scratch->path, sizeof(scratch->path), "%s/iommuscope-test-XXXXXX",
			 folder && strlen(folder) < 32 ? folder : "/tmp");

	assert_true(n > 0 && n < (int)sizeof(scratch->path));
	assert_non_null(mkdtemp(scratch->path));
}

void scratch_remove(struct scratch *scratch)
{
	scratch_run(scratch, "cd / && chmod -R u+w '%s' && rm -r '%s'", scratch->path,
		    scratch->path);
}

char *scratch_path(const struct scratch *scratch, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", scratch->path, name) > 0);
	return path;
}

void scratch_write(const struct scratch *scratch, const char *name, const void *bytes, size_t n)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);

	for (char *c = path + strlen(scratch->path) + 1; (c = strchr(c, '/')); *c++ = '/') {
		*c = '\0';
		mkdir(path, 0700);
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

void scratch_write_text(const struct scratch *scratch, const char *name, const char *text)
{
	scratch_write(scratch, name, text, strlen(text));
}

char *scratch_read(const struct scratch *scratch, const char *name, size_t *ret)
{
	_cleanup_(freep) char *path = scratch_path(scratch, name);
	struct stat st;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	char *bytes = malloc(st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, st.st_size, file), st.st_size);
	fclose(file);
	bytes[st.st_size] = '\0';
	*ret = st.st_size;
	return bytes;
}

void scratch_run(const struct scratch *scratch, const char *fmt, ...)
{
	_cleanup_(freep) char *command = NULL, *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&command, fmt, ap) >= 0);
	va_end(ap);
	assert_true(asprintf(&line, "cd '%s' && %s", scratch->path, command) >= 0);
	if (system(line))
		fail_msg("failed: %s", line);
}

bool scratch_has_program(const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s >/dev/null 2>&1", name);
	return !system(line);
}
