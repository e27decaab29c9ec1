# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured, against what, and the goals."""

import dataclasses
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pages
import peers
from peers import Program

BDF = "0000:00:04.0"  # the rig's VFIO function
PAGES = 4194304  # its leaves in many.elf
OURS = "iommuscope"


@dataclasses.dataclass(frozen=True)
class Goal:
    """`value` of the figures is at most `limit`, or at least."""
    what: str
    limit: float
    value: Callable
    at_least: bool = False

    def met(self, value):
        return value >= self.limit if self.at_least else value <= self.limit


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    what: str
    programs: list  # ours first
    goals: list
    cold: list = ()  # files whose cached pages are dropped before each run
    verdicts: bool = False  # `check`, whose exit status is what it found


@dataclasses.dataclass(frozen=True)
class Place:
    """Where everything is."""
    program: Path
    module: Path
    read_pages: Path
    scratch: Path
    dumps: Path

    def file(self, series, name):
        return self.dumps / series / name

    def ours(self, dump, vmlinux, *words, name=OURS, answer=None):
        return Program(name, [self.program, "-c", dump, "-s", vmlinux, *words], answer)


def ratio(peer, limit, ours=OURS):
    return Goal(f"time over that of {peer}", limit,
                lambda f: f[ours].seconds / f[peer].seconds)


def memory(limit):
    return Goal("MB at most", limit, lambda f: f[OURS].megabytes)


def seconds(limit):
    return Goal("seconds", limit, lambda f: f[OURS].seconds)


def device_cases(place, _):
    """`devices` on an ordinary dump: a kdump of 6.1, the newest that all peers read."""
    dump, vmlinux = place.file("6.1", "kdump.kdump"), place.file("6.1", "vmlinux")
    plain = place.file("6.1", "vmlinux.no-btf")
    drgns = peers.drgn_device_peers(dump, vmlinux)
    crashes = peers.crash_device_peers(place.scratch, dump, vmlinux)

    def case(name, what, symbols, options, drgn_limit, goals, cold=()):
        ours = place.ours(dump, symbols, *options, "devices", "--json", answer=peers.our_devices)
        return Case(name, what, [ours, *drgns, *crashes],
                    [*(ratio(peer.name, drgn_limit) for peer in drgns), *goals,
                     *(ratio(peer.name, 0.02) for peer in crashes)], cold)
    return [
        case("devices-dwarf", "devices: vmlinux with DWARF only, no layout cache", plain,
             ["--no-cache"], 0.2, [memory(80)]),
        case("devices-btf", "devices: BTF, no layout cache", vmlinux, ["--no-cache"], 0.1,
             [memory(30)]),
        case("devices-cached", "devices: layout cache", vmlinux, [], 0.04,
             [seconds(0.025), memory(20)]),
        case("devices-cold", "devices: layout cache, file cache cold", vmlinux, [], 0.3, [],
             [dump, vmlinux]),
    ]


def table_list(place, runner, dump, vmlinux):
    """The pages of the table, as drgn walks it, for read_pages."""
    tables = place.scratch / "tables.txt"
    runner.once(peers.drgn_map_peer(dump, vmlinux, BDF, tables), [])
    return pages.write_list(dump, tables, place.scratch / f"{dump.name}.pages")


def map_cases(place, runner):
    vmlinux = place.file("7.2", "vmlinux")
    elf, kdump = place.file("7.2", "many.elf"), place.file("7.2", "many.kdump")
    drgn = peers.drgn_map_peer(elf, vmlinux, BDF)
    light = "reading those pages"
    part = f"{OURS}, 1/32 of it"
    summary = [BDF, "--summary", "--json"]
    yield Case("map-summary", f"map --summary, {PAGES} leaves, ELF", [
        place.ours(elf, vmlinux, "map", *summary, answer=peers.our_summary), drgn,
        peers.light_peer(light, place.read_pages, elf, table_list(place, runner, elf, vmlinux)),
        place.ours(elf, vmlinux, "map", *summary, "--range", "0x100000000+512M", name=part),
    ], [ratio(drgn.name, 0.05), ratio(light, 6),
        Goal("memory over that for 1/32 of the table", 1.1,
             lambda f: f[OURS].megabytes / f[part].megabytes)])
    unpack = "decompressing those pages"
    yield Case("map-kdump", f"map --summary, {PAGES} leaves, kdump (zlib)", [
        place.ours(kdump, vmlinux, "map", *summary, answer=peers.our_summary),
        peers.light_peer(unpack, place.read_pages, kdump,
                         table_list(place, runner, kdump, vmlinux)),
    ], [ratio(unpack, 1.3)])
    for name, words, limit in (("leaves-text", [], 5e6), ("leaves-json", ["--json-lines"], 3e6)):
        yield Case(name, f"map --leaves{' as JSON lines' if words else ''}, {PAGES} lines to a file",
                   [place.ours(elf, vmlinux, "map", BDF, "--leaves", *words)],
                   [Goal("lines a second of CPU time", limit,
                         lambda f: PAGES / f[OURS].cpu_seconds, at_least=True)])
    one = f"{OURS} map --summary"
    yield Case("rmap", "rmap of one page over all domains", [
        place.ours(elf, vmlinux, "rmap", "0x100000000"),
        place.ours(elf, vmlinux, "map", *summary, name=one),
    ], [ratio(one, 1.3)])


