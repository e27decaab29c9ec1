/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the system does not let its kernel be read, and what to do about it: one line each.
 */
#ifndef TARGET_ACCESS_H
#define TARGET_ACCESS_H

#include <stdbool.h>

#include "base/error.h"

/* What the system says of this process and of itself. */
struct access {
	bool is_root;	  /* effective user 0 */
	bool is_namespaced; /* in a user namespace, as of a container: its root is none outside */
	bool has_rawio;	  /* CAP_SYS_RAWIO, which /proc/kcore wants */
	bool has_syslog;  /* CAP_SYSLOG, which addresses in /proc/kallsyms want */
	bool has_proc;	  /* /proc is mounted */
	char lockdown[16]; /* "none", "integrity", "confidentiality"; "": not known */
	int kptr_restrict; /* -1: not known */
};

struct access access_read(void);

/* path, below /proc or /sys, could not be opened, with that errno. */
struct error *access_refused(const struct access *access, const char *path, int errno_value)
	__attribute__((returns_nonnull));

/* Something else has been put in path's place. */
struct error *access_hidden(const char *path) __attribute__((returns_nonnull));

/* The addresses in path, which is /proc/kallsyms but in tests, are all 0. */
struct error *access_no_addresses(const struct access *access, const char *path)
	__attribute__((returns_nonnull));

/* NULL: path shows addresses to this process. */
struct error *access_check_addresses(const char *path);

#endif
