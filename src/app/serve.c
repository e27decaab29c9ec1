/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side: does what the program says, with what the program gives. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "app/builtins.h"
#include "app/channel.h"
#include "app/repeat.h"
#include "app/sandbox.h"
#include "app/worker.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/sanitized.h"
#include "base/vec.h"

/* What a program does that nobody is behind of any more. */
static void leave(void) __attribute__((noreturn));

#if IS_ADDRESS_SANITIZED
void __lsan_do_leak_check(void);
#endif

static void leave(void)
{
#if IS_ADDRESS_SANITIZED
	__lsan_do_leak_check();
#endif
	/* Not exit(): that would set back what the program reads its script from. */
	_exit(EXIT_ANSWERED);
}

static int serve_by_program(void *arg, enum file_wish wish, const char *path, int flags)
{
	const int *channel = arg;
	struct message reply, message = {MESSAGE_FILE, (uint32_t)strlen(path), wish, flags};
	_cleanup_(freep) char *text = NULL;
	int fd;

	if (message.length >= CHANNEL_TEXT_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!channel_send(*channel, message, path, -1) ||
	    !channel_receive(*channel, SIZE_MAX, &reply, &text, &fd))
		leave();
	if (reply.a) {
		errno = reply.a;
		return -1;
	}
	return wish == FILE_REPLACE_END ? 0 : fd;
}

static void offer(void *arg, const char *word, const char *what)
{
	const int *channel = arg;
	char text[1024];
	int length = snprintf(text, sizeof(text), "%s%c%s", word, '\0', what ? what : "");

	if (length < 0 || (size_t)length >= sizeof(text))
		return;
	channel_send(*channel,
		     (struct message){MESSAGE_OFFER, (uint32_t)(what ? length + 1 : length), 0, 0},
		     text, -1);
}

static void take_order(struct app *app, const struct order *order, const char *file)
{
	app->settings.format = order->format;
	app->settings.color = order->color;
	app->console.verbosity = order->verbosity;
	app->console.file = *file ? file : NULL;
	app->console.line = order->line;
	if (order->is_shared)
		console_hold(&app->console);
	/* A reader that leaves must not end us: the next command has another one. */
	signal(SIGPIPE, order->is_shared ? SIG_IGN : SIG_DFL);
}

static int run_to(struct app *app, const struct order *order, int fd, const char *const *words,
		  size_t n)
{
	struct sink standard = app->sink;
	FILE *out = fd < 0 ? stdout : fdopen(fd, "w");

	if (!out) {
		close(fd);
		return run_failed(app, words[0], error_no_memory);
	}
	app->sink = (struct sink){
		.out = out,
		.is_terminal = order->is_terminal,
		.process.in = order->is_shared ? fd : -1,
	};
	int status = run_words(app, words, n);
	bool is_deaf = sink_is_deaf(&app->sink);
	bool failed = fd < 0 ? fflush(out) : fclose(out);
	app->sink = standard;
	if (failed && !is_deaf && status == EXIT_ANSWERED)
		return run_failed(app, NULL, error_errno(errno, "can't write the answer"));
	return status;
}

/* text: of a MESSAGE_RUN, with a NUL behind it. */
static int run_order(struct app *app, const char *text, size_t length, int fd)
{
	VEC(const char *) words = {0};
	struct order order;
	const char *at = text + sizeof(order), *file = at;

	memcpy(&order, text, sizeof(order));
	for (at += strlen(at) + 1; at < text + length; at += strlen(at) + 1) {
		const char **word = vec_push(&words);

		if (word)
			*word = at;
	}
	take_order(app, &order, file);
	int status = run_to(app, &order, fd, words.at, words.n);
	vec_free(&words);
	app->console.file = NULL;
	return status;
}

static int open_target(struct app *app)
{
	struct target *target;
	struct error *err = session_target(app->opened->session, &target);

	return err ? run_failed(app, NULL, err) : EXIT_ANSWERED;
}

static int obey(struct app *app, int *channel, const struct message *message, const char *text,
		int fd)
{
	switch (message->kind) {
	case MESSAGE_RUN:
		return run_order(app, text, message->length, fd);
	case MESSAGE_OPEN:
		return open_target(app);
	case MESSAGE_COMPLETE:
		candidates_visit(app->opened->session, text, (size_t)message->a, offer, channel);
		break;
	case MESSAGE_RELEASE:
		console_release(&app->console);
		break;
	}
	return EXIT_ANSWERED;
}

void worker_serve(struct app *app, int channel)
{
	static const struct builtin words[] = {{"repeat", repeat_run, true}, {NULL}};
	char sandbox[SANDBOX_TEXT_MAX];
	struct message message;
	char *text;
	int fd;

	sandbox_enter(sandbox);
	app->opened->spec.sandbox = sandbox;
	file_serve_by(serve_by_program, &channel);
	app->elsewhere = NULL;
	app->builtins = words;
	app->sink = sink_of(stdout);
	while (channel_receive(channel, SIZE_MAX, &message, &text, &fd)) {
		message = (struct message){MESSAGE_DONE, 0, obey(app, &channel, &message, text, fd),
					   0};
		free(text);
		if (!channel_send(channel, message, NULL, -1))
			break;
	}
	opened_free(app->opened);
	settings_free(&app->settings);
	leave();
}
