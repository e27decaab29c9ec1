/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's table of IOMMUs, bytes as a file has them. */
#include "amd/hw/ivrs.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ivrs ivrs;
	struct ivrs_block block;
	struct ivrs_entry entry;
	const char *problem = NULL;
	size_t at = 0;

	if (ivrs_open(data, size, &ivrs))
		return;
	while (ivrs_next_block(&ivrs, &at, &block, &problem)) {
		size_t in_block = 0;

		while (block.is_ivhd && ivrs_next_entry(&ivrs, &block, &in_block, &entry, &problem))
			fprintf(fuzz_nowhere(), "%s%s%.*s", entry.hid, entry.cid, entry.uid_length,
				(const char *)entry.uid);
	}
	ivrs_used_type(&ivrs);
	for (uint16_t devid = 0; devid < 0x400; devid += 7)
		ivrs_device(&ivrs, 0, devid);
}
