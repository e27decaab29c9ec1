# SPDX-License-Identifier: GPL-2.0-or-later
"""Who can reach memory: the pages that the guest says it has mapped, and others; and that `rmap` and
`map` are inverse."""

import time

import partial
from dumps import ATTACHED, OTHERS, PAGE, STATES, VFIO_BDF, guest_pages
from support import ANSWERED, TestCase, for_each, number, run

ALL = f"0-{(1 << 52) - 1:#x}"
RAM = "0-0x3fffffff"


def pages_by_address(truth):
    """{pa: {(iova, read, write)}} of what the guest has mapped for its device."""
    pages = {}
    for iova, (pa, read, write) in guest_pages(truth).items():
        pages.setdefault(pa, set()).add((iova, read, write))
    return pages


def split(rows):
    """One row per page."""
    for row in rows:
        for offset in range(0, row["size"], PAGE):
            yield number(row["pa"]) + offset, number(row["iova"]) + offset, row


class Reach(TestCase):
    def answers(self, dump, lines):
        """The answers to the command lines of a script, in order."""
        result = run("--json", *dump.options, "--input", "-", stdin="\n".join(lines) + "\n")
        self.assertEqual(result.status, ANSWERED, result)
        answers = partial.parse(result.out)
        self.assertEqual(len(answers), len(lines))
        self.assertFalse(any(answer["problems"] for answer in answers))
        return [answer["data"] for answer in answers]

    def through(self, dump):
        """Devices that reach all of memory."""
        return sorted(row["bdf"] for row in self.data(*dump.options, "devices")
                      if row["dma"] in ("passthrough", "unchecked"))

    @for_each(ATTACHED)
    def test_each_page(self, dump):
        """One call per page: the VFIO device and the IOVAs, nothing else; of pages that the guest
        did not map, its neighbours among them, nothing."""
        dump.require(self)
        mapped, through = pages_by_address(dump.truth), self.through(dump)
        chosen = set(sorted(mapped)[::61])
        chosen |= {pa for pa, ways in mapped.items() if len(ways) > 1 and pa % (PAGE * 8) == 0}
        chosen |= {pa for pa in mapped if pa + PAGE not in mapped}
        others = {pa + PAGE for pa in chosen} | {pa - PAGE for pa in chosen}
        targets = sorted(chosen | others)
        self.assertGreater(len(targets), 100)
        answers = self.answers(dump, [f"rmap {pa:#x}" for pa in targets])
        several = 0
        for pa, rows in zip(targets, answers):
            self.assertEqual({number(row["pa"]) for row in rows} | {pa}, {pa})
            everything = [row for row in rows if row["way"] != "table"]
            self.assertEqual(sorted(bdf for row in everything for bdf in row["devices"]), through)
            self.assertEqual({number(row["iova"]) for row in everything} | {pa}, {pa})
            found = {(number(row["iova"]), row["read"], row["write"]) for row in rows
                     if row["way"] == "table" and row["devices"] == [VFIO_BDF]}
            self.assertEqual(found, mapped.get(pa, set()), hex(pa))
            several += len(found) > 1
            if pa in chosen:
                self.assertEqual(len(rows) - len(everything), len(found), hex(pa))
        self.assertGreater(several, 2)

    @for_each([*STATES, *(one for one in OTHERS if one.files != ("many.elf",))])
    def test_inverse(self, dump):
        """All leaves of all domains, one by one by `map` and at once by `rmap`."""
        dump.require(self)
        domains = [row for row in self.data(*dump.options, "domains") if row["pt_root"]]
        self.assertEqual(bool(domains), dump.truth_name != "truth-pt.json")
        expected = set()
        for domain in domains:
            for pa, iova, row in split(self.data(*dump.options, "map", domain["address"],
                                                 "--leaves")):
                expected.add((number(domain["address"]), tuple(domain["devices"]), pa, iova,
                              row["read"], row["write"]))
        rows = [row for row in self.data(*dump.options, "rmap", ALL) if row["way"] == "table"]
        found = [(number(row["domain"]), tuple(row["devices"]), pa, iova, row["read"],
                  row["write"]) for pa, iova, row in split(rows)]
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(set(found), expected)

    @for_each(ATTACHED)
    def test_pieces(self, dump):
        """Cut into pieces the answer is the same; none is told twice where they overlap."""
        dump.require(self)
        whole = {(pa, iova) for pa, iova, _ in split(self.data(*dump.options, "rmap", RAM))}
        pieces = [f"{start:#x}+0x1234000" for start in range(0, 1 << 30, 0x1230000)]
        cut = [(pa, iova) for pa, iova, row in split(self.data(*dump.options, "rmap", *pieces))
               if pa < 1 << 30]
        self.assertEqual(len(cut), len(set(cut)))
        self.assertEqual(set(cut), whole)

    @for_each(ATTACHED)
    def test_kernel(self, dump):
        """Only devices whose DMA is not translated reach the kernel's own memory."""
        dump.require(self)
        for option in (("--kernel-text",), ("--symbol", "init_task")):
            rows = self.data(*dump.options, "rmap", *option)
            self.assertEqual(sorted(bdf for row in rows for bdf in row["devices"]),
                             self.through(dump))
            self.assertEqual({row["iova"] for row in rows}, {row["pa"] for row in rows})

    @for_each([one for one in ATTACHED if one.files == ("after.elf",)])
    def test_time(self, dump):
        """One rmap costs hardly more than the summaries of all domains: each table is read once."""
        dump.require(self)
        domains = [row["address"] for row in self.data(*dump.options, "domains") if row["pt_root"]]

        def seconds(lines):
            best = float("inf")
            for _ in range(3):
                start = time.monotonic()
                self.answers(dump, lines * 100)
                best = min(best, time.monotonic() - start)
            return best
        summaries = seconds([f"map {domain} --summary" for domain in domains])
        self.assertLess(seconds(["rmap 0x1000"]), summaries * 1.3)
