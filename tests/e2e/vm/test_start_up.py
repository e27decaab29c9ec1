# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to open a dump and print `devices`, against drgn doing the same.

Both run as ordinary processes from start to end, on the same dump and vmlinux in a warm file
cache, in turns (A B A B ...), and the medians count. drgn runs with its modules' bytecode cached,
as where it is installed; its root costs it nothing, being only a search path. On top, each has
one run that is not counted.
"""

import os
import shutil
import statistics
import subprocess
import time
import unittest
from pathlib import Path

from dumps import STATES
from support import TestCase, environment, program, scratch
from vmrig import roots

ROUNDS = 5
WITHOUT_CACHE, WITH_CACHE, WITHOUT_SYMBOLS = 0.3, 0.1, 0.15  # of drgn's time
MEMORY, MEMORY_WITHOUT_SYMBOLS = 120 << 20, 40 << 20  # bytes resident at most
SCRIPT = Path(__file__).resolve().parent / "drgn_devices.py"
COLUMNS = "bdf,vendor,device,driver,group,domain_id,domain_type,paging_mode,pt_root,int_remap,iommu"


def run_measured(command, env):
    """(seconds, peak bytes resident, standard output)"""
    path = scratch() / "out"
    with open(path, "wb") as out:
        since = time.monotonic()
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - since
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise AssertionError(f"exit status {child.returncode}: {command}")
    return seconds, usage.ru_maxrss << 10, path.read_text(encoding="utf-8")


def is_instrumented():
    return b"__asan_init" in Path(program()).read_bytes()


class StartUp(TestCase):
    def setUp(self):
        if is_instrumented():
            raise unittest.SkipTest("sanitizers take their own time and memory")
        # The largest vmlinux, with the DWARF that takes longest to search.
        self.dump = max((one for one in STATES if one.files == ("after.elf",)),
                        key=lambda one: one.vmlinux.stat().st_size if one.vmlinux.exists() else 0)
        self.dump.require(self)
        command, env = roots.command("python3", [str(SCRIPT), str(self.dump.path),
                                                 str(self.dump.vmlinux)])
        env["PYTHONPYCACHEPREFIX"] = str(scratch() / "bytecode")
        self.drgn = lambda: run_measured(command, env)

    def ours(self, *options):
        target = self.dump.cores if "--no-symbols" in options else self.dump.options
        command = [program(), *options, *(str(word) for word in target), "devices", "-o", COLUMNS]
        return run_measured(command, environment())

    def compare(self, limit, memory_limit, *options):
        ours, theirs = [], []
        self.ours(*options)
        self.drgn()
        for _ in range(ROUNDS):
            ours.append(self.ours(*options))
            theirs.append(self.drgn())
        self.assertEqual([line.split() for line in ours[0][2].splitlines()[1:]],
                         [line.split() for line in theirs[0][2].splitlines()[1:]],
                         "they do not print the same")
        mine, drgn = (statistics.median(run[0] for run in runs) for runs in (ours, theirs))
        memory = max(run[1] for run in ours)
        words = (f"{mine:.3f} s against drgn's {drgn:.3f} s: {mine / drgn:.3f} of it, "
                 f"at most {memory >> 20} MB")
        print(f"    {self.dump}: {words}")
        self.assertLessEqual(mine, limit * drgn, words)
        self.assertLess(memory, memory_limit, words)

    def test_without_layout_cache(self):
        self.compare(WITHOUT_CACHE, MEMORY, "--no-cache")

    def test_without_vmlinux(self):
        self.compare(WITHOUT_SYMBOLS, MEMORY_WITHOUT_SYMBOLS, "--no-cache", "--no-symbols")

    def test_with_layout_cache(self):
        shutil.rmtree(scratch() / "cache", ignore_errors=True)
        self.compare(WITH_CACHE, MEMORY)
        self.assertTrue(list((scratch() / "cache").rglob("*")), "it wrote no cache")
