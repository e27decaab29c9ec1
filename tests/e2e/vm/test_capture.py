# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture answers every command as the dump that it was taken from, with no vmlinux at hand.

It is small, holds no page that a device maps, and of the pages that it has only what was read: so
nothing of the guest's memory but the IOMMU's own can be in it.
"""

import support
import dumps

VFIO = dumps.VFIO_BDF
MAX_SIZE = 4 << 20

COMMANDS = ["info -o release,build_id,kaslr_offset,phys_base,dma_mode,command_line,iommus,domains",
            "kernel", "kernel --all", "iommus", "devices", "groups", "dte", "dte --all --raw",
            "domains --usage", "domids", "rmap 0-0xffffffffffff", "rmap --kernel-text",
            "page 0xfee00000", "irt", f"irt --all {VFIO}",
            "ring cmd --all", "ring evt", "ring ppr", "ring ga",
            "iova 0000:00:05.0", "iova 0000:00:06.0 --summary"]




def runs(dump, limit):
    """The first physical runs of each of the guest's mappings; none before the attach."""
    return [run for mapping in dump.truth["mappings"] for run in mapping["runs"][:limit]]


def ask(dump, capture, words):
    """The same of the dump and of its capture."""
    whole = support.run(*dump.options, "--no-cache", *words)
    part = support.run("-c", capture, "--no-symbols", "--no-cache", *words)
    return whole, part


class Captures(support.TestCase):
    @support.for_each(dumps.STATES)
    def test_answers(self, dump):
        dump.require(self)
        capture = support.scratch() / f"{dump}.capture"
        made = support.run(*dump.options, "capture", capture)
        self.assertEqual(made.status, support.ANSWERED, str(made))
        self.assertLess(capture.stat().st_size, MAX_SIZE)
        maps = [f"map {VFIO} {option}".strip() for option in ("", "--leaves", "--summary")]
        walks = [f"walk {VFIO} {run['iova']}" for run in runs(dump, 2)]
        for command in COMMANDS + maps + walks:
            for form in ([], ["--json"]):
                whole, part = ask(dump, capture, command.split() + form)
                self.assertEqual(whole.out, part.out, f"{whole}\n{part}")
                self.assertEqual(whole.status, part.status, f"{whole}\n{part}")

    @support.for_each(dumps.ATTACHED)
    def test_holds_no_mapped_page(self, dump):
        dump.require(self)
        capture = support.scratch() / f"{dump}.pages"
        support.run(*dump.options, "capture", capture)
        for run in runs(dump, 5):
            result = support.run("-c", capture, "--no-symbols", "--no-cache", "rd", "-p",
                                 run["pa"], "--json")
            self.assertEqual(result.status, support.PARTLY, str(result))
            self.assertIn('"why":"excluded"', result.out)
