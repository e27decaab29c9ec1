/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int spawn_shell(const char *line, int in, pid_t *pid)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(size_t)line, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int failure = in < 0 ? 0 : posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!failure)
		failure = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failure;
}

struct error *process_start(const char *line, bool with_pipe, struct process *ret)
{
	struct process process = {.in = -1};
	int ends[2] = {-1, -1};

	if (with_pipe && pipe2(ends, O_CLOEXEC))
		return error_errno(errno, "can't make a pipe");
	process.in = ends[1];
	int failure = spawn_shell(line, ends[0], &process.pid);
	if (ends[0] >= 0)
		close(ends[0]);
	if (failure) {
		if (process.in >= 0)
			close(process.in);
		return error_errno(failure, "can't run '%s'", line);
	}
	*ret = process;
	return NULL;
}

bool process_is_deaf(const struct process *process)
{
	struct pollfd pipe = {.fd = process->in, .events = POLLOUT};

	return process->in >= 0 && poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR);
}

int process_end(struct process *process)
{
	int status = 0;

	if (process->in >= 0)
		close(process->in);
	while (process->pid && waitpid(process->pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	*process = (struct process){.in = -1};
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
