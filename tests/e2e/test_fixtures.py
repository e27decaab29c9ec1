# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command on the bundled captures gives the answer that is kept beside them.

The answers in tests/fixtures/answers/ were taken when the tests on real kernels (tests/run --vm)
had passed on the dumps that the captures are of. After a wanted change of the output:

    IOMMUSCOPE_WRITE_ANSWERS=1 tests/run test_fixtures        and read the diff
"""

import os
import re

import support

FIXTURES = support.ROOT / "tests" / "fixtures"
ANSWERS = FIXTURES / "answers"
WRITE = bool(os.environ.get("IOMMUSCOPE_WRITE_ANSWERS"))

VM_DEVICE = "0000:00:04.0"

# Name of the file -> command line.
COMMANDS = {
    "info": "info",
    "kernel": "kernel",
    "summary": "summary",
    "summary-log": "summary --log",
    "iommus": "iommus",
    "iommus-fields": "iommus --fields",
    "iommus-driver": "iommus --driver",
    "iommus-fields": "iommus --fields",
    "devices": "devices",
    "devices-columns": "devices -o bdf,driver,entry_writer",
    "groups": "groups",
    "group": "groups 4",
    "dte": f"dte {VM_DEVICE}",
    "dte-all": "dte --all --raw",
    "domains": "domains --usage -o +tables,table_bytes,mapped_bytes",
    "domids": "domids",
    "walk": f"walk {VM_DEVICE} 0x10000000 0x10000fff 0x80000000 0xfee00000 0xfffffffff000",
    "map": f"map {VM_DEVICE} --range 0x20000000-0xffffffffffff",
    "map-leaves": f"map {VM_DEVICE} --leaves --range 0x40000000-0x100000000",
    "map-summary": f"map {VM_DEVICE} --summary",
    "requesters-columns": "devices -o bdf,alias,requester_ids,requester_from",
    "owners": "owners",
    "rmap-columns": "rmap 0-0xffffff -o +way,domain_type",
    "rmap-kernel": "rmap --kernel-text",
    "page": "page 0xfee00000",
    "irt": "irt",
    "irt-columns": f"irt {VM_DEVICE} -o +raw,table,table_entries,entry_size,shared_with",
    "ring-cmd": "ring cmd",
    "ring-evt": "ring evt",
    "ring-ga": "ring ga",
    "ivrs": "ivrs",
    "iova": "iova 0000:00:05.0 --summary",
    "iova-differences": "iova 0000:00:06.0 --differences",
    "check": "check",
    "check-notices": "check --threshold notice",
    "explain": "explain",
}


def fixtures():
    return sorted(path.stem for path in FIXTURES.glob("*.elf"))


def cases():
    return [(fixture, name, form) for fixture in fixtures() for name in COMMANDS
            for form in ("txt", "json")]


# What a kernel lets a process give up is no part of the answer: test_sandbox.py looks at that.
SANDBOX = re.compile(r'(^Sandbox: +|"sandbox":")[^"\n]+', re.MULTILINE)


class Answers(support.TestCase):
    @support.for_each(cases(), name=lambda case: f"{case[0]}_{case[1]}_{case[2]}".replace("-", "_"))
    def test_answer(self, case):
        fixture, name, form = case
        words = COMMANDS[name].split() + (["--json"] if form == "json" else [])
        result = support.run("-c", FIXTURES / f"{fixture}.elf", "--no-symbols", "--no-cache", *words)
        text = SANDBOX.sub(r"\1landlock, seccomp", result.out.replace(f"{support.ROOT}/", ""))
        kept = ANSWERS / fixture / f"{name}.{form}"
        if WRITE:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text)
        self.assertEqual(kept.read_text(), text, f"{kept}\n{result}")
        problems = support.ANSWERED if "problems\":[]" in text or form == "txt" else support.PARTLY
        if form == "json" and not name.startswith("check"):  # whose status is a verdict
            self.assertEqual(result.status, problems, str(result))


class Captures(support.TestCase):
    """A capture of a capture holds the same and answers the same."""

    @support.for_each(fixtures())
    def test_recapture(self, fixture):
        copy = support.scratch() / f"{fixture}.again.elf"
        first = FIXTURES / f"{fixture}.elf"
        support.run("-c", first, "--no-symbols", "--no-cache", "capture", copy)
        for name, command in COMMANDS.items():
            one, other = (support.run("-c", path, "--no-symbols", "--no-cache", *command.split())
                          for path in (first, copy))
            self.assertEqual(one.out, other.out, f"{name}\n{one}\n{other}")
            self.assertEqual(one.status, other.status, f"{name}\n{one}\n{other}")
