/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF cores: copies of /proc/vmcore, QEMU's dumps with and without virtual addresses, makedumpfile
 * -E, our captures. Read here and not through libkdumpfile, because that can't tell memory which
 * was filtered out from memory that the machine never had, takes overlapping PT_LOADs (QEMU's
 * paging=true) for holes, and maps the file, so that a truncated one is a SIGBUS.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "target/elf_notes.h"
#include "target/memory_open.h"
#include "target/x86_64.h"

/* The room for the kernel's image without KASLR; with it, NUMBER(phys_base) is in VMCOREINFO. */
#define KERNEL_IMAGE_SIZE (UINT64_C(512) << 20)

/* Bytes [pa, end) of memory; what the file holds of them is at `offset`. */
struct extent {
	uint64_t pa, end, offset;
};

typedef VEC(struct extent) extent_vec;

struct elf_memory {
	struct memory base;
	struct core_file file;
	/* Both sorted by address, without overlaps. */
	extent_vec held; /* what the file holds */
	extent_vec ram;  /* what the machine had */
};

struct elf_head {
	uint64_t phoff;
	uint64_t phnum;
};

bool elf_is_core_magic(const uint8_t magic[MAGIC_SIZE])
{
	return !memcmp(magic, ELFMAG, SELFMAG);
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_386, "32-bit x86"}, {EM_AARCH64, "arm64"}, {EM_ARM, "32-bit ARM"},
		{EM_PPC64, "ppc64"},    {EM_S390, "s390"},     {EM_RISCV, "riscv"},
		{258, "loongarch"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].machine == machine)
			return names[i].name;
	}
	return "another architecture";
}

static struct error *head_read(const struct core_file *file, struct elf_head *ret)
{
	uint8_t h[64];
	struct error *err = core_file_read(file, 0, h, sizeof(h));

	if (err)
		return error_prepend(err, "ELF header");
	bool little = h[EI_DATA] == ELFDATA2LSB;
	unsigned machine = little ? get_le16(h + 18) : (unsigned)(h[18] << 8 | h[19]);
	if (machine != EM_X86_64 || !little || h[EI_CLASS] != ELFCLASS64)
		return error_new(ERROR_OTHER,
				 "is from %s (ELF machine %u): only 64-bit x86 has AMD IOMMUs that "
				 "can be read here",
				 machine == EM_X86_64 ? "an x32 or damaged x86-64 file"
						      : machine_name(machine),
				 machine);
	if (get_le16(h + 16) != ET_CORE)
		return error_new(ERROR_OTHER, "is an ELF file but not a core: give a vmlinux as "
					      "symbols (-s) and the dump as core (-c)");
	if (get_le16(h + 54) != 56)
		return error_new(ERROR_CORRUPT, "its ELF header is damaged (program headers of %u "
						"bytes)",
				 get_le16(h + 54));
	struct elf_head head = {.phoff = get_le64(h + 32), .phnum = get_le16(h + 56)};
	if (head.phnum == PN_XNUM) { /* more than 65534: section 0's sh_info has the number */
		uint8_t section[64];

		err = core_file_read(file, get_le64(h + 40), section, sizeof(section));
		if (err)
			return error_prepend(err, "ELF section header");
		head.phnum = get_le32(section + 44);
	}
	*ret = head;
	return NULL;
}

static int extent_compare(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	return x->end > y->end ? -1 : x->end < y->end;
}

/* Sorts, and cuts away what an earlier extent has already: virtual mappings repeat pages. */
static void extents_settle(extent_vec *v)
{
	size_t kept = 0;

	if (v->n)
		qsort(v->at, v->n, sizeof(*v->at), extent_compare);
	for (size_t i = 0; i < v->n; i++) {
		struct extent e = v->at[i];
		uint64_t covered = kept ? v->at[kept - 1].end : 0;

		if (e.end <= covered)
			continue;
		if (e.pa < covered) {
			e.offset += covered - e.pa;
			e.pa = covered;
		}
		v->at[kept++] = e;
	}
	v->n = kept;
}

