/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/unpack.h"

#include <errno.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "target/spec.h"
#include "target/temporary.h"

#define CHUNK ((size_t)128 << 10)
#define GROWTH_MAX 64 /* a vmlinux with debug information shrinks to a quarter or a tenth */
#define XZ_MEMORY_MAX (UINT64_C(512) << 20)

struct stream {
	const struct target_spec *spec;
	int in, out;
	uint64_t size, consumed; /* of the compressed file */
	uint64_t written;
	unsigned char packed[CHUNK], plain[CHUNK];
};

/* ret: bytes now in stream->packed; 0 at the end. */
static struct error *stream_fill(struct stream *stream, size_t *ret)
{
	ssize_t n;

	do {
		n = pread(stream->in, stream->packed, CHUNK, stream->consumed);
	} while (n < 0 && errno == EINTR && !spec_poll(stream->spec));
	if (n < 0)
		return error_errno(errno, "reading");
	stream->consumed += n;
	spec_progress(stream->spec, "unpacking vmlinux", stream->consumed, stream->size);
	*ret = n;
	return spec_poll(stream->spec);
}

/* Writes the first n bytes of stream->plain. */
static struct error *stream_put(struct stream *stream, size_t n)
{
	if (!stream->written && n && (n < 4 || memcmp(stream->plain, "\177ELF", 4)))
		return error_new(ERROR_OTHER, "holds no ELF file");
	if (n > stream->size * GROWTH_MAX - stream->written)
		return error_new(ERROR_CORRUPT, "unpacks to over %d times its size", GROWTH_MAX);
	struct error *err = temporary_write(stream->out, stream->plain, n, stream->written);
	if (err)
		return err;
	stream->written += n;
	return NULL;
}

static struct error *error_packed(const char *format)
{
	return error_new(ERROR_CORRUPT, "bad %s data", format);
}

static struct error *unpack_gzip(struct stream *stream)
{
	struct error *err = NULL;
	z_stream z = {0};
	int status = Z_OK;
	size_t n;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return error_no_memory;
	while (!(err = stream_fill(stream, &n)) && n) {
		z.next_in = stream->packed;
		z.avail_in = n;
		while (!err && (z.avail_in || !z.avail_out)) {
			if (status == Z_STREAM_END && inflateReset(&z) != Z_OK)
				break;
			z.next_out = stream->plain;
			z.avail_out = CHUNK;
			status = inflate(&z, Z_NO_FLUSH);
			if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
				err = error_packed("gzip");
			else
				err = stream_put(stream, CHUNK - z.avail_out);
		}
		if (err)
			break;
	}
	inflateEnd(&z);
	return err ? err : status == Z_STREAM_END ? NULL : error_packed("gzip");
}

static struct error *unpack_xz(struct stream *stream)
{
	struct error *err = NULL;
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_ret status = LZMA_OK;
	size_t n = 1;

	if (lzma_stream_decoder(&xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
		return error_no_memory;
	while (!err && n && status == LZMA_OK) {
		err = stream_fill(stream, &n);
		if (err)
			break;
		xz.next_in = stream->packed;
		xz.avail_in = n;
		do {
			xz.next_out = stream->plain;
			xz.avail_out = CHUNK;
			status = lzma_code(&xz, n ? LZMA_RUN : LZMA_FINISH);
			if (status != LZMA_OK && status != LZMA_STREAM_END &&
			    status != LZMA_BUF_ERROR)
				err = error_packed("xz");
			else
				err = stream_put(stream, CHUNK - xz.avail_out);
		} while (!err && status == LZMA_OK && (xz.avail_in || !xz.avail_out));
	}
	lzma_end(&xz);
	return err ? err : status == LZMA_STREAM_END ? NULL : error_packed("xz");
}

static struct error *unpack_zstd(struct stream *stream)
{
	struct error *err = NULL;
	ZSTD_DStream *zstd = ZSTD_createDStream();
	size_t n, left = 1; /* left is 0 at the end of a frame */

	if (!zstd)
		return error_no_memory;
	while (!(err = stream_fill(stream, &n)) && n) {
		ZSTD_inBuffer in = {.src = stream->packed, .size = n};
		ZSTD_outBuffer out = {.dst = stream->plain, .size = CHUNK};
		do {
			out.pos = 0;
			left = ZSTD_decompressStream(zstd, &out, &in);
			err = ZSTD_isError(left) ? error_packed("zstd")
						 : stream_put(stream, out.pos);
		} while (!err && (in.pos < in.size || out.pos == out.size));
		if (err)
			break;
	}
	ZSTD_freeDStream(zstd);
	return err ? err : !left ? NULL : error_packed("zstd");
}

static const struct codec {
	const char *magic;
	size_t magic_size;
	struct error *(*unpack)(struct stream *stream);
} codecs[] = {
	{"\x1f\x8b", 2, unpack_gzip},
	{"\xfd\x37zXZ\0", 6, unpack_xz},
	{"\x28\xb5\x2f\xfd", 4, unpack_zstd},
};

static const struct codec *codec_of(int fd)
{
	char head[8] = {0};

	if (pread(fd, head, sizeof(head), 0) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!memcmp(head, codecs[i].magic, codecs[i].magic_size))
			return &codecs[i];
	return NULL;
}

struct error *unpack_file(const struct target_spec *spec, int fd, int *ret)
{
	const struct codec *codec = codec_of(fd);
	struct stat st;

	if (!codec) {
		*ret = -1;
		return NULL;
	}
	if (fstat(fd, &st))
		return error_errno(errno, "reading");
	_cleanup_(freep) struct stream *stream = malloc(sizeof(*stream));
	_cleanup_(closep) int out = -1;
	struct error *err = stream ? temporary_file(&out) : error_no_memory;
	if (err)
		return err;
	stream->spec = spec;
	stream->in = fd;
	stream->out = out;
	stream->size = st.st_size;
	stream->consumed = stream->written = 0;
	err = codec->unpack(stream);
	if (err)
		return err;
	*ret = out;
	out = -1;
	return NULL;
}
