/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Type layouts from BTF: of a vmlinux, of the kernel's memory, of a file. */
#include "target/btf_types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "target/btf_layout.h"
#include "target/spec.h"

#define CHUNK (UINT64_C(1) << 20) /* read between two looks at the interrupt */

struct btf_source {
	struct type_source source;
	struct btf btf;
	void *bytes; /* owned; NULL: the blob lies in a vmlinux */
};

static struct error *source_new(const struct target_spec *spec, struct span blob,
				struct btf_source **ret)
{
	_cleanup_(freep) struct btf_source *source = calloc(1, sizeof(*source));

	if (!source)
		return error_no_memory;
	source->source.ops = &btf_types;
	struct error *err = btf_init(&source->btf, blob);
	if (err)
		return err;
	if (source->btf.unknown_kind)
		spec_note(spec, "BTF: kind %u is not known to this program: of %zu types nothing "
				"but what comes before is used",
			  source->btf.unknown_kind, source->btf.n);
	*ret = take_ptr(source);
	return NULL;
}

struct error *btf_types_borrow(const struct target_spec *spec, struct span blob,
			       struct type_source **ret)
{
	struct btf_source *source;
	struct error *err = source_new(spec, blob, &source);

	if (!err)
		*ret = &source->source;
	return err;
}

struct error *btf_types_open(const struct target_spec *spec, void *bytes, size_t n,
			     struct type_source **ret)
{
	struct btf_source *source;
	struct error *err = source_new(spec, (struct span){.at = bytes, .n = n}, &source);

	if (err)
		return err;
	source->bytes = bytes;
	*ret = &source->source;
	return NULL;
}

struct error *btf_types_read(const struct target_spec *spec, struct target *target, uint64_t start,
			     uint64_t stop, struct type_source **ret)
{
	uint64_t size = stop - start;

	if (stop <= start || size > BTF_SIZE_MAX)
		return error_new(ERROR_CORRUPT, "BTF: no place for it lies between 0x%jx and 0x%jx",
				 (uintmax_t)start, (uintmax_t)stop);
	_cleanup_(freep) uint8_t *bytes = malloc(size);
	if (!bytes)
		return error_no_memory;
	for (uint64_t done = 0; done < size; done += CHUNK) {
		uint64_t n = size - done < CHUNK ? size - done : CHUNK;
		struct error *err = spec_poll(spec);
		if (!err)
			err = target_read(target, SPACE_VIRT, start + done, bytes + done, n);
		if (err)
			return error_prepend(err, "BTF");
	}
	struct error *err = btf_types_open(spec, bytes, size, ret);
	if (!err)
		bytes = NULL;
	return err;
}

/* Files of sysfs say no length that could be trusted. */
static struct error *read_file(int fd, void **ret, size_t *ret_n)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t n = 0, room = 0;
	ssize_t got = 1;

	for (; got > 0; n += got) {
		if (n == room) {
			room = room ? room * 2 : CHUNK;
			char *more = room <= BTF_SIZE_MAX ? realloc(bytes, room) : NULL;
			if (!more)
				return error_no_memory;
			bytes = more;
		}
		got = read(fd, bytes + n, room - n);
		if (got < 0)
			return error_errno(errno, "can't be read");
	}
	*ret = take_ptr(bytes);
	*ret_n = n;
	return NULL;
}

struct error *btf_types_open_file(const struct target_spec *spec, const char *path,
				  struct type_source **ret)
{
	_cleanup_(closep) int fd = file_open(path, 0);
	_cleanup_(freep) void *bytes = NULL;
	size_t n = 0;
	struct error *err = fd < 0 ? error_errno(errno, "can't be opened")
				   : read_file(fd, &bytes, &n);

	if (!err)
		err = btf_types_open(spec, bytes, n, ret);
	if (err)
		return error_prepend(err, "%s", path);
	bytes = NULL;
	return NULL;
}

static struct error *btf_lookup(struct type_source *source, struct type_batch *batch)
{
	const struct btf *btf = &container_of(source, struct btf_source, source)->btf;
	struct btf_search search = {.btf = btf, .batch = batch};
	struct error *err = NULL;

	for (uint32_t number = 1; !err && number <= btf->n && batch->n_open; number++)
		err = btf_offer_type(&search, number);
	/* What is defined here has no other members elsewhere. */
	for (size_t i = 0; !err && i < batch->n_types; i++)
		if (batch->types[i].defined)
			type_batch_settle(batch, &batch->types[i]);
	return err;
}

static void btf_close(struct type_source *source)
{
	struct btf_source *own = container_of(source, struct btf_source, source);

	btf_free(&own->btf);
	free(own->bytes);
	free(own);
}

const struct type_source_ops btf_types = {
	.name = "btf",
	.lookup = btf_lookup,
	.close = btf_close,
};
