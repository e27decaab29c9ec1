/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/pager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/process.h"
#include "base/cleanup.h"

#define DEFAULT_PAGER "less"
#define DEFAULT_LESS "FRX"

struct pager {
	FILE *out;	/* what the caller writes to */
	FILE *terminal; /* the caller's */
	char *command;
	unsigned rows, columns;
	unsigned row, column; /* where the next character goes */
	char *held;	      /* until the pager starts */
	size_t n, room;
	struct process process;
	bool failed;
};

const char *pager_of_environment(void)
{
	const char *pager = getenv("PAGER"), *term = getenv("TERM");

	if (!term || !strcmp(term, "dumb"))
		return NULL;
	if (!pager)
		return DEFAULT_PAGER;
	return *pager && strcmp(pager, "cat") != 0 ? pager : NULL;
}

/* Counts rows as a terminal fills them; bytes that move nothing are few and make it page earlier.
 */
static void count(struct pager *pager, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || pager->column == pager->columns) {
			pager->row++;
			pager->column = 0;
		}
		if (bytes[i] != '\n' && ((unsigned char)bytes[i] & 0xc0) != 0x80)
			pager->column++;
	}
}

static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			n -= (size_t)written;
		}
	}
	return true;
}

static bool hold(struct pager *pager, const char *bytes, size_t n)
{
	if (pager->room - pager->n < n) {
		size_t room = 2 * pager->room + n;
		char *held = realloc(pager->held, room);

		if (!held)
			return false;
		pager->held = held;
		pager->room = room;
	}
	memcpy(pager->held + pager->n, bytes, n);
	pager->n += n;
	return true;
}

static bool start(struct pager *pager)
{
	setenv("LESS", DEFAULT_LESS, false);
	setenv("LV", "-c", false);
	struct error *err = process_start(pager->command, true, &pager->process);
	if (err) {
		error_free(err);
		return false;
	}
	return write_all(pager->process.in, pager->held, pager->n);
}

/* 0: it failed, as fopencookie(3) wants it. */
static ssize_t pager_write(void *cookie, const char *bytes, size_t n)
{
	struct pager *pager = cookie;

	if (!pager->failed && pager->process.pid) {
		pager->failed = !write_all(pager->process.in, bytes, n);
	} else if (!pager->failed) {
		count(pager, bytes, n);
		pager->failed =
			!hold(pager, bytes, n) || (pager->row + 1 >= pager->rows && !start(pager));
	}
	return pager->failed ? 0 : (ssize_t)n;
}

struct error *pager_open(const char *command, FILE *terminal, struct pager **ret, FILE **ret_out)
{
	struct pager *pager = calloc(1, sizeof(*pager));
	struct winsize size = {0};

	if (!pager)
		return error_no_memory;
	if (ioctl(fileno(terminal), TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	pager->terminal = terminal;
	pager->rows = size.ws_row;
	pager->columns = size.ws_col;
	pager->process.in = -1;
	pager->command = strdup(command);
	pager->out = fopencookie(pager, "w", (cookie_io_functions_t){.write = pager_write});
	if (!pager->command || !pager->out) {
		if (pager->out)
			fclose(pager->out);
		free(pager->command);
		free(pager);
		return error_no_memory;
	}
	setvbuf(pager->out, NULL, _IONBF, 0);
	*ret = pager;
	*ret_out = pager->out;
	return NULL;
}

bool pager_is_deaf(const struct pager *pager)
{
	return process_is_deaf(&pager->process);
}

struct error *pager_close(struct pager *pager)
{
	bool written = true;

	fclose(pager->out);
	if (pager->process.pid)
		process_end(&pager->process);
	else if (pager->n)
		written = fwrite(pager->held, 1, pager->n, pager->terminal) == pager->n &&
			  !fflush(pager->terminal);
	free(pager->held);
	free(pager->command);
	free(pager);
	return written ? NULL : error_errno(errno, "can't write the answer");
}
