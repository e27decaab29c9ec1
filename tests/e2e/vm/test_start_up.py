# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to open a dump and print `devices`, against drgn doing the same.

Both run as ordinary processes from start to end, on the same dump and vmlinux in a warm file
cache, in turns (A B A B ...), and the medians count. drgn runs with its modules' bytecode cached,
as where it is installed; its root costs it nothing, being only a search path. On top, each has
one run that is not counted.
"""

import shutil
import statistics
import subprocess
import sys
import time
import unittest
from pathlib import Path

from dumps import WITH_DEBUG, dump
from support import TestCase, environment, program, run, scratch
from vmrig import roots

ROUNDS = 5
WITHOUT_CACHE, WITH_CACHE, WITHOUT_SYMBOLS = 0.3, 0.1, 0.15  # of drgn's time
MEMORY, MEMORY_WITHOUT_SYMBOLS = 120 << 20, 40 << 20  # bytes resident at most
SCRIPT = Path(__file__).resolve().parent / "drgn_devices.py"
COLUMNS = "bdf,vendor,device,driver,group,domain_id,domain_type,paging_mode,pt_root,int_remap,iommu"


# A process starts with the peak memory of the one that forked it, so that a small one has to: this.
SMALL_PARENT = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
usage = os.wait4(child, 0)[2]
print(usage.ru_maxrss << 10, file=sys.stderr)
"""


def run_measured(command, env):
    """(seconds, standard output)"""
    since = time.monotonic()
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True)
    return time.monotonic() - since, done.stdout


def peak_memory(command, env):
    """Bytes resident at most; what is below a bare Python's 10 MB can't be told."""
    done = subprocess.run([sys.executable, "-S", "-E", "-c", SMALL_PARENT, *command], env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, check=True)
    return int(done.stderr.splitlines()[-1])


def is_instrumented():
    return b"__asan_init" in Path(program()).read_bytes()


class StartUp(TestCase):
    def setUp(self):
        if is_instrumented():
            raise unittest.SkipTest("sanitizers take their own time and memory")
        # The largest vmlinux, with the DWARF that takes longest to search.
        self.dump = max((dump(row, "after") for row in WITH_DEBUG),
                        key=lambda one: one.vmlinux.stat().st_size if one.vmlinux.exists() else 0)
        self.dump.require(self)
        command, env = roots.command("python3", [str(SCRIPT), str(self.dump.path),
                                                 str(self.dump.vmlinux)])
        env["PYTHONPYCACHEPREFIX"] = str(scratch() / "bytecode")
        self.drgn = lambda: run_measured(command, env)

    def ours(self, measure, *options):
        target = self.dump.options
        if "--no-symbols" in options or "--symbols" in options:
            target = self.dump.cores
        command = [program(), *map(str, options), *map(str, target), "devices", "-o", COLUMNS]
        return measure(command, environment())

    def compare(self, limit, memory_limit, *options):
        ours, theirs = [], []
        memory = self.ours(peak_memory, *options)
        self.drgn()
        for _ in range(ROUNDS):
            ours.append(self.ours(run_measured, *options))
            theirs.append(self.drgn())
        self.assertEqual([line.split() for line in ours[0][1].splitlines()[1:]],
                         [line.split() for line in theirs[0][1].splitlines()[1:]],
                         "they do not print the same")
        mine, drgn = (statistics.median(one[0] for one in runs) for runs in (ours, theirs))
        words = (f"{mine:.3f} s against drgn's {drgn:.3f} s: {mine / drgn:.3f} of it, "
                 f"at most {memory >> 20} MB")
        print(f"    {self.dump}: {words}")
        self.assertLessEqual(mine, limit * drgn, words)
        self.assertLess(memory, memory_limit, words)

    def test_without_layout_cache(self):
        self.compare(WITHOUT_CACHE, MEMORY, "--no-cache")

    def test_by_dwarf_alone(self):
        """As on a kernel that was built without BTF, which is preferred where there is one."""
        vmlinux = scratch() / "vmlinux-dwarf"
        subprocess.run(["objcopy", "--rename-section", ".BTF=.no_types", "--redefine-sym",
                        "__start_BTF=__start_no_types", self.dump.vmlinux, vmlinux], check=True)
        self.addCleanup(vmlinux.unlink)
        options = ("--no-cache", "--symbols", vmlinux)
        info = run(*options, *self.dump.cores, "info", "-o", "types", "--json-lines")
        self.assertIn('"types":"dwarf"', info.out, str(info))
        self.assertEqual(info.err, "")  # nothing to say of the BTF that nobody misses
        self.compare(WITHOUT_CACHE, MEMORY, *options)

    def test_without_vmlinux(self):
        self.compare(WITHOUT_SYMBOLS, MEMORY_WITHOUT_SYMBOLS, "--no-cache", "--no-symbols")

    def test_with_layout_cache(self):
        shutil.rmtree(scratch() / "cache", ignore_errors=True)
        self.compare(WITH_CACHE, MEMORY)
        self.assertTrue(list((scratch() / "cache").rglob("*")), "it wrote no cache")
