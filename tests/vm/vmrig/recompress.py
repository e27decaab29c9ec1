# SPDX-License-Identifier: GPL-2.0-or-later
"""A kdump with its pages compressed by another method.

Debian's makedumpfile is built without snappy and, up to bookworm, without zstd; real dumps
have both. The file format is diskdump's, as in crash's diskdump.h.
"""

import ctypes
import struct
import zlib

from .cache import RigError

STATUS_OFFSET = 424  # of disk_dump_header.status on x86-64
GEOMETRY = struct.Struct("<IiiI")  # status, block size, sub header blocks, bitmap blocks
DESCRIPTOR = struct.Struct("<QIIQ")  # offset, size, flags, page flags
ZLIB, LZO, SNAPPY, ZSTD = 0x1, 0x2, 0x4, 0x20
METHODS = ZLIB | LZO | SNAPPY | ZSTD


def library(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise RigError(f"{name} is not installed (see tests/vm/packages)") from None


class Snappy:
    flag = SNAPPY

    def __init__(self):
        self.lib = library("libsnappy.so.1")
        self.lib.snappy_max_compressed_length.restype = ctypes.c_size_t

    def compress(self, data):
        size = ctypes.c_size_t(self.lib.snappy_max_compressed_length(ctypes.c_size_t(len(data))))
        buffer = ctypes.create_string_buffer(size.value)
        if self.lib.snappy_compress(data, ctypes.c_size_t(len(data)), buffer, ctypes.byref(size)):
            raise RigError("snappy failed")
        return buffer.raw[:size.value]


class Zstd:
    flag = ZSTD
    level = 3

    def __init__(self):
        self.lib = library("libzstd.so.1")
        for function in (self.lib.ZSTD_compressBound, self.lib.ZSTD_compress):
            function.restype = ctypes.c_size_t

    def compress(self, data):
        bound = self.lib.ZSTD_compressBound(ctypes.c_size_t(len(data)))
        buffer = ctypes.create_string_buffer(bound)
        size = self.lib.ZSTD_compress(buffer, ctypes.c_size_t(bound), data,
                                      ctypes.c_size_t(len(data)), self.level)
        if self.lib.ZSTD_isError(ctypes.c_size_t(size)):
            raise RigError("zstd failed")
        return buffer.raw[:size]


def recompress(source_path, target_path, method):
    """`source_path` must be a plain (not flattened) kdump with zlib or uncompressed pages."""
    with open(source_path, "rb") as source:
        data = source.read()
    if data[:8] != b"KDUMP   ":
        raise RigError(f"{source_path.name} is not a plain kdump")
    status, block, sub_blocks, bitmap_blocks = GEOMETRY.unpack_from(data, STATUS_OFFSET)
    table = (1 + sub_blocks + bitmap_blocks) * block
    # The second half of the bitmap says which pages are in the dump.
    bitmap = data[table - bitmap_blocks // 2 * block:table]
    count = bin(int.from_bytes(bitmap, "little")).count("1")
    head = bytearray(data[:table])
    struct.pack_into("<I", head, STATUS_OFFSET, status & ~METHODS | method.flag)
    with open(target_path, "wb") as target:
        target.write(head)
        place = table + count * DESCRIPTOR.size
        target.seek(place)
        descriptors = bytearray()
        written = {}  # pages share their bytes where the source's did (the zero page)
        for index in range(count):
            offset, size, flags, page_flags = DESCRIPTOR.unpack_from(
                data, table + index * DESCRIPTOR.size)
            if offset not in written:
                page = data[offset:offset + size]
                if flags & ZLIB:
                    page = zlib.decompress(page)
                elif flags & METHODS:
                    raise RigError(f"{source_path.name}: unexpected page flags {flags:#x}")
                packed, packed_flags = method.compress(page), method.flag
                if len(packed) >= len(page):
                    packed, packed_flags = page, 0
                target.write(packed)
                written[offset] = (place, len(packed), packed_flags)
                place += len(packed)
            descriptors += DESCRIPTOR.pack(*written[offset], page_flags)
        target.seek(table)
        target.write(descriptors)
