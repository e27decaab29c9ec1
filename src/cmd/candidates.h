/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a word on a command line can be, by the placeholder in the command's usage: "BDF" is each
 * PCI function of the open target. A word in small letters ("cmd|evt") stands for itself. To
 * complete a new placeholder: a row in candidates.c.
 */
#ifndef CMD_CANDIDATES_H
#define CMD_CANDIDATES_H

#include "cmd/session.h"

/* what: in a few words which one it is; hostile; NULL: the word says it all. Both are the caller's
   only during the call. */
typedef void (*candidate_visit)(void *arg, const char *word, const char *what);

/* Those of operand `nth` (from 0) in usage: "BDF IOVA...", "[ID|ADDRESS|BDF...]". */
void candidates_visit(struct session *session, const char *usage, size_t nth, candidate_visit visit,
		      void *arg);

/* That operand may be a file. */
bool candidates_are_files(const char *usage, size_t nth);

#endif
