/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an open target says of the device and the address in a line of its kernel's log. */
#ifndef CMD_EXPLAIN_NOW_H
#define CMD_EXPLAIN_NOW_H

#include "amd/message.h"
#include "cmd/command.h"

struct explain_now {
	const char *sentence; /* in the call's arena */
	struct datum domain_id;
	struct datum pa; /* that the address leads to; DATUM_NONE: to none */
	bool read, write; /* for a pa */
};

/* *ret_known false: the line names no device. Problems of the device go into the call's. */
struct error *explain_now(struct command_call *call, const struct message *message, uint64_t address,
			  bool *ret_known, struct explain_now *ret);

#endif
