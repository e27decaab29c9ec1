# SPDX-License-Identifier: GPL-2.0-or-later
"""The module inside crash: it answers what the program does, and crash gets on well with it.

The bundled captures have no part in this: crash can't open them, for they hold no task of the
kernel's; see test_captures_are_not_for_crash.
"""

import dataclasses
import functools
import json
import re
import shlex
import subprocess
from pathlib import Path

from crash_host import HOSTS, filtered, opened_by, run_script
from dumps import VFIO_BDF
from support import PARTLY, ROOT, TestCase, command_names, for_each, run, scratch

COMMANDS = (
    "summary", "info", "kernel", "kernel --missing", "iommus", "devices",
    f"devices {VFIO_BDF} -o bdf,driver,entry_writer", "groups", "groups 1", f"dte {VFIO_BDF}",
    "dte --all --raw", "domains", "domains --usage -o +tables,table_bytes,mapped_bytes", "domids",
    f"walk {VFIO_BDF} 0x10000000 0x10000fff 0x80000000 0xfee00000 0xfffffffff000",
    f"map {VFIO_BDF}", f"map {VFIO_BDF} --leaves --range 0x40000000-0x100000000",
    f"map {VFIO_BDF} --summary", "page --symbol init_uts_ns", "check", "check --list",
    "ivrs", "ring cmd", "ring evt", f"irt {VFIO_BDF} --all", "rmap --symbol init_uts_ns",
    "iova 0000:00:05.0", "rd init_uts_ns 8", "diff 00:05.0 00:06.0", "owners", "iommus --driver",
    "decode dte 0x6000000688294603 0x79 0x2000000819256011 0", "help",
    "explain 'AMD-Vi: Completion-Wait loop timed out'", "help dte", "help map",
    "devices -o help", "devices --help",
)
# `capture` writes a file: test_use.
APART = {"capture"}

# What the program knows of the file, and where each of them has symbols and types from.
DECLARED = {"kind", "format", "symbols", "types", "sandbox"}
DECLARED_LABELS = re.compile(r"^(Target|Format|Symbols from|Types from|Sandbox): .*$", re.MULTILINE)


CASES = [(host, dump) for host in HOSTS for dump in opened_by(host)]


def options(host, dump):
    """The first dump of a series is opened in full; the others without tasks and modules, which is what one
    does where crash can't find them, and takes a fraction of the time."""
    return () if dump == opened_by(host)[0] else ("--minimal",)


def case_name(case):
    return f"{case[0].name}_{case[1]}".replace("-", "_")


def quoted(command):
    """crash knows double quotes only."""
    return command.replace("'", '"')


# A pipe whose process has not begun within some milliseconds crash gives up, and says so to its end: on a
# busy machine every second one, ten in a row at times. Of so many, with other commands between them, some
# get through.
PIPES = len(COMMANDS)
GIVEN_UP = "pipe operation failed\n"


def pipes(out, i):
    return f"iommu devices | cat > {out}.{i}.all", f"iommu devices | head -2 > {out}.{i}.head"


def uses(out):
    """As people use crash: files, help, slips."""
    return (f"iommu devices > {out}.twice", f"iommu devices >> {out}.twice",
            f"help iommu > {out}.help", "iommu devcies", "iommu -c vmcore devices",
            "iommu devices --no-such", "iommu --version", f"iommu > {out}.none",
            f"iommu help > {out}.overview", f"iommu capture {out}.capture")


@dataclasses.dataclass(frozen=True)
class Visit:
    """One start of crash on a dump, in which all is asked that the tests want to know."""
    answers: dict  # {(command, form): answer of the module}
    out: str       # what the files of uses() begin with
    left_out: int | None  # an address whose page makedumpfile has left out
    said: str      # what crash printed


@functools.lru_cache(maxsize=None)
def visit(host, dump):
    name = case_name((host, dump))
    out = scratch() / name
    asked, forms = [], {}
    for i, command in enumerate(COMMANDS):
        for form, option in (("text", ""), ("json", "--json ")):
            path = forms[command, form] = scratch() / f"{name}.{i}.{form}"
            asked.append(f"iommu {option}{quoted(command)} > {path}")
        asked += pipes(out, i)
    address = left_out(dump) if dump == filtered(host) else None
    said = run_script(host, dump, name, [
        *asked, *uses(out),
        *(f"iommu {form}rd -p {address:#x} 1" for form in ("", "--json ") if address)],
        *options(host, dump))
    return Visit({key: path.read_text(encoding="utf-8") for key, path in forms.items()}, out,
                 address, said)


def left_out(dump):
    for address in range(16 << 20, 256 << 20, 1 << 20):
        result = run(*dump.options, "rd", "-p", hex(address), "1")
        if result.status and "excluded" in result.err.lower() or "not in" in result.err:
            return address
    raise AssertionError("makedumpfile has left nothing out")


