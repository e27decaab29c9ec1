/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory through crash. */
#include "crash.h"
#include "host.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

/* VMCOREINFO: its first line since it exists, and how far into its place that is at most. */
#define TEXT_START "OSRELEASE="
#define TEXT_WITHIN 64

static bool read_host(uint64_t addr, int space, void *buf, size_t len)
{
	unsigned long *flags = diskdump_flags, saved = flags ? *flags : 0;

	/* crash may have been told to read what the dump lacks as zeros. */
	if (flags)
		*flags &= ~CRASH_ZERO_EXCLUDED;
	bool fine = readmem(addr, space, buf, (long)len, "iommu",
			    CRASH_RETURN_ON_ERROR | CRASH_QUIET) == 1;
	if (flags)
		*flags = saved;
	return fine;
}

static struct error *host_memory_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	if (read_host(pa, CRASH_PHYSADDR, buf, len))
		return NULL;
	return error_new(ERROR_IO, "crash can't read physical address 0x%" PRIx64 "%s", pa,
			 memory->moving ? ""
					: "; whether the dump lacks that page or the machine did, "
					  "crash does not say");
}

/* Nothing is looked for in it. */
static bool host_memory_next(struct memory *memory, uint64_t *pa)
{
	(void)memory;
	(void)pa;
	return false;
}

static void host_memory_close(struct memory *memory)
{
	free(memory);
}

static const struct memory_ops host_memory_ops = {
	.read = host_memory_read,
	.next = host_memory_next,
	.close = host_memory_close,
};

/* The text at an address, behind the header of a note perhaps; NULL: it is not there. */
static char *text_at(uint64_t address)
{
	char bytes[PAGE_SIZE + 1] = {0};

	if (!read_host(address, CRASH_KVADDR, bytes, PAGE_SIZE))
		return NULL;
	const char *text = memmem(bytes, TEXT_WITHIN, TEXT_START, strlen(TEXT_START));
	return text ? strdup(text) : NULL;
}

/*
 * Both symbols are the bytes themselves in older kernels and a pointer to them in newer ones. In a
 * crash the first comes to point into the memory of the capture kernel, which no dump holds; then
 * the note has been written.
 */
static struct error *read_vmcoreinfo(char **ret)
{
	static const char *const names[] = {"vmcoreinfo_data", "vmcoreinfo_note"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct syment *symbol = kernel_symbol_search(names[i]);
		uint8_t pointer[8];
		char *text = symbol ? text_at(symbol->value) : NULL;

		if (symbol && !text &&
		    read_host(symbol->value, CRASH_KVADDR, pointer, sizeof(pointer)))
			text = text_at(get_le64(pointer));
		if (text) {
			*ret = text;
			return NULL;
		}
	}
	return error_new(ERROR_OTHER,
			 "crash finds no VMCOREINFO in the kernel's memory, and without "
			 "it the kernel's page tables are not found");
}

/* What crash reads of a system that runs; what a dump is it does not say in one way. */
static const char *format_of(unsigned long long flags)
{
	if (!(flags & CRASH_LIVE_SYSTEM))
		return NULL;
	if (flags & CRASH_PROC_KCORE)
		return "kcore";
	return flags & CRASH_DEV_MEM ? "/dev/mem" : "live";
}

struct error *host_memory_open(struct memory **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return error_no_memory;
	*memory = (struct memory){
		.ops = &host_memory_ops,
		.format = format_of(pc->flags),
		.moving = pc->flags & CRASH_LIVE_SYSTEM,
	};
	struct error *err = read_vmcoreinfo(&memory->notes.vmcoreinfo);
	if (err) {
		memory_close(memory);
		return err;
	}
	*ret = memory;
	return NULL;
}
