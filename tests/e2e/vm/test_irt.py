# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupt remapping tables against the guest's /proc/interrupts, and against drgn's reading of
the same objects."""

import functools
import re

from dumps import KDUMPS, READABLE_BY_DRGN, STATES, VFIO_BDF
from support import PARTLY, TestCase, for_each, number
from test_kdump import reuses_table
from vmrig.check import read_by_drgn

# "25:  0  0  IR-PCI-MSI 65536-edge      vfio-msix[0](0000:00:04.0)"
# "25:  0  0  IR-PCI-MSIX-0000:00:04.0   0-edge      vfio-msix[0](0000:00:04.0)"
LINE = re.compile(r"(\d+):((?:\s+\d+)+)\s+(\S+)\s+(\d+)-(?:edge|fasteoi|level)\s*(.*)")
IOAPIC = "0000:00:14.0"  # its requester ID on this machine (IVRS special device)
COLUMNS = ("-o", "+raw,table,table_entries,entry_size,entry_address")


def bdf_of(devid):
    return f"0000:{devid >> 8:02x}:{devid >> 3 & 31:02x}.{devid & 7}"


def function_of(chip, hwirq):
    """Whose interrupt it is, by /proc/interrupts."""
    if chip == "IR-IO-APIC":
        return IOAPIC
    if chip in ("IR-PCI-MSI", "IR-PCI-MSIX"):  # hwirq: device ID << 11 | index
        return bdf_of(hwirq >> 11)
    return chip.split("-", 3)[-1]


def guest_interrupts(dump):
    """{irq: (function, handlers)} of those that are remapped; the others' numbers."""
    remapped, others = {}, set()
    for line in dump.truth["interrupts"]:
        match = LINE.fullmatch(line)
        if not match:
            continue
        irq, chip, hwirq, names = (int(match[1]), match[3], int(match[4]), match[5])
        if chip.startswith("IR-"):
            remapped[irq] = function_of(chip, hwirq), names
        else:
            others.add(irq)
    return remapped, others


@functools.lru_cache(maxsize=None)
def drgn_interrupts(dump):
    return read_by_drgn(dump.path, dump.vmlinux)["interrupts"]


class Tables(TestCase):
    def rows(self, dump, *words):
        """An IOAPIC's table whose hardware entry the capture kernel has written over has no
        known length; the problem says so."""
        known = dump not in KDUMPS or not reuses_table(dump)
        return self.data(*dump.options, "irt", *words, *COLUMNS,
                         status=0 if known else PARTLY)

    @for_each(STATES)
    def test_proc_interrupts(self, dump):
        dump.require(self)
        remapped, others = guest_interrupts(dump)
        self.assertGreater(len(remapped), 5)
        rows = {row["irq"]: row for row in self.rows(dump)}
        shown = {irq: (row["bdf"], row["name"]) for irq, row in rows.items() if row["name"]}
        self.assertEqual(shown, remapped)
        self.assertFalse(others & set(rows))
        for irq in remapped:
            self.assertEqual(rows[irq]["state"], "enabled", rows[irq])
            self.assertEqual(rows[irq]["cpus_online"], True, rows[irq])
            self.assertEqual(len(rows[irq]["cpus"]), 1, rows[irq])
            self.assertGreater(number(rows[irq]["vector"]), 0x1f)

    @for_each(one for one in STATES if one.series.modules)
    def test_one_function(self, dump):
        """It has those of its own, and the vectors of one CPU are all different."""
        dump.require(self)
        remapped, _ = guest_interrupts(dump)
        rows = self.data(*dump.options, "irt", VFIO_BDF)
        self.assertEqual({row["irq"] for row in rows},
                         {irq for irq, (bdf, _) in remapped.items() if bdf == VFIO_BDF})
        used = [(cpu, row["vector"]) for row in self.rows(dump) for cpu in row["cpus"] or []]
        self.assertEqual(len(used), len(set(used)))

    @for_each(READABLE_BY_DRGN)
    def test_drgn(self, dump):
        """Number, entry and its words, handlers, and the CPU by the kernel's own mask."""
        dump.require(self)
        expected = drgn_interrupts(dump)["irqs"]
        self.assertGreater(len(expected), 10)
        rows = {row["irq"]: row for row in self.rows(dump, "--all")}
        for one in expected:
            with self.subTest(irq=one["irq"]):
                row = rows[one["irq"]]
                self.assertEqual((row["bdf"], row["index"], [number(w) for w in row["raw"]],
                                  row["name"] or ""),
                                 (bdf_of(one["devid"]), one["index"],
                                  [number(w) for w in one["words"]], ", ".join(one["names"])))
                if row["state"] == "enabled":
                    self.assertEqual(row["cpus"], one["cpus"])
        self.assertEqual(set(rows) - {None}, {one["irq"] for one in expected})

    @for_each(READABLE_BY_DRGN)
    def test_free(self, dump):
        """What the driver says is free is not shown as in use; without --all not at all."""
        dump.require(self)
        allocated = {bdf_of(table["devid"]): set(table["allocated"])
                     for table in drgn_interrupts(dump)["tables"]}
        kept = {bdf_of(table["devid"]): table["min_index"]
                for table in drgn_interrupts(dump)["tables"]}
        used = ("enabled", "disabled", "stray")
        for row in self.rows(dump):
            self.assertIn(row["state"], used, row)
            self.assertIn(row["index"], allocated[row["bdf"]], row)
        n_free = 0
        every = self.rows(dump, "--all")
        self.assertEqual({row["bdf"] for row in every}, set(allocated))
        for row in every:
            if row["index"] in allocated[row["bdf"]]:
                self.assertIn(row["state"], (*used, "reserved"), row)
                if row["state"] == "reserved":
                    self.assertLess(row["index"], kept[row["bdf"]], row)
            elif row["index"] >= kept[row["bdf"]]:
                self.assertEqual((row["state"], row["irq"], row["vector"]), ("free", None, None))
                n_free += 1
            else:
                self.assertIn(row["state"], ("blank", "reserved"), row)
        self.assertGreater(n_free, 1000)
