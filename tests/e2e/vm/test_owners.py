# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that holds a VFIO device: the one that the guest says it is, and that drgn finds."""

import json
import subprocess

import dumps
from dumps import ATTACHED, BEFORE, READABLE_BY_DRGN
from support import ANSWERED, PARTLY, ROOT, TestCase, for_each, run, scratch

BDF = dumps.VFIO_BDF
OTHER_BDF = "0000:00:05.0"  # the kernel's
# Copies that makedumpfile has left no process's memory in.
# Without processes' memory, which makedumpfile -d 31 leaves out; so does the capture kernel's.
USERLESS = (*(one for one in dumps.KDUMPS if one.series.dump_level == 31),
            *(one for one in dumps.COPIES
              if "31" in dumps.formats.MAKEDUMPFILE.get(one.files[0], ())
              and not dumps.lacks_pages(one)))
WHOLE = tuple(one for one in ATTACHED if one not in USERLESS)


class Owners(TestCase):
    @for_each(WHOLE)
    def test_truth(self, dump):
        dump.require(self)
        truth = dump.truth
        (row,) = self.data(*dump.options, "owners")
        self.assertEqual((row["pid"], row["command"]),
                         (truth["owner"]["pid"], truth["owner"]["command"]))
        self.assertEqual(row["name"], truth["owner"]["command"].split()[0])
        self.assertEqual((row["devices"], row["groups"]), ([BDF], [truth["vfio"]["group"]]))
        (device,) = self.data(*dump.options, "devices", BDF)
        self.assertEqual(row["domains"], [device["domain_id"]])
        self.assertEqual(row["drivers"], [device["owner"]])
        self.assertEqual(len(row["contexts"]), 1)
        container = ["container"], ["vfio", str(truth["vfio"]["group"]), "[vfio-device]"]
        iommufd = ["iommufd"], ["iommu", "vfio0"]
        self.assertEqual((row["interfaces"], row["files"]),
                         iommufd if dump in dumps.IOMMUFD else container)

    @for_each(WHOLE)
    def test_operands(self, dump):
        dump.require(self)
        rows = self.data(*dump.options, "owners")
        self.assertEqual(len(rows), 1)
        for word in (BDF, str(rows[0]["pid"])):
            self.assertEqual(self.data(*dump.options, "owners", word), rows)
        for word in (OTHER_BDF, "1"):
            self.assertEqual(self.data(*dump.options, "owners", word), [])

    @for_each(BEFORE)
    def test_nobody(self, dump):
        dump.require(self)
        self.assertEqual(self.data(*dump.options, "owners"), [])

    @for_each(one for one in READABLE_BY_DRGN if one in WHOLE)
    def test_drgn(self, dump):
        dump.require(self)
        script = ROOT / "tests/e2e/vm/drgn_owners.py"
        done = subprocess.run([ROOT / "tests/vm/drgn-run", script, dump.path, dump.vmlinux],
                              capture_output=True, check=True, timeout=300)
        found = {str(row["pid"]): {key: row[key] for key in ("task", "files", "name", "command")}
                 for row in self.data(*dump.options, "owners")}
        self.assertEqual(found, json.loads(done.stdout))

    @for_each(USERLESS)
    def test_without_user_memory(self, dump):
        """The process is there; its command line is unknown, which is said."""
        dump.require(self)
        result = run(*dump.options, "owners", "--json")
        self.assertEqual(result.status, PARTLY, result)
        answer = json.loads(result.out)
        (row,) = answer["data"]
        self.assertEqual((row["pid"], row["name"], row["devices"]),
                         (dump.truth["owner"]["pid"], "attach", [BDF]))
        self.assertEqual((row["command"], row["vm"]), (None, None))
        self.assertEqual([(one["object"], one["what"], one["why"]) for one in answer["problems"]],
                         [(f"process {row['pid']}", "command line", "excluded")])

    @for_each(WHOLE)
    def test_capture(self, dump):
        """It has the holder, and of no other process the name."""
        dump.require(self)
        capture = scratch() / f"{dump}.owners"
        self.assertEqual(run(*dump.options, "capture", capture).status, ANSWERED)
        self.assertEqual(self.data("-c", capture, "--no-symbols", "owners"),
                         self.data(*dump.options, "owners"))
        words = capture.read_bytes()
        self.assertIn(b"attach\0", words)
        for name in (b"kthreadd\0", b"kworker/", b"systemd\0"):
            self.assertNotIn(name, words)
