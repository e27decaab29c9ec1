# SPDX-License-Identifier: GPL-2.0-or-later
"""Real dumps and kernels, damaged or mismatched: what can be answered is answered, never wrongly;
what can't is refused in one line."""

import itertools
import shutil
import struct
import subprocess

import partial
from dumps import WITH_DEBUG, WITH_VFIO, dump as make_dump
from support import ANSWERED, PARTLY, TARGET, TestCase, for_each, run, scratch
from vmrig.elfcore import PAGE, Core, Segment

SMALLEST = min(WITH_DEBUG, key=lambda row: row.name != "6.12")  # half the others' vmlinux
KERNEL_MAP = 0xFFFFFFFF80000000  # __START_KERNEL_map
AARCH64 = 183
MACHINE_OFFSET = 18  # of e_machine in an ELF header


def sparse_copy(source, name):
    target = scratch() / name
    subprocess.run(["cp", "--sparse=always", "--", source, target], check=True)
    return target


class WithCopy(TestCase):
    """Each test may change its own copy of a dump; a copy is removed at once, being large."""

    def copy(self, source, name):
        path = sparse_copy(source, name)
        self.addCleanup(path.unlink)
        return path


FORMATS = ("after.elf", "after.paging.elf")
CONVERTED = ("after.zlib.kdump", "after.zlib.flat")
COMMANDS = ("devices", "groups", "domains", "dte", "domids")


class Truncated(WithCopy):
    @for_each(make_dump(row, "after", name) for row, name in (
        *itertools.product(WITH_VFIO, FORMATS), *itertools.product(WITH_DEBUG, CONVERTED)))
    def test_in_the_data(self, one):
        """Cut off ever more: sooner or later something is missing, and never is anything wrong."""
        one.require(self)
        right = {command: run("--no-cache", "--json", *one.options, command).out
                 for command in COMMANDS}
        path = self.copy(one.path, one.files[0])
        size = path.stat().st_size
        options = ("--no-cache", "--json", "--core", path, *one.symbols)
        statuses = []
        for percent in range(95, 5, -10):
            with open(path, "r+b") as file:
                file.truncate(size * percent // 100)
            for command, answer in right.items():
                with self.subTest(command, left=f"{percent} %"):
                    result = run(*options, command)
                    statuses.append(result.status)
                    self.check(answer, result)
        self.assertIn(TARGET, statuses)

    def check(self, right, result):
        if result.status == ANSWERED:
            self.assertEqual(result.out, right)
        elif result.status == PARTLY:
            partial.check(self, *partial.parse(right), *partial.parse(result.out))
        else:
            self.assertEqual((result.status, result.out), (TARGET, ""), result)
            self.assertRegex(result.err.splitlines()[-1], r"^iommuscope: ", result)

    def without_page(self, one, physical):
        """Options for a copy of a dump whose last page was cut off: the one of that address."""
        core = Core(one.path)
        page = physical & -PAGE
        (home,) = (s for s in core.segments if s.physical <= page < s.physical + s.size)
        core.segments.remove(home)
        for start, end in ((home.physical, page), (page + PAGE, home.physical + home.size),
                           (page, page + PAGE)):
            if start < end:
                virtual = home.virtual and home.virtual + start - home.physical
                core.segments.append(Segment(virtual, start, home.offset + start - home.physical,
                                             end - start))
        path = scratch() / "page-last.elf"
        self.addCleanup(path.unlink)
        core.write(path)
        options = ("--core", path, *one.symbols)
        self.assertEqual(self.data(*options, "devices"), self.data(*one.options, "devices"))
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size - PAGE)
        return options

    @for_each(WITH_VFIO, name=lambda row: row.name)
    def test_page_table_cut_off(self, row):
        """All is answered but what hangs on it."""
        one = make_dump(row, "after")
        one.require(self)
        bdf, *others = (one.truth["vfio"]["bdf"], "0000:00:05.0", "0000:00:06.0")
        (device,) = self.data(*one.options, "devices", bdf)
        options = self.without_page(one, int(device["pt_root"], 16))
        for command in ("devices", "groups", "dte", "domains", "domids",
                        *(f"map {other} --leaves" for other in others)):
            self.assertEqual(self.data(*options, *command.split()),
                             self.data(*one.options, *command.split()))
        answer = self.answer(*options, "map", bdf, status=PARTLY)
        self.assertEqual(answer["data"], [])
        self.assertTrue(answer["problems"])
        answer = self.answer(*options, "walk", bdf, "0x10000000", status=PARTLY)
        (walk,) = answer["data"]
        self.assertEqual((walk["pa"], walk["read"], walk["write"]), (None, None, None))
        self.assertTrue(answer["problems"])
        self.assertIn("iommuscope: ", run(*options, "map", bdf).err)

    @for_each(WITH_VFIO, name=lambda row: row.name)
    def test_device_table_cut_off(self, row):
        """Which devices there are, their drivers and groups are known all the same."""
        one = make_dump(row, "after")
        one.require(self)
        (iommu,) = self.data(*one.options, "iommus")
        options = self.without_page(one, int(iommu["device_table"], 16))
        answer = self.answer(*options, "devices", status=PARTLY)
        right = self.answer(*one.options, "devices")
        partial.check(self, right, answer)
        lost = 0
        for row_right, row_shown in zip(right["data"], answer["data"], strict=True):
            for key in ("bdf", "vendor", "device", "driver", "group", "domain_type"):
                self.assertEqual(row_shown[key], row_right[key])
            lost += row_shown["domain_id"] is None
        self.assertGreater(lost, 4)  # bus 0's entries are in this page
        self.assertLess(lost, len(right["data"]))

    HEADERS = (("after.elf", 30), ("after.elf", 70), ("after.elf", 200), ("after.zlib.kdump", 300),
               ("after.zlib.kdump", 5000), ("after.zlib.kdump", 9000), ("after.zlib.flat", 5000),
               ("after.kdump-zlib.flat", 5000))

    @for_each(HEADERS, name=lambda case: f"{case[0]}-{case[1]}")
    def test_in_the_headers(self, case):
        name, size = case
        one = make_dump(SMALLEST, "after", name)
        one.require(self)
        path = scratch() / "headers-only"
        with open(one.path, "rb") as file:
            path.write_bytes(file.read(size))
        result = run("--core", path, "--symbols", one.vmlinux, "devices")
        self.assertEqual((result.status, result.out), (TARGET, ""), result)
        self.assertRegex(result.err.splitlines()[-1], r"^iommuscope: .*truncated", result)


