# SPDX-License-Identifier: GPL-2.0-or-later
"""The program on the running kernel: what it said in the guest (tests/vm/guest/live), held against a
dump of the same state, against sysfs, and against all mappings that ever were."""

import collections
import functools
import json
import os
import tarfile
from pathlib import Path

from dumps import PAGE, SERIES, VFIO_BDF, WITH_VFIO, Dump, guest_pages, pages_of
from support import ANSWERED, PARTLY, TARGET, TestCase, for_each, number, program, scratch
from vmrig import live
from vmrig.cache import digest

# What the VFIO function's domain can be: its own, a VM's, and on kernels that go there in between
# the one that blocks.
TYPES_OF_VFIO = {"dma", "unmanaged", "blocked"}
MODES = range(0, 7)


class Answers:
    """What the guest has left behind, in live.tar."""

    def __init__(self, series):
        self.dump = Dump(series, ("live.elf",), "truth-live.json")
        self.path = self.dump.directory / "live.tar"

    def __str__(self):
        return self.dump.series.name

    def require(self, test):
        self.dump.require(test)
        if not self.path.exists():
            test.fail(f"no {self.path}; build it: make vm-dumps")
        if self.read(live.PROGRAM_HASH) != digest(Path(program())):
            test.fail(f"{self.path} has the answers of another build: make vm-dumps")

    def read(self, name):
        with tarfile.open(self.path) as tar:
            member = name if name == live.PROGRAM_HASH else f"./{name}"
            return tar.extractfile(member).read().decode("utf-8", "surrogateescape")

    def save(self, name):
        path = scratch() / f"{self}-{os.path.basename(name)}"
        with tarfile.open(self.path) as tar:
            path.write_bytes(tar.extractfile(f"./{name}").read())
        return path

    @property
    def commands(self):
        """(name, words) of the answers in quiet/."""
        lines = self.read("quiet/commands").splitlines()
        return [(name, words.split()) for name, words in (line.split("\t") for line in lines)]

    def quiet(self, name):
        return json.loads(self.read(f"quiet/{name}"))

    @functools.lru_cache(maxsize=None)
    def busy(self):
        """{command: [answer]}"""
        text, at, answers = self.read("busy/answers").strip(), 0, collections.defaultdict(list)
        while at < len(text):
            answer, at = json.JSONDecoder().raw_decode(text, at)
            answers[answer["command"]].append(answer)
            while at < len(text) and text[at].isspace():
                at += 1
        return answers

    @functools.lru_cache(maxsize=None)
    def mapped(self):
        """All (iova, pa) of 4 KB pages that the function ever had, and how often it was given away."""
        pages, rounds = set(), 0
        for line in self.read("busy/log").splitlines():
            words = line.split()
            if words[0] == "rounds":
                rounds = int(words[1])
                continue
            iova, pa, size = (int(word, 16) for word in words)
            pages.update((iova + offset, pa + offset) for offset in range(0, size, PAGE))
        return pages, rounds


LIVE = [Answers(series) for series in SERIES]
BUSY = [Answers(series) for series in WITH_VFIO]  # where something can be mapped, and taken away


def differences(answer, expected):
    """The lines in which two answers' data differ, for a message that can be read."""
    rows = [[json.dumps(row) for row in one["data"]] for one in (answer, expected)]
    return "\n".join([f"- {row}" for row in rows[0] if row not in rows[1]][:5]
                     + [f"+ {row}" for row in rows[1] if row not in rows[0]][:5])


