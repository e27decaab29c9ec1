# SPDX-License-Identifier: GPL-2.0-or-later
"""`check` on whole dumps: nothing wrong with the healthy, and every rule on captures fresh from them."""

import json

import checks
import dumps
import support
import test_check


# What is to be found in the states that are not as one would have them.
LEAKS = {"iova-stale", "iova-leak"}
FAULTS = LEAKS | {"log-error", "log-iotlb"}
TRUE_OF = {"pt.elf": {"dma-bypass"}, "nointremap.elf": {"intremap-off"}, "v2.elf": set(), "iommufd.elf": set(),
           "leak.elf": LEAKS, "events.elf": LEAKS, "faults.elf": FAULTS,
           "stuck.elf": FAULTS | {"log-timeout", "ring-wait"}}


def true_of(dump):
    """On older kernels the newer QEMU's logs overflow, as the guest says itself."""
    overflow = any(" overflow" in line for line in dump.truth["log"])
    return TRUE_OF[dump.files[0]] | ({"log-overflow"} if overflow else set())


def fresh_captures():
    """A folder with a capture of each state that a rule is tested on; they are made once."""
    folder = support.scratch() / "fresh"
    folder.mkdir(exist_ok=True)
    for name in sorted({c.fixture for c in checks.CASES.values()}
                       | {c.neighbour_fixture for c in checks.CASES.values()} - {""}):
        one = next(d for d in dumps.STATES + dumps.OTHERS if f"{d.series.name}-{d.files[0].split('.')[0]}" == name)
        if not (folder / f"{name}.elf").exists():
            support.run(*one.options, "--no-cache", "capture", folder / f"{name}.elf")
    return folder


class Healthy(support.TestCase):
    @support.for_each(dumps.STATES)
    def test_nothing_wrong(self, dump):
        dump.require(self)
        result = support.run(*dump.options, "--no-cache", "check", "-j")
        self.assertEqual(result.status, test_check.PASS, result)
        for row in json.loads(result.out)["data"]:
            self.assertEqual((row["status"], row["findings"], row["unknown"]), ("pass", [], []), row)

    @support.for_each(dumps.OTHERS)
    def test_just_what_is_true(self, dump):
        dump.require(self)
        result = support.run(*dump.options, "--no-cache", "check", "-j")
        outcomes = json.loads(result.out)["data"]
        self.assertEqual({row["id"] for row in outcomes if row["findings"]}, true_of(dump), result)
        self.assertEqual([row for row in outcomes if row["unknown"]], [], result)

    @support.for_each(dumps.STATES)
    def test_capture_answers_alike(self, dump):
        dump.require(self)
        capture = support.scratch() / f"{dump}.check"
        support.run(*dump.options, "--no-cache", "capture", capture)
        whole, part = (support.run(*options, "--no-cache", "check", "--threshold", "notice", "-j")
                       for options in (dump.options, ("-c", capture, "--no-symbols")))
        self.assertEqual(json.loads(whole.out)["data"], json.loads(part.out)["data"])
        self.assertEqual(whole.status, part.status)


class Rules(test_check.RuleCase):
    def setUp(self):
        checks.FOLDERS.append(fresh_captures())
        self.addCleanup(checks.FOLDERS.pop)

    @support.for_each([*checks.CASES, *checks.MORE])
    def test_fault(self, name):
        self.fault(name)

    @support.for_each(checks.CASES)
    def test_neighbour(self, name):
        self.neighbour(name)

    @support.for_each(checks.CASES)
    def test_removal(self, name):
        self.removal(name)
