# SPDX-License-Identifier: GPL-2.0-or-later
"""What package builders go by: one version, one list of dependencies, their compiler flags, nothing of the
place of the build. The packages themselves: `make deb-check`, `make rpm-check`."""

import os
import re
import subprocess
from pathlib import Path

import support

BUILD = Path(support.program()).parent
VERSION = re.search(r'IOMMUSCOPE_VERSION "(.*)"', (support.ROOT / "src/app/version.h").read_text())[1]


def read(name):
    return (support.ROOT / name).read_text(encoding="utf-8")


def needed(column, *kinds):
    """Names in tests/packages: column 1 Debian's, 2 Fedora's. The C library's headers come with a compiler."""
    rows = [line.split() for line in read("tests/packages").splitlines() if line[:1] not in ("#", "")]
    return {row[column] for row in rows if row[0] in kinds} - {"-", "glibc-devel", "libc6-dev"}


def make(*words):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", *words], cwd=support.ROOT, env=clean, check=True,
                          capture_output=True, text=True, timeout=support.TIMEOUT)
    return done.stdout


class Version(support.TestCase):
    PLACES = {
        "debian/changelog": r"\Aiommuscope \((.*?)\) ",
        "packaging/iommuscope.spec": r"(?m)^Version: +(.*)$",
        "CHANGELOG.md": r"(?m)^## (\S+)",
    }

    @support.for_each(PLACES)
    def test_is_the_programs(self, name):
        self.assertEqual(re.search(self.PLACES[name], read(name))[1], VERSION)

    def test_program_and_manual_page(self):
        self.assertEqual(support.run("--version").out.split()[1], VERSION)
        make("-s", f"BUILD={BUILD}", "manual")
        self.assertIn(f'"iommuscope {VERSION}"', (BUILD / "iommuscope.1").read_text())

    def test_makefile(self):
        self.assertIn(f"iommuscope-{VERSION}.tar.gz", make("-n", "dist"))


class Dependencies(support.TestCase):
    def test_debian_build(self):
        """gcc and make belong to every package build."""
        field = re.search(r"(?ms)^Build-Depends:(.*?)^\n", read("debian/control"))[1]
        named = {re.match(r"\s*([^ :]+)", word)[1]: "!nocheck" in word for word in field.split(",")}
        self.assertEqual({name for name, tests in named.items() if not tests},
                         needed(1, "build") - {"gcc", "make"} | {"debhelper-compat"})
        self.assertEqual({name for name, tests in named.items() if tests}, needed(1, "test"))

    def test_rpm_build(self):
        """python3 tells where sos is."""
        self.assertEqual(set(re.findall(r"(?m)^BuildRequires: +(\S+)", read("packaging/iommuscope.spec"))),
                         needed(2, "build") | {"python3"})

    def test_readme(self):
        words = " ".join(read("README.md").split())
        line = re.search(r"`dnf install ([^`]*)`, then `make`; for the tests also `([^`]*)`", words)
        self.assertEqual(set(line[1].split()), needed(2, "build"))
        self.assertEqual(set(line[2].split()), needed(2, "test"))


class Build(support.TestCase):
    FILES = ("iommuscope", "iommuscope.so")

    def test_flags_of_packagers(self):
        """dpkg-buildflags and rpmbuild hand them over in the environment, or as words of make's."""
        said = make("-n", "-B", f"BUILD={support.scratch() / 'flags'}", "CPPFLAGS=-DTHEIR_CPP",
                    "CFLAGS=-O1 -DTHEIR_C", "LDFLAGS=-Wl,--their-ld", "all")
        compiled = [line for line in said.splitlines() if " -c -o " in line]
        linked = [line for line in said.splitlines()
                  if re.search(r" -o \S*/(iommuscope|iommuscope\.so|manual) ", line)]
        self.assertGreater(len(compiled), 50)
        self.assertEqual(len(linked), 3)
        self.assertEqual([line for line in compiled
                          if not re.search("-DTHEIR_CPP.*-O1 -DTHEIR_C", line) or " -O2" in line], [])
        self.assertEqual([line for line in linked if not re.search("-O1 -DTHEIR_C +-Wl,--their-ld", line)], [])

    @support.for_each(FILES)
    def test_hardened(self, name):
        """Position-independent, relocations bound and made read-only at start."""
        dynamic, headers = (subprocess.run(["readelf", "-W", option, BUILD / name], check=True, text=True,
                                           capture_output=True).stdout for option in ("-d", "-lh"))
        self.assertRegex(dynamic, r"FLAGS_1.*\bNOW\b")
        self.assertRegex(headers, r"Type: +DYN")
        self.assertIn("GNU_RELRO", headers)
        self.assertNotRegex(headers, r"GNU_STACK.*RWE")

    @support.for_each(FILES)
    def test_knows_no_place(self, name):
        held = (BUILD / name).read_bytes()
        for place in (support.ROOT, BUILD):
            self.assertNotIn(f"{place}/".encode(), held)


class Debian(support.TestCase):
    def test_everything_installed_is_packaged(self):
        """Each file of `make install` is in just one package."""
        root = support.scratch() / "packaged"
        make("-s", f"BUILD={BUILD}", "install", f"DESTDIR={root}", "prefix=/usr",
             "extensionsdir=/usr/lib/crash/extensions")
        installed = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        lists = {path.name: path.read_text().split() for path in (support.ROOT / "debian").glob("*.install")}
        self.assertTrue(lists)
        for file in installed:
            owners = [name for name, places in lists.items()
                      if any(file == place or file.startswith(f"{place}/") for place in places)]
            self.assertEqual(len(owners), 1, f"{file}: {owners}")
