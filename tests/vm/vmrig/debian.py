# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels from Debian's archive, of any suite, without touching the system's sources.

Each suite gets a private apt root in the cache. apt checks the signatures and the packages'
SHA256; the mirror is the one that the system's own apt uses.
"""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from .cache import RigError, cache_dir, run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def mirror(security):
    """The URI of Debian's archive, or of its security archive, as the system's apt has it."""
    label = "Debian-Security" if security else "Debian"
    listing = run(
        ["apt-get", "indextargets", "--format", "$(LABEL)\t$(REPO_URI)", "Created-By: Packages"],
        60,
        "looking for the Debian mirror",
    ).decode()
    for line in listing.splitlines():
        found, uri = line.split("\t")
        if found == label:
            return uri.rstrip("/")
    raise RigError(f"apt has no source labelled {label} (apt-get update was not run?)")


class Suite:
    def __init__(self, name):
        self.name = name
        self.root = cache_dir() / "apt" / name
        self.config = self.root / "apt.conf"
        self.environment = dict(os.environ, APT_CONFIG=str(self.config), LC_ALL="C")

    def update(self):
        for directory in ("etc/preferences.d", "etc/apt.conf.d", "etc/sources.list.d",
                          "state/lists/partial", "cache/archives/partial"):
            (self.root / directory).mkdir(parents=True, exist_ok=True)
        uri = mirror(self.name.endswith("-security"))
        (self.root / "etc/sources.list").write_text(
            f"deb [signed-by={KEYRING}] {uri} {self.name} main\n", encoding="ascii")
        (self.root / "status").touch()
        # Valid-Until: a mirror that is frozen or behind is good enough for tests.
        self.config.write_text(
            f'Dir "{self.root}";\n'
            f'Dir::State::status "{self.root}/status";\n'
            'Dir::Etc "etc";\n'
            'Dir::State "state";\n'
            'Dir::Cache "cache";\n'
            'APT::Architecture "amd64";\n'
            'APT::Sandbox::User "root";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n'
            'Acquire::Check-Valid-Until "false";\n', encoding="ascii")
        run(["apt-get", "update", "--error-on=any"], 300, f"package index of {self.name}",
            env=self.environment)

    def versions(self):
        """{package: newest version} of the whole suite."""
        listing = run(["apt-cache", "dumpavail"], 120, f"package index of {self.name}",
                      env=self.environment).decode(errors="replace")
        newest = {}
        package = None
        for line in listing.splitlines():
            if line.startswith("Package: "):
                package = line[9:]
            elif line.startswith("Version: "):
                version = line[9:]
                if package not in newest or version_is_newer(version, newest[package]):
                    newest[package] = version
        return newest

    def download(self, package, version, directory):
        run(["apt-get", "download", f"{package}={version}"], 1800, f"download of {package}",
            env=self.environment, cwd=directory)
        debs = list(Path(directory).glob(f"{package}_*.deb"))
        if len(debs) != 1:
            raise RigError(f"download of {package}: found {len(debs)} files")
        return debs[0]


def version_is_newer(version, than):
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", than],
                          check=False).returncode == 0


class Kernel:
    """A chosen kernel: where it is and which packages it is made of."""

    def __init__(self, suite, image, version, available, debug):
        self.suite = suite
        self.version = version
        self.release = image[len("linux-image-"):]
        # From 7.0 on the image package is an empty shell around two others.
        binary = f"linux-binary-{self.release}"
        self.packages = [image]
        if binary in available:
            self.packages = [binary, f"linux-modules-{self.release}"]
        self.debug_package = f"{image}-dbg" if debug else None


def choose(series):
    """The newest kernel of a series, by the rule stated in series.py."""
    pattern = re.compile(rf"linux-image-{re.escape(series.name)}[.][0-9][^ ]*-amd64")
    best = None
    for name in series.suites:
        suite = Suite(name)
        suite.update()
        available = suite.versions()
        for package, version in available.items():
            if not pattern.fullmatch(package) or "-cloud-" in package or "-rt-" in package:
                continue
            if series.debug and available.get(f"{package}-dbg") != version:
                continue
            if best is None or version_is_newer(version, best.version):
                best = Kernel(suite, package, version, available, series.debug)
    if best is None:
        raise RigError(f"{series.name}: no kernel in {', '.join(series.suites)}")
    return best


def members(deb):
    """The files of a package, one after the other, without unpacking the rest of it."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as unpacker:
        with tarfile.open(fileobj=unpacker.stdout, mode="r|", bufsize=1 << 20) as tar:
            for member in tar:
                if member.isfile():
                    yield member.name.lstrip("./"), tar.extractfile(member)
        unpacker.stdout.close()


def save(source, path):
    with open(path, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def extract_image(deb, directory):
    """vmlinuz and the modules, as they are but all in one folder."""
    modules = directory / "modules"
    modules.mkdir(exist_ok=True)
    for name, source in members(deb):
        base = os.path.basename(name)
        if base.startswith("vmlinuz-") or base == "vmlinuz":
            save(source, directory / "vmlinuz")
        elif base.endswith((".ko", ".ko.xz")):
            save(source, modules / base)


def extract_vmlinux(deb, directory):
    """The vmlinux of a debug package, which is a gigabyte of which we want a tenth; and the
    System.map, if it comes on the way (the image packages have a stub)."""
    for name, source in members(deb):
        if re.fullmatch(r"usr/lib/debug/boot/System.map-.*", name):
            save(source, directory / "System.map")
        elif re.fullmatch(r"usr/lib/debug/(boot/vmlinux-.*|lib/modules/[^/]*/vmlinux)", name):
            save(source, directory / "vmlinux")
            return
    raise RigError(f"{deb.name} has no vmlinux")
