# SPDX-License-Identifier: GPL-2.0-or-later
"""`check`: every rule finds its fault, and only that; what is missing is unknown, never a pass."""

import json
import re

from checks import CASES, MORE, NIC, Machine, external, fixture_path
from support import TARGET, TestCase, for_each, run, scratch

PASS, WARNING, CRITICAL, UNKNOWN = range(4)
STATUSES = {"pass": PASS, "warning": WARNING, "critical": CRITICAL, "unknown": UNKNOWN}
FIXTURES = [path.stem for path in sorted(fixture_path("x").parent.glob("*.elf"))]
OPENMETRICS = re.compile(r'# (TYPE \w+ gauge|HELP \w+ [^\n]+)|\w+(\{id="[a-z0-9-]+",severity="[a-z]+"\})? \d+')


# Bundled captures hold no facts about pages yet: these rules are tested on fresh captures (vm/test_check.py).
LATER = [name for name, case in CASES.items() if not case.held]


def rules():
    return {row["id"]: row for row in json.loads(run("check", "--list", "-j").out)["data"]}


class CheckCase(TestCase):
    def check(self, path, *words):
        """The outcomes by ID, and the exit status, which must be what these come to."""
        result = run("-c", path, "--no-symbols", "--no-cache", "check", "-j", *words)
        answer = json.loads(result.out)
        outcomes = {row["id"]: row for row in answer["data"]}
        found = {STATUSES[row["status"]] for row in outcomes.values()}
        worst = next(s for s in (CRITICAL, WARNING, UNKNOWN, PASS) if s in found)
        self.assertEqual(result.status, worst, result)
        for row in outcomes.values():
            self.assertEqual(bool(row["findings"]), row["status"] in ("warning", "critical"), row)
            if row["status"] == "unknown":
                self.assertTrue(row["unknown"], row)
            for gap in row["unknown"]:
                self.assertTrue(gap["reason"], row)
        return outcomes, result

    def spoilt(self, fixture, spoil, name):
        machine = Machine(fixture)
        told = spoil(machine)
        path = scratch() / f"{name}.elf"
        machine.save(path)
        return path, machine, told


class Healthy(CheckCase):
    @for_each(FIXTURES)
    def test_nothing_wrong(self, fixture):
        skip = ("--skip", ",".join(LATER))
        outcomes, result = self.check(fixture_path(fixture), *skip)
        self.assertEqual(result.status, PASS, result)
        self.assertEqual({row["status"] for row in outcomes.values()}, {"pass"}, result)
        text = run("-c", fixture_path(fixture), "--no-symbols", "--no-cache", "check", *skip).out
        self.assertEqual(text, f"OK: {len(outcomes)} of {len(outcomes)} checks pass\n")


class RuleCase(CheckCase):
    """What is held of every rule; on the bundled captures, and on fresh ones."""

    def fault(self, name):
        """It is found, at the right object, by the words that were changed; and by no other rule."""
        name, case = MORE.get(name) or (name, CASES[name])
        path, machine, (thing, address) = self.spoilt(case.fixture, case.fault, f"fault-{name}")
        outcomes, result = self.check(path, "--threshold", "notice")
        found = {key for key, row in outcomes.items() if row["findings"]}
        before, _ = self.check(fixture_path(case.fixture), "--threshold", "notice")
        old = {key for key, row in before.items() if row["findings"]}
        self.assertEqual(found - (old - {name}), {name, *case.also}, result)
        finding = next((f for f in outcomes[name]["findings"] if f["object"] == thing), None)
        self.assertIsNotNone(finding, result)
        words = {int(e["address"], 16): e["value"] for e in finding["evidence"] if e["address"]}
        if address is not None:
            self.assertIn(address, words, finding)
        if words.get(address) is not None:
            value = int(words[address], 16)
            size = 8 if machine.held(address, 8) and value > 0xffff else 2
            self.assertEqual(value, machine.read(address, size), finding)
        severity = rules()[name]["severity"]
        self.assertEqual(outcomes[name]["status"],
                         "critical" if severity == "critical" else "warning")

    def neighbour(self, name):
        """What is well is not found."""
        case = CASES[name]
        path, _, _ = self.spoilt(case.neighbour_fixture or case.fixture, case.neighbour,
                                 f"neighbour-{name}")
        outcomes, result = self.check(path, "--only", name)
        self.assertEqual(outcomes[name]["status"], "pass", result)

    def removal(self, name):
        """Without what it needs it can't tell, and says why."""
        case = CASES[name]
        path, _, _ = self.spoilt(case.fixture, case.removal, f"removal-{name}")
        outcomes, result = self.check(path, "--only", name)
        self.assertEqual(outcomes[name]["status"], "unknown", result)
        self.assertEqual(result.status, UNKNOWN)
        self.assertTrue(outcomes[name]["unknown"], result)
        for gap in outcomes[name]["unknown"]:
            self.assertIn(gap["why"], ("excluded", "absent"), gap)


class ChosenColumns(CheckCase):
    def test_findings(self):
        """They are shown, alone or beside others, and all of them."""
        path = fixture_path("7.2-kdump")
        for columns in ("id,findings", "findings"):
            text = run("-c", path, "--no-symbols", "check", "--threshold", "notice", "-o", columns).out
            self.assertIn("the entry points into the capture kernel's memory", text)
            self.assertIs("dte-captured\n" in text.split("Findings:")[0], columns != "findings")


