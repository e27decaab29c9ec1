# SPDX-License-Identifier: GPL-2.0-or-later
"""Without a vmlinux the answers are the same: the kernel's own symbols (kallsyms) and types
(BTF), a System.map, an export from another machine."""

import json
import mmap
import re
import struct
import subprocess
from pathlib import Path

from dumps import STATES, VFIO_BDF, WITH_DEBUG, dump
from support import ANSWERED, TARGET, TestCase, environment, for_each, program, run, scratch

STATES_WITH_DEBUG = tuple(one for one in STATES if one.series.debug)
COMMANDS = (
    ("kernel",), ("kernel", "--all"), ("iommus",), ("devices",), ("groups",), ("dte", "--all"),
    ("dte", "--raw"), ("domains",), ("domains", "--usage"), ("domids",), ("map", VFIO_BDF),
    ("map", "--summary", VFIO_BDF), ("rd", "linux_banner", "8"), ("summary",), ("summary", "--log"),
    ("iommus", "--fields"), ("iommus", "--driver"), ("walk", VFIO_BDF, "0x10000000"), ("page", "0xfee00000"),
    ("rmap", "--symbol", "linux_banner"), ("irt",), ("irt", "--all"), ("ring", "cmd"), ("ring", "evt"),
    ("ivrs",), ("iova", "0000:00:05.0"), ("owners",), ("check",), ("check", "--threshold", "notice"),
    ("explain",), ("diff", VFIO_BDF, "0000:00:05.0"),
)
SOURCES = ("symbols", "types", "symbols_path")  # what `info` may say differently
SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
# What is in a vmlinux and not in the kernel's own table: no addresses, or the tables' own labels.
NOT_KEPT = re.compile(r"(__crc_|__kstrtab|kallsyms_|init_per_cpu__|xen_elfnote_)")
IMAGE = range(0xffffffff80000000, 0xffffffffc0000000)


def unit_program(name):
    """The unit test program, which given a dump or vmlinux compares what is in it."""
    return Path(program()).parent / "tests/unit" / name


def section(image, name):
    """The bytes of a section of an ELF file."""
    offset, = struct.unpack_from("<Q", image, 0x28)
    size, count, names_index = struct.unpack_from("<HHH", image, 0x3a)
    headers = [struct.unpack_from("<IIQQQQ", image, offset + size * i) for i in range(count)]
    names = headers[names_index][4]
    for header in headers:
        at = names + header[0]
        if image[at:at + len(name) + 1] == name + b"\0":
            return memoryview(image)[header[4]:header[4] + header[5]]
    raise AssertionError(f"no section {name}")


def symbol_names(path):
    """Every name in a vmlinux' symbol table that iommuscope takes for one."""
    with open(path, "rb") as file, \
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        strings = bytes(section(image, b".strtab"))
        places = {row[0] for row in SYMBOL.iter_unpack(bytes(section(image, b".symtab")))}
    names = {strings[at:strings.index(b"\0", at)].decode() for at in places if at}
    return sorted(name for name in names
                  if re.fullmatch(r"[\w$]+(\.[\w$]+)*", name, re.ASCII) and len(name) < 256)


