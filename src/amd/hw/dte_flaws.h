/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a device table entry by itself, one row per rule that it can break. */
#ifndef AMD_HW_DTE_FLAWS_H
#define AMD_HW_DTE_FLAWS_H

#include "amd/hw/dte.h"

enum dte_flaw_kind {
	DTE_FLAW_RESERVED, /* reserved bits are set */
	DTE_FLAW_VALID,	   /* V and TV contradict each other */
	DTE_FLAW_VALUE,	   /* dte_judge() calls it illegal */
	DTE_FLAW_LIMIT,	   /* more levels than EFR allows */
	DTE_FLAW_GUEST,	   /* GV, GIoV, GLX and the GCR3 root contradict each other or EFR */
	DTE_FLAW_ROOT,	   /* a table is asked for at address 0 */
	DTE_FLAW_KINDS,
};

struct dte_flaw {
	enum dte_flaw_kind kind;
	unsigned word;
	const char *message; /* static text */
};

#define DTE_FLAWS_MAX 32

/*
 * efr: the extended feature register; NULL: not known, then what hangs on it is left out. sme_mask:
 * as for dte_judge(). Returns how many are in ret, in the table's order.
 */
size_t dte_flaws(const uint64_t words[DTE_WORDS], const uint64_t *efr, uint64_t sme_mask,
		 struct dte_flaw ret[DTE_FLAWS_MAX]);

#endif
