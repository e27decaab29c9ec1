# SPDX-License-Identifier: GPL-2.0-or-later
"""Is what iommuscope shows of a dump what the guest said about itself before it was dumped?"""

import struct

from dumps import ATTACHED, BEFORE, OTHERS, PAGE, STATES, after, guest_pages, joined, pages_of
from support import TestCase, for_each, number

# A group's type, as sysfs calls it and as we do.
TYPES = {"DMA": "dma", "DMA-FQ": "dma-fq", "identity": "identity", "unmanaged": "unmanaged",
         "blocked": "blocked", None: None}
# A page table of 6 levels translates 57 bits; a device can ask for more.
BEYOND = (1 << 57, (1 << 64) - PAGE)
# IVRS: the header with IVinfo, then the first IVHD (AMD 48882, 5.2).
IVRS_HEADER = 48
IVHD_TYPES = (0x10, 0x11, 0x40)
IVHD = struct.Struct("<BBHHHQH")  # type, flags, length, device ID, capability, base, segment


def parse_ivhd(truth):
    """What IVRS says of the IOMMU, in the block that the driver goes by: of the highest type."""
    table = bytes.fromhex(truth["ivrs"])
    blocks, at = [], IVRS_HEADER
    while at < len(table):
        blocks.append(IVHD.unpack_from(table, at))
        at += blocks[-1][2]
    _, flags, _, devid, _, base, segment = max(one for one in blocks if one[0] in IVHD_TYPES)
    return {"acpi_flags": flags, "mmio": base, "segment": segment,
            "bdf": f"{segment:04x}:{devid >> 8:02x}:{devid >> 3 & 31:02x}.{devid & 7}"}


class Machine(TestCase):
    @for_each(STATES + OTHERS)
    def test_info(self, dump):
        dump.require(self)
        (info,) = self.data(*dump.options, "info")
        truth = dump.truth
        self.assertEqual(info["release"], truth["release"])
        self.assertEqual(info["command_line"], truth["cmdline"])
        if dump.series.debug:
            record = (dump.directory / "kernel.txt").read_text(encoding="ascii")
            self.assertIn(f"build-id: {info['build_id']}\n", record)
        else:
            self.assertEqual(info["build_id"], truth["build_id"])
        self.assertEqual((info["iommus"], info["devices"]),
                         (len(truth["iommus"]), len(truth["functions"])))

    @for_each(STATES + OTHERS)
    def test_dma_mode(self, dump):
        """As the kernel logged it at boot: its default, and then what the driver made of it."""
        dump.require(self)
        (info,) = self.data(*dump.options, "info")
        log = "\n".join(dump.truth["log"])
        if "iommu=pt" in dump.truth["cmdline"].split():
            self.assertIn("Default domain type: Passthrough", log)
            self.assertRegex(info["dma_mode"], "^passthrough")
            self.assertIn("command line", info["dma_mode_reason"])
            return
        self.assertIn("Default domain type: Translated", log)
        self.assertRegex(info["dma_mode"], "^translated")
        self.assertIn("default", info["dma_mode_reason"])
        if "Using strict mode due to virtualization" in log:
            self.assertIn("strict", info["dma_mode"])

    @for_each(STATES + OTHERS)
    def test_iommus(self, dump):
        dump.require(self)
        truth = dump.truth
        rows = self.data(*dump.options, "iommus")
        self.assertEqual([row["name"] for row in rows], [one["name"] for one in truth["iommus"]])
        for row, said in zip(rows, truth["iommus"]):
            self.assertEqual(number(row["capability"]), number(said["cap"]))
            # EFR alone, or EFR2:EFR, or EFR:EFR2, as the kernel's sysfs has it.
            words = [row["efr2"], row["efr"]]
            features = [int(word, 16) for word in said["features"].split(":")]
            self.assertIn(features, ([number(words[1])], [number(w or "0") for w in words],
                                     [number(w or "0") for w in reversed(words)]))
        expected = parse_ivhd(truth)
        self.assertEqual({"bdf": rows[0]["bdf"], "mmio": number(rows[0]["mmio"]),
                          "segment": number(rows[0]["segment"]),
                          "acpi_flags": number(rows[0]["acpi_flags"])}, expected)