class OwnSymbols(TestCase):
    @for_each(WITH_DEBUG, lambda row: row.name)
    def test_types_as_in_dwarf(self, row):
        """Every row of the need table."""
        one = dump(row, "after")
        one.require(self)
        done = subprocess.run([unit_program("test_btf"), one.vmlinux], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        found = re.search(r"(\d+) found, 0 differ$", done.stdout.rstrip())
        self.assertGreater(int(found[1]), 50, done.stdout)

    @for_each(WITH_DEBUG, lambda row: row.name)
    def test_symbols_as_in_vmlinux(self, row):
        """Every symbol of the kernel's own table."""
        one = dump(row, "after")
        one.require(self)
        done = subprocess.run([unit_program("test_kallsyms"), one.path, one.vmlinux],
                              input="\n".join(symbol_names(one.vmlinux)) + "\n",
                              capture_output=True, text=True, env=environment(), check=False)
        *lines, summary = done.stdout.splitlines()
        self.assertEqual(done.returncode, 0, summary)
        self.assertGreater(int(re.search(r"(\d+) found", summary)[1]), 80000)
        for line in lines:
            name, state, value = re.fullmatch(
                r"(\S+): (\w+) 0x\w+, in vmlinux \w+ (0x\w+)", line).groups()
            self.assertEqual(state, "absent", line)
            if not NOT_KEPT.match(name):
                self.assertNotIn(int(value, 16), IMAGE, line)

    def check_same(self, one, *options):
        """Every command's answer with these options is that with the vmlinux, byte for byte."""
        for command in COMMANDS:
            for form in ((), ("--json",)):
                with self.subTest(command=command, form=form):
                    expected = run("--no-cache", *form, *one.options, *command)
                    got = run("--no-cache", *form, *one.cores, *options, *command)
                    self.assertEqual((got.status, got.err), (expected.status, expected.err))
                    self.assertEqual(self.without_source(got.out),
                                     self.without_source(expected.out))
        expected = self.data("--no-cache", *one.options, "info")[0]
        got = self.data("--no-cache", *one.cores, *options, "info")[0]
        self.assertEqual({key: value for key, value in got.items() if key not in SOURCES},
                         {key: value for key, value in expected.items() if key not in SOURCES})
        return [got[key] for key in SOURCES]

    @staticmethod
    def without_source(text):
        """The head of a JSON answer names the target's sources too."""
        if not text.startswith("{"):
            return text
        answer = json.loads(text)
        for key in SOURCES:
            (answer["target"] or {}).pop(key, None)
        return json.dumps(answer)

    @for_each(STATES_WITH_DEBUG)
    def test_same_answers(self, one):
        one.require(self)
        self.assertEqual(self.check_same(one, "--no-symbols"), ["kallsyms", "btf", None])

    @for_each([row for row in WITH_DEBUG
               if (dump(row, "after").directory / "System.map").exists()], lambda row: row.name)
    def test_system_map(self, row):
        one = dump(row, "after")
        one.require(self)
        path = one.directory / "System.map"
        self.assertEqual(self.check_same(one, "--symbols", path),
                         ["system.map", "btf", str(path)])

    @for_each(WITH_DEBUG, lambda row: row.name)
    def test_export(self, row):
        """What `kernel --export` writes answers for the vmlinux."""
        one = dump(row, "after")
        one.require(self)
        path = scratch() / f"{row.name}.layouts"
        written, = self.data(*one.options, "kernel", "--export", path)
        self.assertEqual(written["file"], str(path))
        self.assertEqual(len(path.read_text().splitlines()), written["rows"] + 3)
        self.assertLess(path.stat().st_size, 16384)
        self.assertEqual(self.check_same(one, "--symbols", path), ["export", "export", str(path)])

    def test_another_kernels_files(self):
        """They are refused, and the line says why."""
        one, other = (dump(row, "after") for row in WITH_DEBUG[:2])
        one.require(self)
        other.require(self)
        path = scratch() / "other.layouts"
        self.data(*other.options, "kernel", "--export", path)
        self.refused(TARGET, *one.cores, "--symbols", path, "info", what="build ID")
        text = "".join(f"{address:016x} {kind} {name}\n" for address, kind, name in (
            (0xffffffff81000000, "T", "_stext"), (0xffffffff82000040, "D", "init_uts_ns"),
            (0xffffffff83000000, "B", "_end")))
        path.write_text(text)
        self.refused(TARGET, "--no-cache", *one.cores, "--symbols", path, "info",
                     what="another kernel's", which="init_uts_ns")

    def test_export_to_a_folder_that_is_not_there(self):
        one = dump(WITH_DEBUG[0], "after")
        one.require(self)
        result = run(*one.options, "kernel", "--export", scratch() / "nowhere" / "file")
        self.assertNotEqual(result.status, ANSWERED, result)
        self.assertIn("No such file or directory", result.err)


class LayoutCache(TestCase):
    def setUp(self):
        self.dump = dump(WITH_DEBUG[0], "after")
        self.dump.require(self)
        self.expected = self.text("--no-cache", *self.dump.options, "devices")

    def command(self):
        return [program(), *(str(word) for word in self.dump.options), "devices"]

    def test_several_at_once(self):
        for round_number in range(4):
            folder = scratch() / f"shared-{round_number}"
            folder.mkdir()
            env = environment(XDG_CACHE_HOME=str(folder))
            children = [subprocess.Popen(self.command(), env=env, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True) for _ in range(4)]
            for child in children:
                self.assertEqual(child.communicate(), (self.expected, ""))
            files = list((folder / "iommuscope").iterdir())
            self.assertEqual([path.suffix for path in files], [".layouts"])
            again = subprocess.run([*self.command()[:-1], "--json", "info"], env=env, text=True,
                                   capture_output=True, check=True)
            self.assertEqual(json.loads(again.stdout)["data"][0]["types"], "cache")

    def on_tmpfs(self, options, then="true"):
        """Run with the cache on a file system of its own."""
        folder = scratch() / "tmpfs"
        folder.mkdir(exist_ok=True)
        script = f'mount -t tmpfs -o {options} none "$XDG_CACHE_HOME" && {then} && exec "$@"'
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh",
                   *self.command()]
        return subprocess.run(command, env=environment(XDG_CACHE_HOME=str(folder)), text=True,
                              capture_output=True, check=False)

    def test_disk_full(self):
        done = self.on_tmpfs("size=4k")
        self.assertEqual(done.stdout, self.expected)
        self.assertRegex(done.stderr, r"\A[^\n]*No space left on device\n\Z")

    def test_read_only(self):
        done = self.on_tmpfs("size=4k", 'mount -o remount,ro "$XDG_CACHE_HOME"')
        self.assertEqual(done.stdout, self.expected)
        self.assertRegex(done.stderr, r"\A[^\n]*Read-only file system\n\Z")
