/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/boot_info.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/qemu_cpu.h"
#include "target/spec.h"

#define VMCOREINFO_MAX 65536	      /* kernels keep it in one page */
#define VMCOREINFO_START "OSRELEASE=" /* its first line since it exists */
#define UTSNAME_FIELD 65

static void machine_set(struct machine *machine, const struct boot_info *info)
{
	machine->x86.root = info->root;
	machine->x86.levels = info->levels;
	machine->x86.sme_mask = info->sme_mask;
	machine_init(machine);
}

/* Fills in all of info from info->vmcoreinfo. */
static struct error *from_vmcoreinfo(const struct memory_notes *notes, struct boot_info *info)
{
	/* One table by its names of all times. */
	static const char *const roots[] = {"SYMBOL(init_top_pgt)", "SYMBOL(init_level4_pgt)",
					    "SYMBOL(swapper_pg_dir)"};
	const struct vmcoreinfo *v = &info->vmcoreinfo;
	uint64_t root = 0, l5 = 0;

	if (!vmcoreinfo_number(v, "KERNELOFFSET", 16, &info->kaslr_offset))
		info->kaslr_offset = 0; /* a kernel that is never moved */
	if (!vmcoreinfo_number(v, "NUMBER(sme_mask)", 10, &info->sme_mask))
		info->sme_mask = 0;
	if (!vmcoreinfo_number(v, "NUMBER(phys_base)", 10, &info->phys_base))
		info->phys_base = notes->has_phys_base ? notes->phys_base : 0;
	for (size_t i = 0; i < ARRAY_SIZE(roots) && !root; i++)
		vmcoreinfo_number(v, roots[i], 16, &root);
	if (root < START_KERNEL_MAP)
		return error_new(ERROR_CORRUPT,
				 "its VMCOREINFO does not name the kernel's page table");
	info->root = (root - START_KERNEL_MAP + info->phys_base) & ~info->sme_mask;
	vmcoreinfo_number(v, "NUMBER(pgtable_l5_enabled)", 10, &l5);
	info->levels = l5 ? 5 : 4;
	return NULL;
}

#define TABLE_LAST (511 * 8) /* the entry through which the kernel's image is mapped */
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define SME_BIT_FIRST 32 /* what processors have: 47, 51 */

/* The tables lead to a word of the image whose place is known without them. */
static bool tables_lead_to(struct machine *machine, uint64_t virt, uint64_t phys)
{
	uint64_t found;
	struct error *err = x86_64_translate(&machine->x86, virt, &found);
	bool is = !err && found == phys;

	error_free(err);
	return is;
}

/*
 * Before Linux 5.0 VMCOREINFO does not say which address bit marks encrypted memory (sme_me_mask).
 * The tables do: with the right bit taken off they lead to where the image is by arithmetic.
 */
static void find_sme_mask(struct machine *machine, struct boot_info *info)
{
	uint64_t uts, entry = 0;

	if (vmcoreinfo_get(&info->vmcoreinfo, "NUMBER(sme_mask)") ||
	    !vmcoreinfo_number(&info->vmcoreinfo, "SYMBOL(init_uts_ns)", 16, &uts) ||
	    tables_lead_to(machine, uts, uts - START_KERNEL_MAP + info->phys_base))
		return;
	error_free(target_read_u64(&machine->base, SPACE_PHYS, info->root + TABLE_LAST, &entry));
	for (unsigned bit = SME_BIT_FIRST; bit < 52; bit++) {
		info->sme_mask = entry & ENTRY_ADDRESS & UINT64_C(1) << bit;
		machine_set(machine, info);
		if (info->sme_mask &&
		    tables_lead_to(machine, uts, uts - START_KERNEL_MAP + info->phys_base))
			return;
	}
	info->sme_mask = 0;
	machine_set(machine, info);
}

static struct error *set_release(struct boot_info *info, const char *release, size_t length)
{
	free(info->release);
	info->release = strndup(release, length);
	return info->release ? NULL : error_no_memory;
}

