/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/sink.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/pager.h"
#include "base/cleanup.h"
#include "base/file.h"

struct sink sink_of(FILE *out)
{
	int fd = fileno(out); /* a stream in memory has none */

	return (struct sink){.out = out, .is_terminal = fd >= 0 && isatty(fd), .process.in = -1};
}

static struct error *open_pipe(const char *line, struct sink *ret)
{
	struct sink sink = {.is_own = true};

	if (!line[strspn(line, " \t\r\n")])
		return error_new(ERROR_USAGE, "nothing stands behind |");
	struct error *err = process_start(line, true, &sink.process);
	if (err)
		return err;
	int fd = dup(sink.process.in);
	sink.out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!sink.out) {
		if (fd >= 0)
			close(fd);
		process_end(&sink.process);
		return error_errno(errno, "can't open a pipe");
	}
	*ret = sink;
	return NULL;
}

/* Another dump, a log, a table: FILE, --option=FILE. */
static struct error *refuse_named(const struct words *line, const char *path)
{
	for (size_t i = 1; i < line->n; i++) {
		const char *word = line->at[i], *equals = *word == '-' ? strchr(word, '=') : NULL;

		if (file_is_same(path, equals ? equals + 1 : word))
			return error_new(ERROR_USAGE,
					 "'%s' is what '%s' reads, and would be lost: give another name",
					 path, line->at[0]);
	}
	return NULL;
}

static struct error *open_file(const struct words *line, const char *mode,
			       const struct target_spec *spec, struct sink *ret)
{
	_cleanup_(words_free) struct words words = {0};
	struct sink sink = {.process.in = -1, .is_own = true};
	struct error *err = words_split(line->rest, &words);

	if (err)
		return err;
	if (words.n != 1 || words.end != WORDS_END)
		return error_new(ERROR_USAGE, "> wants the name of one file");
	err = spec_refuse_own(spec, words.at[0]);
	if (!err)
		err = refuse_named(line, words.at[0]);
	if (err)
		return err;
	sink.out = fopen(words.at[0], mode);
	if (!sink.out)
		return error_errno(errno, "can't write '%s'", words.at[0]);
	*ret = sink;
	return NULL;
}

static struct error *open_out(FILE *out, const char *pager, struct sink *ret)
{
	struct sink sink = sink_of(out);
	struct error *err = NULL;

	if (sink.is_terminal && pager)
		err = pager_open(pager, out, &sink.pager, &sink.out);
	if (!err)
		*ret = sink;
	return err;
}

struct error *sink_open(const struct words *words, const struct target_spec *spec, FILE *out,
			const char *pager, struct sink *ret)
{
	struct error *err = NULL;

	switch (words->end) {
	case WORDS_END:
		err = open_out(out, pager, ret);
		break;
	case WORDS_PIPE:
		err = open_pipe(words->rest, ret);
		break;
	case WORDS_WRITE:
		err = open_file(words, "we", spec, ret);
		break;
	case WORDS_APPEND:
		err = open_file(words, "ae", spec, ret);
		break;
	}
	/* A reader that leaves must not end us: the next command has another one. */
	if (!err && (ret->pager || ret->process.pid))
		signal(SIGPIPE, SIG_IGN);
	return err;
}

bool sink_is_deaf(const struct sink *sink)
{
	return sink->pager ? pager_is_deaf(sink->pager) : process_is_deaf(&sink->process);
}

struct error *sink_close(struct sink *sink, int *ret_status)
{
	struct error *err = NULL;
	bool is_deaf = sink_is_deaf(sink), is_ours = sink->pager || sink->process.pid;

	if (sink->pager)
		err = pager_close(sink->pager);
	else if (sink->is_own && fclose(sink->out) && !is_deaf)
		err = error_errno(errno, "can't write the answer");
	*ret_status = process_end(&sink->process);
	if (is_ours)
		signal(SIGPIPE, SIG_DFL);
	*sink = (struct sink){.process.in = -1};
	return err;
}
