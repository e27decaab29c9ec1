/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/words.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "cmd/select.h"
#include "cmd/system_differ.h"

enum devices_column {
	COL_BDF,
	COL_VENDOR,
	COL_DEVICE,
	COL_CLASS,
	COL_DRIVER,
	COL_GROUP,
	COL_DOMAIN_ID,
	COL_DOMAIN_TYPE,
	COL_DMA,
	COL_PAGING_MODE,
	COL_PT_ROOT,
	COL_INT_REMAP,
	COL_OWNER,
	COL_IOMMU,
	COL_ALIAS,
	COL_ENTRY_WRITER,
	COL_PT_FORMAT,
	COL_PASID_ROOT,
	COL_PASID_LEVELS,
	COL_REQUESTERS,
	COL_REQUESTERS_WHY,
};

static const struct column columns[] = {
	[COL_BDF] = {"bdf", "BDF", VALUE_TEXT, 0, "PCI address"},
	[COL_VENDOR] = {"vendor", "VENDOR", VALUE_HEX, 0, "PCI vendor ID"},
	[COL_DEVICE] = {"device", "DEVICE", VALUE_HEX, 0, "PCI device ID"},
	[COL_CLASS] = {"class", "CLASS", VALUE_HEX, COLUMN_EXTRA, "PCI class code"},
	[COL_DRIVER] = {"driver", "DRIVER", VALUE_TEXT, 0, "driver bound to it"},
	[COL_GROUP] = {"group", "GROUP", VALUE_NUMBER, 0, "IOMMU group"},
	[COL_DOMAIN_ID] = {"domain_id", "DOMAIN", VALUE_HEX, 0,
			   "domain ID by which the IOMMU tags its translations"},
	[COL_DOMAIN_TYPE] = {"domain_type", "TYPE", VALUE_TEXT, 0,
			     "type of the domain that the kernel has attached: dma, dma-fq, identity, "
			     "unmanaged (a VM or user space), blocked"},
	[COL_DMA] = {"dma", "DMA", VALUE_TEXT, 0,
		     "what becomes of its DMA: translated (by the host's table), guest (by a guest's "
		     "or process's), nested (both), passthrough, blocked, unchecked (no valid entry: "
		     "it passes), illegal (hardware rejects the entry: blocked)"},
	[COL_PAGING_MODE] = {"paging_mode", "MODE", VALUE_NUMBER, 0,
			     "levels of its page table, 0 for none"},
	[COL_PT_ROOT] = {"pt_root", "ROOT", VALUE_HEX, 0, "physical address of its page table"},
	[COL_INT_REMAP] = {"int_remap", "INTREMAP", VALUE_BOOL, 0, "its interrupts are remapped"},
	[COL_OWNER] = {"owner", "OWNER", VALUE_TEXT, 0,
		       "who decides what its DMA reaches: kernel, or the driver that took it from the "
		       "kernel's DMA API; 'owners' tells the process"},
	[COL_IOMMU] = {"iommu", "IOMMU", VALUE_TEXT, COLUMN_EXTRA, "IOMMU that it is behind"},
	[COL_ALIAS] = {"alias", "ALIAS", VALUE_TEXT, COLUMN_EXTRA,
		       "requester ID that its DMA bears, where it is another's"},
	[COL_ENTRY_WRITER] = {"entry_writer", "WRITER", VALUE_TEXT, COLUMN_EXTRA,
			      "who wrote its device table entry: kernel (what its objects ask for), "
			      "capture (the capture kernel of this crash), unknown (neither), none"},
	[COL_PT_FORMAT] = {"pt_format", "FORMAT", VALUE_TEXT, COLUMN_EXTRA,
			   "format of that page table: v1 (host) or v2 (guest)"},
	[COL_PASID_ROOT] = {"pasid_root", "PASIDS", VALUE_HEX, COLUMN_EXTRA,
			    "address of its table of PASIDs (the GCR3 table), by which requests that bear one "
			    "find their page table; 'map --pasids' lists them"},
	[COL_PASID_LEVELS] = {"pasid_levels", "PASID-LEVELS", VALUE_NUMBER, COLUMN_EXTRA,
			      "levels of its table of PASIDs, 0 for none"},
	[COL_REQUESTERS] = {"requester_ids", "REQUESTERS", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
			    "requester IDs that its requests may bear, its own first"},
	[COL_REQUESTERS_WHY] = {"requester_from", "FROM", VALUE_TEXT, COLUMN_ARRAY | COLUMN_EXTRA,
				"where each of these comes from: own, bridge (to conventional PCI, above "
				"it), kernel (a quirk, or the IOMMU's driver), driver (its alias table)"},
};

static const struct table devices_table = {"devices", VIEW_TABLE, columns, ARRAY_SIZE(columns)};

static void emit_alias(struct emit *e, const struct device *d)
{
	if (d->alias.state != DATUM_OK)
		emit_datum(e, COL_ALIAS, d->alias);
	else if (d->alias.value != d->devid)
		emit_textf(e, COL_ALIAS, "%04x:%02x:%02x.%x", d->segment,
			   (unsigned)d->alias.value >> 8, (unsigned)d->alias.value >> 3 & 0x1f,
			   (unsigned)d->alias.value & 7);
}

