/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a damaged machine's snapshot lacks, held against the whole one's. */
#ifndef UNIT_FAKE_DIFFERENCES_H
#define UNIT_FAKE_DIFFERENCES_H

#include "model/snapshot.h"

/*
 * Lines "object: datum state" of all that differs; a datum that the whole machine has and the
 * damaged one has as none or absent reads "PRETENDS TO BE KNOWN". The text is the caller's, also
 * below.
 */
char *describe_differences(const struct snapshot *whole, const struct snapshot *damaged);

/* Lines "object: what state"; kernel addresses at the end of an object read 0x*. */
char *describe_problems(const struct snapshot *s);

#endif
