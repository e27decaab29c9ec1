/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell's command line as a process of its own: pagers, pipes, and the prompt's `!`. */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct process {
	pid_t pid; /* 0: none */
	int in;	   /* write end of the pipe to its standard input; -1: it has ours */
};

/* Runs `sh -c line`, with the signals that we catch or ignore at their defaults. */
struct error *process_start(const char *line, bool with_pipe, struct process *ret);

/* The process has stopped reading: what is written now is lost, and nobody wants it. */
bool process_is_deaf(const struct process *process);

/* Ends its input and waits for it; its exit status, 128 and the signal's number if one ended it. */
int process_end(struct process *process);

#endif