def check_cases(place, _):
    many, its_vmlinux = place.file("7.2", "many.elf"), place.file("7.2", "vmlinux")
    one = f"{OURS} map --summary"
    yield Case("check-many", f"check, {PAGES} leaves, ELF", [
        place.ours(many, its_vmlinux, "check"),
        place.ours(many, its_vmlinux, "map", BDF, "--summary", name=one),
    ], [ratio(one, 3)])
    dump, vmlinux = place.file("6.1", "before.elf"), place.file("6.1", "vmlinux")
    start = f"{OURS} info"
    yield Case("check", "check with nothing wrong", [
        place.ours(dump, vmlinux, "check"), place.ours(dump, vmlinux, "info", name=start),
    ], [Goal("seconds over start-up", 0.1, lambda f: f[OURS].seconds - f[start].seconds)])


def between_dates(text):
    first, last = re.findall(r"^\d{10}\.\d+$", text, re.MULTILINE)
    return float(last) - float(first)


def device_rows(text):
    return re.findall(r"^([0-9a-f:.]{12} 0x.*?) *$", text, re.MULTILINE)


def module_cases(place, _):
    """crash itself tells the time before it loads the module and after the answer."""
    dump, vmlinux = place.file("6.1", "kdump.kdump"), place.file("6.1", "vmlinux")
    script = place.scratch / "module.crash"
    script.write_text(f"!date +%s.%N\nextend {place.module}\niommu devices\n!date +%s.%N\nq\n",
                      encoding="ascii")
    for name, argv in peers.crashes().items():
        yield Case(f"module-{name.split()[-1]}", f"iommu devices inside {name}",
                   [Program(OURS, [*argv, *peers.CRASH_OPTIONS, "-i", script, vmlinux, dump],
                            device_rows, seconds=between_dates),
                    place.ours(dump, vmlinux, "devices", name=f"{OURS} by itself",
                               answer=device_rows)],
                   [Goal("seconds beyond crash's own start", 0.05, lambda f: f[OURS].seconds)])


def synthetic_cases(place, _):
    """Machines larger than can be had (synthetic.py)."""
    layouts = place.scratch / "synthetic.layouts"
    subprocess.run([place.program, "-c", place.file("7.2", "many.elf"), "-s",
                    place.file("7.2", "vmlinux"), "kernel", "--export", layouts], check=True,
                   stdout=subprocess.DEVNULL)

    def core(name, *words):
        path = place.scratch / name
        subprocess.run([sys.executable, peers.BENCH / "synthetic.py", layouts, path,
                        *map(str, words)], check=True)
        return path
    table = core("terabyte.core", "--pages", 1 << 28)
    sizes = {"16 GB": "0+16G", "256 GB": "0+256G"}
    yield Case("terabyte", "map --summary, 1 TB in pages of 4 KB (synthetic)", [
        place.ours(table, layouts, "map", "0000:00:00.0", "--summary"),
        *(place.ours(table, layouts, "map", "0000:00:00.0", "--summary", "--range", part,
                     name=f"{OURS}, {name}") for name, part in sizes.items()),
    ], [Goal("time for each GB over that at 256 GB", 1.3,
             lambda f: f[OURS].cpu_seconds / 4 / f[f"{OURS}, 256 GB"].cpu_seconds),
        Goal("memory over that for 16 GB", 1.1,
             lambda f: f[OURS].megabytes / f[f"{OURS}, 16 GB"].megabytes)])
    cores = {n: core(f"{n}-segments.core", "--segments", n, "--devices", 4096) for n in (8, 16)}
    yield Case("devices-65536", "devices: 65 536 of them in 16 segments (synthetic)",
               [place.ours(cores[16], layouts, "devices")], [seconds(0.5)])
    half = f"{OURS}, 32 768 devices"
    yield Case("check-65536", "check: 65 536 devices in 16 segments (synthetic)", [
        place.ours(cores[16], layouts, "check"), place.ours(cores[8], layouts, "check", name=half),
    ], [Goal("CPU time for each device over that with 32 768", 1.3,
             lambda f: f[OURS].cpu_seconds / 2 / f[half].cpu_seconds)], verdicts=True)


MAKERS = (device_cases, map_cases, check_cases, module_cases, synthetic_cases)
