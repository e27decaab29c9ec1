# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the pages of a dump lie in its file: the list that read_pages works through."""

import struct
from pathlib import Path

PAGE = 4096
BLOCK = 4096  # bits of a bitmap are summed up in blocks of so many bytes
ZLIB = 1  # a kdump's page descriptor: compressed with zlib


def elf_places(path, addresses):
    with open(path, "rb") as dump:
        head = dump.read(64)
        offset, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
        dump.seek(offset)
        rows = [struct.unpack("<IIQQQQQQ", dump.read(56)) for _ in range(count)]
    loads = [(row[4], row[5], row[2]) for row in rows if row[0] == 1]
    for address in addresses:
        yield next((at + address - start, PAGE, 0) for start, size, at in loads
                   if start <= address and address + PAGE <= start + size)


def kdump_places(path, addresses):
    """The page's descriptor is the one behind those of all lower pages that the dump holds."""
    with open(path, "rb") as dump:
        head = dump.read(512)
        block, sub_blocks, bitmap_blocks = struct.unpack_from("<iiI", head, 428)
        dump.seek((1 + sub_blocks) * block + bitmap_blocks * block // 2)
        bitmap = dump.read(bitmap_blocks * block // 2)
        below, total = [], 0
        for at in range(0, len(bitmap), BLOCK):
            below.append(total)
            total += int.from_bytes(bitmap[at:at + BLOCK], "little").bit_count()
        descriptors = (1 + sub_blocks + bitmap_blocks) * block
        for address in addresses:
            frame = address // PAGE
            start = frame // 8 // BLOCK
            bits = int.from_bytes(bitmap[start * BLOCK:frame // 8 + 1], "little")
            before = bits & ((1 << (frame - start * BLOCK * 8)) - 1)
            dump.seek(descriptors + 24 * (below[start] + before.bit_count()))
            offset, size, flags = struct.unpack("<QII", dump.read(16))
            if flags not in (0, ZLIB):
                raise ValueError(f"{path}: page {address:#x} is compressed with something else")
            yield offset, size, flags


def write_list(dump, tables, out):
    """tables: a file with a physical address a line. Returns out."""
    addresses = [int(line, 16) for line in Path(tables).read_text(encoding="ascii").split()]
    with open(dump, "rb") as file:
        places = elf_places if file.read(4) == b"\x7fELF" else kdump_places
    Path(out).write_bytes(b"".join(struct.pack("<QQQ", *place)
                                   for place in places(dump, addresses)))
    return out