static struct error *set_vmcoreinfo(struct boot_info *info, const char *text)
{
	struct error *err = vmcoreinfo_parse(text, &info->vmcoreinfo);

	if (err)
		return err;
	const char *release = vmcoreinfo_get(&info->vmcoreinfo, "OSRELEASE");
	return release ? set_release(info, release, strlen(release)) : NULL;
}

static struct error *try_vmcoreinfo(struct machine *machine, const char *text,
				    struct boot_info *info)
{
	struct error *err = set_vmcoreinfo(info, text);

	if (!err)
		err = from_vmcoreinfo(&machine->memory->notes, info);
	if (!err) {
		machine_set(machine, info);
		find_sme_mask(machine, info);
	}
	return err;
}

/*
 * init_uts_ns holds the kernel's name and release; where in it differs. Memory that the dump lacks
 * proves nothing, so only what contradicts is an error.
 */
static struct error *check_linux(struct machine *machine, const struct boot_info *info)
{
	const struct vmcoreinfo *v = &info->vmcoreinfo;
	const char *release = info->release;
	uint8_t bytes[64 + 3 * UTSNAME_FIELD] = {0};
	uint64_t uts;

	if (!vmcoreinfo_number(v, "SYMBOL(init_uts_ns)", 16, &uts))
		return NULL;
	struct error *err = machine_read(&machine->base, SPACE_VIRT, uts, bytes, sizeof(bytes));
	if (err && error_code(err) != ERROR_FAULT) {
		error_free(err);
		return NULL;
	}
	if (err)
		return error_prepend(err, "no Linux kernel is where its VMCOREINFO says");
	const uint8_t *name = memmem(bytes, 64 + 6, "Linux", 6);
	if (name && release && strlen(release) < UTSNAME_FIELD &&
	    !memcmp(name + (size_t)2 * UTSNAME_FIELD, release, strlen(release) + 1))
		return NULL;
	return error_new(ERROR_CORRUPT,
			 "no Linux kernel is where its VMCOREINFO says: init_uts_ns "
			 "at 0x%" PRIx64 " does not hold its name and release",
			 uts);
}

/* The symbols that lead on from QEMU's CPU state. */
enum {
	SYM_TABLE_FIRST, /* the kernel's page table by its names of all times */
	SYM_TABLE_LAST = SYM_TABLE_FIRST + 2,
	SYM_VMCOREINFO,
	SYM_BANNER,
	SYM_DIVIDE_FIRST, /* the divide error's handler, likewise */
	SYM_DIVIDE_LAST = SYM_DIVIDE_FIRST + 1,
	SYM_COUNT
};

static struct error *lookup_symbols(const struct boot_symbols *symbols, struct lookup *rows)
{
	static const char *const names[SYM_COUNT] = {
		[SYM_TABLE_FIRST] = "init_top_pgt",  "init_level4_pgt",
		[SYM_TABLE_LAST] = "swapper_pg_dir", [SYM_VMCOREINFO] = "vmcoreinfo_data",
		[SYM_BANNER] = "linux_banner",	     [SYM_DIVIDE_FIRST] = "asm_exc_divide_error",
		[SYM_DIVIDE_LAST] = "divide_error",
	};

	for (size_t i = 0; i < SYM_COUNT; i++)
		rows[i] = (struct lookup){.kind = LOOKUP_SYMBOL, .name = names[i]};
	return symbols->lookup(symbols->arg, rows, SYM_COUNT);
}

static const struct lookup *first_found(const struct lookup *rows, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		if (rows[i].state == LOOKUP_FOUND)
			return &rows[i];
	}
	return NULL;
}

/*
 * One CPU: its tables map its interrupt descriptors and the handler they name, whichever process
 * ran, in user mode and with page-table isolation too, for the CPU itself needs both.
 */