/* The first extent that ends behind pa; NULL: none does. */
static const struct extent *extents_from(const extent_vec *v, uint64_t pa)
{
	size_t low = 0, high = v->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (v->at[middle].end <= pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->n ? &v->at[low] : NULL;
}

/* The extent that holds pa; NULL: none does. */
static const struct extent *extents_find(const extent_vec *v, uint64_t pa)
{
	const struct extent *e = extents_from(v, pa);

	return e && e->pa <= pa ? e : NULL;
}

static struct error *load_add(struct elf_memory *m, const uint8_t *ph)
{
	uint64_t offset = get_le64(ph + 8), va = get_le64(ph + 16), pa = get_le64(ph + 24);
	uint64_t file_size = get_le64(ph + 32), memory_size = get_le64(ph + 40);

	/* Some kernels give segments that have no physical address as -1. */
	if (pa == UINT64_MAX || pa + memory_size < pa || pa + file_size < pa ||
	    offset + file_size < offset)
		return NULL;
	if (memory_size < file_size)
		memory_size = file_size;
	if (va >= START_KERNEL_MAP && va < START_KERNEL_MAP + KERNEL_IMAGE_SIZE &&
	    !m->base.notes.has_phys_base) {
		m->base.notes.has_phys_base = true;
		m->base.notes.phys_base = pa - (va - START_KERNEL_MAP);
	}
	struct extent *ram = memory_size ? vec_push(&m->ram) : NULL;
	if (memory_size && !ram)
		return error_no_memory;
	if (ram)
		*ram = (struct extent){.pa = pa, .end = pa + memory_size};
	struct extent *held = file_size ? vec_push(&m->held) : NULL;
	if (file_size && !held)
		return error_no_memory;
	if (held)
		*held = (struct extent){.pa = pa, .end = pa + file_size, .offset = offset};
	return NULL;
}

static struct error *notes_read(struct elf_memory *m, const uint8_t *ph)
{
	uint64_t offset = get_le64(ph + 8), size = get_le64(ph + 32);
	struct memory_notes *notes = &m->base.notes;
	void *buf = NULL;

	if (notes->elf_notes || !size)
		return NULL;
	struct error *err = core_file_read_alloc(&m->file, offset, size, &buf);
	if (err)
		return error_prepend(err, "ELF notes");
	notes->elf_notes = buf;
	notes->elf_notes_size = size;

	struct elf_note note;
	if (!elf_note_find(buf, size, "VMCOREINFO", &note))
		return NULL;
	notes->vmcoreinfo = strndup((const char *)note.desc, note.desc_size);
	return notes->vmcoreinfo ? NULL : error_no_memory;
}

static struct error *segments_read(struct elf_memory *m, const struct elf_head *head)
{
	_cleanup_(freep) void *table = NULL;
	struct error *err =
		core_file_read_alloc(&m->file, head->phoff, head->phnum * 56, &table);

	if (err)
		return error_prepend(err, "ELF program headers");
	for (uint64_t i = 0; i < head->phnum && !err; i++) {
		const uint8_t *ph = (const uint8_t *)table + i * 56;

		switch (get_le32(ph)) {
		case PT_LOAD:
			err = load_add(m, ph);
			break;
		case PT_NOTE:
			err = notes_read(m, ph);
			break;
		}
	}
	if (err)
		return err;
	extents_settle(&m->held);
	extents_settle(&m->ram);
	if (!m->ram.n)
		return error_new(ERROR_OTHER, "is an ELF core without memory");
	return NULL;
}

static struct error *elf_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	struct elf_memory *m = container_of(memory, struct elf_memory, base);

	for (uint8_t *p = buf; len;) {
		const struct extent *e = extents_find(&m->held, pa);

		if (!e && extents_find(&m->ram, pa))
			return error_new(ERROR_EXCLUDED,
					 "the dump does not hold physical address 0x%" PRIx64, pa);
		if (!e)
			return error_new(ERROR_FAULT,
					 "no memory at physical address 0x%" PRIx64, pa);
		size_t n = len < e->end - pa ? len : e->end - pa;
		struct error *err =
			core_file_read(&m->file, e->offset + (pa - e->pa), p, n);
		if (err)
			return error_prepend(err, "physical address 0x%" PRIx64, pa);
		p += n;
		pa += n;
		len -= n;
	}
	return NULL;
}

static uint64_t elf_held(struct memory *memory, uint64_t pa)
{
	struct elf_memory *m = container_of(memory, struct elf_memory, base);
	const struct extent *e = extents_find(&m->held, pa);

	return e ? e->end - pa : 0;
}

static bool elf_next(struct memory *memory, uint64_t *pa)
{
	struct elf_memory *m = container_of(memory, struct elf_memory, base);
	const struct extent *e = extents_from(&m->held, *pa);

	/* Only what is in the file: its headers can claim any size. */
	for (; e && e < m->held.at + m->held.n; e++) {
		uint64_t in_file = e->offset < m->file.size ? m->file.size - e->offset : 0;
		uint64_t end = e->end - e->pa < in_file ? e->end : e->pa + in_file;

		if (end <= *pa || end == e->pa)
			continue;
		if (e->pa > *pa)
			*pa = e->pa & ~(PAGE_SIZE - 1);
		return true;
	}
	return false;
}

static void elf_close(struct memory *memory)
{
	struct elf_memory *m = container_of(memory, struct elf_memory, base);

	vec_free(&m->held);
	vec_free(&m->ram);
	core_file_close(&m->file);
	free(m);
}

static const struct memory_ops elf_memory_ops = {
	.read = elf_read,
	.held = elf_held,
	.next = elf_next,
	.close = elf_close,
};

struct error *elf_memory_open(struct core_file *file, struct memory **ret)
{
	struct elf_head head;
	struct error *err = head_read(file, &head);

	if (err)
		return err;
	struct elf_memory *m = calloc(1, sizeof(*m));
	if (!m)
		return error_no_memory;
	*m = (struct elf_memory){
		.base = {.ops = &elf_memory_ops, .format = "elf"},
		.file = *file,
	};
	err = segments_read(m, &head);
	if (err) {
		m->file.fd = -1; /* stays the caller's */
		memory_close(&m->base);
		return err;
	}
	file->fd = -1;
	*ret = &m->base;
	return NULL;
}
