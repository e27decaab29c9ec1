# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest-format (v2) page tables that a real kernel has built: domains, PASIDs and every page are what a
walk with drgn's memory reads finds (drgn_v2.py, which shares no line with iommuscope), and for the
device in VFIO what the guest said it had mapped."""

import functools
import json
import pathlib
import subprocess

from dumps import VFIO_BDF, dump, guest_pages, joined, pages_of
from support import TestCase, for_each, number, scratch
from vmrig import roots, series

V2 = tuple(dump(series.SERIES[name], "v2") for name in ("6.12", "7.2"))
VFIO_IS_V2 = tuple(one for one in V2 if one.series.name == "7.2")  # before, VFIO always gets v1
SCRIPT = pathlib.Path(__file__).resolve().parent / "drgn_v2.py"


@functools.lru_cache(maxsize=None)
def by_drgn(one):
    argv, environment = roots.command("python3", ["-B", str(SCRIPT), str(one.path),
                                                  str(one.vmlinux)])
    result = subprocess.run(argv, env=environment, check=True, timeout=300,
                            stdin=subprocess.DEVNULL, capture_output=True)
    return json.loads(result.stdout)


def reachable_pages(truth):
    """What the guest mapped; the format has no pages that can be written only."""
    return {iova: (pa, True, write) for iova, (pa, _, write) in guest_pages(truth).items()}


def drgn_pages(leaves):
    return pages_of({"iova": hex(iova), "pa": hex(pa), "size": size, "read": read, "write": write}
                    for iova, pa, size, read, write in leaves)


class GuestTables(TestCase):
    def setUp(self):
        for one in V2:
            one.require(self)

    @for_each(V2)
    def test_domains(self, one):
        domains = {number(row["id"]): row for row in self.data(*one.options, "domains")
                   if row["id"]}
        expected = by_drgn(one)
        self.assertGreater(len(expected), 7)
        for bdf, device in expected.items():
            with self.subTest(bdf):
                shown = domains[device["domain"]["id"]]
                self.assertEqual((shown["pt_format"], shown["paging_mode"],
                                  number(shown["pt_root"])),
                                 ("v2", device["domain"]["mode"], device["domain"]["pt_root"]))
                self.assertIn(bdf, shown["devices"])

    @for_each(V2)
    def test_devices(self, one):
        expected = by_drgn(one)
        for row in self.data(*one.options, "devices"):
            with self.subTest(row["bdf"]):
                self.assertEqual(row["dma"] == "guest", row["bdf"] in expected)
                if row["bdf"] not in expected:
                    continue
                device = expected[row["bdf"]]
                self.assertEqual((row["entry_writer"], row["pt_format"], row["paging_mode"]),
                                 ("kernel", "v2", device["levels"]))
                self.assertEqual([number(row[key]) for key in ("domain_id", "pt_root",
                                                               "pasid_root")],
                                 [device["domain"]["tag"], device["tables"]["0"],
                                  device["pasid_root"]])

    @for_each(V2)
    def test_pasids(self, one):
        for bdf, device in by_drgn(one).items():
            with self.subTest(bdf):
                rows = self.data(*one.options, "map", bdf, "--pasids")
                self.assertEqual({number(row["pasid"]): number(row["pt_root"]) for row in rows},
                                 {int(pasid): root for pasid, root in device["tables"].items()})

    @for_each(V2)
    def test_pages(self, one):
        """Every page of every device, as leaves, as ranges and in sum."""
        compared = 0
        for bdf, device in by_drgn(one).items():
            for pasid, leaves in device["pages"].items():
                with self.subTest(f"{bdf} {pasid}"):
                    expected = drgn_pages(leaves)
                    options = [*one.options, "map", bdf, "--pasid", pasid]
                    self.assertEqual(pages_of(self.data(*options, "--leaves")), expected)
                    self.assertEqual([(number(row["iova"]), number(row["pa"]), row["size"],
                                       row["read"], row["write"])
                                      for row in self.data(*options)], joined(expected))
                    summary, = self.data(*options, "--summary")
                    self.assertEqual(summary["leaves"], len(leaves))
                    compared += len(leaves)
        self.assertGreater(compared, 100)

    @for_each(VFIO_IS_V2)
    def test_vfio(self, one):
        """The device in VFIO reaches what the guest said, and nothing else."""
        rows = self.data(*one.options, "map", VFIO_BDF, "--leaves")
        self.assertEqual(pages_of(rows), reachable_pages(one.truth))
        domain, = (row["id"] for row in self.data(*one.options, "domains")
                   if VFIO_BDF in row["devices"])
        self.assertEqual(self.data(*one.options, "map", domain, "--leaves"), rows)

    @for_each(VFIO_IS_V2)
    def test_walk(self, one):
        expected = reachable_pages(one.truth)
        iovas = [hex(iova + 0x123) for iova in expected]
        self.assertGreater(len(iovas), 1000)
        for first in range(0, len(iovas), 1000):
            rows = self.data(*one.options, "walk", VFIO_BDF, *iovas[first:first + 1000])
            for row in rows:
                iova = number(row["iova"])
                self.assertEqual((number(row["pa"]) - 0x123, row["read"], row["write"]),
                                 expected[iova - 0x123], row)
                self.assertEqual([step["stage"] for step in row["levels"]][:2],
                                 ["pasid", "guest"])

    @for_each(V2)
    def test_capture(self, one):
        """A capture answers the same."""
        path = scratch() / f"v2-{one.series.name}.elf"
        self.answer(*one.options, "capture", path)
        for line in (["domains", "--usage"], ["devices"],
                     *(["map", bdf, "--leaves"] for bdf in by_drgn(one)),
                     *(["map", bdf, "--pasids"] for bdf in by_drgn(one))):
            with self.subTest(line):
                self.assertEqual(self.data("-c", path, "--no-symbols", *line),
                                 self.data(*one.options, *line))
