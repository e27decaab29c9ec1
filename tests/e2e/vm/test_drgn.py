# SPDX-License-Identifier: GPL-2.0-or-later
"""An independent program on the same dump sees the same: tests/vm/truth_drgn.py reads the
driver's structures with drgn and shares no line with iommuscope."""

import functools

from dumps import READABLE_BY_DRGN, VFIO_BDF, joined, pages_of
from support import TestCase, for_each, number
from vmrig.check import TYPE_NAMES, read_by_drgn

# Functions whose page tables are compared leaf by leaf.
WALKED = (VFIO_BDF, "0000:00:05.0")


@functools.lru_cache(maxsize=None)
def drgn_state(dump):
    return read_by_drgn(dump.path, dump.vmlinux)


def numbers(values):
    return [None if value is None else number(value) for value in values]


class Agreement(TestCase):
    @for_each(READABLE_BY_DRGN)
    def test_iommus(self, dump):
        dump.require(self)
        expected = drgn_state(dump)["iommus"]
        rows = self.data(*dump.options, "iommus")
        self.assertEqual(
            [(row["name"], *numbers(row[key] for key in ("mmio", "capability", "command_buffer",
                                                         "event_log"))) for row in rows],
            [(f"ivhd{one['index']}", *numbers(one[key] for key in ("mmio", "cap", "cmd_buf",
                                                                   "evt_buf")))
             for one in expected])

    @for_each(READABLE_BY_DRGN)
    def test_device_table(self, dump):
        """Every word of every function's entry."""
        dump.require(self)
        expected = {device["bdf"]: numbers(device["dte"]) for device in drgn_state(dump)["devices"]}
        self.assertGreater(len(expected), 8)
        rows = self.data(*dump.options, "dte")
        self.assertEqual({row["bdf"]: numbers(row["raw"]) for row in rows}, expected)
        raw = self.data(*dump.options, "dte", "--raw")
        self.assertEqual({row["bdf"]: numbers(row["raw"]) for row in raw}, expected)

    @for_each(READABLE_BY_DRGN)
    def test_all_entries(self, dump):
        """Of what is not all zero nothing is left out."""
        dump.require(self)
        entries = {row["bdf"]: numbers(row["raw"])
                   for row in self.data(*dump.options, "dte", "--all", "--raw")}
        for device in drgn_state(dump)["devices"]:
            if any(numbers(device["dte"])):
                self.assertEqual(entries[device["bdf"]], numbers(device["dte"]))

    @for_each(READABLE_BY_DRGN)
    def test_domains(self, dump):
        """ID, type, root and mode of the domain of each function."""
        dump.require(self)
        domains = {number(row["address"]): row for row in self.data(*dump.options, "domains")}
        compared = 0
        for device in drgn_state(dump)["devices"]:
            expected = device["domain"]
            if not expected:
                continue
            with self.subTest(device["bdf"]):
                shown = domains[number(expected["address"])]
                kind = TYPE_NAMES[expected["type"]].lower()
                self.assertEqual((number(shown["id"]), shown["type"], shown["paging_mode"],
                                  shown["pt_root"] and number(shown["pt_root"])),
                                 (expected["id"], kind, expected["mode"],
                                  expected["pt_root"] and number(expected["pt_root"])))
                self.assertIn(device["bdf"], shown["devices"])
                compared += 1
        self.assertGreater(compared, 8)

    @for_each(READABLE_BY_DRGN)
    def test_domain_in_the_entry(self, dump):
        """What the driver has and what hardware was told are shown side by side."""
        dump.require(self)
        rows = {row["bdf"]: row for row in self.data(*dump.options, "dte")}
        for device in drgn_state(dump)["devices"]:
            expected, row = device["domain"], rows[device["bdf"]]
            with self.subTest(device["bdf"]):
                self.assertEqual(row["driver_domain_id"] and number(row["driver_domain_id"]),
                                 expected["id"] if expected else None)
                self.assertEqual(row["driver_pt_root"] and number(row["driver_pt_root"]),
                                 number(expected["pt_root"]) if expected and expected["pt_root"]
                                 else None)

    @for_each(READABLE_BY_DRGN)
    def test_domain_ids(self, dump):
        dump.require(self)
        expected = drgn_state(dump)["domids"]
        # Bit 0 of the bitmap is set for good: ID 0 is reserved, and no domain's.
        ids = [one for one in expected["ids"] if one]
        (shown,) = self.data(*dump.options, "domids")
        self.assertEqual((shown["allocator"], shown["allocated"], numbers(shown["ids"])),
                         (expected["allocator"], len(ids), ids))
        self.assertEqual(number(shown["highest"]), max(ids))

    @for_each(READABLE_BY_DRGN)
    def test_leaves(self, dump):
        dump.require(self)
        for bdf in WALKED:
            with self.subTest(bdf):
                expected = read_by_drgn(dump.path, dump.vmlinux, bdf)["vfio"]
                self.assertTrue(expected["leaves"])
                leaves = self.data(*dump.options, "map", bdf, "--leaves")
                self.assertEqual(len(leaves), expected["leaves"])
                by_size = {}
                for leaf in leaves:
                    size = str(leaf["size"])
                    by_size[size] = by_size.get(size, 0) + 1
                self.assertEqual(by_size, expected["by_size"])
                self.assertEqual(joined(pages_of(leaves)),
                                 [(*numbers(one[:3]), *one[3:]) for one in expected["ranges"]])
