/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/driver.h"

#include <stdlib.h>

#include "amd/hw/dte_flaws.h"
#include "amd/load.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/irq.h"
#include "kernel/list.h"

static const struct need amd_rows[] = {AMD_NEEDS(NEED_ROW)};

static struct amd *amd_of(const struct iommu_driver *driver)
{
	return container_of(driver, struct amd, base);
}

static struct error *amd_create(struct iommu_driver **ret)
{
	struct amd *amd = calloc(1, sizeof(*amd));

	if (!amd)
		return error_no_memory;
	amd->base.ops = &amd_driver;
	amd->base.needs = (struct need_set){
		.title = "amd_iommu",
		.rows = amd_rows,
		.n = AMD_N,
		.found = amd->found,
		.abilities = amd_abilities,
		.n_abilities = n_amd_abilities,
	};
	amd->base.extra_table = &setting_needs;
	*ret = &amd->base;
	return NULL;
}

static void amd_destroy(struct iommu_driver *driver)
{
	struct amd *amd = amd_of(driver);

	vec_free(&amd->segments);
	free(amd);
}

static struct error *amd_detect(struct iommu_driver *driver)
{
	struct amd *amd = amd_of(driver);
	uint64_t first;

	if (!is_found(&amd->found[AMD_LIST]))
		return error_new(ERROR_NOT_FOUND,
				 "this kernel has no AMD IOMMU driver (no symbol amd_iommu_list)");
	struct list_walk walk = list_walk_begin(driver->kernel, amd->found[AMD_LIST].value);
	struct error *err = list_walk_next(&walk, &first);
	if (err)
		return error_prepend(err, "amd_iommu_list");
	if (!first)
		return error_new(ERROR_NOT_FOUND, "no AMD IOMMU is in use on this machine "
						  "(amd_iommu_list is empty)");
	return NULL;
}