class Devices(TestCase):
    @for_each(STATES + OTHERS)
    def test_devices(self, dump):
        """Address, IDs, driver and group of each function, and the type of its domain."""
        dump.require(self)
        truth = dump.truth
        taken = truth["vfio"]["bdf"] if truth["vfio"] else None
        expected = []
        for function in truth["functions"]:
            kind = TYPES[function["group_type"]]
            if function["bdf"] == taken:
                kind = "unmanaged"  # sysfs goes on naming the default domain's type
            expected.append((function["bdf"], number(function["vendor"]),
                             number(function["device"]), number(function["class"]),
                             function["driver"], function["group"], kind))
        rows = self.data(*dump.options, "devices")
        self.assertEqual([(row["bdf"], number(row["vendor"]), number(row["device"]),
                           number(row["class"]), row["driver"], row["group"], row["domain_type"])
                          for row in rows], sorted(expected))

    @for_each(STATES + OTHERS)
    def test_who_translates(self, dump):
        """Functions in a group are behind the IOMMU, its own function is not; what becomes of
        their DMA follows from the type of their domain."""
        dump.require(self)
        rows = self.data(*dump.options, "devices")
        v2 = "amd_iommu=pgtbl_v2" in dump.truth["cmdline"].split()
        fates = {"identity": "passthrough", "dma": "translated", "dma-fq": "translated",
                 "unmanaged": "translated"}
        for row in rows:
            with self.subTest(row["bdf"]):
                self.assertEqual(row["iommu"] is None, row["group"] is None)
                if row["group"] is not None:
                    # By a v2 table DMA is translated as a guest's would be.
                    allowed = {fates[row["domain_type"]], "guest" if v2 else None}
                    self.assertIn(row["dma"], allowed - {None})
                self.assertEqual(row["pt_root"] is None, row["dma"] not in ("translated", "guest"))

    @for_each(STATES + OTHERS)
    def test_owner(self, dump):
        dump.require(self)
        truth = dump.truth
        taken = truth["vfio"]["bdf"] if truth["vfio"] else None
        owners = {row["bdf"]: row["owner"] for row in self.data(*dump.options, "devices")}
        self.assertEqual(owners, {
            function["bdf"]: "vfio-pci" if function["bdf"] == taken
            else None if function["group"] is None else "kernel"
            for function in truth["functions"]})

    @for_each(STATES + OTHERS)
    def test_groups(self, dump):
        dump.require(self)
        truth = dump.truth
        members = {group["number"]: [] for group in truth["groups"]}
        for function in truth["functions"]:
            if function["group"] is not None:
                members[function["group"]].append(function["bdf"])
        expected = [(group["number"], TYPES[group["type"]], sorted(members[group["number"]]))
                    for group in truth["groups"]]
        rows = self.data(*dump.options, "groups")
        self.assertEqual([(row["group"], row["type"], sorted(row["devices"])) for row in rows],
                         expected)
        taken = truth["vfio"]["group"] if truth["vfio"] else None
        for row in rows:
            self.assertEqual(row["domain_type"],
                             "unmanaged" if row["group"] == taken else row["type"])

    @for_each(STATES + OTHERS)
    def test_text_is_the_same(self, dump):
        """A table's cells are JSON's values."""
        dump.require(self)
        columns = "bdf,vendor,device,driver,group,domain_id,domain_type,paging_mode,pt_root"
        lines = self.text(*dump.options, "devices", "-o", columns).splitlines()
        cells = [line.split() for line in lines[1:]]
        rows = self.data(*dump.options, "devices", "-o", columns)
        self.assertEqual(cells, [["-" if value is None else str(value) for value in row.values()]
                                 for row in rows])


