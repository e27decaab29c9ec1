/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/flattened.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/spec.h"
#include "target/temporary.h"

/* makedumpfile_header and makedumpfile_data_header: big-endian, whatever the machine was. */
#define SIGNATURE "makedumpfile"
#define SIGNATURE_SIZE 16
#define FLAT_TYPE 1
#define FLAT_VERSION 1
#define RECORDS_AT 4096
#define RECORD_HEADER 16
#define END_MARK UINT64_MAX /* as offset and as size */

#define BUFFER_SIZE (1u << 20)
/* Dumps end before: 4 PB of physical memory. ext4 ends at 16 TB, which is damage too. */
#define OFFSET_MAX (UINT64_C(1) << 52)

struct flattened {
	const struct target_spec *spec;
	const struct core_file *from;
	int to;
	uint64_t at;      /* next byte of `from` */
	uint8_t *buffer;
};

static uint64_t get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

bool flattened_is_magic(const uint8_t magic[MAGIC_SIZE])
{
	return !strncmp((const char *)magic, SIGNATURE, SIGNATURE_SIZE);
}

/* Copies a record's bytes; ERROR_CORRUPT, after copying what there is, when the input ends. */
static struct error *record_copy(struct flattened *f, uint64_t offset, uint64_t size)
{
	while (size) {
		uint64_t left = f->from->size - f->at;
		size_t n = size < BUFFER_SIZE ? size : BUFFER_SIZE;

		if (!left)
			return error_new(ERROR_CORRUPT, "it ends within a record");
		if (n > left)
			n = left;
		struct error *err = core_file_read(f->from, f->at, f->buffer, n);
		if (!err)
			err = temporary_write(f->to, f->buffer, n, offset);
		if (!err)
			err = spec_poll(f->spec);
		if (err)
			return err;
		f->at += n;
		offset += n;
		size -= n;
	}
	return NULL;
}

/* ERROR_CORRUPT: the stream is damaged at f->at; what was copied is good. */
static struct error *records_copy(struct flattened *f)
{
	uint64_t next_progress = 0;

	for (;;) {
		uint8_t header[RECORD_HEADER];

		if (!range_within(f->at, sizeof(header), f->from->size))
			return error_new(ERROR_CORRUPT, "it ends without its end mark");
		struct error *err = core_file_read(f->from, f->at, header, sizeof(header));
		if (err)
			return err;
		uint64_t offset = get_be64(header), size = get_be64(header + 8);
		if (offset == END_MARK && size == END_MARK)
			return NULL;
		if (!range_within(offset, size, OFFSET_MAX))
			return error_new(ERROR_CORRUPT,
					 "a record of 0x%" PRIx64 " bytes for offset 0x%" PRIx64
					 " is damaged",
					 size, offset);
		f->at += sizeof(header);
		err = record_copy(f, offset, size);
		if (err)
			return err;
		if (f->at >= next_progress) {
			next_progress = f->at + (16u << 20);
			spec_progress(f->spec, "putting the flattened dump in order", f->at,
				      f->from->size);
		}
	}
}

static struct error *header_check(const struct core_file *from)
{
	uint8_t header[SIGNATURE_SIZE + 16];
	struct error *err = core_file_read(from, 0, header, sizeof(header));

	if (err)
		return error_prepend(err, "flattened header");
	uint64_t type = get_be64(header + SIGNATURE_SIZE);
	uint64_t version = get_be64(header + SIGNATURE_SIZE + 8);
	if (type != FLAT_TYPE || version != FLAT_VERSION)
		return error_new(ERROR_CORRUPT,
				 "is flattened in an unknown way (type %" PRIu64
				 ", version %" PRIu64 ")",
				 type, version);
	return NULL;
}

struct error *flattened_rearrange(const struct target_spec *spec, const struct core_file *from,
				  struct core_file *ret)
{
	_cleanup_(freep) uint8_t *buffer = malloc(BUFFER_SIZE);
	_cleanup_(closep) int to = -1;
	struct flattened f = {.spec = spec, .from = from, .at = RECORDS_AT, .buffer = buffer};
	struct error *err = buffer ? header_check(from) : error_no_memory;

	if (!err)
		err = temporary_file(&to);
	if (err)
		return err;
	f.to = to;
	err = records_copy(&f);
	if (err && error_code(err) != ERROR_CORRUPT)
		return err;
	struct stat st;
	if (fstat(to, &st) < 0) {
		error_free(err);
		return error_errno(errno, "cannot examine the rearranged dump");
	}
	if (!st.st_size) {
		error_free(err);
		return error_new(ERROR_CORRUPT, "is truncated: a flattened dump without contents");
	}
	if (err)
		spec_note(spec, "the flattened dump is damaged at offset 0x%" PRIx64 ": %s; what "
				"comes before is used",
			  f.at, error_message(err));
	error_free(err);
	*ret = (struct core_file){
		.fd = to,
		.size = (uint64_t)st.st_size,
		.path = from->path,
	};
	to = -1;
	return NULL;
}
