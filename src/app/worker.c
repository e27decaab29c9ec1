/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "app/broker.h"
#include "app/channel.h"
#include "app/interrupt.h"
#include "base/cleanup.h"

struct worker {
	pid_t pid;
	int channel;
	struct broker broker;
};

/* Starting. */

/* The largest descriptor that is open; where /proc is not there that can be. */
static int last_fd(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	int last = STDERR_FILENO;

	if (!folder)
		return (int)sysconf(_SC_OPEN_MAX);
	while ((entry = readdir(folder)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd > last)
			last = fd;
	}
	closedir(folder);
	return last;
}

/* Linux before 5.9 has no close_range(), and filters of containers may not know it. */
static void close_from(int first)
{
#ifdef SYS_close_range
	if (!syscall(SYS_close_range, first, ~0U, 0))
		return;
#endif
	for (int fd = last_fd(); fd >= first; fd--)
		close(fd);
}

/* Nothing else of the program's is open in the worker: its end of the channel would keep it alive. */
static int keep_only(int channel)
{
	int fd = dup2(channel, STDERR_FILENO + 1);

	close_from(STDERR_FILENO + 2);
	return fd;
}

/* In the child; parent: of which it must not outlive the end. */
static void become_worker(struct app *app, pid_t parent, int channel)
{
	static const int readlines[] = {SIGTERM, SIGHUP,  SIGQUIT, SIGALRM,
					SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_TARGET);
	interrupt_leave_to_parent();
	for (size_t i = 0; i < ARRAY_SIZE(readlines); i++)
		signal(readlines[i], SIG_DFL);
	/* The lines of a script are not for a command that reads standard input. */
	int nothing = app->stdin_is_script ? open("/dev/null", O_RDONLY) : -1;
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	__fpurge(stdin);
	app->opened->worker = NULL;
	worker_serve(app, keep_only(channel));
}

static struct error *worker_start(struct app *app, struct worker **ret)
{
	_cleanup_(freep) struct worker *worker = calloc(1, sizeof(*worker));
	pid_t parent = getpid();
	int ends[2];

	if (!worker)
		return error_no_memory;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_errno(errno, "can't make a socket to the process that reads dumps");
	fflush(stdout);
	worker->pid = fork();
	if (!worker->pid)
		become_worker(app, parent, ends[1]);
	int fork_errno = errno;
	close(ends[1]);
	if (worker->pid < 0) {
		close(ends[0]);
		return error_errno(fork_errno, "can't start the process that reads dumps");
	}
	worker->channel = ends[0];
	worker->broker.opened = app->opened;
	*ret = take_ptr(worker);
	return NULL;
}

/* That of the open target; NULL: there can be none, and that was said. */
static struct worker *worker_of(struct app *app)
{
	struct opened *opened = app->opened;
	struct error *err = opened->worker ? NULL : worker_start(app, &opened->worker);

	if (err)
		run_failed(app, NULL, err);
	return opened->worker;
}

/* Returns what waitpid(2) says. */
static int bury(struct worker *worker)
{
	int status = 0;

	close(worker->channel);
	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	broker_end(&worker->broker);
	free(worker);
	return status;
}

void worker_end(struct worker *worker)
{
	if (worker)
		bury(worker);
}

/* Its death. */

#define TOO_MUCH                                                                                      \
	"something in the dump or its symbols is too much for a parser: try --no-symbols or another " \
	"copy, and report it (SECURITY.md)"

static const struct death {
	int signal;
	const char *why;
} deaths[] = {
	{SIGKILL, "by the system, for want of memory (see dmesg), or by somebody"},
	{SIGXCPU, "its CPU time is used up (ulimit -t)"},
	{SIGTERM, "by somebody"},
	{0, TOO_MUCH},
};