class Quiet(TestCase):
    """While nothing changes, answers are those of a dump taken right behind them."""

    @for_each(LIVE)
    def test_as_the_dump(self, one):
        one.require(self)
        for name, words in one.commands:
            with self.subTest(name):
                self.assertEqual(one.read(f"quiet/{name}.err"), "exit status 0\n")
                answer, expected = one.quiet(name), self.answer(*one.dump.options, *words)
                self.assertTrue(answer["data"], answer)
                if answer["data"] != expected["data"]:
                    self.fail(f"live -, dump +\n{differences(answer, expected)}")
                self.assertEqual(answer["problems"], [])

    @for_each(LIVE)
    def test_capture(self, one):
        """What was captured of the running kernel answers as it did."""
        one.require(self)
        path = one.save("quiet/capture.elf")
        for name, words in one.commands:
            with self.subTest(name):
                answer = self.answer("--core", path, *words)
                self.assertEqual(differences(answer, one.quiet(name)), "")

    @for_each(LIVE)
    def test_info(self, one):
        one.require(self)
        (info,) = one.quiet("info")["data"]
        (expected,) = self.data(*one.dump.options, "info")
        self.assertEqual((info["kind"], info["format"], info["symbols"], info["types"]),
                         ("live", "kcore", "kallsyms", "btf"))
        self.assertIn("seccomp", info["sandbox"])  # Landlock is not in 5.10
        own = {"kind", "format", "symbols", "types", "symbols_path", "sandbox"}
        for key in expected.keys() - own:
            self.assertEqual(info[key], expected[key], key)

    @for_each(LIVE)
    def test_as_sysfs(self, one):
        """Functions, drivers and groups are what the system says of itself."""
        one.require(self)
        truth = one.dump.truth
        rows = one.quiet("devices")["data"]
        self.assertEqual(
            sorted((row["bdf"], number(row["vendor"]), number(row["device"]), row["driver"],
                    row["group"]) for row in rows),
            sorted((each["bdf"], number(each["vendor"]), number(each["device"]), each["driver"],
                    each["group"]) for each in truth["functions"]))
        types = {group["number"]: group["type"].lower() for group in truth["groups"]}
        self.assertEqual({row["group"]: row["type"] for row in one.quiet("groups")["data"]}, types)

    @for_each(LIVE)
    def test_other_system(self, one):
        """Where /sys has a function more and one less than the kernel, both are told."""
        one.require(self)
        answer = one.quiet("other-system")
        self.assertEqual(one.read("quiet/other-system.err"), f"exit status {PARTLY}\n")
        self.assertEqual(answer["data"], one.quiet("devices")["data"])
        self.assertEqual([(each["object"], each["what"], each["why"]) for each in answer["problems"]],
                         [("0000:00:00.0", "function", "corrupt"),
                          ("0000:00:03.7", "function", "corrupt")])

    @for_each(LIVE)
    def test_registers(self, one):
        """docs/kernels.md says of these kernels that debugfs has no registers."""
        one.require(self)
        self.assertNotIn("/sys/kernel/debug/iommu/amd", one.read("quiet/debugfs"))

    @for_each(BUSY)
    def test_mappings(self, one):
        one.require(self)
        self.assertEqual(pages_of(one.quiet("map")["data"]), guest_pages(one.dump.truth))


def shown_as_mapped(test, look):
    """How many pages were shown to be mapped while the device came and went, and how many walks ended at
    one. All of these had been mapped at some time."""
    pages, _ = look.mapped()
    shown = [(iova, pa) for answer in look.busy()["map"] for iova, (pa, _, _) in pages_of(answer["data"]).items()]
    ended = [(number(walk["iova"]), number(walk["pa"])) for answer in look.busy()["walk"]
             for walk in answer["data"] if walk["pa"] is not None]
    for iova, pa in [*shown, *ended]:
        test.assertIn((iova, pa), pages, f"{iova:#x} to {pa:#x} was never mapped")
    return len(shown), len(ended)



