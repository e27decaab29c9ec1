# SPDX-License-Identifier: GPL-2.0-or-later
"""The extension for crash, as a shared object: what it takes from crash, and what it shows it."""

import os
import re
import subprocess
from pathlib import Path

from support import ROOT, TestCase, program

SYSTEM = re.compile(r"@(GLIBC|SMARTCOLS)_")
WEAK = {"__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable",
        "__cxa_finalize"}


def module():
    return Path(program()).with_name("iommuscope.so")


def version(text):
    return [int(part) for part in text.split(".")]


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C"}).stdout


class Symbols(TestCase):
    """crash loads extensions with their symbols visible to everybody, and has thousands itself."""

    def setUp(self):
        if "__asan_" in tool("nm", "-D", module()):
            self.skipTest("a sanitizer's names are in this build's module")

    def test_shows_none(self):
        shown = tool("nm", "-D", "--defined-only", module()).split()
        self.assertEqual(shown, [])

    def test_takes_what_is_declared(self):
        declared = (ROOT / "plugins/crash/crash.h").read_text(encoding="utf-8")
        code = re.sub(r"/\*.*?\*/", "", declared, flags=re.DOTALL)
        names = set(re.findall(r"^extern [^;]*?\b(\w+)(?:\[\])?;|^(?:void|int|struct \w+ \*)\s*"
                               r"(\w+)\(", code, re.MULTILINE))
        names = {one or other for one, other in names}
        self.assertIn("readmem", names)
        self.assertIn("args", names)
        taken = {line.split()[-1] for line in
                 tool("nm", "-D", "--undefined-only", module()).splitlines()}
        taken = {name for name in taken if not SYSTEM.search(name)} - WEAK
        self.assertEqual(taken, names)

    def test_loads_on_older_systems(self):
        """Built on Debian 12, it loads where crash 7.2.9 is at home: glibc 2.28 and later. Newer C
        libraries' headers tie strtoul() and its like to themselves."""
        system = os.confstr("CS_GNU_LIBC_VERSION").split()[-1]
        allowed = {"GLIBC": "2.28" if version(system) <= version("2.37") else system,
                   "SMARTCOLS": "2.31"}
        taken = re.findall(r"@(GLIBC|SMARTCOLS)_([0-9.]+)$", tool("nm", "-D", module()),
                           re.MULTILINE)
        self.assertTrue(taken)
        self.assertEqual([one for one in taken if version(one[1]) > version(allowed[one[0]])], [])

    def test_needs_no_reader_of_dumps(self):
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-d", module())))
        self.assertEqual(needed - {"libsmartcols.so.1", "libc.so.6", "ld-linux-x86-64.so.2"},
                         set())
