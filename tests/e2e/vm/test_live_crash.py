# SPDX-License-Identifier: GPL-2.0-or-later
"""The module inside crash on a live system: what it said in the guest (tests/vm/guest/live_crash), held
against what the program said there, and against all mappings that ever were; and what both of them called
of the kernel while they were read."""

import collections
import functools
import json
import os
import re
import tarfile
from pathlib import Path

import test_crash
import test_live
import test_sandbox
from dumps import SERIES, VFIO_BDF
from support import TestCase, command_names, for_each, program
from vmrig import live, live_crash
from vmrig.cache import digest

FORMS = ("text", "json")
# These need no target, and are the same in every crash: test_crash. `capture` writes a file; here it is stopped.
APART = {"capture", "decode", "help"}
BUSY = ("devices", "domains", "map", "dte", "walk")


class Answers(test_live.Answers):
    def __init__(self, series):
        super().__init__(series)
        self.path = self.dump.directory / live_crash.ANSWERS
        self.said_path = self.dump.directory / live_crash.SAID

    def require(self, test):
        for path in (self.path, self.said_path):
            if not path.exists():
                test.fail(f"no {path}; build it: make vm-dumps")
        programs = Path(program()), live_crash.module_of(Path(program()))
        if self.read(live.PROGRAM_HASH) != digest(*programs):
            test.fail(f"{self.path} has the answers of another build: make vm-dumps")

    @property
    def said(self):
        return self.said_path.read_text(encoding="utf-8")

    @functools.cached_property
    def names(self):
        """Of all files in the tar."""
        with tarfile.open(self.path) as tar:
            return set(tar.getnames())

    def calls(self, name):
        """{process: [(call, the rest of its line)]}"""
        found = collections.defaultdict(list)
        for pid, call, rest in test_sandbox.CALL.findall(self.read(name)):
            found[pid].append((call, rest))
        return found


LOOKS = [Answers(series) for series in SERIES if series.live_crash]



def without_declared(text, form):
    """Who has read it, and where symbols and types are from."""
    answer = test_crash.without_declared(text, form)
    if form == "text":
        return re.sub(r"(?m)^Symbol file: .*$", "", answer)
    for row in [answer["target"] or {}, *answer["data"]]:
        row.update((key, None) for key in ("kind", "symbols_path") if key in row)
    return answer


class Quiet(TestCase):
    """While nothing changes, the module's answers are the program's."""

    def test_every_command_is_asked(self):
        asked = {command.split()[0] for command in live_crash.COMMANDS}
        self.assertEqual(set(command_names()) - asked, APART)

    @for_each(LOOKS)
    def test_answers(self, one):
        """Byte by byte, declared differences aside; JSON with those as data."""
        one.require(self)
        for i, command in enumerate(live_crash.COMMANDS):
            for form in FORMS:
                with self.subTest(command=command, form=form):
                    found, expected, again = (without_declared(one.read(f"{who}/{i}.{form}"), form)
                                              for who in ("crash", "program", "again"))
                    self.assertEqual(expected, again, "it did change")
                    self.assertTrue(expected)
                    self.assertEqual(found, expected)

    @for_each(LOOKS)
    def test_info_says_who(self, one):
        one.require(self)
        (row,) = json.loads(one.read(f"crash/{live_crash.COMMANDS.index('info')}.json"))["data"]
        self.assertEqual([row[key] for key in ("kind", "format", "symbols", "types", "symbols_path")],
                         ["crash", "kcore", "crash", "crash", "/vmlinux"])


class AtThePrompt(TestCase):
    @for_each(LOOKS)
    def test_pipe(self, one):
        one.require(self)
        lines = one.read("crash/goes-on").splitlines(keepends=True)
        self.assertEqual(one.read("crash/piped"), "".join(lines[:2]))
        self.assertIn(VFIO_BDF, "".join(lines))

    @for_each(LOOKS)
    def test_interrupt(self, one):
        """Ctrl-C ends a command, and crash's own `repeat` of one; no half file stays; crash goes on."""
        one.require(self)
        self.assertIn("iommuscope: capture: interrupted", one.said)
        self.assertEqual([name for name in one.names if "stopped" in name], [])
        self.assertGreaterEqual(len(re.findall(r"\bGROUP\b", one.said)), 3)
        self.assertGreater(len(one.read("crash/goes-on").splitlines()), 5)

    @for_each(LOOKS)
    def test_reads_anew(self, one):
        """What has changed since the command before is seen: VFIO has let go of the function."""
        one.require(self)
        before, after = (self.row_of_function(one.read(f"crash/{name}")) for name in ("goes-on", "detached"))
        self.assertIn("unmanaged", before)
        self.assertNotIn("unmanaged", after)
        self.assertEqual(one.read("crash/detached"), one.read("program/detached"))

    def row_of_function(self, text):
        (row,) = [line for line in text.splitlines() if line.startswith(VFIO_BDF)]
        return row.split()

    @for_each(LOOKS)
    def test_unload(self, one):
        one.require(self)
        left = one.said.partition("shared object unloaded")[2]
        self.assertIn("command not found: iommu", left)
        self.assertRegex(left, r"DUMPFILE: /proc/kcore")


