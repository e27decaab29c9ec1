# SPDX-License-Identifier: GPL-2.0-or-later
"""The kdump hook on what a capture kernel has saved, as written (flattened, as Debian's kdump-tools does it)
and put in order: the capture answers as the dump does."""

import os
import subprocess

import support
from dumps import KDUMPS
from test_bundles import HOOK, data_of, opened, stand_in

ASKED = (("check",), ("check", "--threshold", "notice"), ("devices",), ("groups",), ("domains", "--usage"),
         ("domids",), ("dte", "--all"), ("irt",), ("iommus",), ("ring", "cmd"), ("ring", "evt"), ("ivrs",),
         ("rmap", "--kernel-text"))


class Hook(support.TestCase):
    @support.for_each((dump, kind) for dump in KDUMPS for kind in ("kdump", "flat"))
    def test_capture(self, case):
        dump, kind = case
        dump.require(self)
        place = support.scratch() / f"hook-{dump.series.name}-{kind}"
        place.mkdir()
        saved = place / "dump.202611211200"
        os.symlink(dump.path.with_suffix(f".{kind}"), saved)
        program = stand_in(place / "bin" / "iommuscope", "--no-symbols")
        done = subprocess.run([HOOK, place], capture_output=True, text=True, check=True,
                              env=support.environment(IOMMUSCOPE=str(program)),
                              timeout=support.TIMEOUT)
        said = (place / "iommu-check.txt").read_text()
        self.assertIn("capture: exit status 0\n", said, done.stderr)
        self.assertIn(opened("-c", saved, "check").out, said)
        for words in ASKED:
            self.assertEqual(data_of(place / "iommu.elf", *words), data_of(saved, *words), words)
