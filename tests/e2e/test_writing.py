# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written, and where: nothing to a target, and no half file under a final name, though the disk
fills up, the reader leaves, or another run writes the same."""

import os
import re
import resource
import signal
import stat
import subprocess
import tempfile
from pathlib import Path

from support import (ANSWERED, ROOT, TIMEOUT, TestCase, command_names, environment, for_each, program,
                     run, scratch)

DUMP = ROOT / "tests/fixtures/6.12-after.elf"
OTHER = ROOT / "tests/fixtures/6.12-before.elf"
# Of commands that want words.
WORDS = {
    "walk": ["0000:00:05.0", "0xfffff000"], "map": ["0000:00:05.0"], "rmap": ["0x1000000"],
    "page": ["0xfee00000"], "iova": ["0000:00:05.0"], "diff": [OTHER], "rd": ["linux_banner", "4"],
    "ring": ["cmd"], "decode": ["dte", "0x1", "0x0", "0x0", "0x0"],
    "explain": ["AMD-Vi: Completion-Wait loop timed out"],
}
FILES = {"capture": ["capture"], "export": ["kernel", "--export"]}
SMALL = 2048  # bytes that a file may have, where the disk is to be full


def start(*words, **options):
    return subprocess.Popen([program(), "-q", "-c", DUMP, *words], env=environment(), stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, **options)


class Folder(TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=scratch()))

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())


class DiskFull(Folder):
    @for_each(FILES)
    def test_no_half_file(self, kind):
        path = self.folder / "file"
        process = start(*FILES[kind], path, stdout=subprocess.DEVNULL, preexec_fn=lambda:
                        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)))
        err = process.communicate(timeout=TIMEOUT)[1]
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("File too large", err)
        self.assertEqual(self.names(), [])

    @for_each(FILES)
    def test_the_old_file_stays(self, kind):
        path = self.folder / "file"
        path.write_text("as it was")
        process = start(*FILES[kind], path, stdout=subprocess.DEVNULL, preexec_fn=lambda:
                        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)))
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 1)
        self.assertEqual(self.names(), ["file"])
        self.assertEqual(path.read_text(), "as it was")

    @for_each(FILES)
    def test_what_is_no_file_stays(self, kind):
        path = self.folder / "pipe"
        os.mkfifo(path)
        result = run("-c", DUMP, *FILES[kind], path)
        self.assertEqual(result.status, 1, result)
        self.assertIn("no regular file", result.err)
        self.assertTrue(stat.S_ISFIFO(path.stat().st_mode))
        self.assertEqual(self.names(), ["pipe"])

    @for_each(["summary", "devices", "dte", "check", "help"])
    def test_answers(self, command):
        with open("/dev/full", "w", encoding="ascii") as full:
            process = start("--json", command, stdout=full)
            err = process.communicate(timeout=TIMEOUT)[1]
        self.assertEqual(process.returncode, 3 if command == "check" else 1, err)
        self.assertIn("No space left on device", err)
        self.assertEqual(err.count("\n"), 1)


class ReaderLeaves(TestCase):
    @for_each(["dte", "check", "kernel", "help"])
    def test_quietly(self, command):
        """As with `| head`."""
        reading, writing = os.pipe()
        os.close(reading)
        process = start("--json", command, stdout=writing)
        os.close(writing)
        err = process.communicate(timeout=TIMEOUT)[1]
        self.assertIn(process.returncode, (ANSWERED, -signal.SIGPIPE))
        self.assertEqual(err, "")


BUILD_ID = {"core": b"00112233445566778899aabbccddeeff01234567",
            "vmlinux": b"c90c2c40f8001126cd0d4a2e11b6eab96625d89c"}
CORPUS = ROOT / "tests/fuzz/corpus"


class Cache(Folder):
    """Layouts that were looked up in a vmlinux: the file of the cache."""

    def setUp(self):
        super().setUp()
        self.core = scratch() / "core-of-the-vmlinux"
        self.core.write_bytes((CORPUS / "elf/core").read_bytes().replace(*BUILD_ID.values()))

    def start(self, *words, size=None, **options):
        limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))) if size else None
        return subprocess.Popen([program(), "-s", CORPUS / "vmlinux/dwarf5", "-c", self.core, *words],
                                env=environment(XDG_CACHE_HOME=str(self.folder)), preexec_fn=limit,
                                stdin=subprocess.DEVNULL, text=True,
                                **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})

    def answer(self, **options):
        process = self.start("kernel", "--all", **options)
        return process.communicate(timeout=TIMEOUT) + (process.returncode,)

    def cached(self):
        """The files' contents, by name."""
        return {path.name: path.read_bytes() for path in self.folder.glob("iommuscope/*")}

    def test_disk_full(self):
        """The answer is the same, and nothing is left that is half a file."""
        without = self.answer(size=SMALL)
        self.assertEqual(self.cached(), {})
        self.assertEqual(self.answer()[0], without[0])
        whole = self.cached()
        self.assertEqual(list(whole), [f"{BUILD_ID['vmlinux'].decode()}.layouts"])
        self.assertGreater(len(whole.popitem()[1]), SMALL)

    def test_the_old_file_stays(self):
        """One that has some of the rows is to be replaced by one with all."""
        self.answer()
        name, whole = self.cached().popitem()
        some = b"".join(line for line in whole.splitlines(keepends=True) if b"iommu_group" not in line)
        self.assertLess(len(some), len(whole))
        path = self.folder / "iommuscope" / name
        path.write_bytes(some)
        self.answer(size=SMALL)
        self.assertEqual(self.cached(), {name: some})
        self.answer()
        self.assertEqual(sorted(self.cached()[name].splitlines()), sorted(whole.splitlines()))

    def test_reader_leaves(self):
        reading, writing = os.pipe()
        os.close(reading)
        process = self.start("kernel", "--all", stdout=writing)
        os.close(writing)
        process.communicate(timeout=TIMEOUT)
        left = self.cached()
        self.answer()
        self.assertIn(left, ({}, self.cached()))

    def test_at_once(self):
        runs = [self.start("kernel", "--all") for _ in range(6)]
        answers = {process.communicate(timeout=TIMEOUT)[0] for process in runs}
        self.assertEqual(len(answers), 1)
        together = self.cached()
        for path in self.folder.glob("iommuscope/*"):
            path.unlink()
        self.answer()
        self.assertEqual(self.cached(), together)


