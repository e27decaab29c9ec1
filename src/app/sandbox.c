/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sanitized.h"

/* Landlock: a set of rules that has none, so that whatever its kernel knows to forbid is forbidden.
 */

/* Bits of file access, of network access and of scopes by the ABI that brought them. */
static const struct abi {
	int version;
	unsigned fs, net, scopes;
} abis[] = {{1, 13, 0, 0}, {2, 14, 0, 0}, {3, 15, 0, 0},
	    {4, 15, 2, 0}, {5, 16, 2, 0}, {6, 16, 2, 2}};

/* As the newest kernel's; an older one gets as much of it as it has. */
struct ruleset {
	uint64_t fs, net, scopes;
};

static uint64_t ones(unsigned n)
{
	return (UINT64_C(1) << n) - 1;
}

/* 0, or an errno. */
static int enter_landlock(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const struct abi *abi = abis;

	if (version < 1)
		return version ? errno : ENOSYS;
	while (abi + 1 < abis + ARRAY_SIZE(abis) && abi[1].version <= version)
		abi++;
	struct ruleset rules = {ones(abi->fs), ones(abi->net), ones(abi->scopes)};
	size_t size = abi->scopes ? sizeof(rules)
		      : abi->net  ? 2 * sizeof(uint64_t)
				  : sizeof(uint64_t);
	_cleanup_(closep) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		return errno;
	return 0;
}

/* seccomp: what is not in here is refused with EPERM. */

static const int calls[] = {
	/* on descriptors that are there already */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(getdents64),
	SCMP_SYS(dup),
	SCMP_SYS(close),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(fadvise64),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mincore),
	/* signals of its own, time */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	/* what it is */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(capget),
	SCMP_SYS(getrusage),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	/* what the C library does by itself */
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Allowed with this argument only. */
static const struct narrow_call {
	int call;
	unsigned argument;
	uint64_t mask, value;
} narrow_calls[] = {
	/* Memory that can be run is never made. */
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	/* How large is the terminal, is it one; never TIOCSTI, which types into it. */
	{SCMP_SYS(ioctl), 1, UINT32_MAX, TIOCGWINSZ},
	{SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS},
	/* fdopen(), opendir() */
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD},
	{SCMP_SYS(fcntl), 1, UINT32_MAX, F_DUPFD_CLOEXEC},
	/* fstat(), as glibc has it from 2.33 to 2.38 */
	{SCMP_SYS(newfstatat), 3, UINT32_MAX, AT_EMPTY_PATH},
	{SCMP_SYS(statx), 2, UINT32_MAX, AT_EMPTY_PATH},
};

/* abort() and raise() */
static int allow_own_end(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* 0, or an errno. */
static int enter_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int failure = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(calls) && !failure; i++)
		failure = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(narrow_calls) && !failure; i++) {
		const struct narrow_call *c = &narrow_calls[i];
		const struct scmp_arg_cmp argument = {c->argument, SCMP_CMP_MASKED_EQ, c->mask,
						      c->value};

		failure = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, c->call, 1, &argument);
	}
	if (!failure)
		failure = allow_own_end(filter);
	/* libseccomp of before 2.5 has one error for all that the kernel says. */
	if (!failure)
		failure = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return -failure;
}

void sandbox_enter(char text[SANDBOX_TEXT_MAX])
{
	static const struct rlimit none = {0, 0};

	/* Neither a core dump of what may be secret, nor anybody of this user's who looks in. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	if (IS_ADDRESS_SANITIZED) {
		snprintf(text, SANDBOX_TEXT_MAX, "off (built with sanitizers, which need more)");
		return;
	}
	int no_new = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0;
	int no_landlock = no_new ? no_new : enter_landlock();
	int no_seccomp = no_new ? no_new : enter_seccomp();
	if (no_landlock && no_seccomp)
		snprintf(text, SANDBOX_TEXT_MAX, "off (landlock: %s; seccomp: %s)",
			 strerror(no_landlock), strerror(no_seccomp));
	else
		snprintf(text, SANDBOX_TEXT_MAX, "%s%s%s", no_landlock ? "" : "landlock",
			 no_landlock || no_seccomp ? "" : ", ", no_seccomp ? "" : "seccomp");
}