class Changed(WithCopy):
    def test_other_architecture(self):
        one = make_dump(SMALLEST, "after")
        one.require(self)
        path = self.copy(one.path, "aarch64.elf")
        with open(path, "r+b") as file:
            file.seek(MACHINE_OFFSET)
            file.write(struct.pack("<H", AARCH64))
        self.refused(TARGET, "--core", path, "--symbols", one.vmlinux, "devices",
                     says="64-bit x86")

    @for_each(WITH_VFIO, name=lambda row: row.name)
    def test_no_iommu_in_use(self, row):
        """A machine of another make runs the same kernel: its driver's list is empty."""
        one = make_dump(row, "after")
        one.require(self)
        (info,) = self.data(*one.options, "info")
        (line,) = (line for line in self.data(*one.options, "kernel", "--all")
                   if line["name"] == "amd_iommu_list")
        address = int(line["value"], 16)
        physical = address - KERNEL_MAP + int(info["phys_base"], 16) & (1 << 64) - 1
        (segment,) = [s for s in Core(one.path).segments
                      if s.physical <= physical < s.physical + s.size]
        path = self.copy(one.path, "no-iommu.elf")
        with open(path, "r+b") as file:
            file.seek(segment.offset + physical - segment.physical)
            file.write(struct.pack("<QQ", address, address))
        options = ("--core", path, *one.symbols)
        self.refused(TARGET, *options, "devices", says="AMD IOMMU")
        (info,) = self.data(*options, "info")
        self.assertEqual((info["release"], info["iommus"]), (one.truth["release"], 0))


class Kernels(TestCase):
    """A vmlinux that does not do."""

    @classmethod
    def setUpClass(cls):
        cls.one = make_dump(SMALLEST, "after")

    def setUp(self):
        self.one.require(self)

    def stripped(self, name, *options):
        path = scratch() / name
        subprocess.run(["objcopy", *options, self.one.vmlinux, path], check=True)
        self.addCleanup(path.unlink)
        return path

    def refused_symbols(self, symbols, **needles):
        return self.refused(TARGET, "--no-cache", *self.one.cores, "--symbols", symbols, "devices",
                            **needles)

    def test_another_kernels(self):
        """Both build IDs are named."""
        for row in WITH_DEBUG:
            if row is SMALLEST:
                continue
            other = make_dump(row, "after")
            other.require(self)
            ids = [(one.directory / "kernel.txt").read_text(encoding="ascii")
                   .split("build-id: ")[1].strip() for one in (self.one, other)]
            self.refused_symbols(other.vmlinux, path=other.vmlinux, wanted=ids[0], found=ids[1])

    def test_another_kernels_with_a_cached_layout(self):
        """What the cache knows of the right kernel does not excuse a wrong one."""
        self.data(*self.one.options, "devices")
        other = make_dump(WITH_DEBUG[0], "after")
        self.refused(TARGET, *self.one.cores, "--symbols", other.vmlinux, "devices",
                     path=other.vmlinux)

    def test_stripped(self):
        path = self.stripped("stripped", "--strip-all", "--remove-section=.BTF")
        self.refused_symbols(path, path=path)

    def test_without_types(self):
        """Without its .BTF the file has no __start_BTF either, by which the dump's own is found."""
        path = self.stripped("without-types", "--strip-debug", "--remove-section=.BTF")
        self.refused_symbols(path, says="no types")

    def test_debug_file(self):
        """Sections and symbols apart, as distributions ship them: as good as the whole."""
        path = self.stripped("vmlinux.debug", "--only-keep-debug")
        self.assertEqual(run("--no-cache", *self.one.cores, "--symbols", path, "devices").out,
                         run("--no-cache", *self.one.options, "devices").out)

    def test_truncated(self):
        path = scratch() / "vmlinux-cut"
        shutil.copyfile(self.one.vmlinux, path)
        self.addCleanup(path.unlink)
        with open(path, "r+b") as file:
            file.truncate(path.stat().st_size // 2)
        self.refused_symbols(path, path=path)

    def test_not_a_kernel(self):
        path = scratch() / "text"
        path.write_text("not an ELF file\n", encoding="ascii")
        self.refused_symbols(path, path=path, says="ELF")

    def test_no_such_file(self):
        path = scratch() / "nowhere"
        self.refused_symbols(path, path=path, says="o such file")

    def test_the_dump_itself(self):
        self.refused_symbols(self.one.path, path=self.one.path)
