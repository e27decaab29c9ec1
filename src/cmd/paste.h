/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words as people paste them: parted by blanks, commas or new lines, and with the labels that
 * debuggers put in front, "0xffff926d61d42020:" and "0xffff926d61d42020 <table+32>:".
 */
#ifndef CMD_PASTE_H
#define CMD_PASTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* ret_words lives in arena. ERROR_USAGE names what is no number; at most PASTE_WORDS_MAX of them.
 */
#define PASTE_WORDS_MAX 1024

struct error *paste_words(struct arena *arena, const char *const *operands, size_t n,
			  uint64_t **ret_words, size_t *ret_n);

#endif
