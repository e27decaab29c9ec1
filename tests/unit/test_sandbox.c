/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process can still do behind sandbox_enter(), and which files are opened for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/broker.h"
#include "app/sandbox.h"
#include "base/cleanup.h"
#include "cmd/command.h"
#include "scratch.h"

/* Each returns -1 when it is refused, as system calls do. */

static long try_read(void) { return open("/proc/self/maps", O_RDONLY); }
static long try_old_open(void) { return syscall(SYS_open, "/etc/passwd", O_RDONLY); }
static long try_write(void) { return open("/tmp/iommuscope-sandbox", O_WRONLY | O_CREAT, 0600); }
static long try_temporary(void) { return open("/tmp", O_TMPFILE | O_RDWR, 0600); }
static long try_folder(void) { return mkdir("/tmp/iommuscope-sandbox", 0700); }
static long try_rename(void) { return rename("/tmp/a", "/tmp/b") && errno != ENOENT ? -1 : 0; }
static long try_unlink(void) { return unlink("/tmp/a") && errno != ENOENT ? -1 : 0; }
static long try_memfd(void) { return syscall(SYS_memfd_create, "x", 0); }
static long try_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long try_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static long try_fork(void) { return syscall(SYS_fork); }
static long try_clone(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static long try_ptrace(void) { return ptrace(PTRACE_ATTACH, getppid(), 0, 0); }
static long try_kill(void) { return kill(getppid(), 0); }
static long try_thread_kill(void) { return syscall(SYS_tgkill, getppid(), getppid(), 0); }
static long try_limit(void) { return setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1}); }
static long try_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static long try_module(void) { return syscall(SYS_init_module, "", 0, ""); }
static long try_bpf(void) { return syscall(SYS_bpf, 0, NULL, 0); }
static long try_process_memory(void) { return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0); }
static long try_typing(void) { return ioctl(STDIN_FILENO, TIOCSTI, "x"); }
static long try_mount(void) { return syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, NULL); }

static long try_program(void)
{
	char *const argv[] = {(char[]){"true"}, NULL};

	return execve("/bin/true", argv, argv + 1);
}

static long try_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

static long try_more_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

#define TRY(name) {#name, try_##name}

static const struct attempt {
	const char *name;
	long (*try)(void);
} attempts[] = {
	TRY(read), TRY(old_open), TRY(write), TRY(temporary), TRY(folder), TRY(rename), TRY(unlink),
	TRY(memfd), TRY(socket), TRY(local_socket), TRY(fork), TRY(clone), TRY(ptrace), TRY(kill),
	TRY(thread_kill), TRY(limit), TRY(dumpable), TRY(module), TRY(bpf), TRY(process_memory),
	TRY(typing), TRY(mount), TRY(program), TRY(code), TRY(more_code),
};

