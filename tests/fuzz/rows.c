/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

#include "base/cleanup.h"

void rows_ask(struct type_source *source)
{
	struct lookup rows[] = {
		{.kind = LOOKUP_SIZE, .type = "struct device"},
		{.kind = LOOKUP_MEMBER, .type = "struct device", .name = "parent"},
		{.kind = LOOKUP_MEMBER, .type = "struct device", .name = "flag"},
		{.kind = LOOKUP_MEMBER, .type = "struct device", .name = "inner.value"},
		{.kind = LOOKUP_MEMBER, .type = "struct device", .name = "hidden"},
		{.kind = LOOKUP_MEMBER, .type = "union both", .name = "word"},
		{.kind = LOOKUP_SIZE, .type = "number_t"},
		{.kind = LOOKUP_MEMBER, .type = "struct amd_iommu", .name = "list"},
		{.kind = LOOKUP_ENUMERATOR, .type = "enum mode", .name = "MODE_LOW"},
		{.kind = LOOKUP_ENUMERATOR, .name = "MODE_HIGH"},
	};
	_cleanup_(type_batch_free) struct type_batch batch = {0};
	struct error *err = type_batch_init(&batch, rows, ARRAY_SIZE(rows));

	if (!err)
		err = source->ops->lookup(source, &batch);
	error_free(err);
	source->ops->close(source);
}