class Busy(TestCase):
    """While the VFIO function comes and goes, and its tables' memory is used for other things."""

    @for_each(BUSY)
    def test_all_ended(self, one):
        """No crash, no timeout (status 124 and above), no question left without an answer."""
        one.require(self)
        self.assertEqual(one.read("busy/errors"), "")
        statuses = {int(line.split()[-1]) for line in one.read("busy/statuses").splitlines()}
        self.assertLessEqual(statuses, {ANSWERED, PARTLY})
        n = live.ROUNDS + live.SEPARATE_ROUNDS
        counts = {name: len(answers) for name, answers in one.busy().items()}
        self.assertEqual(counts, dict.fromkeys(("devices", "domains", "map", "dte", "walk"), n))
        self.assertGreaterEqual(sum(counts.values()), 1000)

    @for_each(BUSY)
    def test_it_was_busy(self, one):
        """The function did change hands, and was seen in more than one of them."""
        one.require(self)
        pages, rounds = one.mapped()
        self.assertGreater(rounds, 20)
        self.assertGreater(len(pages), 500)
        seen = {row["domain_type"] for answer in one.busy()["devices"] for row in answer["data"]
                if row["bdf"] == VFIO_BDF}
        self.assertGreaterEqual(seen, {"dma", "unmanaged"})

    @for_each(BUSY)
    def test_only_what_was_mapped(self, one):
        one.require(self)
        shown, ended = shown_as_mapped(self, one)
        self.assertGreater(shown, 500)
        self.assertGreater(ended, 20)

    @for_each(BUSY)
    def test_most_is_whole(self, one):
        """Torn answers say so, and are few."""
        one.require(self)
        for name, answers in one.busy().items():
            with self.subTest(name):
                problems = [problem for answer in answers for problem in answer["problems"]]
                self.assertLessEqual({problem["why"] for problem in problems}, {"torn"}, problems)
                whole = sum(not answer["problems"] for answer in answers)
                self.assertGreater(whole, len(answers) * 0.7)

    @for_each(BUSY)
    def test_domains_existed(self, one):
        """Those of the other devices stay what they were; the function's is one that it can have."""
        one.require(self)
        others = self.others(one.quiet("domains"))
        self.assertGreater(len(others), 3)
        ram = one.dump.truth["ram"]
        end = max(int(line.split()[0].split("-")[1], 16) for line in ram)
        for answer in one.busy()["domains"]:
            if answer["problems"]:
                continue
            self.assertEqual(self.others(answer), others)
            for row in answer["data"]:
                if row["devices"] == [VFIO_BDF]:
                    self.assertIn(row["type"], TYPES_OF_VFIO, row)
                    self.assertIn(row["paging_mode"], MODES, row)
                    self.assertLess(number(row["pt_root"] or "0x0"), end, row)
                    self.assertEqual(row["pt_root"] is None, row["paging_mode"] == 0, row)

    @staticmethod
    def others(answer):
        return {(row["id"], row["type"], row["pt_root"], row["paging_mode"], tuple(row["devices"]))
                for row in answer["data"] if row["devices"] and row["devices"] != [VFIO_BDF]}

    @for_each(BUSY)
    def test_devices_and_entries_existed(self, one):
        one.require(self)
        quiet = {row["bdf"]: row for row in one.quiet("devices")["data"]}
        entries = {row["bdf"]: row["raw"] for row in one.quiet("dte-all")["data"]}
        for answer in one.busy()["devices"]:
            self.assertEqual([row["bdf"] for row in answer["data"]], list(quiet))
            for row in answer["data"]:
                if row["bdf"] != VFIO_BDF:
                    self.assertEqual(row, {key: quiet[row["bdf"]][key] for key in row})
                elif row["domain_type"]:
                    self.assertIn(row["domain_type"], TYPES_OF_VFIO, row)
        for answer in one.busy()["dte"]:
            found = {row["bdf"]: row["raw"] for row in answer["data"]}
            self.assertEqual({bdf: raw for bdf, raw in found.items() if bdf != VFIO_BDF},
                             {bdf: raw for bdf, raw in entries.items() if bdf != VFIO_BDF})


# What the line has to name.
REFUSALS = {
    "not-root": ("/proc/kcore", "only root", "sudo", "-c FILE"),
    "container": ("/proc/kcore", "container", "host"),
    "kptr-restrict": ("/proc/kallsyms", "kptr_restrict", "sysctl kernel.kptr_restrict=1", "-s"),
    "no-btf": ("/sys/kernel/btf/vmlinux", "-dbg", "-s"),
    "hidden": ("/proc/kcore", "container", "host"),
    "confidentiality": ("/proc/kcore", "locked down", "confidentiality", "lockdown=none"),
}


class Refused(TestCase):
    """Where the system does not let its kernel be read: one line that says why and what to do."""

    @for_each([(one, name) for one in LIVE for name in REFUSALS],
              name=lambda case: f"{case[0]}-{case[1]}")
    def test_refused(self, case):
        one, name = case
        one.require(self)
        line, status, rest = one.read(f"refused/{name}").split("\n", 2)
        self.assertEqual((status, rest), (f"exit status {TARGET}", ""))
        self.assertTrue(line.startswith("iommuscope: devices: "), line)
        for needle in REFUSALS[name]:
            self.assertIn(needle, line)

    @for_each(LIVE)
    def test_allowed(self, one):
        """As far as these settings go, root may read the kernel."""
        one.require(self)
        for name in ("kptr-restrict-1", "integrity"):
            text = one.read(f"refused/{name}")
            self.assertTrue(text.endswith("exit status 0\n"), text)
            self.assertIn(VFIO_BDF, text)
