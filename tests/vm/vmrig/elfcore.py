# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewriting of QEMU's ELF dumps: other notes, other virtual addresses, plain layout.

QEMU 7.2 puts section headers in front of the program headers, where makedumpfile does not
look for the latter; and its segments have no virtual addresses, unlike /proc/vmcore's.
"""

import struct
from dataclasses import dataclass

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
NOTE = struct.Struct("<III")
PT_LOAD = 1
PT_NOTE = 4
CHUNK = 1 << 20
PAGE = 4096


@dataclass
class Segment:
    virtual: int
    physical: int
    offset: int
    size: int


class Core:
    """An ELF dump as it is in a file."""

    def __init__(self, path):
        self.path = path
        self.notes = []  # (name, type, contents)
        self.segments = []
        with open(path, "rb") as source:
            fields = EHDR.unpack(source.read(EHDR.size))
            self.ident, self.machine = fields[0], fields[2]
            table, count = fields[5], fields[10]
            source.seek(table)
            headers = [PHDR.unpack(source.read(PHDR.size)) for _ in range(count)]
            for kind, _, offset, virtual, physical, size, _, _ in headers:
                if kind == PT_NOTE:
                    source.seek(offset)
                    self.notes += parse_notes(source.read(size))
                elif kind == PT_LOAD:
                    self.segments.append(Segment(virtual, physical, offset, size))

    def read_physical(self, address, size):
        for segment in self.segments:
            if segment.physical <= address and address + size <= segment.physical + segment.size:
                with open(self.path, "rb") as source:
                    source.seek(segment.offset + address - segment.physical)
                    return source.read(size)
        raise ValueError(f"physical address {address:#x} is not in {self.path.name}")

    def vmcoreinfo(self):
        """VMCOREINFO's lines as a dictionary."""
        for name, _, contents in self.notes:
            if name == b"VMCOREINFO":
                text = contents.rstrip(b"\0").decode()
                return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        raise ValueError(f"{self.path.name} has no VMCOREINFO")

    def write(self, path, keep_note=lambda name: True, virtual_base=None):
        """A new file with some of the notes, and with segments at virtual_base + physical
        address (or as they are)."""
        notes = b"".join(make_note(*note) for note in self.notes if keep_note(note[0]))
        count = 1 + len(self.segments)
        note_offset = EHDR.size + count * PHDR.size
        offset = round_up(note_offset + len(notes))
        headers = [PHDR.pack(PT_NOTE, 0, note_offset, 0, 0, len(notes), len(notes), 0)]
        for segment in self.segments:
            virtual = segment.virtual
            if virtual_base is not None:
                virtual = virtual_base + segment.physical
            headers.append(PHDR.pack(PT_LOAD, 0, offset, virtual, segment.physical,
                                     segment.size, segment.size, 0))
            offset += round_up(segment.size)
        with open(self.path, "rb") as source, open(path, "wb") as target:
            target.write(EHDR.pack(self.ident, 4, self.machine, 1, 0, EHDR.size, 0, 0,
                                   EHDR.size, PHDR.size, count, 0, 0, 0))
            target.write(b"".join(headers) + notes)
            position = round_up(note_offset + len(notes))
            for segment in self.segments:
                copy_sparsely(source, segment.offset, target, position, segment.size)
                position += round_up(segment.size)
            target.truncate(position)


def round_up(size, unit=PAGE):
    return (size + unit - 1) // unit * unit


def parse_notes(data):
    notes = []
    position = 0
    while position + NOTE.size <= len(data):
        name_size, size, kind = NOTE.unpack_from(data, position)
        position += NOTE.size
        name = data[position:position + name_size].rstrip(b"\0")
        position += round_up(name_size, 4)
        notes.append((name, kind, data[position:position + size]))
        position += round_up(size, 4)
    return notes


def make_note(name, kind, contents):
    name += b"\0"
    return (NOTE.pack(len(name), len(contents), kind) + name.ljust(round_up(len(name), 4), b"\0")
            + contents.ljust(round_up(len(contents), 4), b"\0"))


def copy_sparsely(source, source_offset, target, target_offset, size):
    """Copy, leaving holes where the source is zero."""
    zeros = bytes(CHUNK // 16)
    source.seek(source_offset)
    for start in range(0, size, len(zeros)):
        chunk = source.read(min(len(zeros), size - start))
        if chunk != zeros:
            target.seek(target_offset + start)
            target.write(chunk)
