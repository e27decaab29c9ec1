/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the tables of this folder write a struct field; only their .c files include it. Before each
 * table SPEC is defined: the reference that its rows share. Arguments: lowest bit, [width,
 * [shift]], key, label, [values], valid_when, meaning.
 */
#ifndef AMD_HW_ROWS_H
#define AMD_HW_ROWS_H

#include "base/cleanup.h"
#include "base/layout.h"

#define FIELD_ROW(key, label, first, width, format, shift, values, gate, meaning)                  \
	{                                                                                          \
		key, label, first, width, format, shift, values, gate, meaning, SPEC, false        \
	}

#define FLAG(first, key, label, gate, meaning)                                                     \
	FIELD_ROW(key, label, first, 1, FIELD_FLAG, 0, NULL, gate, meaning)
#define NUMBER(first, width, key, label, gate, meaning)                                            \
	FIELD_ROW(key, label, first, width, FIELD_NUMBER, 0, NULL, gate, meaning)
#define HEX(first, width, key, label, gate, meaning)                                               \
	FIELD_ROW(key, label, first, width, FIELD_HEX, 0, NULL, gate, meaning)
#define ADDRESS(first, width, shift, key, label, gate, meaning)                                    \
	FIELD_ROW(key, label, first, width, FIELD_ADDRESS, shift, NULL, gate, meaning)
#define ENUM(first, width, key, label, values, gate, meaning)                                      \
	FIELD_ROW(key, label, first, width, FIELD_ENUM, 0, values, gate, meaning)
#define RESERVED(first, width)                                                                     \
	FIELD_ROW("reserved_" #first, "Reserved", first, width, FIELD_RESERVED, 0, NULL, NULL,     \
		  "Must be zero")
#define IGNORED(first, width)                                                                      \
	FIELD_ROW("ignored_" #first, "Ignored", first, width, FIELD_IGNORED, 0, NULL, NULL,        \
		  "Not looked at by hardware")

/* A value in pieces: the first one, and the further ones. */
#define FIRST_PIECE(first, width, format, shift, key, label, gate, meaning)                        \
	{                                                                                          \
		key, label, first, width, format, shift, NULL, gate, meaning, SPEC, true           \
	}
#define PIECE(first, width, format, shift, key)                                                    \
	FIRST_PIECE(first, width, format, shift, key, NULL, NULL, NULL)

#define LAYOUT(name, title, bits, fields)                                                          \
	{                                                                                          \
		name, title, bits, ARRAY_SIZE(fields), fields                                      \
	}

#endif
