/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/kcore.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/vec.h"
#include "target/access.h"
#include "target/elf_notes.h"

#define NOTES_MAX (UINT64_C(1) << 20) /* bytes; kernels have a few KB of them */

struct kcore {
	struct memory base;
	int fd;
	VEC(struct machine_map) maps;
	VEC(uint64_t) offsets; /* in the file, of each map */
};

static struct kcore *kcore_of(struct memory *memory)
{
	return container_of(memory, struct kcore, base);
}

/* The kernel refuses memory that has gone (unplugged, poisoned) with EFAULT, ENXIO or an early end. */
static struct error *read_at(const struct kcore *kcore, uint64_t offset, void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(kcore->fd, (uint8_t *)buf + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EFAULT && errno != ENXIO)
			return error_errno(errno, "reading %s at offset 0x%" PRIx64, KCORE_PATH,
					   offset);
		if (n <= 0)
			return error_new(ERROR_FAULT, "the kernel does not let it be read");
		done += (size_t)n;
	}
	return NULL;
}

/* The map that holds pa, or NULL. */
static const struct machine_map *map_of(const struct kcore *kcore, uint64_t pa)
{
	for (size_t i = 0; i < kcore->maps.n; i++) {
		const struct machine_map *map = &kcore->maps.at[i];

		if (pa >= map->pa && pa - map->pa < map->size)
			return map;
	}
	return NULL;
}

static struct error *kcore_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	const struct kcore *kcore = kcore_of(memory);

	for (uint8_t *p = buf; len;) {
		const struct machine_map *map = map_of(kcore, pa);

		if (!map)
			return error_new(ERROR_FAULT, "no memory at physical address 0x%" PRIx64,
					 pa);
		uint64_t within = pa - map->pa;
		size_t n = len < map->size - within ? len : map->size - within;
		uint64_t offset = kcore->offsets.at[map - kcore->maps.at] + within;
		struct error *err = read_at(kcore, offset, p, n);
		if (err)
			return error_prepend(err, "physical address 0x%" PRIx64, pa);
		p += n;
		pa += n;
		len -= n;
	}
	return NULL;
}

static void kcore_close(struct memory *memory)
{
	struct kcore *kcore = kcore_of(memory);

	close(kcore->fd);
	vec_free(&kcore->maps);
	vec_free(&kcore->offsets);
	free(kcore);
}

/* No `next`: the kernel says itself where it is, and is not searched for. */
static const struct memory_ops kcore_ops = {.read = kcore_read, .close = kcore_close};

/* Zero too stands for "none" before Linux 4.11, where all segments have it. */
static bool has_physical(const GElf_Phdr *ph)
{
	return ph->p_paddr != UINT64_MAX && ph->p_memsz &&
	       range_within(ph->p_paddr, ph->p_memsz, PHYSICAL_END) &&
	       ph->p_vaddr + (ph->p_memsz - 1) >= ph->p_vaddr &&
	       range_within(ph->p_offset, ph->p_memsz, INT64_MAX);
}

static struct error *load_add(struct kcore *kcore, const GElf_Phdr *ph)
{
	if (!has_physical(ph))
		return NULL;
	struct machine_map *map = vec_push(&kcore->maps);
	uint64_t *offset = vec_push(&kcore->offsets);
	if (!map || !offset)
		return error_no_memory;
	*map = (struct machine_map){.va = ph->p_vaddr, .pa = ph->p_paddr, .size = ph->p_memsz};
	*offset = ph->p_offset;
	return NULL;
}

static struct error *notes_read(struct kcore *kcore, const GElf_Phdr *ph)
{
	struct memory_notes *notes = &kcore->base.notes;
	struct elf_note note;

	if (notes->elf_notes || !ph->p_filesz || ph->p_filesz > NOTES_MAX)
		return NULL;
	_cleanup_(freep) uint8_t *bytes = malloc(ph->p_filesz);
	if (!bytes)
		return error_no_memory;
	struct error *err = read_at(kcore, ph->p_offset, bytes, ph->p_filesz);
	if (err)
		return error_prepend(err, "its notes");
	notes->elf_notes = bytes;
	notes->elf_notes_size = ph->p_filesz;
	bytes = NULL;
	if (!elf_note_find(notes->elf_notes, notes->elf_notes_size, "VMCOREINFO", &note))
		return NULL;
	notes->vmcoreinfo = strndup((const char *)note.desc, note.desc_size);
	return notes->vmcoreinfo ? NULL : error_no_memory;
}

static struct error *headers_read(struct kcore *kcore, Elf *elf)
{
	struct error *err = NULL;
	GElf_Ehdr header;
	size_t n;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &n))
		return error_new(ERROR_OTHER, "is not an ELF core: %s", elf_errmsg(-1));
	if (header.e_type != ET_CORE || header.e_machine != EM_X86_64)
		return error_new(ERROR_OTHER, "is not of an x86-64 kernel (ELF machine %u)",
				 header.e_machine);
	for (size_t i = 0; i < n && !err; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph))
			return error_new(ERROR_OTHER, "its program headers: %s", elf_errmsg(-1));
		if (ph.p_type == PT_LOAD)
			err = load_add(kcore, &ph);
		else if (ph.p_type == PT_NOTE)
			err = notes_read(kcore, &ph);
	}
	return err;
}

/* Two segments at physical address 0 mean that this kernel writes 0 for "none". */
static struct error *check_maps(const struct kcore *kcore)
{
	unsigned n_zero = 0;

	for (size_t i = 0; i < kcore->maps.n; i++)
		n_zero += !kcore->maps.at[i].pa;
	if (kcore->maps.n && n_zero < 2)
		return NULL;
	return error_new(ERROR_OTHER,
			 "gives no physical addresses (kernels before Linux 4.11 do not): this "
			 "kernel can only be read from a dump");
}

static struct error *contents_read(struct kcore *kcore)
{
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(kcore->fd, ELF_C_READ, NULL);
	struct error *err = elf ? headers_read(kcore, elf)
				: error_new(ERROR_OTHER, "is not ELF: %s", elf_errmsg(-1));

	elf_end(elf);
	return err ? err : check_maps(kcore);
}

struct error *kcore_open(const char *path, struct memory **ret)
{
	int fd = file_open(path, O_NONBLOCK | O_NOCTTY);
	int errno_value = errno;
	struct stat st;

	if (fd < 0) {
		struct access access = access_read();

		return access_refused(&access, path, errno_value);
	}
	/* Container runtimes put /dev/null over it. */
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return access_hidden(path);
	}
	struct kcore *kcore = calloc(1, sizeof(*kcore));
	if (!kcore) {
		close(fd);
		return error_no_memory;
	}
	*kcore = (struct kcore){
		.base = {.ops = &kcore_ops, .format = "kcore", .moving = true},
		.fd = fd,
	};
	struct error *err = contents_read(kcore);
	if (err) {
		memory_close(&kcore->base);
		return error_prepend(err, "%s", path);
	}
	*ret = &kcore->base;
	return NULL;
}

const struct machine_map *kcore_maps(const struct memory *memory, size_t *n)
{
	const struct kcore *kcore = container_of(memory, const struct kcore, base);

	*n = kcore->maps.n;
	return kcore->maps.at;
}
