# SPDX-License-Identifier: GPL-2.0-or-later
"""One state of a machine in all the formats in which dumps come gives the same answers, byte for
byte. Only `info` names the format."""

import difflib
import functools
import os
import re
import unittest.mock

import partial
from dumps import COPIES, KDUMPS, Dump, after, dump as make_dump, lacks_pages
from support import ANSWERED, PARTLY, TestCase, for_each, run, scratch

# Every command that looks at a target, in all its ways.
COMMANDS = (
    "info", "kernel", "kernel --all", "iommus", "devices", "devices -o help", "groups", "dte", "dte --raw",
    "dte --all --raw", "domains --usage", "domids", "map {vfio}", "map {vfio} --leaves",
    "map {vfio} --summary", "map 0000:00:05.0 --leaves", "walk {vfio} {iovas}",
    "rd amd_iommu_list 2", "rd saved_command_line",
)
FORMAT_LINE = re.compile(r'^Format: .*$|"format":"[^"]*"', re.MULTILINE)


def script(truth):
    """One run of the program answers them all: each opening of a large dump takes its time."""
    names = {"vfio": truth["vfio"]["bdf"],
             "iovas": " ".join(mapping["iova"] for mapping in truth["mappings"])}
    return "".join(f"{line.format(**names)}\n" for line in COMMANDS)


@functools.lru_cache(maxsize=4)
def answers(one, *options):
    """(exit status, standard output without the format)"""
    result = run("--no-cache", *options, *one.options, stdin=script(one.truth))
    return result.status, FORMAT_LINE.sub('"format":null', result.out), result.err


class SameAnswers(TestCase):
    def same(self, one, reference, *options):
        one.require(self)
        reference.require(self)
        status, out, err = answers(reference, *options)
        self.assertEqual((status, err), (ANSWERED, ""), f"{reference}: {err}")
        self.assertGreater(len(out.splitlines()), 1000)
        copy_status, copy_out, copy_err = answers(one, *options)
        if copy_out != out:
            lines = difflib.unified_diff(out.splitlines(), copy_out.splitlines(), str(reference),
                                         str(one), lineterm="", n=0)
            self.fail("\n".join([line[:300] for line, _ in zip(lines, range(30))])
                      + f"\nexit status {copy_status}\n{copy_err[:1000]}")
        self.assertEqual((copy_status, copy_err), (ANSWERED, ""), one)

    @for_each(one for one in COPIES if not lacks_pages(one))
    def test_text(self, one):
        self.same(one, after(one))

    @for_each(one for one in COPIES if not lacks_pages(one))
    def test_json(self, one):
        self.same(one, after(one), "--json")

    @for_each(KDUMPS)
    def test_flattened_kdump(self, one):
        """The capture kernel's dump as makedumpfile -F wrote it, and as -R rearranged it."""
        flattened = make_dump(one.series, "kdump", "kdump.flat")
        self.same(flattened, one)
        self.same(flattened, one, "--json")

    @for_each(one for one in COPIES if len(one.files) > 1)
    def test_parts_in_any_order(self, one):
        self.same(Dump(one.series, tuple(reversed(one.files)), one.truth_name), after(one))

    @for_each(one for one in COPIES if len(one.files) > 1)
    def test_part_missing(self, one):
        """A set that is not whole is told apart from one that is."""
        one.require(self)
        part = Dump(one.series, one.files[:-1], one.truth_name)
        result = run(*part.options, "devices")
        self.assertNotEqual(result.status, ANSWERED, result)
        self.assertRegex(result.err, "^iommuscope: ")


class Freed(TestCase):
    @for_each([*KDUMPS, *(one for one in COPIES if len(one.files) > 1)])
    def test_closed(self, one):
        """`capture` closes the dump before it has answered. libkdumpfile 0.5.1 looked at what it had freed then,
        which glibc overwrites here."""
        one.require(self)
        path = scratch() / "freed.elf"
        with unittest.mock.patch.dict(os.environ, MALLOC_PERTURB_="170"):
            result = run(*one.options, "capture", path)
        self.assertEqual((result.status, result.err), (ANSWERED, ""), result)
        path.unlink()


class Excluded(TestCase):
    """Where makedumpfile has thrown away pages that the kernel needs, what was in them is unknown,
    and is said to be; it is never shown as something else."""

    @for_each(one for one in COPIES if lacks_pages(one))
    def test_never_wrong(self, one):
        one.require(self)
        after(one).require(self)
        _, whole, _ = answers(after(one), "--json")
        status, out, _ = answers(one, "--json")
        self.assertEqual(status, PARTLY)
        problems = 0
        for right, shown in zip(partial.parse(whole), partial.parse(out), strict=True):
            with self.subTest(right["command"]):
                problems += len(shown["problems"])
                partial.check(self, right, shown)
                for problem in shown["problems"]:
                    # Who is not listed may be there: the command that asked for it says so.
                    why = "absent" if problem["what"] == "answer" else "excluded"
                    self.assertEqual(problem["why"], why, problem)
        self.assertGreater(problems, 0)