static struct error *from_cpu(struct machine *machine, const struct qemu_cpu *cpu,
			      const struct lookup *rows, struct boot_info *info)
{
	const struct lookup *divide = first_found(rows, SYM_DIVIDE_FIRST, SYM_DIVIDE_LAST);
	const struct lookup *table = first_found(rows, SYM_TABLE_FIRST, SYM_TABLE_LAST);
	uint64_t handler, pa;

	if (!divide || !table)
		return error_new(ERROR_OTHER, "the vmlinux has no %s: is it a kernel's?",
				 divide ? "init_top_pgt" : "divide_error");
	*info = (struct boot_info){
		.root = cpu->cr3 & ~(PAGE_SIZE - 1),
		.levels = cpu->five_levels ? 5 : 4,
	};
	machine_set(machine, info);
	struct error *err = qemu_cpu_divide_handler(machine, cpu, &handler);
	if (!err)
		err = x86_64_translate(&machine->x86, handler, &pa);
	if (err)
		return err;
	info->kaslr_offset = handler - divide->value;
	info->phys_base = pa - (handler - START_KERNEL_MAP);
	/* Kernels are moved by multiples of 2 MB within 1 GB: anything else is another kernel. */
	if (info->kaslr_offset & 0x1fffff || info->kaslr_offset >= UINT64_C(1) << 30)
		return error_new(ERROR_OTHER,
				 "the CPU's divide-error handler 0x%" PRIx64
				 " is not the vmlinux's %s (0x%" PRIx64 "): give this kernel's own",
				 handler, divide->name, divide->value);
	info->root = table->value + info->kaslr_offset - START_KERNEL_MAP + info->phys_base;
	machine_set(machine, info);
	return NULL;
}

/*
 * VMCOREINFO in the kernel's memory: vmcoreinfo_data is the text itself in older kernels and a
 * pointer to it in newer ones. NULL: there is none.
 */
static char *read_vmcoreinfo(struct machine *machine, uint64_t address)
{
	char start[sizeof(VMCOREINFO_START) - 1];
	char *text = NULL;
	uint64_t at = address;
	struct error *err = target_read(&machine->base, SPACE_VIRT, address, start, sizeof(start));

	if (!err && memcmp(start, VMCOREINFO_START, sizeof(start)))
		err = target_read_u64(&machine->base, SPACE_VIRT, address, &at);
	if (!err)
		err = target_read_string(&machine->base, SPACE_VIRT, at, VMCOREINFO_MAX, &text);
	error_free(err);
	if (text && strncmp(text, VMCOREINFO_START, sizeof(start))) {
		free(text);
		text = NULL;
	}
	return text;
}

/* The release out of "Linux version 6.1.0-44-amd64 (...) ..."; this kernel keeps no VMCOREINFO. */
static struct error *from_banner(struct machine *machine, const struct lookup *banner,
				 struct boot_info *info)
{
	static const char start[] = "Linux version ";
	_cleanup_(freep) char *text = NULL;

	if (banner->state != LOOKUP_FOUND)
		return error_new(ERROR_OTHER, "the vmlinux has no linux_banner: is it a kernel's?");
	struct error *err = target_read_string(&machine->base, SPACE_VIRT,
					       banner->value + info->kaslr_offset, 512, &text);
	if (err)
		return error_prepend(err, "linux_banner");
	if (strncmp(text, start, sizeof(start) - 1))
		return error_new(ERROR_OTHER, "no Linux kernel is where the vmlinux says: "
					      "linux_banner does not hold its name");
	const char *release = text + sizeof(start) - 1;
	return set_release(info, release, strcspn(release, " "));
}

static struct error *from_symbols(struct machine *machine, const struct boot_symbols *symbols,
				  struct boot_info *info)
{
	struct lookup rows[SYM_COUNT];
	const struct memory_notes *notes = &machine->memory->notes;
	struct qemu_cpu cpu;
	struct error *err = lookup_symbols(symbols, rows);

