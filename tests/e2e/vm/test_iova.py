# SPDX-License-Identifier: GPL-2.0-or-later
"""The DMA API's allocator against the page table: no difference on a quiet machine; on one whose module
leaks, exactly what it says it has leaked; the ranges are those that drgn finds in the tree."""

import functools
import json
import subprocess

from dumps import ATTACHED, OTHERS, READABLE_BY_DRGN, STATES
from support import ROOT, USAGE, TestCase, for_each, number

LEAKS = tuple(one for one in OTHERS if one.truth_name in ("truth-leak.json", "truth-faults.json"))
SEEN = {"without-iova": "mapped without an IOVA", "without-mapping": "IOVA without a mapping"}


@functools.lru_cache(maxsize=None)
def drgn_ranges(dump):
    script = ROOT / "tests/e2e/vm/drgn_iova.py"
    done = subprocess.run([ROOT / "tests/vm/drgn-run", script, dump.path, dump.vmlinux],
                          capture_output=True, check=True, timeout=300)
    return json.loads(done.stdout)


class Allocator(TestCase):
    def functions(self, dump):
        """One function of each domain that the DMA API uses."""
        domains = {}
        for row in self.data(*dump.options, "devices"):
            if row["domain_type"] in ("dma", "dma-fq") and row["dma"] == "translated":
                domains.setdefault(row["pt_root"], row["bdf"])
        self.assertTrue(domains)
        return sorted(domains.values())

    @for_each(STATES)
    def test_quiet(self, dump):
        dump.require(self)
        states = set()
        for bdf in self.functions(dump):
            rows = self.data(*dump.options, "iova", bdf)
            self.assertEqual([row for row in rows if row["difference"]], [], bdf)
            self.assertEqual(self.data(*dump.options, "iova", bdf, "--differences"), [])
            (summary,) = self.data(*dump.options, "iova", bdf, "--summary")
            self.assertEqual((summary["ranges"], summary["differences"]), (len(rows), 0))
            for row in rows:
                states.add(row["state"])
                self.assertIn(bdf, row["devices"])
            for state in ("allocated", "cached", "queued", "reserved"):
                self.assertEqual(summary[state], sum(row["size"] for row in rows
                                                     if row["state"] == state))
            mapped = sum(row["size"] for row in self.data(*dump.options, "map", bdf))
            self.assertEqual(sum(row["mapped"] for row in rows), mapped)
        in_use = {"allocated", "cached"} if dump.series.modules else set()
        self.assertLessEqual({"reserved", *in_use}, states)

    @for_each(READABLE_BY_DRGN)
    def test_tree(self, dump):
        dump.require(self)
        compared = 0
        expected = drgn_ranges(dump)
        for bdf in self.functions(dump):
            rows = self.data(*dump.options, "iova", bdf)
            self.assertEqual([[number(row["iova"]), number(row["iova"]) + row["size"] - 1]
                              for row in rows], expected[bdf], bdf)
            compared += len(rows)
        self.assertGreater(compared, 100)

    @for_each(LEAKS)
    def test_leaks(self, dump):
        """What is mapped and has an IOVA is in use, as far as the two can tell."""
        dump.require(self)
        leaks = {}
        for leak in dump.truth["leaks"]:
            if leak["kind"] in SEEN:
                leaks.setdefault(leak["bdf"], set()).add(
                    (number(leak["iova"]), number(leak["size"]), SEEN[leak["kind"]]))
        self.assertTrue(leaks)
        for bdf in sorted({*self.functions(dump), *leaks}):
            rows = self.data(*dump.options, "iova", bdf, "--differences")
            self.assertEqual({(number(row["iova"]), row["size"], row["difference"])
                              for row in rows}, leaks.get(bdf, set()), bdf)
            for row in rows:
                self.assertEqual(row["mapped"],
                                 row["size"] if row["state"] == "none" else 0)

    @for_each(ATTACHED)
    def test_none(self, dump):
        """A domain that the DMA API does not use has no allocator, and is told so."""
        dump.require(self)
        kinds = set()
        for row in self.data(*dump.options, "domains"):
            if row["type"] in ("unmanaged", "identity", "blocked"):
                self.refused(USAGE, *dump.options, "iova", row["address"], says="allocator")
                kinds.add(row["type"])
        self.assertTrue(kinds)
