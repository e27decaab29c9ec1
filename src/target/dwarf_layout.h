/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the definition of a type in DWARF to the answers of a batch's rows. */
#ifndef TARGET_DWARF_LAYOUT_H
#define TARGET_DWARF_LAYOUT_H

#include "target/dwarf_die.h"
#include "target/type_batch.h"

/* Offers every definition at the top of unit that the batch asks about. */
struct error *dwarf_offer_unit(const struct dwarf_unit *unit, struct type_batch *batch);

#endif
