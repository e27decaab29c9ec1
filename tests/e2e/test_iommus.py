# SPDX-License-Identifier: GPL-2.0-or-later
"""One IOMMU, by whatever it is called."""

from support import ROOT, USAGE, TestCase, for_each, run

FIXTURE = ROOT / "tests" / "fixtures" / "7.2-after.elf"


class Named(TestCase):
    def names(self):
        (row,) = self.data("-c", FIXTURE, "iommus")
        return {"name": row["name"], "index": "0", "hex": "0x0", "BDF": row["bdf"],
                "short BDF": row["bdf"].partition(":")[2]}

    @for_each(("name", "index", "hex", "BDF", "short BDF"))
    def test_one(self, kind):
        """In full, as `--fields` has all of them."""
        self.assertEqual(self.data("-c", FIXTURE, "iommus", self.names()[kind]),
                         self.data("-c", FIXTURE, "iommus", "--fields"))

    @for_each(("name", "index", "BDF"))
    def test_ring(self, kind):
        self.assertEqual(self.data("-c", FIXTURE, "ring", "cmd", self.names()[kind]),
                         self.data("-c", FIXTURE, "ring", "cmd"))

    @for_each(("ivhd1", "1", "0000:00:1f.7", "0001:00:00.0", "ivhd", "nonsense"))
    def test_none(self, word):
        result = run("-c", FIXTURE, "iommus", word)
        self.assertEqual((result.status, result.out), (USAGE, ""))
        self.assertIn(word, result.err.splitlines()[-1])

    def test_alone(self):
        self.refused(USAGE, "-c", FIXTURE, "iommus", "--driver", "ivhd0", option="--driver")
        self.refused(USAGE, "-c", FIXTURE, "iommus", "--driver", "--fields", option="--driver")
