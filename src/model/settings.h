/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a driver is set up: its own variables, by the names that its source has for them. */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include "base/datum.h"

/* Of the driver as a whole. */
struct driver_setting {
	const char *symbol;
	struct datum value; /* DATUM_ABSENT: this kernel's driver has no such variable */
	const char *word;   /* what the value says; NULL: nothing more than the number */
	const char *meaning;
};

/* Of one IOMMU, beside what struct iommu_unit has. */
struct unit_settings {
	struct datum guest_tables;  /* boolean: is_iommu_v2 */
	struct datum irt_cache_off; /* boolean: hardware does not cache interrupt entries */
	struct datum counter_banks, counters; /* of performance, and how many each bank has */
	struct datum root; /* address of the PCI function at its bus's root, whose registers an
			      erratum needs */
	struct datum erratum_bar; /* low word of what was saved there, for resuming; 0: hardware
				     without it */
};

#endif
