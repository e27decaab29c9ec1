# SPDX-License-Identifier: GPL-2.0-or-later
"""The IVRS table, against iasl: sources with every entry type are compiled by iasl, and what `ivrs` reads
in them is, field by field, what iasl's own disassembly says of the same bytes."""

import functools
import re
import subprocess
import unittest

import support
from checks import NIC, Machine, rows
from support import TestCase, for_each, number

SOURCES = sorted((support.ROOT / "tests" / "fixtures" / "ivrs").glob("*.asl"))
FIELD = re.compile(r"\[([0-9A-F]+)h \d+ +[0-9A-F]+h?\] +(.+?) : (\S+)")
REGION = 0xb7000000
ENTRY_TYPES = {0x00, 0x01, 0x02, 0x03, 0x04, 0x42, 0x43, 0x46, 0x47, 0x48}


# iasl of Debian 12. That of 13 (20250404) takes the entries of a block of type 10h for fields of a block.
READS_ENTRIES = 20200925


def iasl(*words):
    done = subprocess.run(["iasl", *map(str, words)], timeout=60, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=False)
    version = int(re.search(r"version (\d{8})", done.stdout + done.stderr)[1])
    if done.returncode and version > READS_ENTRIES:
        raise unittest.SkipTest(f"iasl {version} does not understand {words[-1]}")
    done.check_returncode()


@functools.lru_cache(maxsize=None)
def compiled(source):
    """The table, and {offset: (name, value)} of what iasl says is in it."""
    prefix = support.scratch() / source.stem
    for arguments in (["-p", prefix, source], ["-p", prefix, "-d", f"{prefix}.aml"]):
        iasl(*arguments)
    fields = {}
    for line in prefix.with_suffix(".dsl").read_text(encoding="utf-8").splitlines():
        field = FIELD.match(line)
        if field:
            fields[int(field[1], 16)] = field[2], field[3].strip('"')
    return prefix.with_suffix(".aml"), fields


def devid(bdf):
    bus, device, function = re.fullmatch(r"[0-9a-f]{4}:(..):(..)\.(.)", bdf).groups()
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function, 16)


def block_fields(row):
    """{(offset, iasl's name): value} of an IVHD block."""
    start = number(row["offset"])
    feature = "Feature Reporting" if row["type"] == "0x10" else "Attributes"
    fields = {
        (start, "Subtable Type"): number(row["type"]), (start + 1, "Flags"): number(row["flags"]),
        (start + 2, "Length"): row["length"], (start + 4, "DeviceId"): devid(row["bdf"]),
        (start + 6, "Capability Offset"): number(row["capability_offset"]),
        (start + 8, "Base Address"): number(row["mmio"]),
        (start + 16, "PCI Segment Group"): int(row["bdf"][:4], 16),
        (start + 18, "Virtualization Info"): row["msi_number"] | number(row["unit_id"]) << 8,
        (start + 20, feature): number(row["feature"]),
    }
    if row["type"] != "0x10":
        fields[start + 24, "EFR Image"] = number(row["efr"])
    return fields


def entry_fields(row):
    start, kind = number(row["offset"]), number(row["type"])
    fields = {(start, "Entry Type"): kind}
    if kind == 0x48:
        fields.update({(start + 4, "Handle"): row["handle"],
                       (start + 5, "Source Used Device ID"): devid(row["first"]),
                       (start + 7, "Variety"): {"ioapic": 1, "hpet": 2}[row["variety"]]})
    elif kind not in (0x00, 0x01):
        fields[start + 1, "Device ID"] = devid(row["first"])
    if kind:
        fields[start + 3, "Data Setting"] = number(row["data"])
    if row["alias"]:
        fields[start + 5, "Source Used Device ID"] = devid(row["alias"])
    if row["extended"]:
        fields[start + 4, "Extended Data"] = number(row["extended"])
    return fields


def memory_fields(row):
    start = number(row["offset"])
    kind = number(row["type"])
    fields = {
        (start, "Subtable Type"): kind, (start + 1, "Flags"): number(row["flags"]),
        (start + 16, "Start Address"): number(row["start"]), (start + 24, "Memory Length"): row["size"],
    }
    if kind != 0x20:
        fields[start + 4, "DeviceId"] = devid(row["first"])
    if kind == 0x22:
        fields[start + 6, "Auxiliary Data"] = devid(row["last"])
    return fields


def is_told(offset, name, value):
    """Fields after the header, but those that say nothing (their device is `all`, or they are padding)."""
    return offset >= 48 and name != "Reserved" and int(value, 16)


