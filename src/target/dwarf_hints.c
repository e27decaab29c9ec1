/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dwarf_hints.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "target/dwarf_die.h"
#include "target/spec.h"

/*
 * One row per source file worth reading, with the names it has had. It is found by any of its
 * functions: GCC's .debug_aranges has code addresses only, so variables would not do. Without
 * .debug_aranges (clang) it is found by name, going through all units. To add a row: a file whose
 * unit defines structs that are asked for, and functions that only it has, one for each time. A
 * struct of the file's own, by a name so common that many units mention it, is looked for nowhere
 * else.
 */
#define HINT_NAMES 5
#define HINT_OWN 2

static const struct unit_hint {
	const char *files[HINT_NAMES];
	const char *functions[HINT_NAMES];
	const char *own[HINT_OWN];
} hints[] = {
	{{"drivers/iommu/amd/init.c", "drivers/iommu/amd_iommu_init.c"},
	 {"amd_iommu_detect", "amd_iommu_apply_erratum_63", "amd_iommu_prepare",
	  "amd_iommu_pc_get_max_banks", "amd_iommu_get_num_iommus"}},
	{{"drivers/iommu/amd/iommu.c", "drivers/iommu/amd_iommu.c"},
	 {"amd_iommu_attach_device", "amd_iommu_capable", "amd_iommu_device_group",
	  "amd_iommu_domain_destroy", "amd_iommu_probe_device"}},
	{{"drivers/iommu/iommu.c"},
	 {"iommu_attach_group", "iommu_group_alloc", "iommu_group_add_device",
	  "iommu_domain_free"}},
	{{"drivers/pci/probe.c"}, {"pci_scan_slot", "pci_alloc_dev", "pci_device_add"}},
	{{"drivers/base/core.c"}, {"device_add", "device_register"}},
	{{"lib/idr.c"}, {"ida_free", "ida_simple_remove", "ida_alloc_range", "ida_destroy"}},
	{{"lib/xarray.c", "lib/radix-tree.c"}, {"xa_load", "xas_load", "radix_tree_lookup"}},
	{{"drivers/base/bus.c"}, {"bus_register", "bus_add_device"}},
	{{"drivers/iommu/dma-iommu.c"}, {"iommu_get_dma_cookie", "iommu_dma_get_resv_regions"}},
	{{"drivers/iommu/iova.c"}, {"alloc_iova", "init_iova_domain"}},
	{{"arch/x86/pci/common.c"}, {"pcibios_scan_root", "pcibios_scan_specific_bus"}},
	{{"kernel/printk/printk.c", "kernel/printk.c"},
	 {"vprintk_emit", "register_console"},
	 {"printk_log", "log"}},
	{{"kernel/resource.c"}, {"request_resource", "release_resource"}},
	{{"kernel/irq/irqdesc.c"}, {"irq_to_desc", "irq_free_descs", "generic_handle_irq"}},
	{{"kernel/irq/manage.c"}, {"request_threaded_irq", "free_irq"}},
	{{"lib/maple_tree.c"}, {"mas_walk", "mtree_load"}},
};

#define N_HINTS ARRAY_SIZE(hints)
_Static_assert(N_HINTS <= 32, "a bit each");

bool unit_offsets_have(const struct unit_offsets *offsets, uint64_t offset)
{
	for (size_t i = 0; i < offsets->n; i++)
		if (offsets->at[i] == offset)
			return true;
	return false;
}

bool unit_offsets_add(struct unit_offsets *offsets, uint64_t offset)
{
	if (unit_offsets_have(offsets, offset))
		return true;
	uint64_t *added = vec_push(offsets);
	if (added)
		*added = offset;
	return added;
}

