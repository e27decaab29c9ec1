/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/layouts.h"

#include <string.h>

#include "amd/hw/command.h"
#include "amd/hw/dte.h"
#include "amd/hw/event.h"
#include "amd/hw/irte.h"
#include "amd/hw/ivrs.h"
#include "amd/hw/pte.h"
#include "amd/hw/registers.h"
#include "base/bytes.h"
#include "base/cleanup.h"

const struct layout *const layouts[] = {
	&dte_layout,
	&pte_layout,
	&pde_layout,
	&gcr3_layout,
	&pte_v2_layout,
	&pde_v2_layout,
	&irte32_layout,
	&irte128_layout,
	&irte128_posted_layout,
	&command_layout,
	&command_layouts[COMMAND_COMPLETION_WAIT],
	&command_layouts[COMMAND_INVALIDATE_DEVTAB_ENTRY],
	&command_layouts[COMMAND_INVALIDATE_IOMMU_PAGES],
	&command_layouts[COMMAND_INVALIDATE_IOTLB_PAGES],
	&command_layouts[COMMAND_INVALIDATE_INTERRUPT_TABLE],
	&command_layouts[COMMAND_PREFETCH_IOMMU_PAGES],
	&command_layouts[COMMAND_COMPLETE_PPR_REQUEST],
	&command_layouts[COMMAND_INVALIDATE_IOMMU_ALL],
	&command_layouts[COMMAND_INSERT_GUEST_EVENT],
	&command_layouts[COMMAND_RESET_VMMIO],
	&event_layout,
	&event_illegal_dev_table_entry_layout,
	&event_io_page_fault_layout,
	&event_io_page_fault_pasid_layout,
	&event_dev_tab_hardware_error_layout,
	&event_page_tab_hardware_error_layout,
	&event_page_tab_hardware_error_pasid_layout,
	&event_illegal_command_error_layout,
	&event_command_hardware_error_layout,
	&event_iotlb_inv_timeout_layout,
	&event_invalid_device_request_layout,
	&event_invalid_ppr_request_layout,
	&event_counter_zero_layout,
	&event_rmp_page_fault_layout,
	&event_rmp_hardware_error_layout,
	&ppr_layout,
	&ga_log_layout,
	&efr_layout,
	&efr2_layout,
	&control_layout,
	&status_layout,
	&capability_layout,
	&ivhd_flags_layout,
	&ivrs_info_layout,
	&ivhd_info_layout,
	&ivhd_feature_layout,
	&ivhd_attributes_layout,
	&ivhd_setting_layout,
	&ivmd_flags_layout,
	NULL,
};

#define NEXT_LEVEL(level) ((uint64_t)(level) << 9)

static const struct layout_variant pte_variants[] = {
	{NEXT_LEVEL(7), NEXT_LEVEL(1), &pde_layout}, {NEXT_LEVEL(7), NEXT_LEVEL(2), &pde_layout},
	{NEXT_LEVEL(7), NEXT_LEVEL(3), &pde_layout}, {NEXT_LEVEL(7), NEXT_LEVEL(4), &pde_layout},
	{NEXT_LEVEL(7), NEXT_LEVEL(5), &pde_layout}, {NEXT_LEVEL(7), NEXT_LEVEL(6), &pde_layout},
};

#define GUEST_MODE (UINT64_C(1) << 7)

static const struct layout_variant irte128_variants[] = {
	{GUEST_MODE, GUEST_MODE, &irte128_posted_layout},
};

/* The opcode of a command and the code of an event. */
#define TOP(value) ((uint64_t)(value) << 60)

#define COMMAND(op) {TOP(15), TOP(COMMAND_##op), &command_layouts[COMMAND_##op]}

static const struct layout_variant command_variants[] = {
	COMMAND(COMPLETION_WAIT),
	COMMAND(INVALIDATE_DEVTAB_ENTRY),
	COMMAND(INVALIDATE_IOMMU_PAGES),
	COMMAND(INVALIDATE_IOTLB_PAGES),
	COMMAND(INVALIDATE_INTERRUPT_TABLE),
	COMMAND(PREFETCH_IOMMU_PAGES),
	COMMAND(COMPLETE_PPR_REQUEST),
	COMMAND(INVALIDATE_IOMMU_ALL),
	COMMAND(INSERT_GUEST_EVENT),
	COMMAND(RESET_VMMIO),
};

