# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions typical commands take on the fixtures, counted by callgrind: a command that has
become slower is seen without timing anything.

The bounds are in instructions.json, with room above what was counted then. When fixtures are made
anew or a command has a good reason to do more:

    IOMMUSCOPE_WRITE_BOUNDS=1 tests/run test_instructions
"""

import json
import os
import re
import shutil
import subprocess

from support import ROOT, TestCase, environment, for_each, program, scratch

BOUNDS = ROOT / "tests/e2e/instructions.json"
ROOM = 1.5  # compilers, libraries and their versions differ
COMMANDS = ("devices", "dte 0000:00:04.0", "map 0000:00:04.0", "check", "summary",
            "decode dte 0x6000000688294603 0x79 0 0")
FIXTURE = ROOT / "tests/fixtures/7.2-after.elf"
COLLECTED = re.compile(r"Collected : (\d+)")


def count(line):
    """Instructions of one command, of all its processes. The dynamic linker's are among them."""
    counts = scratch() / "callgrind.out.%p"
    target = [] if line.startswith("decode") else ["-c", FIXTURE]
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", program(),
               "--no-sandbox", "--no-cache", *target, *line.split()]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL, check=False)
    found = COLLECTED.findall(done.stderr)
    if not found:
        raise AssertionError(f"no count: {command}: {done.stderr[-1000:]}")
    return sum(map(int, found))


def is_sanitized():
    return b"__asan_init" in open(program(), "rb").read()


class Instructions(TestCase):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("IOMMUSCOPE_WRITE_BOUNDS"):
            bounds = {line: int(count(line) * ROOM) for line in COMMANDS}
            BOUNDS.write_text(json.dumps(bounds, indent=1) + "\n", encoding="ascii")

    @for_each(COMMANDS)
    def test_bound(self, line):
        if not shutil.which("valgrind"):
            if os.environ.get("CI"):
                self.fail("valgrind is not installed")
            self.skipTest("valgrind is not installed")
        if is_sanitized():
            self.skipTest("a program with sanitizers is not measured")
        bound = json.loads(BOUNDS.read_text(encoding="ascii"))[line]
        found = count(line)
        self.assertLessEqual(found, bound, f"{line}: instructions")
        self.assertGreater(found, bound // 20, f"{line}: the bound has become useless; see above")
