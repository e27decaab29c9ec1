/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of an object, as keys and texts: two objects are compared fact by fact. Keys are
 * those of `devices`, `dte` and `iommus`.
 */
#ifndef CMD_FACTS_H
#define CMD_FACTS_H

#include "base/arena.h"
#include "base/vec.h"
#include "model/snapshot.h"

struct fact {
	const char *key;
	struct text value;
	/* An address, or a number given out in some order: another boot's may differ and mean
	 * nothing. */
	bool allocated;
};

struct facts {
	struct arena *arena; /* of the values */
	VEC(struct fact) rows;
	bool failed; /* memory ran out: facts are missing */
};

void facts_free(struct facts *facts);

/* Always the same keys in the same order, but for the entry's fields: those are its layout's. */
void facts_of_device(struct facts *facts, const struct snapshot *s, const struct device *d);
void facts_of_iommu(struct facts *facts, const struct iommu_unit *u);
void facts_of_machine(struct facts *facts, const struct snapshot *s);

void facts_add_text(struct facts *facts, const char *key, struct text value);
void facts_add_number(struct facts *facts, const char *key, struct datum value);

#endif
