# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initramfs: busybox, our programs, the modules in loading order."""

import lzma
import re
import shutil
from pathlib import Path

from .cache import RIG_DIR, RigError, run

GUEST_DIR = RIG_DIR / "guest"
PROGRAMS = ("attach", "fault", "load_capture", "many", "msi")


def inputs():
    """What the initramfs is made from, for the cache's stamps."""
    return [GUEST_DIR / "init"] + [GUEST_DIR / f"{name}.c" for name in PROGRAMS]


class Archive:
    """A cpio archive (newc), written here so that it comes out the same every time."""

    def __init__(self):
        self.parts = []
        self.size = 0
        self.inode = 0
        self.directories = set()

    def _emit(self, data):
        padding = b"\0" * (-len(data) % 4)
        self.parts.append(data + padding)
        self.size += len(data) + len(padding)

    def _entry(self, name, mode, data):
        self.inode += 1
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._emit(header + name.encode() + b"\0")
        self._emit(data)

    def _parents(self, name):
        for parent in reversed(Path(name).parents[:-1]):
            if str(parent) not in self.directories:
                self.directories.add(str(parent))
                self._entry(str(parent), 0o040755, b"")

    def file(self, name, data):
        self._parents(name)
        self._entry(name, 0o100755, data)

    def write(self, path):
        self._entry("TRAILER!!!", 0, b"")
        with open(path, "wb") as target:
            target.writelines(self.parts)


def module_bytes(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def loading_order(wanted, directory):
    """[(name, contents)] of the wanted modules and what they depend on, dependencies first."""
    files = {path.name.split(".")[0].replace("-", "_"): path for path in directory.iterdir()}
    order = {}

    def visit(name):
        name = name.replace("-", "_")
        if name in order:
            return
        if name not in files:
            raise RigError(f"this kernel has no module {name}")
        contents = module_bytes(files[name])
        for depends in re.findall(rb"\0depends=([^\0]*)\0", contents):
            for dependency in filter(None, depends.decode().split(",")):
                visit(dependency)
        order[name] = contents

    for name in wanted:
        visit(name)
    return list(order.items())


def compile_guest(directory):
    """{name in the archive: path} of our programs."""
    files = {}
    for name in PROGRAMS:
        run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", directory / name,
             GUEST_DIR / f"{name}.c"], 60, f"guest/{name}.c")
        files[f"bin/{name}"] = directory / name
    return files


def program_files(program):
    """{name in the archive: path} of a program and the libraries that it needs."""
    listing = run(["ldd", program], 60, program.name).decode()
    paths = re.findall(r"(/[^ ]+) \(0x", listing)
    if not paths:
        raise RigError(f"{program}: ldd names no libraries")
    return {"bin/iommuscope": Path(program), **{path.lstrip("/"): Path(path) for path in paths}}


def build(path, modules, module_options, module_dir, files):
    """`files` maps names in the archive to paths: programs and whatever else the guest needs."""
    archive = Archive()
    archive.file("init", (GUEST_DIR / "init").read_bytes())
    busybox = shutil.which("busybox")
    if not busybox:
        raise RigError("busybox is not installed (see tests/vm/packages)")
    archive.file("bin/busybox", Path(busybox).read_bytes())
    options = dict(module_options)
    lines = []
    for name, contents in loading_order(modules, module_dir):
        archive.file(f"modules/{name}.ko", contents)
        lines.append(f"{name}.ko {options.get(name, '')}".strip())
    archive.file("modules/order", "".join(f"{line}\n" for line in lines).encode())
    for name, source in files.items():
        archive.file(name, source.read_bytes())
    archive.write(path)
