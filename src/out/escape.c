/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings from a dump are hostile: no byte of them reaches a terminal or a JSON reader unseen. */
#include "base/cleanup.h"
#include "out/buffer.h"

/* Length of the valid UTF-8 sequence at s (its code point in *ret), 0 when there is none. */
static size_t utf8_sequence(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80   ? 1
			: s[0] < 0xc2 ? 0
			: s[0] < 0xe0 ? 2
			: s[0] < 0xf0 ? 3
			: s[0] < 0xf5 ? 4
				      : 0;
	uint32_t c = length == 1 ? s[0] : s[0] & (0x7f >> length);

	for (size_t i = 1; i < length; i++) { /* the closing NUL is no continuation byte */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (!length || c < least[length] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return 0;
	*ret = c;
	return length;
}

/* Controls, and the invisible characters that reorder or hide what stands around them. */
static bool is_steering(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	  {0x7f, 0x9f},	      {0xad, 0xad},	{0x61c, 0x61c},
		{0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f}, {0xfeff, 0xfeff},
		{0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};

	if (c >= 0x20 && c < 0x7f)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void put_byte_escape(struct buffer *buffer, unsigned char byte)
{
	char escape[] = {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};

	buffer_piece(buffer, escape, sizeof(escape));
}

void buffer_escaped(struct buffer *buffer, const char *text, bool ascii)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s) {
		uint32_t c = 0;
		size_t length = utf8_sequence(s, &c);
		/* A backslash that would read as an escape is one itself. */
		bool plain = length && !is_steering(c) && !(ascii && length > 1) &&
			     !(c == '\\' && s[1] == 'x');

		if (plain)
			buffer_piece(buffer, (const char *)s, length);
		else
			for (size_t i = 0; i < (length ? length : 1); i++)
				put_byte_escape(buffer, s[i]);
		s += length ? length : 1;
	}
}

static void put_json_escape(struct buffer *buffer, uint32_t c)
{
	char escape[16];

	if (c > 0xffff)
		snprintf(escape, sizeof(escape), "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
			 0xdc00 + (c & 0x3ff));
	else
		snprintf(escape, sizeof(escape), "\\u%04x", c);
	buffer_str(buffer, escape);
}

void buffer_json_string(struct buffer *buffer, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	buffer_char(buffer, '"');
	while (*s) {
		uint32_t c = 0xfffd;
		size_t length = utf8_sequence(s, &c);

		if (c == '"' || c == '\\') {
			buffer_char(buffer, '\\');
			buffer_char(buffer, (char)c);
		} else if (c == '\n') {
			buffer_piece(buffer, "\\n", 2);
		} else if (c == '\t') {
			buffer_piece(buffer, "\\t", 2);
		} else if (!length || is_steering(c)) {
			put_json_escape(buffer, c);
		} else {
			buffer_piece(buffer, (const char *)s, length);
		}
		s += length ? length : 1;
	}
	buffer_char(buffer, '"');
}