/* Where one of them may be missing, so is the answer: the others would pass for all. */
static void emit_requesters(struct emit *e, const struct device *d)
{
	if (d->requesters_state != DATUM_OK) {
		emit_datum(e, COL_REQUESTERS, (struct datum){.state = d->requesters_state});
		emit_datum(e, COL_REQUESTERS_WHY, (struct datum){.state = d->requesters_state});
		return;
	}
	for (uint32_t i = 0; i < d->n_requesters; i++) {
		unsigned devid = d->requesters[i].devid;

		emit_textf(e, COL_REQUESTERS, "%04x:%02x:%02x.%x", d->segment, devid >> 8,
			   devid >> 3 & 0x1f, devid & 7);
		emit_text(e, COL_REQUESTERS_WHY, d->requesters[i].why);
	}
}

/* A group in another than its default domain has been taken from the DMA API, by VFIO or the like. */
static struct text device_owner(const struct snapshot *s, const struct device *d)
{
	if (d->group.state != DATUM_OK)
		return (struct text){.state = d->group.state};
	const struct group *g = &s->groups[d->group.value];
	if (g->domain.state != DATUM_OK || g->default_domain.state != DATUM_OK)
		return (struct text){.state = g->domain.state};
	if (g->domain.value == g->default_domain.value)
		return text_ok("kernel");
	return d->driver;
}

/* What there is none of, as far as it could be read. */
static struct datum none_or(enum datum_state state)
{
	return (struct datum){.state = state == DATUM_OK ? DATUM_NONE : state};
}

static void emit_device(struct emit *e, const struct snapshot *s, const struct device *d)
{
	const struct domain *domain = device_domain(s, d);
	struct datum group = d->group;

	if (group.state == DATUM_OK)
		group = s->groups[group.value].id;
	emit_row_begin(e);
	emit_text(e, COL_BDF, d->name);
	emit_datum(e, COL_VENDOR, d->vendor);
	emit_datum(e, COL_DEVICE, d->device_id);
	emit_datum(e, COL_CLASS, d->class);
	emit_text_datum(e, COL_DRIVER, d->driver);
	emit_datum(e, COL_GROUP, group);
	emit_datum(e, COL_DOMAIN_ID, d->domain_id);
	if (domain)
		emit_text_datum(e, COL_DOMAIN_TYPE, domain_type_text(domain));
	else
		emit_datum(e, COL_DOMAIN_TYPE, d->domain);
	emit_text_datum(e, COL_DMA, dma_fate_text(d));
	emit_datum(e, COL_PAGING_MODE, d->paging_mode);
	emit_datum(e, COL_PT_ROOT, d->pt_root);
	emit_datum(e, COL_INT_REMAP, d->int_remap);
	emit_text_datum(e, COL_OWNER, device_owner(s, d));
	if (d->iommu.state == DATUM_OK)
		emit_text_datum(e, COL_IOMMU, s->iommus[d->iommu.value].name);
	else
		emit_datum(e, COL_IOMMU, d->iommu);
	emit_alias(e, d);
	emit_requesters(e, d);
	emit_text(e, COL_ENTRY_WRITER, entry_writer_name(d->entry.writer));
	emit_text(e, COL_PT_FORMAT, d->pt_format);
	emit_datum(e, COL_PASID_ROOT,
		   d->pasids.ops ? datum_ok(d->pasids.root) : none_or(d->pasids_state));
	emit_datum(e, COL_PASID_LEVELS, (struct datum){d->pasids.levels, d->pasids_state});
	emit_row_end(e);
}

static struct error *devices_run(struct command_call *call)
{
	_cleanup_(selection_free) struct selection selection = {0};
	struct snapshot *snapshot;
	unsigned parts = SNAPSHOT_DEVICES;

	if (emit_shows(call->emit, COL_REQUESTERS) || emit_shows(call->emit, COL_REQUESTERS_WHY))
		parts |= SNAPSHOT_REQUESTERS;
	struct error *err = call_compared_snapshot(call, parts, &snapshot);
	if (!err)
		err = select_devices(call, snapshot, &selection);
	for (size_t i = 0; i < selection.n && !err; i++)
		emit_device(call->emit, snapshot, &snapshot->devices[selection.at[i]]);
	return err;
}

const struct command command_devices = {
	.name = "devices",
	.operands = "[BDF...]",
	.summary = "what the IOMMU does with each PCI function, and who owns it",
	.topic = "Devices",
	.details =
		"Each PCI function that the kernel knows, as the device table entry and the kernel's own "
		"objects have it. Where a capture kernel has written over an entry, the values are those "
		"of the crashed kernel's objects; 'dte' shows both. Of the running kernel, the functions and "
		"groups found in its memory are held against /sys: what differs is told.\n"
		"    devices\n"
		"    devices 0000:a1:00.1\n"
		"    devices -o bdf,driver,domain_id",
	.table = &devices_table,
	.max_operands = SIZE_MAX,
	.run = devices_run,
};