/* One line; returns the exit status. `what`: the command, NULL: none. */
static int tell_death(struct app *app, const char *what, int status, bool is_nonsense)
{
	const struct death *death = deaths;
	const char *name = app->opened->name;

	app->console.drawn = app->console.is_terminal; /* its progress may stand there */
	console_clear(&app->console);
	if (is_nonsense || !WIFSIGNALED(status)) {
		console_line(&app->console, QUIET,
			     "%s: no answer: the process that reads '%s' %s: %s", what, name,
			     is_nonsense ? "sent nonsense" : "has ended", TOO_MUCH);
		return EXIT_TARGET;
	}
	if (WTERMSIG(status) == SIGPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	while (death->signal && death->signal != WTERMSIG(status))
		death++;
	console_line(&app->console, QUIET,
		     "%s: no answer: the process that reads '%s' died of signal %d (%s): %s", what,
		     name, WTERMSIG(status), strsignal(WTERMSIG(status)), death->why);
	return EXIT_TARGET;
}

static int died(struct app *app, const char *what, bool is_nonsense)
{
	struct worker *worker = take_ptr(app->opened->worker);

	kill(worker->pid, SIGKILL); /* nothing new to one that is dead */
	return tell_death(app, what, bury(worker), is_nonsense);
}

/* Attending to it while it works. */

struct visitor {
	candidate_visit visit; /* NULL: candidates are not asked for */
	void *arg;
};

static bool is_plain(const char *word)
{
	while (*word > ' ' && *word < 0x7f)
		word++;
	return !*word;
}

/* text: has a NUL behind it. */
static void take_offer(const struct visitor *visitor, const char *text, size_t length)
{
	size_t word = strlen(text) + 1;

	if (visitor->visit && is_plain(text))
		visitor->visit(visitor->arg, text, word < length ? text + word : NULL);
}

static bool serve_file(struct worker *worker, const struct message *wish, const char *path)
{
	bool is_wish = wish->a >= 0 && wish->a < FILE_WISHES;
	int got = is_wish ? broker_serve(&worker->broker, wish->a, path, wish->b) : -1;
	struct message reply = {MESSAGE_SERVED, 0, got < 0 ? errno : 0, 0};
	_cleanup_(closep) int fd = wish->a == FILE_REPLACE_END ? -1 : got;

	return channel_send(worker->channel, reply, NULL, fd);
}

/* What it writes for a pager is passed on; one that nobody reads any more is closed, which stops
 * it. */
static bool pass_on(struct app *app, int pump)
{
	char bytes[16384];
	ssize_t n = read(pump, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return true;
	return n > 0 && fwrite(bytes, 1, (size_t)n, app->sink.out) == (size_t)n;
}

/* True: a message comes; false: only bytes have. */
static bool wait_for_message(struct app *app, int channel, int *pump)
{
	struct pollfd ends[] = {{.fd = channel, .events = POLLIN}, {.fd = *pump, .events = POLLIN}};

	if (*pump < 0)
		return true;
	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		;
	if (ends[1].revents && !pass_on(app, *pump)) {
		close(*pump);
		*pump = -1;
	}
	return ends[0].revents;
}

/* What is left; a worker that keeps its end open is not waited for. */
static void drain(struct app *app, int pump)
{
	if (pump >= 0 && !fcntl(pump, F_SETFL, O_NONBLOCK))
		while (pass_on(app, pump))
			;
}

static int clip(int status)
{
	return (status >= EXIT_ANSWERED && status <= EXIT_TARGET) || status == EXIT_INTERRUPTED
		       ? status
		       : EXIT_TARGET;
}

/*
 * Until the worker has done what it was told; its exit status. what: for messages. pump: the read
 * end of the pipe that it writes to for a pager; -1: none.
 */
static int attend(struct app *app, const char *what, int *pump, const struct visitor *visitor)
{
	struct worker *worker = app->opened->worker;

	for (;;) {
		_cleanup_(freep) char *text = NULL;
		struct message message;

		if (!wait_for_message(app, worker->channel, pump))
			continue;
		if (!channel_receive(worker->channel, CHANNEL_TEXT_MAX, &message, &text, NULL))
			return died(app, what, false);
		switch (message.kind) {
		case MESSAGE_DONE:
			drain(app, *pump);
			return clip(message.a);
		case MESSAGE_OFFER:
			take_offer(visitor, text, message.length);
			break;
		case MESSAGE_FILE:
			if (serve_file(worker, &message, text))
				break;
			return died(app, what, false);
		default:
			return died(app, what, true);
		}
	}
}

/* Telling it. */

static char *order_text(const struct app *app, const char *const *words, size_t n, size_t *ret)
{
	const struct order order = {
		.format = app->settings.format,
		.color = app->settings.color,
		.verbosity = app->console.verbosity,
		.line = app->console.line,
		.is_terminal = app->sink.is_terminal,
		.is_shared = app->sink.pager || app->sink.process.pid,
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret);

	if (!out)
		return NULL;
	fwrite(&order, sizeof(order), 1, out);
	fprintf(out, "%s%c", app->console.file ? app->console.file : "", '\0');
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%c", words[i], '\0');
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* Where the answer is to be written, -1: standard output; for a pager a pipe whose other end is
 * *pump. */
static struct error *answer_end(const struct app *app, int *ret, int *pump)
{
	int ends[2];

	if (!app->sink.pager) {
		*ret = app->sink.is_own ? dup(fileno(app->sink.out)) : -1;
		return NULL;
	}
	if (pipe2(ends, O_CLOEXEC))
		return error_errno(errno, "can't make a pipe");
	*pump = ends[0];
	*ret = ends[1];
	return NULL;
}

int worker_run(struct app *app, const char *const *words, size_t n)
{
	static const struct visitor nobody = {0};
	_cleanup_(closep) int to = -1;
	_cleanup_(closep) int pump = -1;
	struct worker *worker = worker_of(app);
	size_t length;

	if (!worker)
		return EXIT_TARGET;
	_cleanup_(freep) char *text = order_text(app, words, n, &length);
	struct error *err =
		text && length <= UINT32_MAX ? answer_end(app, &to, &pump) : error_no_memory;
	if (err)
		return run_failed(app, words[0], err);
	fflush(stdout);
	worker->broker.words = words;
	worker->broker.n = n;
	bool is_told = channel_send(
		worker->channel, (struct message){MESSAGE_RUN, (uint32_t)length, 0, 0}, text, to);
	closep(&to);
	to = -1;
	int status = is_told ? attend(app, words[0], &pump, &nobody) : died(app, words[0], false);
	if (app->opened->worker)
		worker->broker.n = 0;
	return status;
}

int worker_open(struct app *app)
{
	static const struct visitor nobody = {0};
	struct worker *worker = worker_of(app);
	int pump = -1;

	if (!worker)
		return EXIT_TARGET;
	bool is_told =
		channel_send(worker->channel, (struct message){.kind = MESSAGE_OPEN}, NULL, -1);
	return is_told ? attend(app, "open", &pump, &nobody) : died(app, "open", false);
}

void worker_release(struct app *app)
{
	struct worker *worker = app->opened->worker;
	int pump = -1;

	console_release(&app->console);
	if (worker &&
	    channel_send(worker->channel, (struct message){.kind = MESSAGE_RELEASE}, NULL, -1))
		attend(app, "release", &pump, &(struct visitor){0});
}

void worker_candidates(struct app *app, const char *usage, size_t nth, candidate_visit visit,
		       void *arg)
{
	struct worker *worker = app->elsewhere ? worker_of(app) : NULL;
	struct message message = {MESSAGE_COMPLETE, (uint32_t)strlen(usage), (int32_t)nth, 0};
	int pump = -1;

	if (!app->elsewhere)
		candidates_visit(app->opened->session, usage, nth, visit, arg);
	else if (worker && channel_send(worker->channel, message, usage, -1))
		attend(app, "completion", &pump, &(struct visitor){visit, arg});
	else if (worker)
		died(app, "completion", false);
}
