# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware's table in a dump's memory is the one that the guest's sysfs had, and the driver has
made of it what it says."""

from dumps import KDUMPS, STATES
from support import PARTLY, TestCase, for_each, run, scratch

WHOLE = tuple(one for one in STATES if one not in KDUMPS)
# Where it was found, and what can only be said where there is a driver.
OF_ITS_PLACE = ("source", "address", "differences")


def told(row):
    return {key: value for key, value in row.items() if key not in OF_ITS_PLACE}


class Ivrs(TestCase):
    @for_each(WHOLE)
    def test_table(self, dump):
        dump.require(self)
        path = scratch() / f"{dump}.ivrs"
        path.write_bytes(bytes.fromhex(dump.truth["ivrs"]))
        expected, = self.data("ivrs", path)
        shown, = self.data(*dump.options, "ivrs")
        self.assertEqual(told(shown), told(expected))
        self.assertIs(shown["checksum_holds"], True)
        self.assertEqual((shown["source"], shown["length"]),
                         ("memory", len(dump.truth["ivrs"]) // 2))

    @for_each(WHOLE)
    def test_driver(self, dump):
        dump.require(self)
        shown, = self.data(*dump.options, "ivrs")
        self.assertEqual(shown["differences"], [])

    @for_each(KDUMPS)
    def test_kdump(self, dump):
        """A kdump holds no firmware memory: that is said, and where to get the table."""
        dump.require(self)
        result = run(*dump.options, "ivrs")
        self.assertEqual((result.status, result.out), (PARTLY, ""), result)
        self.assertIn("/sys/firmware/acpi/tables/IVRS", result.err)


class Requesters(TestCase):
    @for_each(STATES)
    def test_behind_the_bridge(self, dump):
        """Devices behind the PCIe-to-PCI bridge bear its ID on their bus too; the driver's entries for it
        are theirs. No other device bears any ID but its own."""
        dump.require(self)
        rows = {row["bdf"]: row for row in self.data(*dump.options, "devices")}
        behind = {"0000:01:01.0", "0000:01:02.0"}
        self.assertEqual(behind - rows.keys(), set())
        for bdf, row in rows.items():
            expected = [bdf] + (["0000:01:00.0"] if bdf in behind else [])
            self.assertEqual(row["requester_ids"], expected)
            self.assertEqual(row["requester_from"], ["own", "bridge"][:len(expected)])
