/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/qemu_cpu.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "target/elf_notes.h"

/* Offsets in QEMUCPUState, version 1: 18 registers, 10 segments of 24 bytes, CR0 to CR4. */
enum {
	CPU_VERSION = 0,
	CPU_IDT_BASE = 384,
	CPU_CR0 = 392,
	CPU_CR3 = 416,
	CPU_CR4 = 424,
	CPU_SIZE = 432, /* a last member follows in newer versions */
};

#define CR0_PAGING (UINT64_C(1) << 31)
#define CR4_LA57 (UINT64_C(1) << 12)
#define GATE_PRESENT 0x80

bool qemu_cpu_next(const struct memory_notes *notes, size_t *offset, struct qemu_cpu *ret)
{
	struct elf_note note;

	if (!notes->elf_notes)
		return false;
	while (elf_note_next(notes->elf_notes, notes->elf_notes_size, offset, &note)) {
		if (strcmp(note.name, "QEMU") || note.desc_size < CPU_SIZE ||
		    get_le32(note.desc + CPU_VERSION) != 1 ||
		    !(get_le64(note.desc + CPU_CR0) & CR0_PAGING))
			continue;
		*ret = (struct qemu_cpu){
			.cr3 = get_le64(note.desc + CPU_CR3),
			.idt = get_le64(note.desc + CPU_IDT_BASE),
			.five_levels = get_le64(note.desc + CPU_CR4) & CR4_LA57,
		};
		return true;
	}
	return false;
}

/* A gate of 16 bytes holds the handler's address in three pieces (AMD 24593, section 4.8.3). */
struct error *qemu_cpu_divide_handler(struct machine *machine, const struct qemu_cpu *cpu,
				      uint64_t *ret)
{
	uint8_t gate[16];
	struct error *err = machine_read(&machine->base, SPACE_VIRT, cpu->idt, gate, sizeof(gate));

	if (err)
		return error_prepend(err, "interrupt descriptor table");
	if (!(gate[5] & GATE_PRESENT))
		return error_new(ERROR_FAULT, "the interrupt descriptor table at 0x%" PRIx64
					      " has no divide-error handler", cpu->idt);
	*ret = get_le16(gate) | (uint64_t)get_le16(gate + 6) << 16 |
	       (uint64_t)get_le32(gate + 8) << 32;
	return NULL;
}