/* In a process of its own; its exit status: 0 refused, 1 done, 2 no sandbox, 3 refused, but not by it. */
static int status_of_attempt(const struct attempt *attempt)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		char text[SANDBOX_TEXT_MAX];

		sandbox_enter(text);
		if (!strstr(text, "seccomp") || !strncmp(text, "off", 3))
			_exit(2);
		_exit(attempt->try() >= 0 ? 1 : errno == EPERM || errno == EACCES ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_refused(void **state)
{
	(void)state;
	if (status_of_attempt(&attempts[0]) == 2) {
		print_message("no seccomp here, or a build with sanitizers\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
		if (status_of_attempt(&attempts[i]))
			fail_msg("%s: not refused", attempts[i].name);
}

/* What is left to it: what it has been given, memory, and its own end. */
static void work(int fd)
{
	char text[SANDBOX_TEXT_MAX], byte = 'x';

	sandbox_enter(text);
	char *memory = malloc(1 << 24);
	bool works = memory && write(fd, &byte, 1) == 1 && pread(fd, &byte, 1, 0) == 1 && !fsync(fd);
	void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	free(memory);
	if (works && map != MAP_FAILED)
		abort();
	_exit(1);
}

static void test_allowed(void **state)
{
	FILE *file = tmpfile();
	int status;

	(void)state;
	assert_non_null(file);
	pid_t pid = fork();
	if (!pid)
		work(fileno(file));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fclose(file);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
}

/* The broker. */

static const char *const cores[] = {"/dumps/vmcore"};

static struct opened dump = {.spec = {.cores = cores, .n_cores = 1, .symbols = "/dumps/vmlinux"}};
static struct opened live;

static bool is_refused(struct opened *opened, const char *line, enum file_wish wish, const char *path, int flags)
{
	struct broker broker = {.opened = opened, .words = &line, .n = 1};
	int got = broker_serve(&broker, wish, path, flags);
	bool refused = got < 0 && errno == EACCES;

	if (got > 0)
		close(got);
	broker_end(&broker);
	return refused;
}

static void test_reads(void **state)
{
	static const struct {
		struct opened *opened;
		const char *word, *path;
		bool refused;
	} cases[] = {
		{&dump, "info", "/dumps/vmcore", false},
		{&dump, "info", "/dumps/vmlinux", false},
		{&dump, "info", "/dumps/other", true},
		{&dump, "/dumps/other", "/dumps/other", false},
		{&dump, "--file=/dumps/other", "/dumps/other", false},
		{&dump, "-c/dumps/other", "/dumps/other", false},
		{&dump, "-c/dumps/others", "/dumps/other", true},
		{&dump, "info", "/nowhere/secret", true},
		{&dump, "info", "/nowhere", true},
		{&dump, "info", "", true},
		{&dump, "info", "/lib/modules/none/vmlinux", false},
		{&dump, "info", "/lib/modules/../../nowhere/secret", true},
		{&dump, "info", "/usr/lib/debug/.build-id/00/00.debug", false},
		{&dump, "info", "/proc/kcore", true},
		{&dump, "info", "/proc/kallsyms", true},
		{&dump, "info", "/sys/kernel/none", true},
		{&dump, "/proc/kcore", "/proc/kallsyms", false},
		{&live, "info", "/proc/kallsyms", false},
		{&live, "info", "/sys/kernel/none", false},
		{&live, "info", "/sys/../nowhere/secret", true},
		{&live, "info", "/proc/self/mem", true},
		{&live, "info", "/dumps/vmcore", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (is_refused(cases[i].opened, cases[i].word, FILE_READ, cases[i].path, 0) !=
		    cases[i].refused)
			fail_msg("%s: %s", cases[i].word, cases[i].path);
}

/* A descriptor that was asked for to write is one for reading all the same. */
static void test_only_to_read(void **state)
{
	const char *line = "/proc/self/status";
	struct broker broker = {.opened = &dump, .words = &line, .n = 1};
	int fd = broker_serve(&broker, FILE_READ, line, O_RDWR | O_CREAT | O_TRUNC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_TRUNC), O_RDONLY);
	close(fd);
}

static void test_destination(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	_cleanup_(freep) char *path = scratch_path(&scratch, "file");
	_cleanup_(freep) char *other = scratch_path(&scratch, "other");
	const char *words[] = {"repeat", "2", "capture", path};
	struct broker broker = {.opened = &dump, .words = words, .n = ARRAY_SIZE(words)};

	(void)state;
	assert_int_equal(broker_serve(&broker, FILE_REPLACE, other, 0), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(broker_serve(&broker, FILE_REPLACE, path, 1), -1);
	assert_int_equal(errno, EACCES);
	words[2] = "devices";
	assert_int_equal(broker_serve(&broker, FILE_REPLACE, path, 0), -1);
	words[2] = "capture";
	assert_int_equal(broker_serve(&broker, FILE_REPLACE_END, path, 1), -1);
	int fd = broker_serve(&broker, FILE_REPLACE, path, 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(broker_serve(&broker, FILE_REPLACE, path, 0), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(access(path, F_OK), -1);
	/* Whatever path it says now. */
	assert_int_equal(broker_serve(&broker, FILE_REPLACE_END, other, 1), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(access(other, F_OK), -1);
	broker_end(&broker);
	scratch_remove(&scratch);
}

#define BUILD_ID "0123456789abcdef0123456789abcdef01234567"

static void test_cache(void **state)
{
	struct scratch scratch;
	scratch_make(&scratch);
	_cleanup_(freep) char *home = scratch_path(&scratch, "cache");
	_cleanup_(freep) char *good = scratch_path(&scratch, "cache/iommuscope/" BUILD_ID ".layouts");
	_cleanup_(freep) char *bad = scratch_path(&scratch, "cache/iommuscope/x.layouts");
	_cleanup_(freep) char *wrong = scratch_path(&scratch, "cache/" BUILD_ID ".layouts");

	(void)state;
	setenv("XDG_CACHE_HOME", home, 1);
	assert_false(is_refused(&dump, "info", FILE_READ, good, 0));
	assert_true(is_refused(&dump, "info", FILE_READ, bad, 0));
	assert_true(is_refused(&dump, "info", FILE_REPLACE, good, 0));
	assert_false(is_refused(&dump, "info", FILE_REPLACE, good, 1));
	assert_true(is_refused(&dump, "info", FILE_REPLACE, bad, 1));
	assert_true(is_refused(&dump, "info", FILE_REPLACE, wrong, 1));
	dump.spec.no_cache = true;
	assert_true(is_refused(&dump, "info", FILE_REPLACE, good, 1));
	dump.spec.no_cache = false;
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_reads),	   cmocka_unit_test(test_only_to_read),
		cmocka_unit_test(test_destination), cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
