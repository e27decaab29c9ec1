/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "target/unpack.h"

#define BUILD_ID_MAX 64

struct elf_file {
	char *path;
	uint8_t *map; /* the whole (unpacked) file */
	size_t size;
	Elf *elf;     /* over the map */
	char build_id[2 * BUILD_ID_MAX + 1]; /* "": none */
};

/* Opening. */

#define NOT_ELF                                                                                    \
	"not an ELF file; -s takes a vmlinux, a System.map, or what 'kernel --export' has written"

/* Never hangs on a FIFO or the like. */
static struct error *open_regular(const char *path, int *ret)
{
	_cleanup_(closep) int fd = file_open(path, O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? error_new(ERROR_NOT_FOUND, "no such file; without -s the usual "
							    "places are searched")
				       : error_errno(errno, "can't be opened");
	if (fstat(fd, &st))
		return error_errno(errno, "can't be read");
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_OTHER, "not a regular file");
	*ret = fd;
	fd = -1;
	return NULL;
}

static struct error *check_header(Elf *elf)
{
	GElf_Ehdr header;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return error_new(ERROR_OTHER, NOT_ELF);
	if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return error_new(ERROR_OTHER,
				 "not for x86-64 (ELF machine %u); only x86-64 is supported",
				 header.e_machine);
	if (header.e_type == ET_CORE)
		return error_new(ERROR_OTHER, "a core dump and not a vmlinux; give it with -c");
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return error_new(ERROR_OTHER, "a relocatable object and not a linked vmlinux");
	return NULL;
}

static void note_build_id(struct elf_file *file, const uint8_t *id, size_t size)
{
	if (!size || size > BUILD_ID_MAX)
		return;
	for (size_t i = 0; i < size; i++)
		snprintf(file->build_id + 2 * i, sizeof(file->build_id) - 2 * i, "%02x", id[i]);
}

static void read_notes(struct elf_file *file, Elf_Data *data)
{
	GElf_Nhdr note;
	size_t name, content, offset = 0;

	while (data && (offset = gelf_getnote(data, offset, &note, &name, &content)) > 0)
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp((const char *)data->d_buf + name, "GNU", sizeof("GNU")))
			note_build_id(file, (const uint8_t *)data->d_buf + content, note.n_descsz);
}

/*
 * From the sections first: the program headers of a separate .debug file are those of the file it
 * was made from and don't point into it.
 */
static void read_build_id(struct elf_file *file)
{
	size_t n_segments;

	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn)) && !*file->build_id;) {
		GElf_Shdr section;
		if (gelf_getshdr(scn, &section) && section.sh_type == SHT_NOTE)
			read_notes(file, elf_getdata(scn, NULL));
	}
	if (elf_getphdrnum(file->elf, &n_segments))
		return;
	for (size_t i = 0; i < n_segments && !*file->build_id; i++) {
		GElf_Phdr segment;
		if (gelf_getphdr(file->elf, i, &segment) && segment.p_type == PT_NOTE)
			read_notes(file, elf_getdata_rawchunk(file->elf, segment.p_offset,
							      segment.p_filesz, ELF_T_NHDR));
	}
}

static struct error *map_file(const struct target_spec *spec, struct elf_file *file)
{
	_cleanup_(closep) int fd = -1, unpacked = -1;
	struct stat st;
	struct error *err = open_regular(file->path, &fd);

	if (!err)
		err = unpack_file(spec, fd, &unpacked);
	if (err)
		return err;
	int content = unpacked >= 0 ? unpacked : fd;
	if (fstat(content, &st))
		return error_errno(errno, "can't be read");
	if (!st.st_size)
		return error_new(ERROR_OTHER, "empty");
	/* Private and writable because libelf's interface wants it so; nothing writes to it. */
	void *map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, content, 0);
	if (map == MAP_FAILED)
		return error_errno(errno, "can't be mapped");
	file->map = map;
	file->size = st.st_size;
	return NULL;
}

static struct error *elf_file_begin(const struct target_spec *spec, struct elf_file *file)
{
	struct error *err = map_file(spec, file);

	if (err)
		return err;
	elf_version(EV_CURRENT);
	file->elf = elf_memory((char *)file->map, file->size);
	if (!file->elf)
		return error_new(ERROR_OTHER, NOT_ELF);
	err = check_header(file->elf);
	if (err)
		return err;
	read_build_id(file);
	return NULL;
}

