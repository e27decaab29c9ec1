/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "cmd/select.h"
#include "kernel/dma_mode.h"

enum info_column {
	COL_KIND,
	COL_FORMAT,
	COL_RELEASE,
	COL_BUILD_ID,
	COL_SYMBOLS,
	COL_TYPES,
	COL_SYMBOLS_PATH,
	COL_KASLR,
	COL_PHYS_BASE,
	COL_LEVELS,
	COL_SME,
	COL_DMA,
	COL_REASON,
	COL_COMMAND_LINE,
	COL_DRIVER,
	COL_IOMMUS,
	COL_DEVICES,
	COL_DOMAINS,
	COL_SANDBOX,
};

static const struct column columns[] = {
	[COL_KIND] = {"kind", "Target", VALUE_TEXT, 0,
		      "dump (a capture too), image, live; inside crash: crash"},
	[COL_FORMAT] = {"format", "Format", VALUE_TEXT, 0, "format of the dump file"},
	[COL_RELEASE] = {"release", "Kernel", VALUE_TEXT, 0, "kernel release"},
	[COL_BUILD_ID] = {"build_id", "Build ID", VALUE_TEXT, 0, "build ID of the kernel"},
	[COL_SYMBOLS] = {"symbols", "Symbols from", VALUE_TEXT, 0, "where symbols came from"},
	[COL_TYPES] = {"types", "Types from", VALUE_TEXT, 0, "where type layouts came from"},
	[COL_SYMBOLS_PATH] = {"symbols_path", "Symbol file", VALUE_TEXT, 0, "file used for them"},
	[COL_KASLR] = {"kaslr_offset", "KASLR offset", VALUE_HEX, 0,
		       "by how much the kernel was moved from its link address"},
	[COL_PHYS_BASE] = {"phys_base", "Physical base", VALUE_HEX, 0, "phys_base"},
	[COL_LEVELS] = {"page_levels", "CPU page levels", VALUE_NUMBER, 0,
			"levels of the kernel's own page tables"},
	[COL_SME] = {"sme_mask", "Encryption mask", VALUE_HEX, 0,
		     "memory encryption bit in physical addresses; 0: none"},
	[COL_DMA] = {"dma_mode", "DMA by default", VALUE_TEXT, 0, "translated or passed through"},
	[COL_REASON] = {"dma_mode_reason", "Because of", VALUE_TEXT, 0, "what decided that"},
	[COL_COMMAND_LINE] = {"command_line", "Command line", VALUE_TEXT, 0,
			      "the kernel's command line"},
	[COL_DRIVER] = {"iommu_driver", "IOMMU driver", VALUE_TEXT, 0, "driver in use; none: none"},
	[COL_IOMMUS] = {"iommus", "IOMMUs", VALUE_NUMBER, 0, "how many"},
	[COL_DEVICES] = {"devices", "PCI functions", VALUE_NUMBER, 0, "how many the kernel knows"},
	[COL_DOMAINS] = {"domains", "Domains", VALUE_NUMBER, 0, "how many were found"},
	[COL_SANDBOX] = {"sandbox", "Sandbox", VALUE_TEXT, 0,
			 "what keeps this program's reading of it apart: landlock, seccomp, or off and why"},
};

static const struct table info_table = {"info", VIEW_RECORD, columns, ARRAY_SIZE(columns)};

static void emit_facts(struct emit *e, const struct target_facts *f)
{
	emit_text(e, COL_KIND, f->kind);
	emit_text(e, COL_FORMAT, f->format);
	emit_text(e, COL_RELEASE, f->release);
	emit_text(e, COL_BUILD_ID, f->build_id);
	emit_text(e, COL_SYMBOLS, f->symbols);
	emit_text(e, COL_TYPES, f->types);
	emit_text(e, COL_SYMBOLS_PATH, f->symbols_path);
	if (f->kaslr_known) {
		emit_number(e, COL_KASLR, f->kaslr_offset);
		emit_number(e, COL_PHYS_BASE, f->phys_base);
	}
	if (f->page_levels)
		emit_number(e, COL_LEVELS, f->page_levels);
	emit_number(e, COL_SME, f->sme_mask);
}

/* A machine without an IOMMU in use still has an `info`: that is one of the answers. */
static struct error *emit_iommus(struct command_call *call)
{
	struct iommu_driver *driver;
	struct snapshot *s;
	struct error *err = session_driver(call->session, &driver);

	if (err && error_code(err) == ERROR_NOT_FOUND) {
		emit_number(call->emit, COL_IOMMUS, 0);
		error_free(err);
		return NULL;
	}
	if (!err)
		err = call_snapshot(call, SNAPSHOT_DEVICES, &s);
	if (err)
		return err;
	emit_text(call->emit, COL_DRIVER, driver->ops->name);
	emit_datum(call->emit, COL_IOMMUS, count_of(s, s->n_iommus));
	emit_datum(call->emit, COL_DEVICES, count_of(s, s->n_devices));
	emit_datum(call->emit, COL_DOMAINS, count_of(s, s->n_domains));
	return NULL;
}

static struct error *info_run(struct command_call *call)
{
	_cleanup_(arena_free) struct arena arena = {0};
	struct reader reader = {.problems = call->problems};
	struct emit *e = call->emit;
	struct target *target;
	struct error *err = session_target(call->session, &target);

	if (!err)
		err = session_kernel(call->session, &reader.kernel);
	if (err)
		return err;
	struct target_facts facts = target_facts(target);
	struct dma_mode mode = dma_mode_read(&reader, &arena);
	emit_row_begin(e);
	emit_facts(e, &facts);
	emit_text_datum(e, COL_DMA, mode.mode);
	emit_text_datum(e, COL_REASON, mode.reason);
	emit_text_datum(e, COL_COMMAND_LINE, mode.command_line);
	err = emit_iommus(call);
	const char *sandbox = session_spec(call->session)->sandbox;
	emit_text(e, COL_SANDBOX, sandbox ? sandbox : "off");
	emit_row_end(e);
	return err;
}

const struct command command_info = {
	.name = "info",
	.operands = "",
	.summary = "the machine, its kernel, and whether DMA is translated",
	.topic = "The machine",
	.details = "    info",
	.table = &info_table,
	.run = info_run,
};
