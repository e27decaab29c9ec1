/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what the user named. plugins/crash/host.c takes this file's place inside crash. */
#include <string.h>

#include "target/core_file.h"
#include "target/kcore.h"
#include "target/kinds.h"

static bool is_image(const struct target_spec *spec)
{
	char magic[sizeof(IMAGE_MAGIC) - 1];
	struct core_file file = {.fd = -1};
	struct error *err = spec->n_cores ? core_file_open(spec->cores[0], &file) : error_not_found;

	if (!err)
		err = core_file_read(&file, 0, magic, sizeof(magic));
	core_file_close(&file);
	bool is = !err && !memcmp(magic, IMAGE_MAGIC, sizeof(magic));
	error_free(err); /* dump_target_open() says what is wrong with the file */
	return is;
}

static bool is_dump(const struct target_spec *spec)
{
	(void)spec;
	return true;
}

static bool is_live(const struct target_spec *spec)
{
	return !spec->n_cores || (spec->n_cores == 1 && !strcmp(spec->cores[0], KCORE_PATH));
}

/* Asked in this order; the first that takes what the user gave opens it. */
static const struct target_kind {
	bool (*takes)(const struct target_spec *);
	struct error *(*open)(const struct target_spec *, struct target **);
} kinds[] = {
	{is_live, live_target_open},
	{is_image, image_target_open},
	{is_dump, dump_target_open},
};

struct error *target_open(const struct target_spec *spec, struct target **ret)
{
	size_t i = 0;

	while (!kinds[i].takes(spec))
		i++;
	return kinds[i].open(spec, ret);
}