static void elf_file_closep(struct elf_file **file)
{
	elf_file_close(*file);
}

struct error *elf_file_open(const struct target_spec *spec, const char *path, struct elf_file **ret)
{
	_cleanup_(elf_file_closep) struct elf_file *file = calloc(1, sizeof(*file));

	if (!file)
		return error_no_memory;
	file->path = strdup(path);
	if (!file->path)
		return error_no_memory;
	struct error *err = elf_file_begin(spec, file);
	if (err)
		return error_prepend(err, "%s", path);
	*ret = take_ptr(file);
	return NULL;
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	if (file->map)
		munmap(file->map, file->size);
	free(file->path);
	free(file);
}

const char *elf_file_path(const struct elf_file *file)
{
	return file->path;
}

uint64_t elf_file_size(const struct elf_file *file)
{
	return file->size;
}

const char *elf_file_build_id(const struct elf_file *file)
{
	return *file->build_id ? file->build_id : NULL;
}

/* Sections. */

static Elf_Scn *find_section(struct elf_file *file, const char *name, GElf_Shdr *ret)
{
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return NULL;
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		GElf_Shdr section;
		const char *its_name =
			gelf_getshdr(scn, &section) ? elf_strptr(file->elf, names, section.sh_name)
						    : NULL;
		if (its_name && !strcmp(its_name, name) && section.sh_type != SHT_NOBITS) {
			*ret = section;
			return scn;
		}
	}
	return NULL;
}

/* ".zdebug_info" for ".debug_info": compressed as before ELF had a flag for it. */
static Elf_Scn *find_old_compressed(struct elf_file *file, const char *name, GElf_Shdr *ret)
{
	char old_name[64];

	if (strncmp(name, ".debug_", 7))
		return NULL;
	snprintf(old_name, sizeof(old_name), ".z%s", name + 1);
	return find_section(file, old_name, ret);
}

bool elf_file_has_section(struct elf_file *file, const char *name)
{
	GElf_Shdr section;

	return find_section(file, name, &section) || find_old_compressed(file, name, &section);
}

static struct error *section_bytes(struct elf_file *file, Elf_Scn *scn, struct span *ret)
{
	Elf_Data *data = elf_rawdata(scn, NULL);

	if (!data || (data->d_size && !data->d_buf))
		return error_new(ERROR_CORRUPT,
				 "%s: section %zu does not lie in the file (cut off?)",
				 file->path, elf_ndxscn(scn));
	*ret = (struct span){.at = data->d_buf, .n = data->d_size};
	return NULL;
}

struct error *elf_file_section(struct elf_file *file, const char *name, struct span *ret)
{
	GElf_Shdr section;
	Elf_Scn *scn = find_section(file, name, &section);
	int unpacked = 0;

	if (scn && section.sh_flags & SHF_COMPRESSED)
		unpacked = elf_compress(scn, 0, 0);
	else if (!scn && (scn = find_old_compressed(file, name, &section)))
		unpacked = elf_compress_gnu(scn, 0, 0);
	if (!scn) {
		*ret = (struct span){0};
		return NULL;
	}
	if (unpacked < 0)
		return error_new(ERROR_CORRUPT, "%s: section %s can't be unpacked: %s", file->path,
				 name, elf_errmsg(-1));
	return section_bytes(file, scn, ret);
}

struct error *elf_file_at_address(struct elf_file *file, uint64_t address, struct span *ret)
{
	*ret = (struct span){0};
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn));) {
		GElf_Shdr section;
		if (!gelf_getshdr(scn, &section) || section.sh_type == SHT_NOBITS ||
		    !(section.sh_flags & SHF_ALLOC) || address < section.sh_addr ||
		    address - section.sh_addr >= section.sh_size)
			continue;
		struct error *err = section_bytes(file, scn, ret);
		uint64_t offset = address - section.sh_addr;
		if (!err && offset >= ret->n)
			*ret = (struct span){0};
		else if (!err)
			*ret = (struct span){.at = ret->at + offset, .n = ret->n - offset};
		return err;
	}
	return NULL;
}

void elf_file_release(struct elf_file *file, struct span part)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)part.at + page - 1) & -page;
	uintptr_t end = ((uintptr_t)part.at + part.n) & -page;
	uintptr_t map = (uintptr_t)file->map;

	if (start >= map && start < end && end <= map + file->size)
		madvise((void *)start, end - start, MADV_DONTNEED);
}
