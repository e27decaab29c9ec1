# SPDX-License-Identifier: GPL-2.0-or-later
"""What is no dump, or no sense: one line that says so, and nothing else."""

import os
import random
import shutil
import struct
import subprocess

from support import (ANSWERED, PARTLY, ROOT, TARGET, TIMEOUT, USAGE, TestCase, for_each, program, run,
                     scratch)

FIXTURE = ROOT / "tests/fixtures/6.12-after.elf"

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
X86_64, AARCH64, I386 = 62, 183, 3
CORE, EXECUTABLE = 4, 2
ELF64 = b"\x7fELF\x02\x01\x01"
ELF64_BIG_ENDIAN = b"\x7fELF\x02\x02\x01"
ELF32 = b"\x7fELF\x01\x01\x01"


def elf(ident=ELF64, kind=CORE, machine=X86_64, table=EHDR.size, entry_size=56, count=0, rest=b""):
    return EHDR.pack(ident, kind, machine, 1, 0, table, 0, 0, EHDR.size, entry_size, count, 0, 0,
                     0) + rest


def flattened():
    """The header of makedumpfile -F: its type and version are big-endian."""
    return (b"makedumpfile" + bytes(4) + struct.pack(">QQ", 1, 1)).ljust(4096, b"\0")


# Name, contents, and what the line must say.
FILES = (
    ("empty", b"", "is empty"),
    ("one byte", b"K", "is not a dump"),
    ("text", b"The quick brown fox jumps over the lazy dog.\n" * 9, "virsh dump --memory-only"),
    ("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(99), "is not a dump"),
    ("random bytes", random.Random(1).randbytes(1 << 16), "is not a dump"),
    ("zeros", bytes(1 << 16), "is not a dump"),
    ("gzip", b"\x1f\x8b\x08" + bytes(99), "gzip"),
    ("xz", b"\xfd7zXZ\0" + bytes(99), "xz"),
    ("zstd", b"\x28\xb5\x2f\xfd" + bytes(99), "zstd"),
    ("ELF header cut off", elf()[:40], "copy it anew"),
    ("ELF program headers cut off", elf(count=9, rest=bytes(56)), "truncated"),
    ("ELF program headers beyond the end", elf(table=1 << 62, count=1), "ELF program headers"),
    ("ELF program headers of no size", elf(entry_size=0, count=1, rest=bytes(56)), "ELF"),
    ("ELF without memory", elf(), ""),
    ("ELF executable", elf(kind=EXECUTABLE), "not a"),
    ("ELF that claims a petabyte",
     (ROOT / "tests/fuzz/corpus/elf/segment-of-a-petabyte").read_bytes(), "no Linux kernel"),
    ("ELF of aarch64", elf(machine=AARCH64), "64-bit x86"),
    ("ELF of i386", elf(ident=ELF32, machine=I386), "64-bit x86"),
    ("ELF, big-endian", elf(ident=ELF64_BIG_ENDIAN), ""),
    ("kdump magic alone", b"KDUMP   ", "truncated"),
    ("kdump header cut off", b"KDUMP   " + bytes(2000), ""),
    ("kdump header of zeros", b"KDUMP   " + bytes(1 << 16), ""),
    ("kdump header of ones", b"KDUMP   " + b"\xff" * (1 << 16), ""),
    ("flattened magic alone", b"makedumpfile" + bytes(4), "truncated"),
    ("flattened header cut off", flattened()[:700], "truncated"),
    ("flattened without contents", flattened(), "truncated"),
    ("flattened header of ones", b"makedumpfile" + b"\xff" * (1 << 16), ""),
    ("image with a bad line", b"iommuscope-image 1\nnonsense\n", "line 2"),
)
# As an operand such a file is taken for a kernel, which may be compressed.
LIKE_VMLINUX = ("gzip", "xz", "zstd", "ELF executable")


class Files(TestCase):
    def file(self, name, contents):
        path = scratch() / name.replace(" ", "-").replace(",", "")
        path.write_bytes(contents)
        return path

    @for_each(FILES, name=lambda case: case[0])
    def test_as_dump(self, case):
        name, contents, says = case
        path = self.file(name, contents)
        self.refused(TARGET, "--core", path, "devices", path=path, says=says)

    @for_each(FILES, name=lambda case: case[0])
    def test_as_dump_in_json(self, case):
        """JSON's reader finds nothing on standard output, as the exit status says."""
        name, contents, _ = case
        self.refused(TARGET, "--json", "--core", self.file(name, contents), "info")

    @for_each((case for case in FILES if case[0] not in LIKE_VMLINUX), name=lambda case: case[0])
    def test_as_operand(self, case):
        """As crash takes it: `iommuscope FILE`."""
        name, contents, _ = case
        path = self.file(name, contents)
        self.refused(TARGET, path, "devices", path=path)

    @for_each(LIKE_VMLINUX)
    def test_as_operand_without_dump(self, name):
        (contents,) = (case[1] for case in FILES if case[0] == name)
        self.refused(TARGET, self.file(name, contents), "devices")

    def test_no_such_file(self):
        path = scratch() / "nowhere"
        self.refused(TARGET, "--core", path, "devices", path=path, why="No such file", do="/var/crash")
        line = self.refused(TARGET, "--core", FIXTURE, "diff", path, path=path, why="No such file")
        self.assertEqual(line.count(str(path)), 1)

    def test_not_readable(self):
        path = self.file("not-readable", elf())
        path.chmod(0)
        if os.geteuid():
            self.refused(TARGET, "--core", path, "devices", path=path, why="Permission denied", do="root")
            return
        path.parent.chmod(0o755)
        own = scratch() / "iommuscope-of-all"
        shutil.copy(program(), own)
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", own, "--core", path, "devices"],
                              capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(done.returncode, TARGET, done)
        self.assertRegex(done.stderr, r"Permission denied; dumps are for root to read")

    def test_symbols(self):
        """What is wrong with the file that -s names, and what to give instead."""
        text = self.file("text-for-symbols", b"The quick brown fox\n" * 99)
        core = ROOT / "tests/fuzz/corpus/elf/core"
        for path, why, do in ((scratch() / "nowhere", "no such file", "without -s"),
                              (text, "not an ELF file", "kernel --export"),
                              (ROOT / "tests/fuzz/corpus/vmlinux/dwarf5", "another kernel's",
                               "linux-image-6.1.0-test-dbg")):
            with self.subTest(path.name):
                self.refused(TARGET, "--symbols", path, "--core", core, "info", path=path, why=why, do=do)

    def test_directory(self):
        self.refused(TARGET, "--core", scratch(), "devices", path=scratch(), why="directory", do="name the file in it")

    def test_device(self):
        self.refused(TARGET, "--core", "/dev/null", "devices", path="/dev/null")

    def test_unprintable_name(self):
        """A name is repeated in such a way that a terminal is not led by it."""
        self.refused(TARGET, "--core", f"{scratch()}/a\x1b[31m\nb", "devices")

    def test_no_dump_named(self):
        """Then it is the running kernel: it answers, or one line says why it can't."""
        if run("devices").status not in (ANSWERED, PARTLY):
            self.refused(TARGET, "devices")

    def test_several_dumps_that_are_no_split_set(self):
        one, two = (self.file(name, elf()) for name in ("first", "second"))
        self.refused(USAGE, "--core", one, "--core", two, "devices", says="split")


class Words(TestCase):
    """Mistakes on the command line are told before anything is opened."""

    CASES = (
        ("command", ("devcies",), "devices"),
        ("command, nothing near", ("xyzzy",), "help"),
        ("option", ("--jsom", "devices"), "--json"),
        ("option behind a command", ("decode", "dte", "0", "--jsom"), "--json"),
        ("option without its value", ("devices", "--columns"), "--columns"),
        ("value for a flag", ("--json=yes", "devices"), "--json"),
        ("letter", ("-x", "devices"), "-x"),
        ("structure", ("decode", "dtee", "0"), "dte"),
        ("structure, nothing near", ("decode", "xyzzy", "0"), "xyzzy"),
        ("word", ("decode", "dte", "0xzz"), "0xzz"),
        ("word too large", ("decode", "dte", "0x10000000000000000"), "64 bits"),
        ("negative word", ("decode", "dte", "--", "-1"), "-1"),
        ("no words", ("decode", "dte"), "usage"),
        ("column", ("decode", "dte", "0", "-o", "verdcit"), "verdict"),
        ("empty column", ("decode", "dte", "0", "-o", "raw,"), ""),
        ("topic", ("help", "dominas"), "domains"),
        ("two files of symbols", ("-s", "a", "-s", "b", "info"), "'a' and 'b'"),
        ("a command and -e", ("-e", "help", "info"), "info"),
        ("script that is not there", ("-i", "/nonexistent", ), "/nonexistent"),
        ("script that can't be read", ("-i", "/"), "directory"),
        ("log that can't be read", ("explain", "--file", "/"), "directory"),
        ("table that is not there", ("ivrs", "/nonexistent"), "/nonexistent"),
        ("table that can't be read", ("ivrs", "/"), "directory"),
        ("quote left open", ("-e", "help 'info"), ""),
        ("color", ("--color", "purple", "help"), "purple"),
    )

    @for_each(CASES, name=lambda case: case[0])
    def test_mistake(self, case):
        _, words, says = case
        self.refused(USAGE, *words, says=says)

    def test_a_script_goes_on(self):
        """A mistake in one line of a script does not cost the others, but shows in the status."""
        result = run(stdin="devcies\ndecode domids 3\n")
        self.assertEqual(result.status, USAGE, result)
        self.assertIn("reserved 0", result.out)
        self.assertEqual(result.err.count("\n"), 1, result)


    def test_standard_input_that_cannot_be_read(self):
        for words in ((), ("explain", "--file", "-")):
            folder = os.open("/", os.O_RDONLY)
            done = subprocess.run([program(), *words], stdin=folder, capture_output=True, text=True,
                                  timeout=TIMEOUT, check=False)
            os.close(folder)
            self.assertEqual((done.returncode, done.stdout), (USAGE, ""), done)
            self.assertIn("directory", done.stderr)

    def test_no_check_left(self):
        """What checks nothing has not found that all is well."""
        for words in (("--only", ""), ("--only", ","), ("--only", "dte-valid", "--skip", "dte-valid")):
            self.refused(TARGET, "-c", FIXTURE, "check", *words, says="no check is left")


class OwnFiles(TestCase):
    """What is read is not written over, whatever it is called."""

    @for_each(("diff {} > {}", "open {} >> {}", "explain --file {} > {}", "explain --file={} > {}",
               "ivrs {} > {}"))
    def test_named_by_the_line(self, line):
        other = scratch() / "other"
        shutil.copy(FIXTURE, other)
        before = other.read_bytes()
        self.refused(USAGE, "-c", FIXTURE, "-e", line.format(other, f"{scratch()}/./other"), says="would be lost")
        self.assertEqual(other.read_bytes(), before)

    LINES = ("capture {}", "kernel --export {}", "devices > {}", "devices >> {}")

    @for_each(LINES)
    def test_refused(self, line):
        folder = scratch() / "own"
        folder.mkdir(exist_ok=True)
        dump, layouts, link = (folder / name for name in ("dump.elf", "dump.layouts", "link"))
        shutil.copy(FIXTURE, dump)
        run("-c", dump, "kernel", "--export", layouts)
        for own in (dump, layouts):
            link.unlink(missing_ok=True)
            link.symlink_to(own)
            before = own.read_bytes()
            for name in (own, link, f"{folder}/../own/{own.name}"):
                for options in ((), ("--no-sandbox",)):
                    self.refused(USAGE, *options, "-c", dump, "-s", layouts, "-e", line.format(name),
                                 says="is what is being read")
                    self.assertEqual(own.read_bytes(), before)
        self.assertEqual({path.name for path in folder.iterdir()}, {"dump.elf", "dump.layouts", "link"})


class ClosedStreams(TestCase):
    """A service may start it with standard streams closed: it ends, and says when the answer is lost."""

    @for_each((0, 1, 2), name=str)
    def test_ends(self, stream):
        for words in (("decode", "pte", "1"), ("-c", FIXTURE, "devices")):
            done = subprocess.run(["sh", "-c", f'exec "$@" {stream}>&-', "sh", program(), *map(str, words)],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT,
                                  check=False)
            self.assertEqual(done.returncode, PARTLY if stream == 1 else ANSWERED, done)
            self.assertEqual(bool(done.stdout), stream != 1)
            self.assertEqual("can't write the answer" in done.stderr, stream == 1)


# A machine with no IOMMU: PCI structures that say where things are, and lists that are empty.
NO_IOMMU = """iommuscope-image 1
release 6.1.0-test
map 0xffffffff80000000 0 1M
mem 0x1000: ffffffff80001000 ffffffff80001000
mem 0x1010: ffffffff80001010 ffffffff80001010
symbol pci_root_buses 0xffffffff80001000
member struct pci_bus.node 0:16
member struct pci_bus.children 24:16
member struct pci_bus.devices 40:16
member struct pci_bus.number 216:1
member struct pci_dev.bus_list 0:16
member struct pci_dev.devfn 56:4
member struct pci_dev.dev 208:752
member struct amd_iommu.list 0:16
member struct iommu_dev_data.domain 40:8
member struct protection_domain.id 100:2
"""
COMMANDS = ("iommus", "devices", "groups", "dte", "domains", "domids", "map 1", "walk 0:0.0 0",
            "rmap 0x1000")


class NotThere(TestCase):
    """What an open target does not have is told with where to look, and not shown as blank."""

    CASES = (("devices 99:00.0", "'devices' lists"), ("dte 99:00.0", "'dte --all'"),
             ("dte --raw 99:00.0", "'dte --all'"), ("walk 99:00.0 0x1000", "'devices' lists"),
             ("domains 0x99", "'domains' lists"), ("irt 00:01.0", "'irt' shows"),
             ("dte --all 00:04.0", "'00:04.0'"), ("groups 00:04.0", "'devices 00:04.0'"),
             ("diff 00:04.0", "'00:04.0'"))

    @for_each(CASES, name=lambda case: case[0])
    def test_told(self, case):
        line, says = case
        fixture = ROOT / "tests/fixtures/6.12-after.elf"
        result = run("-q", "-c", fixture, *line.split())
        self.assertEqual((result.status, result.out), (USAGE, ""), result)
        self.assertRegex(result.err, r"(?m)^iommuscope: [^\n]+\n\Z")
        self.assertIn(says, result.err.splitlines()[-1])


class NoIommu(TestCase):
    """A kernel with no AMD IOMMU in use: an Intel machine, or none, or one that is switched off."""

    def image(self, name, text):
        path = scratch() / name
        path.write_text(text, encoding="ascii")
        return path

    @for_each(COMMANDS)
    def test_list_is_empty(self, command):
        path = self.image("unused", f"{NO_IOMMU}symbol amd_iommu_list 0xffffffff80001010\n")
        self.refused(TARGET, "--core", path, *command.split(), says="AMD IOMMU")

    @for_each(COMMANDS)
    def test_no_driver(self, command):
        path = self.image("without", NO_IOMMU)
        self.refused(TARGET, "--core", path, *command.split(), says="AMD IOMMU")

    def test_info_answers(self):
        """That there is none is an answer of `info`."""
        for name, line in (("unused", "symbol amd_iommu_list 0xffffffff80001010\n"),
                           ("without", "")):
            path = self.image(name, NO_IOMMU + line)
            (info,) = self.data("--core", path, "info")
            self.assertEqual((info["release"], info["iommus"], info["iommu_driver"]),
                             ("6.1.0-test", 0, None))