static size_t amd_variants(const struct iommu_driver *driver, struct driver_variant *ret)
{
	const struct amd *amd = amd_of(driver);
	const struct driver_variant all[] = {
		{"device tables", segment_variant_name(amd)},
		{"device data", pci_data_variant_name(driver->kernel)},
		{"domain page tables", domain_variant_name(amd)},
		{"guest-format tables", guest_table_variant_name(amd)},
		{"PASID tables", pasid_variant_name(amd)},
		{"domain IDs", ids_variant_name(amd)},
		{"interrupt tables", interrupt_variant_name(amd)},
		{"interrupts by number", irq_variant_name(driver->kernel)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ret[i] = all[i];
	return ARRAY_SIZE(all);
}

typedef struct error *(*load_step)(struct load *load);

static struct error *run_steps(struct load *load, const load_step *steps, size_t n)
{
	struct error *err = NULL;

	for (size_t i = 0; i < n && !err; i++)
		err = steps[i](load);
	return err;
}

static void load_end(struct load *load)
{
	vec_free(&load->functions);
	key_index_free(&load->domains_by_address);
	key_index_free(&load->domains_by_core);
	key_index_free(&load->iommus_by_address);
	key_index_free(&load->devices_by_device);
	iommu_groups_free(&load->groups);
}

static struct load load_begin(struct iommu_driver *driver, struct snapshot *snapshot)
{
	return (struct load){
		.amd = amd_of(driver),
		.kernel = driver->kernel,
		.snapshot = snapshot,
		.reader = {.kernel = driver->kernel, .problems = &snapshot->problems},
	};
}

static struct error *amd_load(struct iommu_driver *driver, unsigned parts,
			      struct snapshot *snapshot)
{
	static const load_step iommu_steps[] = {load_segments, load_iommus};
	static const load_step device_steps[] = {load_segments, load_functions, load_domains,
						 load_devices,  load_groups,    load_regions,
						 load_domain_members};
	static const load_step id_steps[] = {load_ids};
	static const load_step interrupt_steps[] = {load_interrupts};
	static const load_step ring_steps[] = {load_rings};
	static const load_step requester_steps[] = {load_requesters};
	static const load_step firmware_steps[] = {load_specials};
	static const load_step setting_steps[] = {load_settings};
	static const struct {
		unsigned part;
		const load_step *steps;
		size_t n;
	} loads[] = {
		{SNAPSHOT_IOMMUS, iommu_steps, ARRAY_SIZE(iommu_steps)},
		{SNAPSHOT_DEVICES, device_steps, ARRAY_SIZE(device_steps)},
		{SNAPSHOT_IDS, id_steps, ARRAY_SIZE(id_steps)},
		{SNAPSHOT_RINGS, ring_steps, ARRAY_SIZE(ring_steps)},
		{SNAPSHOT_INTERRUPTS, interrupt_steps, ARRAY_SIZE(interrupt_steps)},
		{SNAPSHOT_REQUESTERS, requester_steps, ARRAY_SIZE(requester_steps)},
		{SNAPSHOT_FIRMWARE, firmware_steps, ARRAY_SIZE(firmware_steps)},
		{SNAPSHOT_SETTINGS, setting_steps, ARRAY_SIZE(setting_steps)},
	};
	struct error *err = NULL;

	if (parts & ~(unsigned)(SNAPSHOT_IOMMUS | SNAPSHOT_RINGS | SNAPSHOT_SETTINGS))
		parts |= SNAPSHOT_DEVICES;
	if (parts & (SNAPSHOT_DEVICES | SNAPSHOT_RINGS | SNAPSHOT_SETTINGS))
		parts |= SNAPSHOT_IOMMUS;
	for (size_t i = 0; i < ARRAY_SIZE(loads) && !err; i++) {
		struct load load = load_begin(driver, snapshot);

		if (!(parts & ~snapshot->parts & loads[i].part))
			continue;
		err = run_steps(&load, loads[i].steps, loads[i].n);
		load_end(&load);
		if (!err)
			snapshot->parts |= loads[i].part;
	}
	return err;
}

static struct error *amd_read_entry(struct iommu_driver *driver, struct snapshot *snapshot,
				    uint32_t segment, uint16_t devid, struct hw_entry *ret)
{
	struct load load = load_begin(driver, snapshot);
	struct error *err = load_segments(&load);

	if (!err) {
		const struct amd_segment *s = amd_segment(load.amd, segment);

		char name[PCI_NAME_SIZE];

		pci_name(name, segment, devid);
		reader_object_name(&load.reader, name);
		if (s)
			entry_read(&load, s, devid, ret);
		else
			err = error_new(ERROR_NOT_FOUND, "no PCI segment %04x has an IOMMU", segment);
	}
	load_end(&load);
	return err;
}

_Static_assert(DTE_FLAWS_MAX <= ENTRY_FLAWS_MAX, "all flaws of an entry can be told");

static size_t amd_entry_flaws(const uint64_t *words, struct datum features, uint64_t sme_mask,
			      struct entry_flaw *ret)
{
	static const enum entry_flaw_kind kinds[DTE_FLAW_KINDS] = {
		[DTE_FLAW_RESERVED] = FLAW_RESERVED, [DTE_FLAW_VALID] = FLAW_VALID,
		[DTE_FLAW_VALUE] = FLAW_VALUE,       [DTE_FLAW_LIMIT] = FLAW_LIMIT,
		[DTE_FLAW_GUEST] = FLAW_GUEST,       [DTE_FLAW_ROOT] = FLAW_ROOT,
	};
	struct dte_flaw flaws[DTE_FLAWS_MAX];
	size_t n = dte_flaws(words, features.state == DATUM_OK ? &features.value : NULL, sme_mask,
			     flaws);

	for (size_t i = 0; i < n; i++)
		ret[i] = (struct entry_flaw){kinds[flaws[i].kind], flaws[i].word, flaws[i].message};
	return n;
}

static struct error *amd_read_interrupt_table(struct iommu_driver *driver,
					      struct snapshot *snapshot, uint32_t segment,
					      uint16_t devid, struct arena *arena,
					      struct interrupt_table *ret)
{
	struct load load = load_begin(driver, snapshot);
	struct error *err = interrupt_table_read(&load, segment, devid, arena, ret);

	load_end(&load);
	return err;
}

const struct iommu_driver_ops amd_driver = {
	.name = "amd_iommu",
	.create = amd_create,
	.destroy = amd_destroy,
	.detect = amd_detect,
	.load = amd_load,
	.read_entry = amd_read_entry,
	.entry_flaws = amd_entry_flaws,
	.read_interrupt_table = amd_read_interrupt_table,
	.variants = amd_variants,
};
