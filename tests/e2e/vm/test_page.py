# SPDX-License-Identifier: GPL-2.0-or-later
"""What memory is used for: every page of a dump, against drgn's reading of the same dump (the page
allocator's own lists among it) and against what the guest says of its memory."""

import functools
import json
import subprocess

from dumps import ATTACHED, PAGE, READABLE_BY_DRGN, guest_pages
from support import ROOT, TestCase, for_each, number

RAM_END = "0x3fffffff"


@functools.lru_cache(maxsize=None)
def drgn_pages(dump):
    script = ROOT / "tests/e2e/vm/drgn_pages.py"
    done = subprocess.run([ROOT / "tests/vm/drgn-run", script, dump.path, dump.vmlinux],
                          capture_output=True, check=True, timeout=300)
    return json.loads(done.stdout)


def use_by_drgn(marks):
    for mark, use in (("s", "slab"), ("r", "reserved"), ("a", "anonymous")):
        if mark in marks:
            return use
    return None


class Pages(TestCase):
    def pages(self, dump, status=0):
        """{frame: row}"""
        pages = {}
        for row in self.data(*dump.options, "page", f"0-{RAM_END}", status=status):
            first = number(row["pa"]) // PAGE
            for frame in range(first, first + row["size"] // PAGE):
                self.assertNotIn(frame, pages)
                pages[frame] = row
        self.assertEqual(len(pages), (number(RAM_END) + 1) // PAGE)
        return pages

    @for_each(READABLE_BY_DRGN)
    def test_drgn(self, dump):
        """The free pages are those in the allocator's lists, and no others; slab, reserved and
        anonymous pages, compound heads and reference counts as drgn has them."""
        dump.require(self)
        pages, expected = self.pages(dump), drgn_pages(dump)
        free = {first + i for first, n in expected["free"] for i in range(n)}
        self.assertGreater(len(free), 10000)
        self.assertEqual({frame for frame, row in pages.items() if row["use"] == "free"}, free)
        seen = set()
        for frame, marks, references in expected["sampled"]:
            row, use = pages[frame], use_by_drgn(marks)
            self.assertEqual((row["references"], bool(row["head"])), (references, "t" in marks))
            if use or row["use"] in ("slab", "reserved", "anonymous"):
                self.assertEqual(row["use"], use, (frame, marks, row))
            seen.add(row["use"])
        self.assertLessEqual({"free", "slab", "reserved", "page cache", "kernel"}, seen)

    @for_each(ATTACHED)
    def test_guest_memory(self, dump):
        """What the guest mapped for its device is user memory."""
        dump.require(self)
        targets = sorted({pa for pa, _, _ in guest_pages(dump.truth).values()})[::37]
        self.assertGreater(len(targets), 20)
        rows = self.data(*dump.options, "page", *(hex(pa) for pa in targets))
        uses = {}
        for row in rows:
            uses[row["use"]] = uses.get(row["use"], 0) + row["size"] // PAGE
        self.assertLessEqual(set(uses), {"anonymous", "hugetlb", "page cache"})
        self.assertEqual(sum(uses.values()), len(targets))
        # The kernel gives the parts of its bss that it has no use for to the page allocator.
        self.assertLessEqual({row["resource"] for row in rows}, {"System RAM", "Kernel bss"})

    @for_each(ATTACHED)
    def test_kernel_image(self, dump):
        dump.require(self)
        text = self.data(*dump.options, "page", "--kernel-text")
        self.assertEqual({(row["use"], row["resource"], row["held"]) for row in text},
                         {("reserved", "Kernel code", True)})
        (init,) = self.data(*dump.options, "page", "--symbol", "init_task")
        self.assertEqual((init["resource"], init["size"]), ("Kernel data", PAGE))
