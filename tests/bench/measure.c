// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs one command and tells what it took.
 *
 *	measure RESULT OUTPUT COMMAND [ARGUMENTS]
 *
 * The command's standard output goes to the file OUTPUT; RESULT gets one line: seconds of wall,
 * user and system time, peak memory in KB, exit status. A process's peak memory never falls below
 * that of the program which started it, hence a small one and not Python.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(125);
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: measure RESULT OUTPUT COMMAND [ARGUMENTS]\n");
		return 125;
	}
	FILE *result = fopen(argv[1], "we");
	int output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (!result || output < 0)
		die(result ? argv[2] : argv[1]);

	double start = now();
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		dup2(output, STDOUT_FILENO);
		execvp(argv[3], argv + 3);
		die(argv[3]);
	}
	if (wait4(child, &status, 0, &usage) != child)
		die("wait4");
	fprintf(result, "%.6f %.6f %.6f %ld %d\n", now() - start, seconds(usage.ru_utime),
		seconds(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(result) ? 125 : 0;
}