#define EVENT(code, id) {TOP(15), TOP(EVENT_##code), &event_##id##_layout}
#define EVENT_WITH_PASID(code, id)                                                                 \
	{TOP(15) | EVENT_GN, TOP(EVENT_##code) | EVENT_GN, &event_##id##_pasid_layout}

static const struct layout_variant event_variants[] = {
	EVENT(ILLEGAL_DEV_TABLE_ENTRY, illegal_dev_table_entry),
	EVENT_WITH_PASID(IO_PAGE_FAULT, io_page_fault),
	EVENT(IO_PAGE_FAULT, io_page_fault),
	EVENT(DEV_TAB_HARDWARE_ERROR, dev_tab_hardware_error),
	EVENT_WITH_PASID(PAGE_TAB_HARDWARE_ERROR, page_tab_hardware_error),
	EVENT(PAGE_TAB_HARDWARE_ERROR, page_tab_hardware_error),
	EVENT(ILLEGAL_COMMAND_ERROR, illegal_command_error),
	EVENT(COMMAND_HARDWARE_ERROR, command_hardware_error),
	EVENT(IOTLB_INV_TIMEOUT, iotlb_inv_timeout),
	EVENT(INVALID_DEVICE_REQUEST, invalid_device_request),
	EVENT(INVALID_PPR_REQUEST, invalid_ppr_request),
	EVENT(COUNTER_ZERO, counter_zero),
	EVENT(RMP_PAGE_FAULT, rmp_page_fault),
	EVENT(RMP_HARDWARE_ERROR, rmp_hardware_error),
};

#define FORM(name, layout) {name, layout, NULL, 0}
#define FORM_OF(name, layout, variants) {name, layout, variants, ARRAY_SIZE(variants)}

const struct layout_form layout_forms[] = {
	FORM("dte", &dte_layout),
	FORM_OF("pte", &pte_layout, pte_variants),
	FORM("pte_v2", &pte_v2_layout),
	FORM("pde_v2", &pde_v2_layout),
	FORM("gcr3", &gcr3_layout),
	FORM("irte", &irte32_layout),
	FORM_OF("irte", &irte128_layout, irte128_variants),
	FORM_OF("cmd", &command_layout, command_variants),
	FORM_OF("event", &event_layout, event_variants),
	FORM("ppr", &ppr_layout),
	FORM("ga", &ga_log_layout),
	FORM("efr", &efr_layout),
	FORM("efr2", &efr2_layout),
	FORM("control", &control_layout),
	FORM("status", &status_layout),
	FORM("capability", &capability_layout),
	FORM("ivhd_flags", &ivhd_flags_layout),
	FORM("ivrs_info", &ivrs_info_layout),
	FORM("ivhd_info", &ivhd_info_layout),
	FORM("ivhd_feature", &ivhd_feature_layout),
	FORM("ivhd_attributes", &ivhd_attributes_layout),
	FORM("ivhd_setting", &ivhd_setting_layout),
	FORM("ivmd_flags", &ivmd_flags_layout),
	{0},
};

const struct layout *layout_by_name(const char *name)
{
	for (size_t i = 0; layouts[i]; i++)
		if (!strcmp(layouts[i]->name, name))
			return layouts[i];
	return NULL;
}

bool layout_fits(const struct layout *layout, const uint64_t *words, size_t n_words)
{
	unsigned last_bits = layout->bits % 64;

	return n_words == layout_words(layout) &&
	       (!last_bits || !(words[n_words - 1] & ~bit_mask(last_bits)));
}

const struct layout *layout_form_choose(const struct layout_form *form, const uint64_t *words)
{
	for (size_t i = 0; i < form->n_variants; i++)
		if ((words[0] & form->variants[i].mask) == form->variants[i].value)
			return form->variants[i].layout;
	return form->layout;
}

const struct layout *layout_choose(const char *name, const uint64_t *words, size_t n_words)
{
	for (const struct layout_form *form = layout_forms; form->name; form++)
		if (!strcmp(form->name, name) && layout_fits(form->layout, words, n_words))
			return layout_form_choose(form, words);

	const struct layout *layout = layout_by_name(name);

	return layout && layout_fits(layout, words, n_words) ? layout : NULL;
}