class Mappings(TestCase):
    """What the guest mapped through VFIO, page by page."""

    def setUp(self):
        self.maxDiff = 2000

    def leaves(self, dump, *options):
        return self.data(*dump.options, "map", dump.truth["vfio"]["bdf"], *options)

    def same_pages(self, pages, expected):
        wrong = sorted(iova for iova in pages.keys() | expected.keys()
                       if pages.get(iova) != expected.get(iova))
        if wrong:
            self.fail("".join(
                f"{iova:#x}: shown {pages.get(iova)}, the guest says {expected.get(iova)}\n"
                for iova in wrong[:10]) + f"{len(wrong)} of {len(expected)} pages are wrong")

    @for_each(ATTACHED)
    def test_map_leaves(self, dump):
        """Exactly the guest's mappings. AMD's driver maps no MSI doorbell into them."""
        dump.require(self)
        leaves = self.leaves(dump, "--leaves")
        self.same_pages(pages_of(leaves), guest_pages(dump.truth))
        for leaf in leaves:
            self.assertEqual(leaf["size"], leaf["page_size"])
            self.assertEqual(number(leaf["iova"]) % leaf["size"], 0, leaf)
            self.assertEqual(number(leaf["pa"]) % leaf["size"], 0, leaf)

    @for_each(ATTACHED)
    def test_map(self, dump):
        dump.require(self)
        rows = self.leaves(dump)
        self.assertEqual([(number(row["iova"]), number(row["pa"]), row["size"], row["read"],
                           row["write"]) for row in rows], joined(guest_pages(dump.truth)))

    @for_each(ATTACHED)
    def test_map_of_the_domain(self, dump):
        """By its ID it is the same table."""
        dump.require(self)
        (device,) = self.data(*dump.options, "devices", dump.truth["vfio"]["bdf"])
        self.assertEqual(self.data(*dump.options, "map", device["domain_id"]), self.leaves(dump))

    @for_each(ATTACHED)
    def test_map_summary(self, dump):
        dump.require(self)
        (summary,) = self.leaves(dump, "--summary")
        by_size = {}
        for leaf in self.leaves(dump, "--leaves"):
            by_size[leaf["size"]] = by_size.get(leaf["size"], 0) + 1
        self.assertEqual({row["page_size"]: row["leaves"] for row in summary["by_page_size"]},
                         by_size)
        self.assertEqual(summary["leaves"], sum(by_size.values()))
        self.assertEqual(summary["bytes"], PAGE * len(guest_pages(dump.truth)))
        # The rig maps in such a way that there are pages between 4 KB and 2 MB, and above.
        self.assertTrue({4 << 10, 32 << 10, 64 << 10, 2 << 20, 4 << 20} <= by_size.keys(), by_size)

    @for_each(ATTACHED)
    def test_map_range(self, dump):
        dump.require(self)
        leaves = self.leaves(dump, "--leaves")
        for mapping in dump.truth["mappings"]:
            first, size = number(mapping["iova"]), number(mapping["size"])
            inside = [leaf for leaf in leaves
                      if number(leaf["iova"]) < first + size
                      and first < number(leaf["iova"]) + leaf["size"]]
            for text in (f"{first:#x}-{first + size - 1:#x}", f"{first:#x}+{size:#x}"):
                with self.subTest(mapping["name"], range=text):
                    self.assertEqual(self.leaves(dump, "--leaves", "--range", text), inside)

    @for_each(ATTACHED)
    def test_walk(self, dump):
        """Every page of every mapping, at the physical address that the guest printed."""
        dump.require(self)
        expected = guest_pages(dump.truth)
        walks = self.data(*dump.options, "walk", dump.truth["vfio"]["bdf"],
                          *(hex(iova) for iova in expected))
        self.assertEqual(len(walks), len(expected))
        self.same_pages({number(walk["iova"]): (walk["pa"] and number(walk["pa"]), walk["read"],
                                                walk["write"]) for walk in walks}, expected)
        for walk in walks:
            self.assertIsNone(walk["stopped"])
            self.check_levels(walk)

    def check_levels(self, walk):
        """Each level's entry lies in the table that the one above points to."""
        table = number(walk["pt_root"])
        for step in walk["levels"]:
            self.assertEqual(number(step["entry_address"]) & -PAGE, table, walk)
            table = number(step["entry"]) & (1 << 52) - PAGE
        self.assertEqual(walk["levels"][-1]["next_level"], 0, walk)

    @for_each(ATTACHED)
    def test_walk_inside_a_page(self, dump):
        """The offset is kept, in pages of every size."""
        dump.require(self)
        leaves = {leaf["size"]: leaf for leaf in self.leaves(dump, "--leaves")}
        for size, leaf in leaves.items():
            offset = size - 5
            (walk,) = self.data(*dump.options, "walk", dump.truth["vfio"]["bdf"],
                                hex(number(leaf["iova"]) + offset))
            self.assertEqual((number(walk["pa"]), walk["page_size"]),
                             (number(leaf["pa"]) + offset, size))

    @for_each(ATTACHED)
    def test_walk_stops(self, dump):
        """Around the mappings, where something was unmapped again, and where none is allowed."""
        dump.require(self)
        truth, mapped = dump.truth, guest_pages(dump.truth)
        iovas = set(BEYOND)
        for area in truth["unmapped"] + truth["refused"]:
            iovas.update(range(number(area["iova"]), number(area["iova"]) + number(area["size"]),
                               PAGE))
        for mapping in truth["mappings"]:
            iovas |= {number(mapping["iova"]) - PAGE,
                      number(mapping["iova"]) + number(mapping["size"])}
        iovas = sorted(iova for iova in iovas if iova >= 0 and iova not in mapped)
        self.assertTrue(truth["unmapped"] and truth["refused"] and len(iovas) > 100)
        walks = self.data(*dump.options, "walk", truth["vfio"]["bdf"],
                          *(hex(iova) for iova in iovas))
        for iova, walk in zip(iovas, walks, strict=True):
            self.assertEqual((number(walk["iova"]), walk["pa"], walk["read"], walk["write"]),
                             (iova, None, False, False), walk)
            self.assertTrue(walk["stopped"], walk)

    @for_each(BEFORE)
    def test_none_before(self, dump):
        """The device is still its driver's: none of the later mappings is there."""
        dump.require(self)
        after(dump).require(self)
        later = guest_pages(after(dump).truth)
        bdf = after(dump).truth["vfio"]["bdf"]
        (device,) = self.data(*dump.options, "devices", bdf)
        self.assertEqual(device["domain_type"], "dma")
        walks = self.data(*dump.options, "walk", bdf, *(hex(iova) for iova in later))
        self.assertEqual({walk["pa"] for walk in walks}, {None})
        shown = pages_of(self.data(*dump.options, "map", bdf, "--leaves"))
        self.assertFalse(shown.keys() & later.keys())
        self.assertTrue(shown, "the network card is up, it has buffers mapped")

    @for_each(ATTACHED)
    def test_interrupts(self, dump):
        """Vectors that user space enabled go through the remapping table."""
        dump.require(self)
        self.assertGreater(dump.truth["vectors"]["count"], 0)
        (device,) = self.data(*dump.options, "devices", dump.truth["vfio"]["bdf"])
        self.assertIs(device["int_remap"], True)
