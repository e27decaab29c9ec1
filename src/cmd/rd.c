/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/session.h"

#define WORD 8
#define LINE_WORDS 2
#define LINE (LINE_WORDS * WORD)

enum { COL_ADDRESS, COL_WORDS, COL_ASCII };

static const struct column columns[] = {
	[COL_ADDRESS] = {"address", NULL, VALUE_HEX, COLUMN_WORDS, "Address of the first word",
			 .width = 18},
	[COL_WORDS] = {"words", NULL, VALUE_HEX, COLUMN_ARRAY | COLUMN_WORDS,
		       "64-bit words, in the machine's byte order", .width = 37},
	[COL_ASCII] = {"ascii", NULL, VALUE_TEXT, 0, "The same bytes as characters", .width = 16},
};

static const struct table rd_table = {"rd", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

enum { OPTION_PHYSICAL };

static const struct command_option options[] = {
	[OPTION_PHYSICAL] = {"p", NULL, "ADDR is a physical address"},
};

static struct error *take_address(struct command_call *call, struct target *target, uint64_t *ret)
{
	const char *word = call->operands[0];

	if (isdigit((unsigned char)*word))
		return parse_number(word, ret);
	struct error *err = target_symbol(target, word, ret);
	if (err && error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
		return error_new(ERROR_USAGE,
				 "no symbol '%s' in this kernel; addresses begin with 0x", word);
	}
	return err;
}

/* What can't be read of a line is null, and a problem. */
static void emit_line(struct command_call *call, struct target *target, enum space space,
		      uint64_t address, unsigned n_words)
{
	char ascii[LINE + 1] = "";
	struct emit *e = call->emit;

	emit_row_begin(e);
	emit_number(e, COL_ADDRESS, address);
	for (unsigned i = 0; i < n_words; i++) {
		uint64_t at = address + i * WORD;
		uint8_t bytes[WORD];
		struct error *err = target_read(target, space, at, bytes, sizeof(bytes));
		enum datum_state state =
			problems_add(call->problems, err, "memory", "address 0x%" PRIx64, at);

		emit_datum(e, COL_WORDS,
			   (struct datum){state == DATUM_OK ? get_le64(bytes) : 0, state});
		for (unsigned b = 0; b < WORD; b++)
			ascii[i * WORD + b] = state != DATUM_OK			    ? '?'
					      : bytes[b] >= 0x20 && bytes[b] < 0x7f ? (char)bytes[b]
										    : '.';
	}
	emit_text(e, COL_ASCII, ascii);
	emit_row_end(e);
}

static struct error *rd_run(struct command_call *call)
{
	struct target *target;
	uint64_t address = 0, count = 1;
	enum space space = call->values[OPTION_PHYSICAL] ? SPACE_PHYS : SPACE_VIRT;
	struct error *err = session_target(call->session, &target);

	if (!err)
		err = take_address(call, target, &address);
	if (!err && call->n_operands > 1)
		err = parse_number(call->operands[1], &count);
	if (!err && count && (count - 1 > (UINT64_MAX - address) / WORD))
		err = error_new(ERROR_USAGE, "%" PRIu64 " words from 0x%" PRIx64 " go past 64 bits",
				count, address);
	while (!err && count && !emit_failed(call->emit)) {
		unsigned n = count < LINE_WORDS ? (unsigned)count : LINE_WORDS;

		emit_line(call, target, space, address, n);
		address += n * WORD;
		count -= n;
		err = target_poll(target);
	}
	return err;
}

const struct command command_rd = {
	.name = "rd",
	.operands = "ADDR|SYMBOL [COUNT]",
	.summary = "raw memory, in 64-bit words",
	.topic = "The target",
	.details =
		"COUNT words (1) from a kernel virtual address or a symbol, with -p from a "
		"physical address.\n"
		"    rd linux_banner 16\n"
		"    rd -p 0x688294000 512",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &rd_table,
	.min_operands = 1,
	.max_operands = 2,
	.run = rd_run,
};
