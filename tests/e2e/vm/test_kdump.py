# SPDX-License-Identifier: GPL-2.0-or-later
"""Dumps that a capture kernel wrote. From Linux 6.18 on it goes on using the crashed kernel's
device table, in place, so the dump has entries of both."""

from dumps import KDUMPS, STATES
from support import TestCase, for_each, number

REUSED = "Reused DEV table from previous kernel"
COPIED = "Copied DEV table from previous kernel"
DISK_CLASS = 0x010802  # the NVMe disk that the dump is written to; the capture kernel drives no more


def reuses_table(dump):
    log = "\n".join(dump.truth["capture_log"])
    assert (REUSED in log) != (COPIED in log), "the capture kernel's log says neither or both"
    return REUSED in log


def disk(dump):
    (found,) = (function["bdf"] for function in dump.truth["functions"]
                if number(function["class"]) == DISK_CLASS)
    return found


class EntryWriter(TestCase):
    @for_each(KDUMPS)
    def test_devices(self, dump):
        dump.require(self)
        expected = {function["bdf"]: "kernel" for function in dump.truth["functions"]}
        if reuses_table(dump):
            expected[disk(dump)] = "capture"
        columns = ("devices", "-o", "+entry_writer")
        rows = self.data(*dump.options, *columns)
        self.assertEqual({row["bdf"]: row["entry_writer"] for row in rows}, expected)
        self.assertEqual("capture" in self.text(*dump.options, *columns), reuses_table(dump))

    @for_each(dump for dump in STATES if dump not in KDUMPS)
    def test_no_capture_kernel(self, dump):
        dump.require(self)
        writers = {row["entry_writer"] for row in self.data(*dump.options, "devices")}
        self.assertEqual(writers, {"kernel"})

    @for_each(KDUMPS)
    def test_both_are_shown(self, dump):
        """The entry as the capture kernel left it, and what the crashed kernel had asked for."""
        dump.require(self)
        (entry,) = self.data(*dump.options, "dte", disk(dump))
        driver = entry["driver_domain_id"], entry["driver_pt_root"], entry["driver_paging_mode"]
        found = entry["domain_id"], entry["pt_root"], entry["mode"]
        self.assertTrue(all(driver), entry)
        if reuses_table(dump):
            self.assertEqual(entry["entry_writer"], "capture")
            self.assertNotEqual(driver[:2], found[:2])
        else:
            self.assertEqual(driver, found)
        (device,) = self.data(*dump.options, "devices", disk(dump))
        self.assertEqual((device["domain_id"], device["pt_root"], device["paging_mode"]), driver)

    @for_each(KDUMPS)
    def test_text_says_whose(self, dump):
        dump.require(self)
        text = self.text(*dump.options, "dte", disk(dump))
        writer = "capture" if reuses_table(dump) else "kernel"
        self.assertRegex(text, rf"Written by: +{writer}\b")
        self.assertRegex(text, r"Driver's domain: +0x")
        self.assertRegex(text, r"Driver's page table: +0x")

    @for_each(KDUMPS)
    def test_walk_takes_the_crashed_kernels_table(self, dump):
        dump.require(self)
        (entry,) = self.data(*dump.options, "dte", disk(dump))
        mapped = self.data(*dump.options, "map", disk(dump), "--leaves")
        self.assertTrue(mapped, "the disk's queues were mapped when the kernel crashed")
        (walk,) = self.data(*dump.options, "walk", disk(dump), mapped[0]["iova"])
        self.assertEqual((walk["pt_root"], walk["pa"]),
                         (entry["driver_pt_root"], mapped[0]["pa"]))

    @for_each(KDUMPS)
    def test_domain_ids(self, dump):
        """The capture kernel's domain is none of this kernel's that has lost its ID."""
        dump.require(self)
        (ids,) = self.data(*dump.options, "domids")
        self.assertEqual((ids["unallocated_in_use"], ids["duplicates"]), ([], []))