class AgainstIasl(TestCase):
    @for_each(SOURCES, name=lambda path: path.stem)
    def test_fields(self, source):
        table, fields = compiled(source)
        row, = self.data("ivrs", table)
        shown = {}
        for key, to_fields in (("iommus", block_fields), ("entries", entry_fields),
                               ("memory", memory_fields)):
            self.assertGreater(len(row[key]), 1)
            for one in row[key]:
                shown.update(to_fields(one))
        for (offset, name), value in shown.items():
            self.assertEqual((name, value), (fields[offset][0], int(fields[offset][1], 16)),
                             f"at {offset:#x}")
        told = {(offset, name) for offset, (name, value) in fields.items()
                if is_told(offset, name, value)}
        lengths = {(offset, name) for offset, name in told if name == "Length"}
        self.assertEqual(told - lengths - shown.keys(), set())
        self.assertEqual(ENTRY_TYPES - {number(one["type"]) for one in row["entries"]}, set())

    @for_each(SOURCES, name=lambda path: path.stem)
    def test_header(self, source):
        table, fields = compiled(source)
        row, = self.data("ivrs", table)
        self.assertEqual((row["length"], row["revision"], row["checksum_holds"]),
                         (int(fields[4][1], 16), int(fields[8][1], 16), True))
        self.assertEqual(number(row["iv_info"]), int(fields[36][1], 16))
        self.assertEqual(row["oem_id"], "HOUSE")
        self.assertIsNone(row["differences"])

    def test_ranges(self):
        """A range's start has its end."""
        row, = self.data("ivrs", compiled(SOURCES[0])[0])
        starts = [one for one in row["entries"] if one["name"].endswith("range")]
        ends = [one for one in row["entries"] if one["name"] == "range end"]
        self.assertEqual([one["last"] for one in starts], [one["first"] for one in ends])

    def test_used_type(self):
        """Of an IOMMU with blocks of types 10h and 11h the driver goes by the latter."""
        row, = self.data("ivrs", compiled(SOURCES[1])[0])
        self.assertEqual([(one["type"], one["used"]) for one in row["iommus"]],
                         [("0x10", False), ("0x11", True)])


class AgainstDriver(TestCase):
    """A block of memory takes the place of the last 32 bytes of the IOMMU's, in a dump."""

    def regions(self, fixture, flags, spoil=lambda machine: None):
        machine = Machine(fixture)
        row, = rows(machine.path, "ivrs")
        block = number(row["address"]) + 48
        machine.write(block + 2, 0x30, 2)
        block += 0x30
        for offset, value, size in ((0, 0x21, 1), (1, flags, 1), (2, 32, 2), (4, devid(NIC), 2), (6, 0, 2),
                                    (8, 0, 8), (16, REGION, 8), (24, 0x2000, 8)):
            machine.write(block + offset, value, size)
        spoil(machine)
        path = support.scratch() / "region.elf"
        machine.save(path)
        row, = self.data("-c", path, "--no-symbols", "--no-cache", "ivrs")
        self.assertEqual(len(row["memory"]), 1)
        return [one["table"] for one in row["differences"] if one["object"] == "memory"]

    def test_wanted(self):
        """The driver has it neither mapped one to one nor excluded."""
        for flags in (0x01, 0x07, 0x08):
            self.assertEqual(self.regions("7.2-after", flags),
                             [f"0x{REGION:x}-0x{REGION + 0x1fff:x} for {NIC} to {NIC}"])

    def test_not_wanted(self):
        """A block with neither flag is nothing to the driver."""
        self.assertEqual(self.regions("7.2-after", 0x06), [])

    def test_excluded(self):
        """Older kernels have an exclusion range in the IOMMU, and nowhere else."""
        def exclude(machine):
            machine.write(machine.iommu("exclusion_start"), REGION)
            machine.write(machine.iommu("exclusion_length"), 0x2000)
        self.assertEqual(self.regions("5.10-after", 0x08, exclude), [])
        self.assertEqual(len(self.regions("5.10-after", 0x08)), 1)
        self.assertEqual(len(self.regions("5.10-after", 0x01, exclude)), 1)


class BadFiles(TestCase):
    def write(self, name, contents):
        path = support.scratch() / name
        path.write_bytes(contents)
        return path

    def test_checksum(self):
        contents = bytearray(compiled(SOURCES[0])[0].read_bytes())
        contents[9] ^= 1
        row, = self.data("ivrs", self.write("sum.aml", contents))
        self.assertIs(row["checksum_holds"], False)

    def test_cut(self):
        """Of a table that is cut short the part that is there is shown, and the rest is a problem."""
        contents = compiled(SOURCES[0])[0].read_bytes()[:100]
        answer = self.answer("ivrs", self.write("cut.aml", contents), status=support.PARTLY)
        self.assertTrue(answer["problems"])
        self.assertIs(answer["data"][0]["checksum_holds"], False)

    def test_other_file(self):
        result = support.run("ivrs", self.write("other.aml", b"MZ" * 100))
        self.assertEqual(result.status, support.USAGE)
        self.assertIn("holds no IVRS table", result.err)
