/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the definition of a type in BTF to the answers of a batch's rows. */
#ifndef TARGET_BTF_LAYOUT_H
#define TARGET_BTF_LAYOUT_H

#include "target/btf.h"
#include "target/type_batch.h"

struct btf_search {
	const struct btf *btf;
	struct type_batch *batch;
	unsigned depth, visits; /* 0 at first: what a hostile blob could exhaust */
};

/* Offers the type of that number, if it is a definition that the batch asks about. */
struct error *btf_offer_type(struct btf_search *search, uint32_t number);

#endif