/* By function addresses. Appends nothing when there is no .debug_aranges to ask. */
static struct error *hints_by_address(struct dwarf_file *file, struct unit_offsets *ret,
				      uint32_t *ret_hints)
{
	struct lookup rows[N_HINTS * HINT_NAMES] = {0};
	uint64_t addresses[ARRAY_SIZE(rows)], units[ARRAY_SIZE(rows)];
	uint8_t of_row[ARRAY_SIZE(rows)], of_address[ARRAY_SIZE(rows)]; /* which hint */
	size_t n = 0, n_found = 0;

	if (!file->sections[DWARF_ARANGES].n)
		return NULL;
	for (size_t i = 0; i < N_HINTS; i++)
		for (size_t j = 0; j < HINT_NAMES && hints[i].functions[j]; j++) {
			of_row[n] = (uint8_t)i;
			rows[n++] = (struct lookup){.kind = LOOKUP_SYMBOL,
						    .name = hints[i].functions[j]};
		}
	struct error *err = elf_symbols_lookup(file->elf, rows, n);
	for (size_t i = 0; !err && i < n; i++)
		if (rows[i].state == LOOKUP_FOUND) {
			of_address[n_found] = of_row[i];
			addresses[n_found++] = rows[i].value;
		}
	if (!err)
		err = dwarf_units_at(file, addresses, n_found, units);
	for (size_t i = 0; !err && i < n_found; i++) {
		if (units[i] == UINT64_MAX)
			continue;
		*ret_hints |= UINT32_C(1) << of_address[i];
		if (!unit_offsets_add(ret, units[i]))
			err = error_no_memory;
	}
	return err;
}

/* name is the hint's file, below whichever folder the kernel was built in. */
static bool hint_names(const struct unit_hint *hint, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < HINT_NAMES && hint->files[i]; i++) {
		size_t tail = strlen(hint->files[i]);
		if (length < tail || strcmp(name + length - tail, hint->files[i]))
			continue;
		if (length == tail || name[length - tail - 1] == '/')
			return true;
	}
	return false;
}

/* Puts offset into the place of the hint that names the unit there, if one does. */
static struct error *match_unit(struct dwarf_file *file, uint64_t offset, uint64_t *places)
{
	_cleanup_(dwarf_unit_close) struct dwarf_unit unit = {0};
	const char *name;
	struct error *err = dwarf_unit_open(file, offset, &unit);

	if (err)
		return err;
	struct die die = die_of_unit(&unit);
	err = die_name(&die, &name);
	for (size_t i = 0; !err && name && i < N_HINTS; i++)
		if (places[i] == UINT64_MAX && hint_names(&hints[i], name))
			places[i] = offset;
	return err;
}

/* By the names of all units; 0.2 s for a vmlinux. */
static struct error *hints_by_name(const struct target_spec *spec, struct dwarf_file *file,
				   struct unit_offsets *ret, uint32_t *ret_hints)
{
	struct dwarf_scan scan = {.file = file};
	uint64_t places[N_HINTS];
	struct error *err = NULL;
	bool more;

	memset(places, 0xff, sizeof(places));
	while (!err && !(err = dwarf_scan_next(spec, &scan, &more)) && more)
		err = match_unit(file, scan.offset, places);
	for (size_t i = 0; !err && i < N_HINTS; i++) {
		if (places[i] == UINT64_MAX)
			continue;
		*ret_hints |= UINT32_C(1) << i;
		if (!unit_offsets_add(ret, places[i]))
			err = error_no_memory;
	}
	return err;
}

struct error *dwarf_hinted_units(const struct target_spec *spec, struct dwarf_file *file,
				 struct unit_offsets *ret, uint32_t *ret_hints)
{
	*ret_hints = 0;
	struct error *err = hints_by_address(file, ret, ret_hints);

	if (err && error_code(err) == ERROR_NOT_FOUND) { /* no symbols */
		error_free(err);
		err = NULL;
	}
	return err || ret->n ? err : hints_by_name(spec, file, ret, ret_hints);
}

bool dwarf_hints_own(uint32_t found, const struct wanted_type *type)
{
	for (size_t i = 0; i < N_HINTS; i++)
		for (size_t j = 0; j < HINT_OWN && hints[i].own[j]; j++)
			if (found >> i & 1 && type->kind == TYPE_STRUCT &&
			    !strcmp(type->name, hints[i].own[j]))
				return true;
	return false;
}
