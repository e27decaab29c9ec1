/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/command.h"
#include "target/kcore.h"
#include "target/layout_cache.h"
#include "target/vmlinux.h"

/* Of the running kernel; what ends in / with all below it. */
static const char *const live_files[] = {
	KCORE_PATH,
	"/proc/kallsyms",
	"/proc/self",
	"/proc/self/uid_map",
	"/proc/sys/kernel/kptr_restrict",
	"/sys/",
	NULL,
};

/* FILE, --option=FILE, -oFILE */
static bool word_names(const char *word, const char *path)
{
	const char *equals = *word == '-' ? strchr(word, '=') : NULL;

	return !strcmp(word, path) || (equals && !strcmp(equals + 1, path)) ||
	       (word[0] == '-' && word[1] && !strcmp(word + 2, path));
}

static bool is_named(const struct broker *broker, const char *path)
{
	for (size_t i = 0; i < broker->n; i++)
		if (word_names(broker->words[i], path))
			return true;
	return false;
}

static bool is_of_target(const struct target_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->n_cores; i++)
		if (!strcmp(spec->cores[i], path))
			return true;
	return spec->symbols && !strcmp(spec->symbols, path);
}

static bool is_live_file(const struct broker *broker, const char *path)
{
	const struct target_spec *spec = &broker->opened->spec;
	bool is_live =
		!spec->n_cores || is_of_target(spec, KCORE_PATH) || is_named(broker, KCORE_PATH);

	for (const char *const *file = live_files; is_live && *file; file++) {
		size_t length = strlen(*file);
		bool is_folder = (*file)[length - 1] == '/';

		if (!strcmp(path, *file) ||
		    (is_folder && !strncmp(path, *file, length) && !strstr(path, "/../")))
			return true;
	}
	return false;
}

static bool is_cache(const struct broker *broker, const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');

	if (broker->opened->spec.no_cache || !slash || !dot || dot < slash)
		return false;
	_cleanup_(freep) char *build_id = strndup(slash + 1, (size_t)(dot - slash - 1));
	_cleanup_(freep) char *cached = layout_cache_path(build_id);
	return cached && !strcmp(cached, path);
}

static bool may_read(const struct broker *broker, const char *path)
{
	return is_named(broker, path) || is_of_target(&broker->opened->spec, path) ||
	       vmlinux_may_be_at(path) || is_live_file(broker, path) || is_cache(broker, path);
}

/* The user has named it behind a command that writes files. */
static bool is_destination(const struct broker *broker, const char *path)
{
	bool writes = false;

	for (size_t i = 0; i < broker->n; i++) {
		const struct command *command = command_find(broker->words[i]);

		if (writes && word_names(broker->words[i], path))
			return true;
		writes |= command && command->writes_file;
	}
	return false;
}

static int replace(struct broker *broker, const char *path, bool with_folders)
{
	if (with_folders ? !is_cache(broker, path) : !is_destination(broker, path)) {
		errno = EACCES;
		return -1;
	}
	if (broker->path) {
		errno = EBUSY;
		return -1;
	}
	_cleanup_(freep) char *own = strdup(path);
	if (!own || file_replace_begin(own, with_folders, &broker->replacement))
		return -1;
	broker->path = take_ptr(own);
	return broker->replacement.fd;
}

static int replace_end(struct broker *broker, bool keep)
{
	_cleanup_(freep) char *own = take_ptr(broker->path);

	if (own)
		return file_replace_end(&broker->replacement, keep);
	errno = EINVAL;
	return -1;
}

int broker_serve(struct broker *broker, enum file_wish wish, const char *path, int flags)
{
	switch (wish) {
	case FILE_READ:
		if (may_read(broker, path))
			return file_open(path, flags);
		break;
	case FILE_TEMPORARY:
		return file_temporary();
	case FILE_REPLACE:
		return replace(broker, path, flags);
	case FILE_REPLACE_END:
		return replace_end(broker, flags);
	case FILE_WISHES:
		break;
	}
	errno = EACCES;
	return -1;
}

void broker_end(struct broker *broker)
{
	if (broker->path)
		replace_end(broker, false);
}
