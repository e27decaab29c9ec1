/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes which physical bytes were read, and which pages could not be, so that `capture` can write
 * just these. It sits above every cache: only what was really asked for is noted, page-table words
 * included.
 */
#ifndef TARGET_RECORDER_H
#define TARGET_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct recorder_page;

/* Zeroed is empty and ready. Pages are kept in a hash table, bytes as a bit each. */
struct recorder {
	struct recorder_page *at; /* open addressing */
	size_t room, n;
	bool lacks; /* there was no memory for a note, though its reader may have gone on */
};

/* Adjacent and overlapping ranges merge. */
struct error *recorder_note(struct recorder *recorder, uint64_t pa, size_t len);

/*
 * The page of pa could not be read, with that code. ERROR_EXCLUDED is not noted: what a capture
 * does not hold is excluded anyway.
 */
struct error *recorder_note_failed(struct recorder *recorder, uint64_t pa, enum error_code code);

/* A range [pa, pa + len) of bytes read, or a page that could not be. */
struct recorder_range {
	uint64_t pa, len;
	enum error_code failed; /* ERROR_OTHER: it was read */
};

/*
 * Every range, by address, ranges across pages merged. An error of the visitor ends it and is
 * returned; ERROR_NO_MEMORY, too, when these are not all. Nothing may be noted meanwhile.
 */
struct error *recorder_visit(struct recorder *recorder,
			     struct error *(*visit)(void *arg, const struct recorder_range *range),
			     void *arg);

void recorder_free(struct recorder *recorder); /* leaves it empty and usable */

#endif
