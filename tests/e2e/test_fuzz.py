# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs that broke a parser once, and those that fuzzing starts from: none of them does any more."""

import os
import subprocess
from pathlib import Path

from support import ROOT, TIMEOUT, TestCase, for_each, program

FUZZ = ROOT / "tests/fuzz"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.c"))


class Corpus(TestCase):
    @for_each(TARGETS)
    def test_inputs(self, name):
        inputs = sorted((FUZZ / "corpus" / name).iterdir())
        self.assertTrue(inputs)
        target = Path(program()).parent / "tests/fuzz" / f"fuzz_{name}"
        done = subprocess.run([target, *inputs], cwd=ROOT, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, check=False,
                              env={**os.environ, "TERM": "dumb"})
        self.assertEqual(done.returncode, 0, f"{done.stdout[-300:]}\n{done.stderr[-3000:]}")
        self.assertIn(f"{len(inputs)} inputs\n", done.stdout)

    def test_every_folder_has_a_target(self):
        self.assertEqual(sorted(path.name for path in (FUZZ / "corpus").iterdir()), TARGETS)
