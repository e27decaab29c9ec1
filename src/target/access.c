/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/access.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define OR_A_DUMP "; or give a dump with -c FILE"

static bool has_capability(const struct __user_cap_data_struct *data, unsigned capability)
{
	return data[capability / 32].effective >> capability % 32 & 1;
}

/* The first line of a file; "": it can't be had. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *in = file_stream(path);

	if (!in || !fgets(line, (int)size, in))
		line[0] = '\0';
	if (in)
		fclose(in);
}

/* The file names all modes, the one in force in brackets: "none [integrity] confidentiality". */
static void read_lockdown(char *mode, size_t size)
{
	char line[64];

	read_line("/sys/kernel/security/lockdown", line, sizeof(line));
	const char *start = strchr(line, '[');
	mode[0] = '\0';
	if (start)
		snprintf(mode, size, "%.*s", (int)strcspn(start + 1, "]"), start + 1);
}

/* The first user namespace's map is the one of all users to themselves. */
static bool is_namespaced(void)
{
	unsigned long inside, outside, n;
	char line[64];

	read_line("/proc/self/uid_map", line, sizeof(line));
	return sscanf(line, "%lu %lu %lu", &inside, &outside, &n) == 3 &&
	       (inside || outside || n != UINT32_MAX);
}

struct access access_read(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	struct access a = {.is_root = geteuid() == 0, .kptr_restrict = -1};
	char line[16];

	a.is_namespaced = is_namespaced();
	syscall(SYS_capget, &header, data);
	a.has_rawio = has_capability(data, CAP_SYS_RAWIO);
	a.has_syslog = has_capability(data, CAP_SYSLOG);
	a.has_proc = file_exists("/proc/self");
	read_lockdown(a.lockdown, sizeof(a.lockdown));
	read_line("/proc/sys/kernel/kptr_restrict", line, sizeof(line));
	if (line[0])
		a.kptr_restrict = (int)strtol(line, NULL, 10);
	return a;
}

static bool is_locked_down(const struct access *access)
{
	return access->lockdown[0] && strcmp(access->lockdown, "none") != 0;
}

static struct error *missing(const struct access *access, const char *path)
{
	if (!access->has_proc)
		return error_new(ERROR_IO, "%s is not there: /proc is not mounted" OR_A_DUMP, path);
	return error_new(ERROR_IO,
			 "%s is not there: this kernel is built without CONFIG_PROC_KCORE, so that "
			 "it can't be read while it runs; give a dump with -c FILE",
			 path);
}

struct error *access_refused(const struct access *access, const char *path, int errno_value)
{
	if (errno_value == ENOENT)
		return missing(access, path);
	if (errno_value != EACCES && errno_value != EPERM)
		return error_errno(errno_value, "%s", path);
	if (!access->is_root)
		return error_new(ERROR_IO,
				 "%s: only root may read the running kernel: run this as root (sudo)"
				 OR_A_DUMP, path);
	/* A user namespace's root may have every capability there, and none outside. */
	if (access->is_namespaced || !access->has_rawio)
		return error_new(ERROR_IO,
				 "%s: root of a container may not read the running kernel (%s): run "
				 "this on the host" OR_A_DUMP, path,
				 access->is_namespaced ? "user namespace" : "no CAP_SYS_RAWIO");
	if (is_locked_down(access))
		return error_new(ERROR_IO,
				 "%s: the kernel is locked down (%s mode), nobody can read its "
				 "memory: boot with lockdown=none, which may need Secure Boot off"
				 OR_A_DUMP, path, access->lockdown);
	return error_new(ERROR_IO,
			 "%s: the system refuses it to root, by SELinux or the like: see its audit "
			 "log" OR_A_DUMP, path);
}

struct error *access_hidden(const char *path)
{
	return error_new(ERROR_IO,
			 "%s is not the kernel's: a container hides it; run this on the host"
			 OR_A_DUMP, path);
}

struct error *access_no_addresses(const struct access *access, const char *path)
{
	if (access->kptr_restrict > 1)
		return error_new(ERROR_IO,
				 "%s hides the addresses of symbols (kernel.kptr_restrict is %d): set "
				 "it to 1 (sysctl kernel.kptr_restrict=1), or give the kernel's "
				 "vmlinux with -s", path, access->kptr_restrict);
	return error_new(ERROR_IO,
			 "%s hides the addresses of symbols%s: run this as root on the host, or "
			 "give the kernel's vmlinux with -s", path,
			 access->has_syslog ? "" : " (this process lacks CAP_SYSLOG)");
}

/* Older kernels begin with some hundred per-CPU symbols, from address 0 on. */
#define LINES_WITHOUT_ADDRESS 1000

struct error *access_check_addresses(const char *path)
{
	FILE *in = file_stream(path);
	bool shown = false;
	char line[512];

	if (!in)
		return error_errno(errno, "%s", path);
	for (unsigned i = 0; i < LINES_WITHOUT_ADDRESS && !shown && fgets(line, sizeof(line), in);)
		if (strchr(line, '\n')) {
			shown = line[strspn(line, "0")] != ' ';
			i++;
		}
	fclose(in);
	if (shown)
		return NULL;
	struct access a = access_read();
	return access_no_addresses(&a, path);
}
