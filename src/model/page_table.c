/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/page_table.h"

#include <inttypes.h>

#include "base/bytes.h"

struct error *page_table_confirm(struct target *target, const struct page_table *table)
{
	for (unsigned i = 0; i < table->n_anchors; i++) {
		const struct table_anchor *anchor = &table->anchors[i];
		uint8_t bytes[8];
		struct error *err = target_read(target, SPACE_VIRT, anchor->address, bytes,
						anchor->size);

		if (err && !error_is_unreadable(err))
			return err;
		bool holds = !err && get_le(bytes, anchor->size) == anchor->value;
		error_free(err);
		if (!holds)
			return error_new(ERROR_TORN,
					 "the kernel has taken the page table 0x%" PRIx64
					 " out of use meanwhile",
					 table->root);
	}
	return NULL;
}