class Rules(RuleCase):
    def test_lazy_by_the_domain(self):
        """Before Linux 5.13 the driver decides how all are flushed, and the domain's flush queue tells; the
        capture does not hold that word, since its devices are internal."""
        path, _, (bdf, _) = self.spoilt("5.10-after", external(NIC), "lazy-5.10")
        outcomes, result = self.check(path, "--only", "lazy-flush-external")
        (gap,) = outcomes["lazy-flush-external"]["unknown"]
        self.assertEqual((gap["object"], gap["what"], gap["why"]), (bdf, "flush queue", "excluded"), result)

    def test_every_rule_is_tested(self):
        self.assertEqual(set(rules()), set(CASES))

    @for_each([name for name in CASES if CASES[name].held]
              + [name for name in MORE if MORE[name][1].held])
    def test_fault(self, name):
        self.fault(name)

    @for_each(name for name in CASES if CASES[name].held)
    def test_neighbour(self, name):
        self.neighbour(name)

    @for_each(name for name in CASES if CASES[name].held)
    def test_removal(self, name):
        self.removal(name)

    @for_each(CASES)
    def test_help(self, name):
        row, = json.loads(run("help", name, "-j").out)["data"]
        for key in ("title", "severity", "why", "advice"):
            self.assertTrue(row[key], row)
        self.assertEqual(row["check"], name)
        self.assertIn(row["why"].split()[0], run("help", name).out)


class Options(CheckCase):
    def setUp(self):
        self.path, _, _ = self.spoilt("7.2-after", CASES["dte-driver"].fault, "options")

    def test_only_and_skip(self):
        outcomes, _ = self.check(self.path, "--only", "dte-driver,domain-id-free")
        self.assertEqual(set(outcomes), {"dte-driver", "domain-id-free"})
        outcomes, _ = self.check(self.path, "--only", "device-table", "--skip", "dte-driver")
        self.assertNotIn("dte-driver", outcomes)
        self.assertEqual({rules()[key]["topic"] for key in outcomes}, {"device-table"})
        outcomes, _ = self.check(self.path, "--skip", ",".join(["dte-driver", "domain-id-free", *LATER]))
        self.assertEqual({row["status"] for row in outcomes.values()}, {"pass"})

    def test_threshold(self):
        for level in ("notice", "warning", "critical"):
            outcomes, _ = self.check(self.path, "--threshold", level)
            levels = ["notice", "warning", "critical"]
            self.assertEqual({rules()[key]["severity"] for key in outcomes},
                             set(levels[levels.index(level):]))

    def test_usage_is_unknown(self):
        """A mistake on the command line is no WARNING and no CRITICAL."""
        for words in (("--only", "dte-drivr"), ("--threshold", "bad"), ("--bogus",), ("operand",),
                      ("--baseline", scratch() / "nowhere")):
            error = self.refused(UNKNOWN, "-c", self.path, "--no-symbols", "check", *words)
            if "dte-drivr" in words:
                self.assertIn("dte-driver", error)

    def test_no_target(self):
        self.refused(TARGET, "-c", scratch() / "nowhere.elf", "check")

    def test_baseline(self):
        """What is in it counts no more; what is not still does."""
        outcomes, _ = self.check(self.path, "--skip", ",".join(LATER))
        keys = [f["key"] for row in outcomes.values() for f in row["findings"]]
        self.assertEqual(keys, ["dte-driver/0000:00:05.0", "domain-id-free/0000:00:05.0"])
        baseline = scratch() / "baseline"
        baseline.write_text(f"# seen\n\n  {keys[0]}  # by me\n")
        outcomes, result = self.check(self.path, "--baseline", baseline)
        self.assertEqual(result.status, CRITICAL)
        self.assertEqual(outcomes["dte-driver"]["status"], "pass")
        self.assertEqual(outcomes["dte-driver"]["accepted"], 1)
        baseline.write_text("\n".join(keys))
        _, result = self.check(self.path, "--baseline", baseline, "--skip", ",".join(LATER))
        self.assertEqual(result.status, PASS)

    def test_text(self):
        """Worst first: what, how sure, the evidence, what to do."""
        result = run("-c", self.path, "--no-symbols", "--no-cache", "check", "--skip", ",".join(LATER))
        lines = result.out.splitlines()
        self.assertRegex(lines[0], r"^CRITICAL: 2 of \d+ checks found something$")
        self.assertEqual(lines[2], "critical: dte-driver")
        self.assertEqual(lines[3], "  0000:00:05.0: domain ID 0x55 in the entry, 0x4 in the domain (likely)")
        self.assertRegex(lines[4], r"^    evidence: device table entry, word 1 at 0x\w+ is 0x0{14}55; ")
        self.assertIn("  to do: ", result.out)

    def test_openmetrics(self):
        result = run("-c", self.path, "--no-symbols", "--no-cache", "check", "--openmetrics")
        self.assertEqual(result.status, CRITICAL)
        lines = result.out.splitlines()
        self.assertEqual(lines[-1], "# EOF")
        self.assertTrue(result.out.endswith("\n"))
        for line in lines[:-1]:
            self.assertRegex(line, rf"\A{OPENMETRICS.pattern}\Z")
        self.assertIn("iommuscope_status 2", lines)
        self.assertIn('iommuscope_check_status{id="dte-driver",severity="critical"} 2', lines)
        typed = set()
        for line in lines[:-1]:  # a family's lines stand together, TYPE first
            family = re.match(r"(?:# (?:TYPE|HELP) )?(\w+)", line).group(1)
            if line.startswith("# TYPE"):
                self.assertNotIn(family, typed)
                typed.add(family)
            self.assertIn(family, typed)
