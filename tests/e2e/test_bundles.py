# SPDX-License-Identifier: GPL-2.0-or-later
"""Support bundles: the plugin for `sos report`, and the hook for kdump. A wrapper that answers from a
capture stands for iommuscope on a running machine."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time

import support

HOOK = support.ROOT / "plugins" / "kdump" / "kdump-hook"
PLUGIN = support.ROOT / "plugins" / "sos" / "iommuscope.py"
FIXTURES = support.ROOT / "tests" / "fixtures"
FIXTURE = FIXTURES / "7.2-kdump.elf"
QUESTIONS = ("check", "info", "iommus", "devices", "groups", "domains")
ASKED = (("devices",), ("domains",), ("dte", "--all"), ("irt",), ("domids",))


def script(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return path


def stand_in(path, *options, itself=None):
    """The program under test on a capture. Under sanitizers it needs more than any limit allows."""
    return script(path, "ulimit -S -v unlimited",
                  f"exec {itself or support.program()} {' '.join(map(str, options))} \"$@\"")


def opened(*words):
    """What the program itself says of words, whatever its exit status."""
    return support.run("--no-symbols", *words)


def data_of(capture, *words):
    return json.loads(opened("-c", capture, "--json", *words).out)["data"]


class Kdump(support.TestCase):
    def setUp(self):
        support.wanted(self, "timeout")
        self.place = support.scratch() / self.id().rsplit(".", 1)[-1]
        self.directory = self.place / "var" / "crash" / "127.0.0.1 now"
        self.directory.mkdir(parents=True)
        self.dump = self.directory / "vmcore"
        shutil.copy(FIXTURE, self.dump)
        self.settings = {"IOMMUSCOPE": str(stand_in(self.place / "iommuscope", "--no-symbols"))}

    def hook(self, *words, status=0, **settings):
        done = subprocess.run([HOOK, *words], check=False, capture_output=True, text=True,
                              env=support.environment(**{**self.settings, **settings}),
                              timeout=support.TIMEOUT)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        return done.stderr

    @property
    def found(self):
        return {path.name for path in self.directory.iterdir()}

    def said(self):
        return (self.directory / "iommu-check.txt").read_text()

    def holds(self):
        """The capture answers as the dump does, and the text is what `check` says of the dump."""
        self.assertEqual(self.found, {"vmcore", "iommu.elf", "iommu-check.txt"})
        check = opened("-c", self.dump, "check")
        self.assertIn(check.out, self.said())
        self.assertIn(f"check: exit status {check.status}\n", self.said())
        self.assertIn("capture: exit status 0\n", self.said())
        for words in (*ASKED, ("check",)):
            self.assertEqual(data_of(self.directory / "iommu.elf", *words), data_of(self.dump, *words))

    def test_dump(self):
        before = hashlib.sha256(self.dump.read_bytes()).digest(), self.dump.stat().st_mtime_ns
        self.hook(self.dump)
        self.holds()
        self.assertEqual((hashlib.sha256(self.dump.read_bytes()).digest(),
                          self.dump.stat().st_mtime_ns), before)

    def test_directory(self):
        """The newest dump; what is beside it from another time is replaced."""
        for name in ("iommu.elf", "iommu-check.txt"):
            (self.directory / name).write_text("old")
        old = self.directory.parent / "127.0.0.1 before"
        old.mkdir()
        shutil.copy(FIXTURE, old / "vmcore")
        os.utime(old / "vmcore", (1, 1))
        self.hook(self.directory.parent)
        self.holds()
        self.assertEqual(os.listdir(old), ["vmcore"])

    def test_flattened(self):
        """As Debian's kdump-tools writes them. It is put in order beside the dump, not in memory."""
        elf = self.dump.read_bytes()
        self.dump.write_bytes(flattened(elf))
        self.assertEqual(data_of(self.dump, "info")[0]["format"], "flattened capture")
        self.hook(self.dump)
        self.holds()

    def test_post_script(self):
        """As Fedora's and RHEL's kdump calls it: with the status of saving the dump."""
        (self.place / "kdump.conf").write_text("# path /nowhere\npath /var/crash\nkdump_post x\n")
        (self.place / "mounts").write_text(
            f"proc /proc proc rw 0 0\ndev {self.place} ext4 rw 0 0\n")
        settings = {"IOMMUSCOPE_KDUMP_CONF": str(self.place / "kdump.conf"),
                    "IOMMUSCOPE_MOUNTS": str(self.place / "mounts")}
        self.assertIn("has failed", self.hook("1", **settings))
        self.assertEqual(self.found, {"vmcore"})
        self.hook("0", **settings)
        self.holds()

    def test_after_another_command(self):
        """As Debian's kdump-tools can be told to call it. The command's status is ours."""
        defaults = self.place / "kdump-tools"
        defaults.write_text(f'KDUMP_COREDIR="{self.directory.parent}"\n')
        new = self.directory.parent / "202611211200"
        save = script(self.place / "kdump-config", f"mkdir '{new}'",
                      f"[ \"$1\" != savecore ] || cp '{FIXTURE}' '{new}/dump.202611211200'",
                      "exit 7")
        os.utime(self.dump, (1, 1))
        settings = {"IOMMUSCOPE_KDUMP_DEFAULTS": str(defaults)}
        self.hook("after", save, "load", status=7, **settings)
        self.assertEqual(os.listdir(new), [])
        new.rmdir()
        self.hook("after", save, "savecore", status=7, **settings)
        self.assertEqual(sorted(os.listdir(new)),
                         ["dump.202611211200", "iommu-check.txt", "iommu.elf"])
        self.assertEqual(self.found, {"vmcore"})

    def test_after_a_command_that_removes_the_dump(self):
        defaults = self.place / "kdump-tools"
        defaults.write_text(f'KDUMP_COREDIR="{self.directory.parent}"\n')
        remove = script(self.place / "purge", f"rm '{self.dump}'", "exit 4")
        self.assertEqual(self.hook("after", remove, status=4, IOMMUSCOPE_KDUMP_DEFAULTS=str(defaults)), "")
        self.assertEqual(self.found, set())

    def test_leaves_what_is_not_its_own(self):
        (self.directory / "iommu.elf.backup").write_bytes(b"somebody's")
        self.hook(self.dump)
        self.assertEqual(self.found, {"vmcore", "iommu.elf", "iommu-check.txt", "iommu.elf.backup"})

    def test_time_is_bounded(self):
        """Also when the program heeds no interrupt."""
        for lines, status in ((("exec sleep 1000",), 124),
                              (("trap '' INT", "while :; do sleep 0.1; done"), 137)):
            script(self.place / "iommuscope", *lines)
            begun = time.monotonic()
            self.hook(self.dump, IOMMUSCOPE_SECONDS="1")
            self.assertLess(time.monotonic() - begun, 60)
            self.assertIn(f"check: exit status {status}\ncapture: exit status {status}\n", self.said())

    def test_memory_is_bounded(self):
        script(self.place / "iommuscope", "exec /usr/bin/python3 -c 'bytearray(1 << 30)'")
        self.hook(self.dump, IOMMUSCOPE_MEMORY_KB="400000")
        self.assertIn("MemoryError", self.said())
        self.hook(self.dump)
        self.assertNotIn("MemoryError", self.said())

    def test_disk_space_is_bounded(self):
        self.hook(self.dump, IOMMUSCOPE_CAPTURE_KB="100")
        self.assertEqual(self.found, {"vmcore", "iommu-check.txt"})
        self.assertIn("File too large\ncapture: exit status 1\n", self.said())

    def test_goes_first_when_memory_runs_short(self):
        script(self.place / "iommuscope", "cat /proc/self/oom_score_adj")
        self.hook(self.dump)
        self.assertTrue(self.said().startswith("1000\n"), self.said())

    def test_harmless(self):
        self.assertIn("no dump", self.hook(self.place / "nothing"))
        self.assertIn("no dump", self.hook(self.place))
        self.assertIn("is not there", self.hook(self.dump, IOMMUSCOPE="/nowhere/iommuscope"))
        self.assertIn("is not there", self.hook(self.dump, PATH="/nowhere"))
        self.assertEqual(self.found, {"vmcore"})
        self.dump.write_bytes(b"no dump at all")
        self.hook(self.dump)
        self.assertIn("check: exit status 3\n", self.said())
        self.assertEqual(self.found, {"vmcore", "iommu-check.txt"})


