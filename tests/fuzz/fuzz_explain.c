/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a kernel's log. */
#include <stdlib.h>
#include <string.h>

#include "amd/message.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "kernel/log.h"

static void look_at(const struct message *message)
{
	message_fault_case(message);
	message_request_type(message);
	message_operand(message, "address");
	for (size_t i = 0; i < message->n_values; i++)
		fprintf(fuzz_nowhere(), "%.*s=%.*s", message->values[i].name_length,
			message->values[i].name, message->values[i].length,
			message->values[i].text);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = strndup((const char *)data, size);
	bool after = false;

	for (char *rest = text, *line; rest && (line = strsep(&rest, "\n"));) {
		struct message message;
		enum message_parse parse = message_parse(line, after, &message);

		log_line_is_kept(line);
		if (parse == MESSAGE_PARSED && message.kind)
			look_at(&message);
		after = parse == MESSAGE_CONTINUED;
	}
}
