/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory through crash. */
#include "crash.h"
#include "host.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define VMCOREINFO_MAX PAGE_SIZE /* kernels keep it in one page */
#define VMCOREINFO_START "OSRELEASE="

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

static bool starts_vmcoreinfo(const char *text)
{
	return !strncmp(text, VMCOREINFO_START, strlen(VMCOREINFO_START));
}

/* vmcoreinfo_data is the text itself in older kernels and a pointer to it in newer ones. */
static struct error *read_vmcoreinfo(char **ret)
{
	struct syment *symbol = kernel_symbol_search("vmcoreinfo_data");
	_cleanup_(freep) char *text = calloc(1, VMCOREINFO_MAX + 1);
	uint64_t pointer;

	if (!text)
		return error_no_memory;
	if (!symbol)
		return error_new(ERROR_OTHER, "this kernel keeps no VMCOREINFO: what this needs to "
					      "know of its page tables is not to be had");
	bool fine = read_host(symbol->value, CRASH_KVADDR, text, strlen(VMCOREINFO_START));
	if (fine && starts_vmcoreinfo(text))
		pointer = symbol->value;
	else
		fine = fine && read_host(symbol->value, CRASH_KVADDR, &pointer, sizeof(pointer));
	if (!fine || !read_host(pointer, CRASH_KVADDR, text, VMCOREINFO_MAX) ||
	    !starts_vmcoreinfo(text))
		return error_new(ERROR_OTHER,
				 "crash can't read the kernel's VMCOREINFO (vmcoreinfo_data)");
	*ret = take_ptr(text);
	return NULL;
}

struct error *host_memory_open(struct memory **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return error_no_memory;
	*memory = (struct memory){
		.ops = &host_memory_ops,
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
