# SPDX-License-Identifier: GPL-2.0-or-later
"""The module inside crash: it answers what the program does, and crash gets on well with it.

The bundled captures have no part in this: crash can't open them, for they hold no task of the
kernel's; see test_captures_are_not_for_crash.
"""

import functools
import json
import random
import re
import shlex
import subprocess

from crash_host import EACH, HOSTS, Terminal, module, run_script
from dumps import COPIES, STATES, VFIO_BDF
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


def opened_by(host):
    """The states of the series, and what the pages that makedumpfile left out make of one."""
    states = [one for one in STATES if one.series.name == host.series]
    filtered = [one for one in COPIES if one.series.name == host.series
                and one.files == ("after.zlib.kdump",)]
    assert states and filtered
    return [*states, *filtered]


CASES = [(host, dump) for host in HOSTS for dump in opened_by(host)]


def case_name(case):
    return f"{case[0].name}_{case[1]}".replace("-", "_")


def quoted(command):
    """crash knows double quotes only."""
    return command.replace("'", '"')


@functools.lru_cache(maxsize=None)
def answers(host, dump):
    """{(command, form): answer} of the module, and what crash printed itself."""
    name = case_name((host, dump))
    forms = {(command, form): scratch() / f"{name}.{i}.{form}"
             for i, command in enumerate(COMMANDS) for form in ("text", "json")}
    said = run_script(host, dump, name, [
        f"iommu {'--json ' if form == 'json' else ''}{quoted(command)} > {path}"
        for (command, form), path in forms.items()])
    return {key: path.read_text(encoding="utf-8") for key, path in forms.items()}, said


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
        found, said = answers(host, dump)
        self.assertNotIn("did you mean", said)
        for (command, form), text in found.items():
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

    @for_each(HOSTS)
    def test_info_says_who(self, host):
        for dump in opened_by(host)[:1]:
            (row,) = json.loads(answers(host, dump)[0]["info", "json"])["data"]
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
    """As people use crash: pipes, files, help, slips."""

    @for_each(HOSTS)
    def test_use(self, host):
        dump = opened_by(host)[0]
        out = scratch() / f"use-{host}"
        said = run_script(host, dump, f"use-{host}", [
            f"iommu devices | head -2 > {out}.head", f"iommu devices | wc -l > {out}.count",
            f"iommu devices >> {out}.head", f"help iommu > {out}.help", "iommu devcies",
            "iommu -c vmcore devices", "iommu devices --no-such", "iommu --version",
            f"iommu > {out}.none", f"iommu help > {out}.overview",
            f"iommu capture {out}.capture"])
        devices = run(*dump.options, "devices").out.splitlines(keepends=True)
        head = (scratch() / f"use-{host}.head").read_text()
        self.assertEqual(head, "".join(devices[:2] + devices))
        self.assertEqual(int((scratch() / f"use-{host}.count").read_text()), len(devices))
        self.assertIn("iommuscope: no command 'devcies'; did you mean 'devices'?", said)
        self.assertIn("--core is of no use here", said)
        self.assertIn("no option --no-such", said)
        self.assertRegex(said, r"(?m)^iommuscope \d+\.\d+")
        overview = run("help").out
        self.assertEqual((scratch() / f"use-{host}.overview").read_text(), overview)
        self.assertEqual((scratch() / f"use-{host}.none").read_text(), overview)
        text = (scratch() / f"use-{host}.help").read_text()
        for name in command_names():
            self.assertRegex(text, rf"(?m)^  {name}\b")
        self.check_capture(dump, scratch() / f"use-{host}.capture")

    def check_capture(self, dump, capture):
        """What is captured in crash answers without it."""
        for command in ("devices", "dte --all --raw", f"map {VFIO_BDF}"):
            words = ["--json", *command.split()]
            whole = run(*dump.options, *words).out
            self.assertEqual(run("-c", capture, "--no-symbols", *words).out, whole)

    @for_each(HOSTS)
    def test_missing_page(self, host):
        """Why it can't read a page crash does not say, and so neither do we."""
        (dump,) = [one for one in opened_by(host) if one.files == ("after.zlib.kdump",)]
        for address in range(16 << 20, 256 << 20, 1 << 20):
            result = run(*dump.options, "rd", "-p", hex(address), "1")
            if result.status and "excluded" in result.err.lower() or "not in" in result.err:
                break
        else:
            self.fail("makedumpfile has left nothing out")
        said = run_script(host, dump, f"missing-{host}", [
            f"iommu rd -p {address:#x} 1", f"iommu --json rd -p {address:#x} 1"])
        self.assertIn(f"crash can't read physical address {address:#x}; whether the dump lacks",
                      said)
        self.assertNotIn(f"0x{'0' * 16}", said)


class Session(TestCase):
    """One crash for a long time: it stays well, and as small as it was."""

    GROWTH = 2048  # kilobytes: what crash's own line editing and history may take

    def terminal(self, host):
        dump = opened_by(host)[1]
        dump.require(self)
        terminal = Terminal(host, dump, self.id().rsplit(".", 1)[-1])
        self.addCleanup(terminal.close)
        return terminal, dump

    @for_each(EACH)
    def test_extend_and_unload(self, host):
        terminal, _ = self.terminal(host)
        for i in range(100):
            if i == 10:
                memory, files = terminal.memory(), terminal.files()
            said = terminal.command("iommu devices")
            self.assertIn(VFIO_BDF, said)
            self.assertIn("unloaded", terminal.command(f"extend -u {module()}"))
            self.assertIn("command not found", terminal.command("iommu devices"))
            self.assertIn("loaded", terminal.command(f"extend {module()}"))
        self.assertEqual(terminal.files(), files)
        self.assertLess(terminal.memory() - memory, self.GROWTH)

    @for_each(EACH)
    def test_interrupt(self, host):
        terminal, dump = self.terminal(host)
        out = scratch() / "interrupted"
        commands = (f"iommu map {VFIO_BDF} --leaves > {out}", "iommu domains --usage",
                    "iommu check", "iommu dte --all --raw", f"iommu capture {out}.elf",
                    f"iommu --json map {VFIO_BDF} > {out}")
        chance = random.Random(4)
        for command in commands:
            terminal.command(command)
        for i in range(200):
            if i == 40:
                memory, files = terminal.memory(), terminal.files()
            terminal.interrupt(chance.choice(commands), chance.random() * 0.02)
        expected = run(*dump.options, "devices").out
        said = terminal.command("iommu devices")
        for line in expected.splitlines():
            self.assertIn(line, said)
        # The file of the last redirection crash itself may have left open.
        self.assertEqual([name for name in terminal.files() if name != str(out)],
                         [name for name in files if name != str(out)])
        self.assertLess(terminal.memory() - memory, self.GROWTH)