	if (err)
		return err;
	err = error_new(ERROR_OTHER, "no CPU of QEMU's state runs a kernel");
	for (size_t offset = 0; err && qemu_cpu_next(notes, &offset, &cpu);) {
		error_free(err);
		err = from_cpu(machine, &cpu, rows, info);
	}
	if (err)
		return err;
	const struct lookup *data = &rows[SYM_VMCOREINFO];
	_cleanup_(freep) char *text =
		data->state == LOOKUP_FOUND
			? read_vmcoreinfo(machine, data->value + info->kaslr_offset)
			: NULL;
	if (!text)
		return from_banner(machine, &rows[SYM_BANNER], info);
	err = try_vmcoreinfo(machine, text, info);
	return err ? err : check_linux(machine, info);
}

/* No vmlinux: the kernel keeps VMCOREINFO in a page of its own, which begins with the release. */
static struct error *from_scan(struct machine *machine, const struct target_spec *spec,
			       struct boot_info *info)
{
	struct memory *memory = machine->memory;
	uint8_t page[PAGE_SIZE];

	for (uint64_t pa = 0; memory->ops->next(memory, &pa); pa += PAGE_SIZE) {
		if (!(pa & 0xffffff)) {
			struct error *err = spec_poll(spec);

			if (err)
				return err;
			spec_progress(spec, "looking for the kernel", pa >> 20, 0);
		}
		struct error *err = memory->ops->read(memory, pa, page, sizeof(page));
		if (err || memcmp(page, VMCOREINFO_START, strlen(VMCOREINFO_START))) {
			error_free(err);
			continue;
		}
		struct boot_info found = {0};
		page[sizeof(page) - 1] = '\0';
		err = try_vmcoreinfo(machine, (const char *)page, &found);
		if (!err)
			err = check_linux(machine, &found);
		if (!err) {
			*info = found;
			return NULL;
		}
		boot_info_free(&found);
		error_free(err);
	}
	return error_not_found;
}

static struct error *without_vmcoreinfo(struct machine *machine, const struct target_spec *spec,
					const struct boot_symbols *symbols, struct boot_info *info)
{
	struct qemu_cpu cpu;
	size_t offset = 0;

	if (!qemu_cpu_next(&machine->memory->notes, &offset, &cpu))
		return error_new(ERROR_OTHER,
				 "has neither VMCOREINFO nor QEMU's CPU state: nothing "
				 "says where in it a Linux kernel lies");
	struct error *symbols_err = spec->symbols ? from_symbols(machine, symbols, info) : NULL;
	if (spec->symbols && !symbols_err)
		return NULL;
	boot_info_free(info);
	*info = (struct boot_info){0};
	/* Also after a vmlinux that does not fit: found so, the kernel says which one does. */
	struct error *err = from_scan(machine, spec, info);
	if (err && error_code(err) == ERROR_NOT_FOUND)
		err = symbols_err
			      ? symbols_err
			      : error_new(ERROR_OTHER, "no Linux kernel is found in it: it has no "
						       "VMCOREINFO; if it is a kernel's, give its "
						       "vmlinux (-s)");
	else
		error_free(symbols_err);
	return err;
}
struct error *boot_info_find(struct machine *machine, const struct target_spec *spec,
			     const struct boot_symbols *symbols, struct boot_info *ret)
{
	struct boot_info info = {0};
	const char *text = machine->memory->notes.vmcoreinfo;
	struct error *err;

	if (text) {
		err = try_vmcoreinfo(machine, text, &info);
		if (!err)
			err = check_linux(machine, &info);
	} else {
		err = without_vmcoreinfo(machine, spec, symbols, &info);
	}
	if (err) {
		boot_info_free(&info);
		return err;
	}
	*ret = info;
	return NULL;
}

struct error *boot_info_complete(struct machine *machine, const char *vmcoreinfo,
				 struct boot_info *info)
{
	machine_set(machine, info);
	return vmcoreinfo ? set_vmcoreinfo(info, vmcoreinfo) : NULL;
}

void boot_info_free(struct boot_info *info)
{
	free(info->release);
	vmcoreinfo_free(&info->vmcoreinfo);
}
