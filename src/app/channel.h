/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between the program and its worker (app/worker.h), over a pair of connected sockets. The
 * worker may have been taken over by what it read: what it says is bounded and means nothing by
 * itself.
 */
#ifndef APP_CHANNEL_H
#define APP_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind {
	/* To the worker. */
	MESSAGE_RUN,  /* text: struct order and its words; fd: where the answer goes, -1: standard
			 output */
	MESSAGE_OPEN, /* the target, as is */
	MESSAGE_COMPLETE, /* text: a usage; a: which of its operands */
	MESSAGE_RELEASE,  /* the messages that wait while a pager has the terminal */
	MESSAGE_SERVED,	  /* fd, or a: an errno, 0 */
	/* From the worker. */
	MESSAGE_DONE,  /* a: exit status */
	MESSAGE_FILE,  /* a: enum file_wish, b: flags, text: path */
	MESSAGE_OFFER, /* text: a candidate and what it is, each with its NUL */
};

struct message {
	uint32_t kind, length; /* length: bytes of text */
	int32_t a, b;
};

#define CHANNEL_TEXT_MAX (1u << 16) /* from the worker */

/* fd: goes along; -1: none. False: nobody is there any more. */
bool channel_send(int channel, struct message message, const void *text, int fd);

/*
 * ret_text: the caller's, with a NUL behind it. length_max: more is refused. ret_fd: NULL:
 * descriptors are not taken. False: nobody is there any more, or it is no message.
 */
bool channel_receive(int channel, size_t length_max, struct message *ret, char **ret_text,
		     int *ret_fd);

#endif
