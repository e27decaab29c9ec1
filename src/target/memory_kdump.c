/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kdump-compressed files, whole or split. Which pages there are, and where their bytes are in the
 * file, kdump_pages.c says; libkdumpfile knows the compressions. Only physical reads are asked of
 * it: addresses are translated by x86_64.c. Pages that zlib has compressed, which most dumps have,
 * are unpacked here: one state for all of them, and no cache between, take a third off a walk.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libkdumpfile/kdumpfile.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/sanitized.h"
#include "target/kdump_pages.h"
#include "target/kdump_safe.h"
#include "target/memory_open.h"

/* libkdumpfile looks through its cache page by page: a large one costs more than it saves. */
#define CACHED_PAGES 32

struct kdump_memory {
	struct memory base;
	kdump_ctx_t *ctx;      /* NULL until a page needs it */
	struct error *refused; /* why it is not to be had */
	z_stream zlib;
	bool has_zlib; /* zlib is begun */
	struct kdump_pages pages;
	struct core_file *files;
	size_t n_files;
};

bool kdump_is_magic(const uint8_t magic[MAGIC_SIZE])
{
	return !memcmp(magic, "KDUMP   ", 8) || !memcmp(magic, "DISKDUMP", 8);
}

static struct error *ctx_error(struct kdump_memory *m, kdump_status status)
{
	return error_new(status == KDUMP_ERR_SYSTEM ? ERROR_IO : ERROR_CORRUPT, "libkdumpfile: %s",
			 kdump_get_err(m->ctx));
}

/* A whole page. False: libkdumpfile is to read it, or to say what is wrong with it. */
static bool page_inflate(struct kdump_memory *m, const struct kdump_place *place, uint8_t *ret)
{
	uint8_t packed[PAGE_SIZE];

	if (place->flags != KDUMP_PAGE_ZLIB)
		return false;
	if (!m->has_zlib)
		m->has_zlib = inflateInit(&m->zlib) == Z_OK;
	if (!m->has_zlib || inflateReset(&m->zlib) != Z_OK)
		return false;
	struct error *err = core_file_read(place->file, place->offset, packed, place->length);
	if (err) {
		error_free(err);
		return false;
	}
	m->zlib.next_in = packed;
	m->zlib.avail_in = place->length;
	m->zlib.next_out = ret;
	m->zlib.avail_out = PAGE_SIZE;
	return inflate(&m->zlib, Z_FINISH) == Z_STREAM_END && !m->zlib.avail_out;
}

static struct error *ctx_open(struct kdump_memory *m)
{
	const struct kdump_pages *pages = &m->pages;
	_cleanup_(freep) int *fds = calloc(pages->n_parts, sizeof(*fds));
	unsigned n_fds = 0;
	kdump_status status;

	m->ctx = kdump_new();
	if (!fds || !m->ctx)
		return error_no_memory;
	/* libkdumpfile 0.5.1 wants the parts in order, and none that is empty. */
	for (size_t i = 0; i < pages->n_parts; i++) {
		if (pages->parts[i].first < pages->parts[i].end)
			fds[n_fds++] = pages->parts[i].file->fd;
	}
	/* A mapped file that is truncated is a SIGBUS. */
	status = kdump_set_number_attr(m->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (status == KDUMP_OK)
		status = kdump_set_number_attr(m->ctx, "cache.size", CACHED_PAGES);
	if (status == KDUMP_OK)
		status = kdump_open_fdset(m->ctx, n_fds, fds);
	const char *arch;
	/* QEMU's headers may name none, and then every read fails. */
	if (status == KDUMP_OK &&
	    kdump_get_string_attr(m->ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK)
		status = kdump_set_string_attr(m->ctx, KDUMP_ATTR_ARCH_NAME, KDUMP_ARCH_X86_64);
	return status == KDUMP_OK ? NULL : ctx_error(m, status);
}

/* Most dumps never need it: their pages are packed by zlib. */
static struct error *ctx_get(struct kdump_memory *m)
{
	if (!m->ctx && !m->refused) {
		m->refused = kdump_safe_check(&m->pages);
		if (m->refused)
			m->refused =
				error_prepend(m->refused, "libkdumpfile is not given the dump");
		else
			m->refused = ctx_open(m);
	}
	return m->refused ? error_new(error_code(m->refused), "%s", error_message(m->refused))
			  : NULL;
}

static struct error *kdump_memory_read(struct memory *memory, uint64_t pa, void *buf, size_t len)
{
	struct kdump_memory *m = container_of(memory, struct kdump_memory, base);
	struct kdump_place place;
	struct error *err = kdump_pages_find(&m->pages, pa >> PAGE_SHIFT, &place);
	size_t got = len;

	if (err)
		return err;
	if (len == PAGE_SIZE && page_inflate(m, &place, buf))
		return NULL;
	err = ctx_get(m);
	if (err)
		return error_prepend(err, "physical address 0x%" PRIx64, pa);
	kdump_status status = kdump_read(m->ctx, KDUMP_MACHPHYSADDR, pa, buf, &got);
	if (status == KDUMP_OK && got == len)
		return NULL;
	return error_prepend(ctx_error(m, status), "physical address 0x%" PRIx64, pa);
}

static bool kdump_memory_next(struct memory *memory, uint64_t *pa)
{
	struct kdump_memory *m = container_of(memory, struct kdump_memory, base);
	uint64_t page = *pa >> PAGE_SHIFT;

	if (!kdump_pages_next(&m->pages, &page))
		return false;
	*pa = page << PAGE_SHIFT;
	return true;
}

/*
 * Before 0.5.2 libkdumpfile frees a compressed dump's attributes, looks at them and writes to them
 * (its issue 72): a crash, or none, as the heap is. There the context ends with the process, which
 * reads no more than a dump or two. AddressSanitizer's heap keeps for a while what is freed, and
 * its processes open many dumps.
 */
static void ctx_free(kdump_ctx_t *ctx)
{
#if KDUMPFILE_VERSION >= KDUMPFILE_MKVER(0, 5, 2) || IS_ADDRESS_SANITIZED
	kdump_free(ctx);
#else
	(void)ctx;
#endif
}

static void kdump_memory_close(struct memory *memory)
{
	struct kdump_memory *m = container_of(memory, struct kdump_memory, base);

	if (m->has_zlib)
		inflateEnd(&m->zlib);
	if (m->ctx)
		ctx_free(m->ctx);
	error_free(m->refused);
	kdump_pages_free(&m->pages);
	for (size_t i = 0; i < m->n_files; i++)
		core_file_close(&m->files[i]);
	free(m->files);
	free(m);
}

static const struct memory_ops kdump_memory_ops = {
	.read = kdump_memory_read,
	.next = kdump_memory_next,
	.close = kdump_memory_close,
};

struct error *kdump_memory_open(struct core_file *files, size_t n, struct memory **ret)
{
	struct kdump_memory *m = calloc(1, sizeof(*m));
	struct core_file *owned = calloc(n, sizeof(*owned));

	if (!m || !owned) {
		free(m);
		free(owned);
		return error_no_memory;
	}
	memcpy(owned, files, n * sizeof(*owned));
	m->base.ops = &kdump_memory_ops;
	m->base.format = "kdump";
	m->files = owned;
	struct error *err = kdump_pages_read(owned, n, &m->base.notes, &m->pages);
	if (err) { /* n_files is 0 as yet: the files stay the caller's */
		memory_close(&m->base);
		return err;
	}
	m->n_files = n;
	for (size_t i = 0; i < n; i++)
		files[i].fd = -1;
	*ret = &m->base;
	return NULL;
}
