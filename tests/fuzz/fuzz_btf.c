/* SPDX-License-Identifier: GPL-2.0-or-later */
/* BTF as it lies in a dump's memory. */
#include "fuzz.h"
#include "rows.h"
#include "target/btf_types.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct target_spec spec = {0};
	struct type_source *source;
	struct error *err = btf_types_borrow(&spec, (struct span){data, size}, &source);

	if (err)
		error_free(err);
	else
		rows_ask(source);
}
