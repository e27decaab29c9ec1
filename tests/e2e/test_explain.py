# SPDX-License-Identifier: GPL-2.0-or-later
"""`explain`: lines that people have reported, and every wording that the kernels have."""

import json
import re

import support

MESSAGES = support.ROOT / "tests" / "fixtures" / "messages"
COLUMNS = ("kind", "device", "domain_id", "address", "flags")

FAULT = "AMD-Vi: Event logged [IO_PAGE_FAULT device=a1:00.1 domain=0x0079 address=0x{address:x} flags=0x{flags:04x}]"


def reports():
    lines = (MESSAGES / "reports.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def explain(text, *words):
    result = support.run("explain", "--json", *words, "--file", "-", stdin=text)
    if result.status != support.ANSWERED:
        raise AssertionError(str(result))
    return json.loads(result.out)["data"]


class Reports(support.TestCase):
    @support.for_each(list(enumerate(reports())), name=lambda case: f"{case[0]}_{case[1][1]}")
    def test_line(self, case):
        source, *expected, line = case[1]
        self.assertRegex(source, r"^https://")
        rows = explain(line.replace("\\n", "\n") + "\n")
        self.assertEqual(len(rows), 1, line)
        found = [rows[0][column] or "-" for column in COLUMNS]
        self.assertEqual(found, expected, line)
        self.assertTrue(rows[0]["meaning"])

    def test_lines_are_distinct(self):
        lines = [report[-1] for report in reports()]
        self.assertEqual(len(lines), len(set(lines)))
        self.assertGreaterEqual(len(lines), 40)


class Events(support.TestCase):
    def test_every_flag_bit(self):
        names = set()
        for bit in range(9):
            rows = explain(FAULT.format(address=0xdf000000, flags=1 << bit) + "\n")
            self.assertEqual(len(rows[0]["flag_names"]), 1, rows)
            names.update(rows[0]["flag_names"])
        self.assertEqual(len(names), 9)

    def test_flags_decide_the_meaning(self):
        meanings = {flags: explain(FAULT.format(address=0x1000, flags=flags) + "\n")[0]["meaning"]
                    for flags in (0x00, 0x20, 0x10, 0x30, 0x50, 0x70, 0x80, 0x100, 0x08)}
        self.assertEqual(meanings[0x30], meanings[0x70])
        self.assertEqual(meanings[0x10], meanings[0x50])
        self.assertEqual(len(set(meanings.values())), 7, meanings)

    def test_special_ranges(self):
        for address, word in ((0xfee00000, "interrupt window"), (0xfdf8000000, "EOI"),
                              (0xfffffffdf8000000, "EOI"), (0xfdf9100000, "system management"),
                              (0xfdfc000000, "I/O space"), (0xfe00000000, "configuration")):
            row = explain(FAULT.format(address=address, flags=0) + "\n")[0]
            self.assertIn(word, row["range"])
        for address in (0xfedfffff, 0xfef00000, 0xfcffffffff, 0x10000000000):
            row = explain(FAULT.format(address=address, flags=0) + "\n")[0]
            self.assertIsNone(row["range"])

    def test_repeats_are_folded(self):
        lines = [FAULT.format(address=0x1000 * n, flags=0) for n in (7, 3, 9)]
        lines += ["usb 1-1: new device", FAULT.format(address=0x1000, flags=0x20)]
        rows = explain("\n".join(lines) + "\n")
        self.assertEqual([(row["count"], row["address"], row["last_address"]) for row in rows],
                         [(3, "0x3000", "0x9000"), (1, "0x1000", None)])

    def test_worst_first(self):
        rows = explain("AMD-Vi: Interrupt remapping enabled\nAMD-Vi: IOMMU event log overflow\n"
                       "AMD-Vi: Completion-Wait loop timed out\n")
        self.assertEqual([row["severity"] for row in rows], ["error", "warning", "info"])

    def test_nothing_is_guessed(self):
        for text in ("AMD-Vi: Event logged [IO_PAGE_FAULT device=a1:00.1 colour=0x1]",
                     "AMD-Vi: Event logged [IO_PAGE_FAULT device=a1:00.1 address=zz]",
                     "AMD-Vi: Event logged [NEW_EVENT device=a1:00.1]",
                     "AMD-Vi: Completion-Wait loop timed out again"):
            row = explain(text + "\n")[0]
            self.assertIsNone(row["kind"], text)
            self.assertIsNone(row["severity"], text)

    def test_not_of_the_driver(self):
        result = support.run("explain", "usb 1-1: new high-speed USB device")
        self.assertEqual((result.status, result.out), (support.USAGE, ""))
        self.assertEqual(explain("usb 1-1: new high-speed USB device\n"), [])

    def test_operands_need_no_quotes(self):
        words = FAULT.format(address=0xdf000000, flags=0x70)
        self.assertEqual(support.run("explain", *words.split()).out,
                         support.run("explain", words).out)

    def test_hostile(self):
        for text in ("AMD-Vi: " * 5000, "AMD-Vi: Event logged [" + "A" * 100000 + "]", "AMD-Vi: \x01\xff",
                     "[" * 10000, "AMD-Vi: Event logged [IO_PAGE_FAULT device=", "kernel: ",
                     "AMD-Vi: Event logged [UNKNOWN event[0]=0x"):
            support.run("explain", "--file", "-", stdin=text)


class WithTarget(support.TestCase):
    """What the tables hold now, beside what the line says: as `walk` and `devices` have it."""

    FIXTURE = support.ROOT / "tests" / "fixtures" / "7.2-after.elf"
    DEVICE = "0000:00:04.0"

    def ask(self, *words):
        result = support.run("-c", self.FIXTURE, "--no-symbols", "--no-cache", "--json", *words)
        self.assertEqual(result.status, support.ANSWERED, str(result))
        return json.loads(result.out)["data"]

    @support.for_each(("0x10000000", "0x10000fff", "0x80000000", "0xdf000000"))
    def test_address(self, address):
        walk = self.ask("walk", self.DEVICE, address)[0]
        line = f"AMD-Vi: Event logged [IO_PAGE_FAULT device=00:04.0 domain=0x0099 address={address} flags=0x0000]"
        row = self.ask("explain", line)[0]
        self.assertEqual([row[f"now_{key}"] for key in ("domain_id", "pa")],
                         [walk["domain_id"], walk["pa"]])
        if walk["pa"]:
            self.assertEqual([row["now_read"], row["now_write"]], [walk["read"], walk["write"]])
            self.assertIn(walk["pa"], row["now"])
        else:
            self.assertIn(walk["stopped"], row["now"])
        self.assertIn("0x99 then", row["now"])

    def test_no_such_device(self):
        row = self.ask("explain", "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=7f:1f.7 address=0x0]")[0]
        self.assertIn("no such PCI function", row["now"])


class Wordings(support.TestCase):
    """Every format string of the driver in the kernels at hand, filled in, is known."""

    FILL = ((r"%0?\d*l*x", "1f"), (r"%#0?\d*l*x", "0x1f"), (r"%h+x", "40"), (r"%[0-9]*l*[dui]", "3"),
            (r"%s", "word"), (r"%pGg", "GFP_KERNEL"))

    @support.for_each((MESSAGES / "wordings.txt").read_text().splitlines()[2:],
                      name=lambda line: re.sub(r"\W+", "_", line)[:60])
    def test_wording(self, wording):
        line = wording.replace("%02x:%02x.%x", "a1:00.1").replace("%04x:a1", "0000:a1")
        for pattern, value in self.FILL:
            line = re.sub(pattern, value, line)
        rows = explain(line + "\n")
        self.assertEqual(len(rows), 1, line)
        self.assertTrue(rows[0]["kind"], line)
