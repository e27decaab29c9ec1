/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command's JSON answer on a machine of which something can't be read, held against the whole
 * machine's: what is not the same must be unknown, or lacking with a problem that says so.
 */
#ifndef UNIT_ANSWERS_H
#define UNIT_ANSWERS_H

/* NULL: it says nothing that the whole machine's does not. Else what, and where; the caller's. */
char *answer_false(const char *whole, const char *answer);

#endif
