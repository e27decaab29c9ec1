# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C ends the program soon, whatever it is doing: at several moments of work that takes long."""

import signal
import statistics
import subprocess
import time

from dumps import ATTACHED
from support import TestCase, environment, for_each, program, scratch

SOON = 0.1  # seconds; the median, as others use the machine too
MOMENTS = 9
STEP = 0.01  # seconds between them
INTERRUPTED = 130

AFTER = next(dump for dump in ATTACHED if dump.series.name == "6.1" and dump.files == ("after.elf",))
FOLDER = AFTER.directory
# Name -> the options that open the dump, and the command.
WORK = {
    "DWARF": ["--no-cache", *AFTER.options, "devices"],
    "kallsyms": ["--no-symbols", *AFTER.cores, "devices"],
    "a flattened dump": ["--no-symbols", "-c", FOLDER / "after.filtered.elf.flat", "devices"],
    "a kdump": ["--no-symbols", "-c", FOLDER / "after.zlib.kdump", "summary"],
    "the walk of a page table": [*AFTER.options, "repeat", "1000", "map", "0000:00:04.0",
                                 "--leaves"],
    "a capture": ["--no-cache", *AFTER.options, "capture", "CAPTURE"],
}


class Interrupt(TestCase):
    @for_each(WORK)
    def test_soon(self, name):
        AFTER.require(self)
        words = [str(scratch() / "interrupted.elf") if word == "CAPTURE" else str(word)
                 for word in WORK[name]]
        times = []
        for moment in range(1, MOMENTS + 1):
            with subprocess.Popen([program(), *words], env=environment(),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                time.sleep(STEP * moment)
                begin = time.monotonic()
                process.send_signal(signal.SIGINT)
                status = process.wait(60)
                times.append(time.monotonic() - begin)
            # It may not have begun yet, or be at its end.
            self.assertIn(status, (INTERRUPTED, -signal.SIGINT, 0, 1))
        self.assertLess(statistics.median(times), SOON, times)
