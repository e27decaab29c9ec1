/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that reads a target and answers commands. It is forked before a byte of the target
 * was parsed and gives up all rights (app/sandbox.h); it gets its files, and where to write answers
 * to, as descriptors. The program itself keeps the terminal, shells and files, and parses nothing
 * but the user's words. When the worker dies, the next command gets a new one.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/run.h"
#include "cmd/candidates.h"

struct worker;

/* As run_words(), in the worker of app->opened, which is started if need be. */
int worker_run(struct app *app, const char *const *words, size_t n);

/* Opens the target of app->opened; the exit status. */
int worker_open(struct app *app);

/* The messages that wait while another program has the terminal, the worker's and ours. */
void worker_release(struct app *app);

/* As candidates_visit(), of the open target, in the worker when there is one. */
void worker_candidates(struct app *app, const char *usage, size_t nth, candidate_visit visit,
		       void *arg);

/* Waits for its end; NULL is fine. */
void worker_end(struct worker *worker);

/* The worker's side. */

/* How commands are to be run; behind it, each with its NUL: the script's name or "", and the words.
 */
struct order {
	enum emit_format format;
	enum color_when color;
	enum verbosity verbosity;
	unsigned line;	  /* of the script; 0: none */
	bool is_terminal; /* where the answer goes */
	bool is_shared;	  /* another program reads it, and may have the terminal */
};

/* Until the channel's other end is closed. */
void worker_serve(struct app *app, int channel) __attribute__((noreturn));

#endif