def without_declared(text, form):
    if form == "text":
        return DECLARED_LABELS.sub("", text)
    answer = json.loads(text)
    for row in [answer["target"] or {}, *answer["data"]]:
        for key in DECLARED & row.keys():
            row[key] = None
    return answer


def without_reasons(text):
    """Why something can't be read crash does not say."""
    answer = json.loads(text)
    answer["target"]["kind"] = None
    for problem in answer["problems"]:
        problem["why"] = problem["message"] = None
    return answer


class Equivalence(TestCase):
    def test_every_command_is_asked(self):
        asked = {command.split()[0] for command in COMMANDS}
        self.assertEqual(set(command_names()) - asked, APART)

    @for_each(CASES, name=case_name)
    def test_answers(self, case):
        """Byte by byte, declared differences aside; JSON of those two commands as data."""
        host, dump = case
        dump.require(self)
        for (command, form), text in visit(host, dump).answers.items():
            with self.subTest(command=command, form=form):
                result = run("--no-cache", *dump.options, *(["--json"] if form == "json" else []),
                             *shlex.split(command))
                if command in ("info", "summary"):
                    self.assertEqual(without_declared(text, form),
                                     without_declared(result.out, form))
                    continue
                if form == "json" and result.status == PARTLY:
                    self.assertEqual(without_reasons(text), without_reasons(result.out), result)
                    continue
                text = text.replace('"kind":"crash"', '"kind":"dump"', 1)
                self.assertTrue(text == result.out, f"{result}\nin crash:\n{text[:3000]}")

    @for_each(CASES, name=case_name)
    def test_mode(self, case):
        """Those dumps that are to be opened by `crash --minimal` were, and no others."""
        host, dump = case
        dump.require(self)
        self.assertEqual("minimal mode" in visit(host, dump).said, bool(options(host, dump)))

    @for_each(HOSTS)
    def test_info_says_who(self, host):
        for dump in opened_by(host)[:1]:
            (row,) = json.loads(visit(host, dump).answers["info", "json"])["data"]
            self.assertEqual([row[key] for key in ("kind", "format", "symbols", "types")],
                             ["crash", None, "crash", "crash"])
            self.assertEqual(row["symbols_path"], str(dump.vmlinux))

    def test_captures_are_not_for_crash(self):
        """Declared: should crash open them one day, they belong into CASES."""
        dump = opened_by(HOSTS[1])[0]
        command, changes = HOSTS[1].command(dump)
        command[-1] = str(ROOT / "tests/fixtures/6.1-after.elf")
        done = subprocess.run(command, env={**changes, **HOSTS[1].environment("none")},
                              input="quit\n", capture_output=True, text=True, timeout=120, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)


class Use(TestCase):
    @for_each(HOSTS)
    def test_use(self, host):
        dump = opened_by(host)[0]
        dump.require(self)
        visited = visit(host, dump)

        def written(suffix):
            return Path(f"{visited.out}.{suffix}").read_text(encoding="utf-8")
        devices = run(*dump.options, "devices").out
        self.assertEqual(written("twice"), devices * 2)
        for end, expected in (("all", devices), ("head", "".join(devices.splitlines(keepends=True)[:2]))):
            came = {written(f"{i}.{end}") for i in range(PIPES)}
            self.assertEqual({text for text in came if not text.endswith(GIVEN_UP)}, {expected})
        self.assertEqual(re.findall("(?m)^.*did you mean.*$", visited.said),
                         ["iommuscope: no command 'devcies'; did you mean 'devices'?"])
        self.assertIn("--core is of no use here", visited.said)
        self.assertIn("no option --no-such", visited.said)
        self.assertRegex(visited.said, r"(?m)^iommuscope \d+\.\d+")
        overview = run("help").out
        self.assertEqual(written("overview"), overview)
        self.assertEqual(written("none"), overview)
        for name in command_names():
            self.assertRegex(written("help"), rf"(?m)^  {name}\b")
        self.check_capture(dump, f"{visited.out}.capture")

    def check_capture(self, dump, capture):
        """What is captured in crash answers without it."""
        for command in ("devices", "dte --all --raw", f"map {VFIO_BDF}"):
            words = ["--json", *command.split()]
            whole = run(*dump.options, *words).out
            self.assertEqual(run("-c", capture, "--no-symbols", *words).out, whole)

    @for_each(HOSTS)
    def test_missing_page(self, host):
        """Why it can't read a page crash does not say, and so neither do we."""
        visited = visit(host, filtered(host))
        self.assertIn(f"crash can't read physical address {visited.left_out:#x}; "
                      "whether the dump lacks", visited.said)
        self.assertNotIn(f"0x{'0' * 16}", visited.said)
