/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A byte buffer that numbers and strings are formatted into by hand: what an answer of millions of
 * lines is made of. With a stream it empties itself into it when full; without one it grows.
 *
 * The first failure (errno) is kept in `error` and what is put in after it is lost; nothing needs
 * to be checked before the end. A piece of at most BUFFER_PIECE bytes always finds room.
 */
#ifndef OUT_BUFFER_H
#define OUT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_PIECE 256

struct buffer {
	FILE *out; /* the caller's; NULL: in memory only */
	char *at;
	size_t n, room;
	int error;
};

bool buffer_init(struct buffer *buffer, FILE *out); /* false: no memory */
void buffer_free(struct buffer *buffer);	    /* writes nothing */
void buffer_flush(struct buffer *buffer);	    /* down to the file, past stdio's own buffer */

/* Not to be called: buffer_room()'s slow half. */
char *buffer_make_room(struct buffer *buffer, size_t length);

/* Where the next `length` bytes (<= BUFFER_PIECE) may go; `n` is for the caller to advance. */
static inline char *buffer_room(struct buffer *buffer, size_t length)
{
	if (__builtin_expect(buffer->room - buffer->n >= length, 1))
		return buffer->at + buffer->n;
	return buffer_make_room(buffer, length);
}

static inline void buffer_char(struct buffer *buffer, char c)
{
	*buffer_room(buffer, 1) = c;
	buffer->n++;
}

/* length <= BUFFER_PIECE. */
static inline void buffer_piece(struct buffer *buffer, const char *data, size_t length)
{
	memcpy(buffer_room(buffer, length), data, length);
	buffer->n += length;
}

void buffer_put(struct buffer *buffer, const char *data, size_t length);
void buffer_str(struct buffer *buffer, const char *text);
void buffer_pad(struct buffer *buffer, size_t blanks);

/* Each writes at `to`, which has room for NUMBER_MAX bytes, and returns the length. No NUL. */
#define NUMBER_MAX 24
size_t format_decimal(char *to, uint64_t value);
size_t format_hex(char *to, uint64_t value);  /* 0x79 */
size_t format_word(char *to, uint64_t value); /* 0x0000000000000079 */
#define WORD_LENGTH 18
size_t format_size(char *to, uint64_t bytes); /* 4K, 1.5G, 4097: always exact */

/* How long format_hex() will make it. */
static inline size_t hex_length(uint64_t value)
{
	return 2 + (67 - (size_t)__builtin_clzll(value | 1)) / 4;
}

/* The caller's text as a part of a line: what could steer a terminal is escaped as \x1b. */
void buffer_escaped(struct buffer *buffer, const char *text, bool ascii);

/* Text as a JSON string, with its quotes; what is not UTF-8 becomes U+FFFD. */
void buffer_json_string(struct buffer *buffer, const char *text);

#endif