class Busy(TestCase):
    """While the function comes and goes, and its tables' memory is used for other things."""

    @for_each(LOOKS)
    def test_all_answered(self, one):
        one.require(self)
        self.assertEqual(one.read("busy/churn.err"), "")
        self.assertEqual({name: len(answers) for name, answers in one.busy().items()},
                         dict.fromkeys(BUSY, live_crash.ROUNDS))
        problems = [problem["why"] for answers in one.busy().values() for answer in answers
                    for problem in answer["problems"]]
        self.assertLessEqual(set(problems), {"torn"})
        self.assertGreater(one.mapped()[1], 5)

    @for_each(LOOKS)
    def test_only_what_was_mapped(self, one):
        one.require(self)
        shown, _ = test_live.shown_as_mapped(self, one)
        self.assertGreater(shown, 50)


WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate", "sendfile",
          "copy_file_range", "splice"}
OPENED = re.compile(r'^(?:AT_FDCWD[^,]*, )?"([^"]*)", (\S*?O_(?:WRONLY|RDWR)[^ ,)]*)')
ON_FD = re.compile(r"^\d+<([^>]*)>")
# Where an answer may go: the file, crash's terminal, a pipe, the layout cache.
OURS = re.compile(r"/out/|/dev/ttyS1$|/dev/pts/|pipe:|socket:|/dev/null$|/tmp/cache")


def written(calls):
    """Names of what these calls of a process wrote to, or opened so that it can be."""
    found = set()
    for call, rest in calls:
        match = OPENED.match(rest) if call in ("open", "openat", "openat2") else \
            ON_FD.match(rest) if call in WRITES else None
        if match:
            found.add(match.group(1))
    return found


class OnlyRead(TestCase):
    """Of the running kernel nothing but /proc/kcore and files of /proc and /sys is opened, and to be read."""

    @for_each(LOOKS)
    def test_module(self, one):
        """What crash called while two commands of the module were at work."""
        one.require(self)
        self.assertGreater(len(one.read("crash/traced")), 500)
        calls = [call for of_process in one.calls("calls.crash").values() for call in of_process]
        kcore = [call for call, rest in calls if re.match(r"\d+</proc/kcore>", rest)]
        self.assertGreater(len(kcore), 100)
        self.assertLessEqual(set(kcore), {"read", "pread64", "lseek"})
        self.assertIn("/out/crash/traced", written(calls))
        self.assertEqual([name for name in written(calls) if not OURS.match(name)], [])

    @for_each(LOOKS)
    def test_descriptors(self, one):
        """crash itself has the kernel open to read it."""
        one.require(self)
        flags = {name: int(flags, 8) & os.O_ACCMODE for flags, name in
                 re.findall(r"(?m)^flags: (\d+) (.+)$", one.read("descriptors"))}
        self.assertEqual(flags["/proc/kcore"], os.O_RDONLY)
        self.assertEqual(flags["/vmlinux"], os.O_RDONLY)
        self.assertNotIn("/dev/mem", flags)

    @for_each(LOOKS)
    def test_program(self, one):
        """All processes of `iommuscope devices`."""
        one.require(self)
        self.assertIn(VFIO_BDF, one.read("traced.program"))
        processes = one.calls("calls.program").values()
        calls = [call for of_process in processes for call in of_process]
        opened = [rest for call, rest in calls if call == "openat" and '"/proc/kcore"' in rest]
        self.assertTrue(opened)
        for rest in opened:
            self.assertIn("O_RDONLY", rest)
        kcore = {call for call, rest in calls if re.match(r"\d+</proc/kcore>", rest)}
        self.assertLessEqual(kcore, {"read", "pread64", "lseek", "fstat", "newfstatat", "fcntl", "close"})
        self.assertIn("pread64", kcore)
        self.assertEqual([name for name in written(calls) if not OURS.match(name)], [])

    @for_each(LOOKS)
    def test_program_is_in_its_sandbox(self, one):
        """Once the worker has given up its rights it calls what it may, on the running kernel too."""
        one.require(self)
        behind = test_sandbox.behind_the_filter(one.calls("calls.program"))
        self.assertTrue(behind)
        self.assertEqual({call for call, _ in behind} - test_sandbox.HARMLESS, set())
        self.assertIn("pread64", {call for call, _ in behind})
