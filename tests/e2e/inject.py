# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults put into a copy of a capture: a word changed, a word or a symbol taken away."""

import re
import struct

NOTE_TYPE = 0x494f4d55
# Words of the note (src/target/capture.h) before its ranges.
KASLR, PHYS_BASE, PAGE_TABLE, SME_MASK, LEVELS, RANGES, TEXT, HEAD = 1, 2, 3, 4, 5, 6, 7, 8
PT_LOAD, PT_NOTE = 1, 4


class Capture:
    """The bytes of a capture, which save() writes as a new one."""

    def __init__(self, path):
        self.data = bytearray(path.read_bytes())
        offset, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        self.headers = [offset + i * size for i in range(count)]
        self.loads = []
        for header in self.headers:
            kind, _, at, _, pa, length = struct.unpack_from("<IIQQQQ", self.data, header)
            if kind == PT_LOAD:
                self.loads.append([pa, at, length, header])
            elif kind == PT_NOTE:
                self.notes = (header, at, length)
        self.read_note()

    def read_note(self):
        """Our note among the others: its words, ranges and text."""
        _, at, length = self.notes
        end = at + length
        self.other_notes = bytearray()
        while at < end:
            name_size, size, kind = struct.unpack_from("<III", self.data, at)
            contents = at + 12 + (name_size + 3 & ~3)
            after = contents + (size + 3 & ~3)
            if kind == NOTE_TYPE:
                self.name = bytes(self.data[at + 12:contents])
                self.name_size = name_size
                words = struct.unpack_from(f"<{HEAD}Q", self.data, contents)
                self.words = list(words)
                ranges = contents + HEAD * 8
                flat = struct.unpack_from(f"<{3 * words[RANGES]}Q", self.data, ranges)
                self.ranges = [list(flat[i:i + 3]) for i in range(0, len(flat), 3)]
                text = ranges + len(flat) * 8
                self.text = bytes(self.data[text:text + words[TEXT]]).decode()
            else:
                self.other_notes += self.data[at:after]
            at = after

    def note(self):
        text = self.text.encode()
        self.words[RANGES], self.words[TEXT] = len(self.ranges), len(text)
        contents = struct.pack(f"<{HEAD}Q", *self.words)
        contents += b"".join(struct.pack("<3Q", *r) for r in self.ranges) + text
        head = struct.pack("<III", self.name_size, len(contents), NOTE_TYPE) + self.name
        return head + contents + bytes(-len(contents) % 4)

    def save(self, path):
        """The notes go to the end of the file, where there is room."""
        notes = bytes(self.other_notes) + self.note()
        data = self.data + bytes(-len(self.data) % 8)
        header, _, _ = self.notes
        struct.pack_into("<Q", data, header + 8, len(data))
        struct.pack_into("<QQ", data, header + 32, len(notes), len(notes))
        path.write_bytes(data + notes)
        return path

    def offset(self, pa, size):
        for start, at, length, _ in self.loads:
            if start <= pa and pa + size <= start + length:
                return at + pa - start
        raise KeyError(f"physical {pa:#x} is not in the capture")

    def held(self, pa, size=1):
        return any(start <= pa and pa + size <= start + length and not state
                   for start, length, state in self.ranges)

    def read(self, pa, size=8):
        at = self.offset(pa, size)
        return int.from_bytes(self.data[at:at + size], "little")

    def write(self, pa, value, size=8):
        """Only what the capture holds: else nothing would see it."""
        assert self.held(pa, size), f"physical {pa:#x} is not held"
        self.own(pa)
        at = self.offset(pa, size)
        self.data[at:at + size] = value.to_bytes(size, "little")

    def own(self, pa):
        """Equal pages share their bytes in the file: the one at pa gets its own."""
        load = next(l for l in self.loads if l[0] <= pa < l[0] + l[2])
        _, at, length, header = load
        if any(l is not load and l[1] < at + length and at < l[1] + l[2] for l in self.loads):
            self.data += bytes(-len(self.data) % 4096)
            load[1] = len(self.data)
            self.data += self.data[at:at + length]
            struct.pack_into("<Q", self.data, header + 8, load[1])

    def flip(self, pa, bits, size=8):
        self.write(pa, self.read(pa, size) ^ bits, size)

    def exclude(self, pa, size=8):
        """Takes these bytes out of what the capture holds."""
        assert self.held(pa), f"physical {pa:#x} is not held"
        kept = []
        for start, length, state in self.ranges:
            end, first, last = start + length, pa, pa + size
            if last <= start or end <= first:
                kept.append([start, length, state])
                continue
            if start < first:
                kept.append([start, first - start, state])
            if last < end:
                kept.append([last, end - last, state])
        self.ranges = kept

    def forget(self, pattern):
        """A symbol or member that this kernel is not to have: lines of the note's text that match."""
        text, n = re.subn(rf"^((?:symbol|member \S+|enum \S+) {pattern}|\S+ {pattern}|.*\b{pattern}) .*$",
                          r"\1 -", self.text, flags=re.MULTILINE)
        assert n, f"nothing matches {pattern}"
        self.text = text

    def translate(self, va):
        """A kernel virtual address, by the kernel's own page table."""
        table, levels = self.words[PAGE_TABLE], self.words[LEVELS]
        for level in range(levels, 0, -1):
            shift = 12 + 9 * (level - 1)
            entry = self.read(table + (va >> shift & 511) * 8)
            assert entry & 1, f"{va:#x} is not mapped"
            table = entry & 0xffffffffff000 & ~self.words[SME_MASK]
            if entry & 0x80 and level > 1 or level == 1:
                return (table & ~((1 << shift) - 1)) + (va & ((1 << shift) - 1))
        raise AssertionError

    def symbol(self, name):
        return int(re.search(rf"^symbol {name} (0x\w+)", self.text, re.M).group(1), 16)

    def member(self, name):
        """Offset of "struct x.member"."""
        return int(re.search(rf"^member struct {re.escape(name)} (\d+):", self.text, re.M).group(1))
