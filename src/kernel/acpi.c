/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/acpi.h"

#include "base/bytes.h"

#define TABLES_MAX 4096

static struct error *list_begin(struct kernel *kernel, uint64_t *tables, uint64_t *n)
{
	const struct found *core = kernel->core;
	static const enum core_need needs[] = {CORE_ACPI_TABLES, CORE_ACPI_DESC_SIZE};

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (!is_found(&core[needs[i]]))
			return need_missing(&kernel->core_set, needs[i]);
	struct error *err = kernel_read_member(kernel, core[CORE_ACPI_TABLES].value,
					       &core[CORE_ACPI_LIST_AT], tables);
	if (!err)
		err = kernel_read_member(kernel, core[CORE_ACPI_TABLES].value,
					 &core[CORE_ACPI_LIST_N], n);
	if (!err && *n > TABLES_MAX)
		return error_new(ERROR_CORRUPT, "acpi_gbl_root_table_list has too many tables");
	return err;
}

struct error *acpi_find_table(struct kernel *kernel, const char *signature, uint64_t *address,
			      uint32_t *length)
{
	const struct found *core = kernel->core;
	uint64_t tables, n, at, size, name;
	struct error *err = list_begin(kernel, &tables, &n);

	for (uint64_t i = 0; i < n && !err; i++) {
		uint64_t desc = tables + i * core[CORE_ACPI_DESC_SIZE].value;

		err = kernel_read_member(kernel, desc, &core[CORE_ACPI_DESC_SIGNATURE], &name);
		if (err || name != get_le32(signature))
			continue;
		err = kernel_read_member(kernel, desc, &core[CORE_ACPI_DESC_ADDRESS], &at);
		if (!err)
			err = kernel_read_member(kernel, desc, &core[CORE_ACPI_DESC_LENGTH], &size);
		if (err)
			break;
		*address = at;
		*length = (uint32_t)size;
		return NULL;
	}
	return err ? error_prepend(err, "acpi_gbl_root_table_list") : error_not_found;
}
