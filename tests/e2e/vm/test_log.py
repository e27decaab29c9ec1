# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel log: against drgn's reading of it, and against what the guest printed itself."""

import functools
import json
import re
import subprocess
from pathlib import Path

from dumps import KDUMPS, READABLE_BY_DRGN, STATES
from support import PARTLY, TIMEOUT, TestCase, for_each, run, scratch
from vmrig import roots

SCRIPT = Path(__file__).resolve().parent / "drgn_log.py"
KEPT = re.compile(r"amd-vi|iommu|vfio|kernel panic", re.IGNORECASE)


@functools.lru_cache(maxsize=None)
def drgn_log(dump):
    command, env = roots.command("python3", ["-B", str(SCRIPT), str(dump.path), str(dump.vmlinux)])
    done = subprocess.run(command, env=env, capture_output=True, timeout=TIMEOUT, check=True)
    return json.loads(done.stdout)


def as_printed(ns):
    return f"{ns // 10**9}.{ns // 1000 % 10**6:06d}"


class Log(TestCase):
    @for_each(READABLE_BY_DRGN)
    def test_drgn(self, dump):
        """Each line of ours is one of drgn's, and none that is about an IOMMU is left out."""
        dump.require(self)
        records = [[seq, as_printed(ns), level, text] for seq, ns, level, text in drgn_log(dump)]
        self.assertGreater(len(records), 300)
        ours = [[row["sequence"], row["time"], row["level"], row["text"]]
                for row in self.data(*dump.options, "summary", "--log")]
        by_sequence = {record[0]: record for record in records}
        self.assertEqual(ours, [by_sequence[row[0]] for row in ours])
        shown = {row[0] for row in ours}
        self.assertEqual([one for one in records if KEPT.search(one[3]) and one[0] not in shown],
                         [])
        (summary,) = self.data(*dump.options, "summary")
        self.assertEqual(summary["last_message"], records[-1][1])

    @for_each(STATES)
    def test_guest(self, dump):
        """What the guest's own dmesg said of its IOMMUs."""
        dump.require(self)
        ours = {f"[{row['time']:>12}] {row['text']}".rstrip()
                for row in self.data(*dump.options, "summary", "--log")}
        said = [line.rstrip() for line in dump.truth["log"]]
        self.assertGreater(len(said), 5)
        self.assertEqual([line for line in said if line not in ours], [])

    @for_each(KDUMPS)
    def test_death(self, dump):
        dump.require(self)
        (summary,) = self.data(*dump.options, "summary")
        self.assertEqual((summary["panic"], summary["cause"]),
                         ("Kernel panic - not syncing: sysrq triggered crash",
                          "sysrq: Trigger a crash"))
        self.assertRegex(summary["crash_time"], r"\A20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\Z")

    @for_each(one for one in STATES if one not in KDUMPS)
    def test_no_death(self, dump):
        dump.require(self)
        (summary,) = self.data(*dump.options, "summary")
        self.assertEqual((summary["panic"], summary["panic_time"]), (None, None))

    @for_each(KDUMPS)
    def test_capture(self, dump):
        """A capture has the lines about IOMMUs and the death, and no other text."""
        dump.require(self)
        path = scratch() / f"log-{dump}.elf"
        self.assertLessEqual(run(*dump.options, "capture", path).status, PARTLY)
        for words in (["summary", "--log"], ["summary", "-o", "panic,cause,panic_time,crash_time,"
                                             "hardware,cpus,memory,last_message"]):
            with self.subTest(words):
                want, have = run(*dump.options, *words), run("-c", path, *words)
                if "-o" in words:  # of the last message a capture keeps nothing
                    want, have = (one.out.rpartition("Log ends")[0] for one in (want, have))
                else:
                    want, have = want.out, have.out
                self.assertEqual(have, want)
        texts = [text for _, _, _, text in drgn_log(dump) if len(text) > 30]
        held = path.read_bytes()
        self.assertIn(b"Kernel panic - not syncing: sysrq", held)
        private = [text for text in texts if text.startswith(("systemd", "BIOS-e820", "x86/fpu",
                                                              "e1000e", "nvme"))]
        self.assertGreater(len(private), 3)
        self.assertEqual([text for text in private if text.encode() in held], [])
