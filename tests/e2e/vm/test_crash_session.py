# SPDX-License-Identifier: GPL-2.0-or-later
"""One crash with the module in it for a long time: it stays well, and as small as it was."""

import functools
import random
import unittest

from crash_host import EACH, Terminal, module, opened_by
from dumps import VFIO_BDF
from support import TestCase, for_each, run


@functools.lru_cache(maxsize=None)
def terminal_of(host):
    terminal = Terminal(host, opened_by(host)[0], f"terminal-{host}")
    unittest.addModuleCleanup(terminal.close)
    return terminal


class Session(TestCase):
    GROWTH = 2048  # kilobytes: what crash's own line editing and history may take

    @for_each(EACH)
    def test_extend_and_unload(self, host):
        terminal = terminal_of(host)
        for i in range(100):
            if i == 10:
                memory, files = terminal.memory(), terminal.files()
            said = terminal.command("iommu devices")
            self.assertIn(VFIO_BDF, said)
            self.assertIn("unloaded", terminal.command(f"extend -u {module()}"))
            self.assertIn("command not found", terminal.command("iommu devices"))
            self.assertIn("loaded", terminal.command(f"extend {module()}"))
        self.assertEqual(terminal.files(), files)
        self.assertLess(terminal.memory() - memory, self.GROWTH)

    @for_each(EACH)
    def test_interrupt(self, host):
        terminal = terminal_of(host)
        # Names without a folder: Ctrl-C may cut what is typed behind it, these too.
        commands = (f"iommu map {VFIO_BDF} --leaves > interrupted", "iommu domains --usage",
                    "iommu check", "iommu dte --all --raw", "iommu capture interrupted.elf",
                    f"iommu --json map {VFIO_BDF} > interrupted")
        chance = random.Random(4)
        for command in commands:
            terminal.command(command)
        for i in range(200):
            if i == 40:
                memory, files = terminal.memory(), terminal.files()
            terminal.interrupt(chance.choice(commands), chance.random() * 0.02)
        expected = run(*opened_by(host)[0].options, "devices").out
        said = terminal.command("iommu devices")
        for line in expected.splitlines():
            self.assertIn(line, said)
        self.assertEqual(terminal.files(), files)
        self.assertLess(terminal.memory() - memory, self.GROWTH)
