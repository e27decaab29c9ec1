/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/buffer.h"

#include <errno.h>
#include <stdlib.h>

#define BUFFER_SIZE ((size_t)128 << 10)

bool buffer_init(struct buffer *buffer, FILE *out)
{
	size_t room = out ? BUFFER_SIZE : 2 * BUFFER_PIECE;
	char *at = malloc(room);

	if (!at)
		return false;
	*buffer = (struct buffer){.out = out, .at = at, .room = room};
	return true;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct buffer){0};
}

static void buffer_fail(struct buffer *buffer, int error)
{
	if (!buffer->error)
		buffer->error = error;
	buffer->n = 0;
}

static void buffer_empty(struct buffer *buffer)
{
	if (!buffer->error && fwrite(buffer->at, 1, buffer->n, buffer->out) != buffer->n)
		buffer_fail(buffer, errno ? errno : EIO);
	buffer->n = 0;
}

void buffer_flush(struct buffer *buffer)
{
	errno = 0;
	buffer_empty(buffer);
	if (!buffer->error && fflush(buffer->out))
		buffer_fail(buffer, errno ? errno : EIO);
}

char *buffer_make_room(struct buffer *buffer, size_t length)
{
	if (buffer->out) {
		errno = 0;
		buffer_empty(buffer);
	} else if (buffer->room - buffer->n < length) {
		size_t room = buffer->room * 2;
		char *moved = room > buffer->room ? realloc(buffer->at, room) : NULL;

		if (moved) {
			buffer->at = moved;
			buffer->room = room;
		} else {
			buffer_fail(buffer, ENOMEM);
		}
	}
	return buffer->at + buffer->n;
}

void buffer_put(struct buffer *buffer, const char *data, size_t length)
{
	while (length) {
		size_t piece = length < BUFFER_PIECE ? length : BUFFER_PIECE;

		buffer_piece(buffer, data, piece);
		data += piece;
		length -= piece;
	}
}

void buffer_str(struct buffer *buffer, const char *text)
{
	buffer_put(buffer, text, strlen(text));
}

void buffer_pad(struct buffer *buffer, size_t blanks)
{
	while (blanks) {
		size_t piece = blanks < BUFFER_PIECE ? blanks : BUFFER_PIECE;

		memset(buffer_room(buffer, piece), ' ', piece);
		buffer->n += piece;
		blanks -= piece;
	}
}

size_t format_decimal(char *to, uint64_t value)
{
	char digits[NUMBER_MAX];
	size_t n = sizeof(digits);

	if (value < 10) {
		*to = (char)('0' + value);
		return 1;
	}
	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	memcpy(to, digits + n, sizeof(digits) - n);
	return sizeof(digits) - n;
}

/* The eight digits of a word in hex, the first at the lowest address: all at once, a byte for each. */
static inline void put_hex_digits(char *to, uint32_t value)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t nibbles = value;

	nibbles = (nibbles | nibbles << 16) & UINT64_C(0x0000ffff0000ffff);
	nibbles = (nibbles | nibbles << 8) & UINT64_C(0x00ff00ff00ff00ff);
	nibbles = (nibbles | nibbles << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	uint64_t letters = (nibbles + 6 * ones) >> 4 & ones; /* 1 where it is more than 9 */
	uint64_t digits = __builtin_bswap64(nibbles + '0' * ones + letters * ('a' - '9' - 1));
	memcpy(to, &digits, sizeof(digits));
}

static inline size_t put_hex(char *to, uint64_t value, size_t length)
{
	value <<= 4 * (WORD_LENGTH - length);
	memcpy(to, "0x", 2);
	put_hex_digits(to + 2, (uint32_t)(value >> 32));
	put_hex_digits(to + 10, (uint32_t)value);
	return length;
}

size_t format_hex(char *to, uint64_t value)
{
	return put_hex(to, value, hex_length(value));
}

size_t format_word(char *to, uint64_t value)
{
	return put_hex(to, value, WORD_LENGTH);
}

/* The largest unit in which the size is a whole number, or one and a half and the like. */
size_t format_size(char *to, uint64_t bytes)
{
	unsigned largest = bytes ? (63 - (unsigned)__builtin_clzll(bytes)) / 10 : 0;
	unsigned exact = bytes ? ((unsigned)__builtin_ctzll(bytes) + 1) / 10 : 0;
	unsigned unit = exact < largest ? exact : largest;
	size_t n = format_decimal(to, bytes >> (10 * unit));

	if (!unit)
		return n;
	if (bytes >> (10 * unit - 1) & 1) {
		to[n++] = '.';
		to[n++] = '5';
	}
	to[n++] = "KMGTPE"[unit - 1];
	return n;
}