def flattened(data):
    """The stream that `makedumpfile -F` writes: a header, pieces with offset and size, an end."""
    header = b"makedumpfile".ljust(16, b"\0") + (1).to_bytes(8, "big") + (1).to_bytes(8, "big")
    out, piece = [header.ljust(4096, b"\0")], 1 << 16
    for at in range(0, len(data), piece):
        part = data[at:at + piece]
        out += [at.to_bytes(8, "big"), len(part).to_bytes(8, "big"), part]
    return b"".join(out) + b"\xff" * 16


class Sos(support.TestCase):
    """`sos report` with a copy of the distribution's sos that has our plugin. sos sets its own PATH: in a mount
    namespace a wrapper is put over /usr/local/sbin, the first of it or the last, and over a program that is
    installed; the wrapper's is a copy."""

    INSTALLED = shutil.which("iommuscope", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")

    def setUp(self):
        support.wanted(self, "sos", "unshare")
        if os.geteuid():
            self.skipTest("sos report wants root")
        self.place = support.scratch() / self.id().rsplit(".", 1)[-1]
        self.programs = self.place / "programs"
        self.programs.mkdir(parents=True)
        self.wrapper = self.programs / "iommuscope"
        self.itself = self.place / "itself"
        shutil.copy(support.program(), self.itself)

    def report(self, plugin=PLUGIN.read_text()):
        """The plugin's directory of a report's archive."""
        where = subprocess.run(["/usr/bin/python3", "-c", "import sos; print(sos.__path__[0])"],
                               cwd="/", check=True, capture_output=True, text=True)
        python = self.place / "python"
        shutil.copytree(where.stdout.strip(), python / "sos")
        (python / "sos" / "report" / "plugins" / PLUGIN.name).write_text(plugin)
        reports = self.place / "reports"
        reports.mkdir()
        over = 'mount --bind "$0" /usr/local/sbin && '
        if self.INSTALLED:
            nothing = self.place / "nothing-to-run"
            nothing.touch()
            over += f"mount --bind {self.wrapper if self.wrapper.exists() else nothing} {self.INSTALLED} && "
        command = (f'{over}exec "$@"', self.programs, "sos", "report",
                   "--only-plugins", "iommuscope", "--batch", "--tmp-dir", reports)
        done = subprocess.run(["unshare", "-m", "sh", "-c", *command], cwd="/", check=False,
                              env=support.environment(PYTHONPATH=str(python)), capture_output=True,
                              text=True, timeout=support.TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (archive,) = reports.glob("*.tar.xz")
        subprocess.run(["tar", "xf", archive], cwd=reports, check=True)
        (found,) = reports.glob("sosreport-*/sos_commands/iommuscope")
        return found

    def test_running_machine(self):
        stand_in(self.wrapper, "-c", FIXTURE, "--no-symbols", itself=self.itself)
        found = self.report()
        self.assertEqual({path.name for path in found.iterdir()},
                         {f"{name}.{form}" for name in QUESTIONS for form in ("txt", "json")}
                         | {"iommu.elf", "capture.txt"})
        for name in QUESTIONS:
            itself = opened("-c", FIXTURE, name)
            self.assertIn(itself.out.rstrip(), (found / f"{name}.txt").read_text())
            answer = json.loads((found / f"{name}.json").read_text())
            self.assertEqual(answer["data"], data_of(FIXTURE, name))
        for words in (*ASKED, ("check",)):
            self.assertEqual(data_of(found / "iommu.elf", *words), data_of(FIXTURE, *words))

    def test_nothing_to_see(self):
        """A machine whose memory can't be read, or that has no AMD IOMMU: each text says why."""
        nothing = self.place / "nothing"
        nothing.write_bytes(b"no memory at all")
        stand_in(self.wrapper, "-c", nothing, itself=self.itself)
        found = self.report()
        for name in (*QUESTIONS, "capture"):
            self.assertRegex((found / f"{name}.txt").read_text(), r"\Aiommuscope: [^\n]+\n?\Z")
        self.assertFalse((found / "iommu.elf").exists())

    def test_this_machine(self):
        """Whatever it is: the report is made, and each question has an answer or a reason."""
        stand_in(self.wrapper, itself=self.itself)
        found = self.report()
        for name in (*QUESTIONS, "capture"):
            self.assertTrue((found / f"{name}.txt").read_text().strip())

    def test_bounds(self):
        """A program that hangs is ended; one that answers without end, or writes so, is cut off."""
        script(self.wrapper, 'case $* in *--json*) exec sleep 1000 ;; esac',
               'case $* in capture*) eval "exec dd if=/dev/zero of=\\"\\${2}\\" bs=64k" ;; esac',
               "exec yes")
        plugin = PLUGIN.read_text()
        for name, value in (("SECONDS", 1), ("CAPTURE_SECONDS", 20), ("OUTPUT_MB", 1),
                            ("CAPTURE_KB", 1000)):
            plugin, count = re.subn(rf"(?m)^{name} = [^#\n]+", f"{name} = {value}  ", plugin)
            self.assertEqual(count, 1, name)
        found = self.report(plugin)
        for name in QUESTIONS:
            self.assertEqual((found / f"{name}.json").read_bytes(), b"")
            self.assertLessEqual((found / f"{name}.txt").stat().st_size, 1 << 20)
        self.assertEqual((found / "iommu.elf").stat().st_size, 1000 << 10)

    def test_program_missing(self):
        self.assertEqual(list(self.report().iterdir()), [])
