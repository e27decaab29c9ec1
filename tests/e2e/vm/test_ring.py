# SPDX-License-Identifier: GPL-2.0-or-later
"""Rings against drgn's reading of the same memory, and against what the guest's kernel logged."""

import functools
import re

from dumps import KDUMPS, OTHERS, READABLE_BY_DRGN, STATES
from support import TestCase, for_each, number
from test_kdump import reuses_table
from vmrig.check import read_by_drgn

FAULTS = tuple(one for one in OTHERS if one.truth_name == "truth-faults.json")
STUCK = tuple(one for one in OTHERS if one.truth_name == "truth-stuck.json")
IO_PAGE_FAULT = 2
LOGGED = re.compile(r"(?:\S+ (\S+): )?AMD-Vi: Event logged \[IO_PAGE_FAULT (?:device=(\S+) )?"
                    r"domain=(0x\w+) address=(0x\w+) flags=(0x\w+)\]")


@functools.lru_cache(maxsize=None)
def drgn_rings(dump):
    return [one["rings"] for one in read_by_drgn(dump.path, dump.vmlinux)["iommus"]]


def numbers(words):
    return [number(word) for word in words]


class Commands(TestCase):
    def ring(self, dump, *words):
        (ring,) = self.data(*dump.options, "ring", "cmd", *words)
        return ring

    @for_each(READABLE_BY_DRGN)
    def test_drgn(self, dump):
        """Every command, from the oldest to the newest, and the driver's own idea."""
        dump.require(self)
        (expected,) = drgn_rings(dump)
        (raw,) = self.data(*dump.options, "ring", "cmd", "--all", "-o", "+iommu")
        commands = [numbers(words) for words in expected["commands"]]
        tail = expected["tail"]
        order = [*range(tail, len(commands)), *range(tail)]
        self.assertEqual([(row["slot"], numbers(row["raw"])) for row in raw["entries"]],
                         [(slot, commands[slot]) for slot in order if any(commands[slot])])
        self.assertEqual((raw["head"], raw["tail"], number(raw["semaphore"]),
                          number(raw["semaphore_expected"]), raw["need_sync"],
                          number(raw["semaphore_address"])),
                         (expected["head"], tail, expected["stored"], expected["expected"],
                          expected["need_sync"], number(expected["store_address"])))

    @for_each(STATES)
    def test_progress(self, dump):
        """QEMU answers at once: nothing is pending, and every command up to the last wait is done.
        Where a capture kernel went on with the ring, none of it is the crashed kernel's."""
        dump.require(self)
        ring = self.ring(dump, "--all")
        self.assertEqual((ring["pending"], ring["waiting"], ring["pending_devices"]), (None, None, []))
        self.assertEqual(ring["semaphore"], ring["semaphore_expected"])
        words = {row["progress"] for row in ring["entries"]}
        if dump in KDUMPS and reuses_table(dump):
            self.assertIn("overwritten", words)
            self.assertIsNotNone(ring["overwritten"])
        else:
            self.assertIsNone(ring["overwritten"])
            self.assertLessEqual(words, {"done", "open"})
            self.assertIn("done", words)
            self.assertEqual("open" in words, ring["need_sync"])
            self.assertEqual(self.ring(dump)["entries"], ring["entries"][-16:])

    @for_each(STATES)
    def test_operands(self, dump):
        """Invalidations are of whole pages; a completion wait stores its number."""
        dump.require(self)
        seen = set()
        for row in self.ring(dump, "--all")["entries"]:
            seen.add(row["name"])
            if row["name"] == "INVALIDATE_IOMMU_PAGES":
                self.assertIsNotNone(row["domain_id"], row)
                self.assertEqual(number(row["address"]) % 4096, 0, row)
                self.assertEqual((number(row["last_address"]) + 1) % 4096, 0, row)
                self.assertLessEqual(number(row["address"]), number(row["last_address"]), row)
            if row["name"] == "COMPLETION_WAIT":
                self.assertIn("s", row["operands"])
        self.assertLessEqual({"COMPLETION_WAIT", "INVALIDATE_IOMMU_PAGES"}, seen)

    @for_each(STUCK)
    def test_stuck(self, dump):
        """The command processor was stopped: the wait that the kernel logged as timed out, and
        what it was for."""
        dump.require(self)
        stuck = dump.truth["stuck"]
        self.assertTrue([line for line in dump.truth["log"] if "Completion-Wait loop timed out" in line])
        ring = self.ring(dump)
        self.assertEqual(number(ring["semaphore"]) + 1, number(ring["semaphore_expected"]))
        rows = {row["slot"]: row for row in ring["entries"]}
        pending, waiting = rows[ring["pending"]], rows[ring["waiting"]]
        self.assertEqual((pending["name"], pending["progress"], number(pending["address"])),
                         ("INVALIDATE_IOMMU_PAGES", "open", number(stuck["iova"])))
        self.assertEqual(waiting["name"], "COMPLETION_WAIT")
        self.assertEqual(rows[ring["done"]]["progress"], "done")
        (device,) = self.data(*dump.options, "devices", stuck["bdf"])
        self.assertEqual(ring["pending_domains"], [device["domain_id"]])
        self.assertIn(stuck["bdf"], ring["pending_devices"])


class Logs(TestCase):
    @for_each(READABLE_BY_DRGN)
    def test_drgn(self, dump):
        dump.require(self)
        (expected,) = drgn_rings(dump)
        (ring,) = self.data(*dump.options, "ring", "evt")
        events = [(slot, numbers(words)) for slot, words in enumerate(expected["events"])
                  if any(numbers(words))]
        self.assertEqual([(row["slot"], numbers(row["raw"])) for row in ring["entries"]], events)
        self.assertEqual(ring["used"], len(events))

    @for_each(STATES)
    def test_empty(self, dump):
        """It is told that an empty log says nothing, and that a ring is not in use."""
        dump.require(self)
        (ring,) = self.data(*dump.options, "ring", "evt")
        if not ring["used"]:
            self.assertIn("does not say that there were no events", ring["meaning"])
        self.assertIn("registers", ring["hardware"])
        (ring,) = self.data(*dump.options, "ring", "ga")
        if ring["address"] is None:
            self.assertIn("not in use", ring["meaning"])

    @for_each(FAULTS)
    def test_page_faults(self, dump):
        """Those that the kernel logged are there, with its words; what it has blanked is not."""
        dump.require(self)
        (ring,) = self.data(*dump.options, "ring", "evt")
        shown = [(row["device"], number(row["domain_id"] or row["pasid"]), number(row["address"]),
                  number(row["flags"])) for row in ring["entries"]]
        logged = [(match[2] or match[1], *(int(match[i], 16) for i in (3, 4, 5)))
                  for match in map(LOGGED.search, dump.truth["log"]) if match]
        self.assertGreater(len(logged), 5)
        for one in logged:
            self.assertIn(one, shown)
        raw = [numbers(row["raw"]) for row in ring["entries"]]
        for event in dump.truth["events"]:
            words = numbers(event["words"])
            self.assertEqual(words in raw, words[0] >> 60 == IO_PAGE_FAULT, event)
