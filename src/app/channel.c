/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* The descriptor goes with the first byte. */
static bool send_all(int channel, const char *bytes, size_t n, int fd)
{
	union control control = {{0}};

	while (n) {
		struct iovec piece = {.iov_base = (void *)(size_t)bytes, .iov_len = n};
		struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};

		if (fd >= 0) {
			header.msg_control = control.bytes;
			header.msg_controllen = sizeof(control.bytes);
			struct cmsghdr *c = CMSG_FIRSTHDR(&header);
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(fd));
			memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		}
		ssize_t sent = sendmsg(channel, &header, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		fd = -1;
		bytes += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool channel_send(int channel, struct message message, const void *text, int fd)
{
	return send_all(channel, (const char *)&message, sizeof(message), fd) &&
	       send_all(channel, text, message.length, -1);
}

static void take_descriptor(struct msghdr *header, int *fd)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
}

/* fd: NULL: there is no room for one, and the system closes what was sent. */
static bool receive_all(int channel, char *bytes, size_t n, int *fd)
{
	union control control;

	while (n) {
		struct iovec piece = {.iov_base = bytes, .iov_len = n};
		struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};

		if (fd) {
			header.msg_control = control.bytes;
			header.msg_controllen = sizeof(control.bytes);
		}
		ssize_t got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (fd)
			take_descriptor(&header, fd);
		fd = NULL;
		bytes += got;
		n -= (size_t)got;
	}
	return true;
}

bool channel_receive(int channel, size_t length_max, struct message *ret, char **ret_text,
		     int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	struct message message;

	if (!receive_all(channel, (char *)&message, sizeof(message), ret_fd ? &fd : NULL) ||
	    message.length > length_max)
		return false;
	_cleanup_(freep) char *text = malloc((size_t)message.length + 1);
	if (!text || !receive_all(channel, text, message.length, NULL))
		return false;
	text[message.length] = '\0';
	*ret = message;
	*ret_text = take_ptr(text);
	if (ret_fd) {
		*ret_fd = fd;
		fd = -1;
	}
	return true;
}