class AtOnce(Folder):
    @for_each(FILES)
    def test_both_write(self, kind):
        path = self.folder / "file"
        runs = [start(*FILES[kind], path, stdout=subprocess.DEVNULL) for _ in range(4)]
        for process in runs:
            process.communicate(timeout=TIMEOUT)
        self.assertEqual({process.returncode for process in runs} - {0, 1}, set())
        self.assertEqual(self.names(), ["file"])
        alone = self.folder / "alone"
        run("-c", DUMP, *FILES[kind], alone)
        self.assertEqual(path.read_bytes(), alone.read_bytes())


OPENED = re.compile(r'\b(?:openat|open|creat)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)", ([A-Z_|0-9]+)')
CHANGES = re.compile(r'\b(rename\w*|link\w*|symlink\w*|unlink\w*|truncate|mknod\w*|mkdir\w*|chmod|chown)\(')


class ReadOnly(Folder):
    def trace(self, *words):
        """(path, flags) of each file that was opened, calls that change a folder."""
        log = self.folder / "calls"
        done = subprocess.run(["strace", "-f", "-s", "4096", "-e", "trace=%file,creat", "-o", log, program(),
                               *words], env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
        text = log.read_text(errors="replace")
        opened = OPENED.findall(text)
        self.assertTrue(opened, f"{words}: {done.stderr}")
        return opened, CHANGES.findall(text)

    def assert_only_read(self, opened, allowed=()):
        for path, flags in opened:
            if path not in allowed and "O_TMPFILE" not in flags:  # that has no name
                self.assertIn("O_RDONLY", flags, path)
                self.assertNotRegex(flags, "O_CREAT|O_TRUNC|O_APPEND", path)

    def test_every_command(self):
        """No file is opened but to be read, and none with a name is made."""
        names = [name for name in command_names() if name != "capture"]
        self.assertGreater(len(names), 15)
        for name in names:
            with self.subTest(name):
                opened, changes = self.trace("-c", DUMP, name, *WORDS.get(name, []))
                self.assert_only_read(opened)
                self.assertEqual(changes, [])
                if name not in ("help", "explain", "decode"):
                    self.assertIn(str(DUMP), [path for path, _ in opened])

    @for_each(FILES)
    def test_named_outputs(self, kind):
        """What is written lies beside the file that was named."""
        path = self.folder / "file"
        opened, _ = self.trace("-c", DUMP, *FILES[kind], path)
        written = [name for name, flags in opened if "O_RDONLY" not in flags]
        self.assertTrue(any(name.startswith(f"{path}.") for name in written), written)
        self.assert_only_read(opened, allowed=[name for name in written
                                               if name.startswith(f"{path}.") or name == "/dev/null"])

    def test_the_running_kernel(self):
        opened, changes = self.trace("info")
        self.assert_only_read(opened)
        self.assertEqual(changes, [])
        self.assertTrue(any(path.startswith("/proc/") for path, _ in opened))

    def test_the_dump_is_as_it_was(self):
        before = DUMP.stat()
        lines = "\n".join(" ".join(map(str, [name, *WORDS.get(name, [])])) for name in command_names()
                          if name not in ("capture", "explain"))
        run("-c", DUMP, "--json-lines", stdin=lines)
        after = DUMP.stat()
        self.assertEqual((before.st_mtime_ns, before.st_size), (after.st_mtime_ns, after.st_size))
