# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of other suites, run on this system without being installed on it.

The packages and all they depend on, C library included, are unpacked (not installed: no
maintainer script runs) into $CACHE/roots/SUITE. The programs are started through that
root's own loader, so they see the machine's ordinary file system.
"""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .cache import RigError, cache_dir, note, run
from .debian import Suite



@dataclass(frozen=True)
class Root:
    suite: str
    packages: tuple

    @property
    def directory(self):
        return cache_dir() / "roots" / self.suite


NEWER = Root("forky", ("python3-drgn", "crash", "makedumpfile", "qemu-system-x86"))
# crash 7.2.9, the oldest that the module is for; libsmartcols is the module's.
OLDER = Root("bullseye", ("crash", "libsmartcols1"))
RECORD = "packages.txt"  # in the root: what it was made of
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBRARIES = "lib/x86_64-linux-gnu"


def root_dir(which=NEWER):
    return which.directory


def unpack(deb, root):
    """Into the merged /usr that is there, also what an older suite has in /lib."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)],
                          stdout=subprocess.PIPE) as unpacker:
        run(["tar", "--extract", "--keep-directory-symlink", "--directory", root], 120, deb.name,
            stdin=unpacker.stdout)
    if unpacker.returncode:
        raise RigError(f"{deb.name} can't be unpacked")


def build(which=NEWER):
    """Unpack the root, unless it is there."""
    final = which.directory
    packages = ", ".join(which.packages)
    record = " ".join(which.packages)
    if (final / RECORD).exists() and (final / RECORD).read_text(encoding="ascii") == record:
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    note(which.suite, f"unpacking {packages}")
    suite = Suite(which.suite)
    suite.update()
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=final.parent))
    try:
        archives = work / "archives"
        (archives / "partial").mkdir(parents=True)
        run(["apt-get", "install", "--yes", "--download-only", "--no-install-recommends",
             "-o", f"Dir::Cache::archives={archives}/", *which.packages], 900,
            f"download of {packages}", env=suite.environment)
        root = work / "root"
        root.mkdir()
        for directory in ("bin", "sbin", "lib", "lib64"):  # merged /usr, as dpkg expects it
            (root / "usr" / directory).mkdir(parents=True)
            (root / directory).symlink_to(f"usr/{directory}")
        for deb in sorted(archives.glob("*.deb")):
            unpack(deb, root)
        loader = root / LOADER
        if os.readlink(loader).startswith("/"):  # else it is this machine's
            target = root / os.readlink(loader).lstrip("/")
            loader.unlink()
            loader.symlink_to(os.path.relpath(target.resolve(), loader.parent.resolve()))
        (root / RECORD).write_text(record, encoding="ascii")
        if final.exists():  # of an earlier list of packages
            final.replace(work / "old")
        root.replace(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def loader_command(program, which=NEWER):
    """(the root's loader, its arguments so far, the program's path)."""
    root = which.directory
    loader = root / LOADER
    binary = (root / "usr/bin" / program).resolve()
    if not binary.exists() or not loader.exists():
        raise RigError(f"no {program} in {root} (run: rig root)")
    return [str(loader), "--library-path", f"{root}/usr/{LIBRARIES}"], binary


def command(program, arguments, which=NEWER):
    """argv and environment to run a program of the root."""
    root = which.directory
    loader, binary = loader_command(program, which)
    environment = dict(os.environ, PYTHONHOME=str(root / "usr"),
                       PYTHONPATH=str(root / "usr/lib/python3/dist-packages"))
    return [*loader, str(binary), *arguments], environment


def files_of(program):
    """{name in an initramfs: path} of a program and the libraries it needs."""
    loader, binary = loader_command(program)
    listing = run([*loader, "--list", binary], 30, program).decode()
    files = {f"bin/{program}": binary, LOADER: root_dir() / LOADER}
    for library in re.findall(r"=> (/[^ ]+) \(0x", listing):
        if Path(library).name != Path(LOADER).name:
            files[f"{LIBRARIES}/{Path(library).name}"] = Path(library)
    return files
