# SPDX-License-Identifier: GPL-2.0-or-later
"""The kdump hook in the capture kernel, and on what that has saved, as written (flattened, as Debian's
kdump-tools does it) and put in order: the capture answers as the dump does."""

import os
import subprocess
import tarfile
from pathlib import Path

import support
from dumps import KDUMPS
from test_bundles import HOOK, data_of, opened, stand_in
from vmrig import crash, live
from vmrig.cache import digest

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

    @support.for_each(KDUMPS)
    def test_in_capture_kernel(self, dump):
        """What came out of the guest, in which the capture kernel had 256 MB, no disk with a file system and
        nothing but busybox beside the hook."""
        dump.require(self)
        place = support.scratch() / f"guest-{dump.series.name}"
        path = dump.directory / crash.HOOK_OUTPUT
        if not path.exists():
            self.fail(f"no {path}; build it: make vm-dumps")
        with tarfile.open(path) as answers:
            answers.extractall(place)
        if (place / live.PROGRAM_HASH).read_text() != digest(Path(support.program())):
            self.fail("the hook's answers are another program's: make vm-dumps")
        said = (place / "said").read_text()
        self.assertEqual(said, "iommuscope: looking at /var/crash/rig/dump.rig\n")
        flat = dump.path.with_suffix(".flat")
        check = opened("-c", flat, "check")
        lines = (place / "iommu-check.txt").read_text().splitlines()
        self.assertRegex(lines.pop(-2), r"^Size:     \d+[KM]$")
        self.assertEqual(lines, [*check.out.splitlines(), f"check: exit status {check.status}",
                                 "Written:  /var/crash/rig/iommu.elf", "capture: exit status 0"])
        for words in ASKED:
            self.assertEqual(data_of(place / "iommu.elf", *words), data_of(flat, *words), words)
