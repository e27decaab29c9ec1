/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System.map and /proc/kallsyms. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "target/symbol_text.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "_text"},
		{.kind = LOOKUP_SYMBOL, .name = "init_uts_ns"},
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"},
	};
	const struct target_spec spec = {0};
	struct symbol_table *table;
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};

	symbol_text_is((const char *)data, size);
	struct error *err = system_map_open(&spec, fuzz_file(data, size), &table);
	if (err) {
		error_free(err);
		return;
	}
	err = symbol_batch_init(&batch, ARRAY_SIZE(rows));
	if (!err) {
		symbol_batch_add(&batch, rows, ARRAY_SIZE(rows));
		err = table->ops->lookup(table, &batch);
	}
	error_free(err);
	table->ops->close(table);
}
