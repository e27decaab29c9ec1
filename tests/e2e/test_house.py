# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules of the house that a compiler does not hold: docs/architecture.md says why."""

import re
import socket
import subprocess
from pathlib import Path

from support import ROOT, TestCase, for_each, program

# Folder of src -> the folders that it may include besides itself, in the order of the data's way.
# A folder within a folder counts by itself.
MAY_INCLUDE = {
    "base": (),
    "out": ("base",),
    "target": ("base",),
    "kernel": ("base", "target"),
    "model": ("base", "target", "kernel"),
    "amd/hw": ("base",),
    "amd": ("base", "target", "kernel", "model", "amd/hw"),
    "check": ("base", "target", "kernel", "model", "amd/hw", "amd"),
    "cmd": ("base", "out", "target", "kernel", "model", "amd/hw", "amd", "check"),
    "app": ("base", "out", "target", "kernel", "model", "amd/hw", "amd", "check", "cmd"),
    "manual": ("base", "out", "amd/hw", "check", "cmd", "app"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
UNSAFE = re.compile(r"\b(strcpy|stpcpy|strcat|sprintf|vsprintf|gets|alloca|atoi|atol|atoll"
                    r"|strtok)\s*\(")
SPDX = "SPDX-License-Identifier: GPL-2.0-or-later"
# Kinds of files with room for a comment.
SOURCES = re.compile(r"\.(c|h|py|sh|css|js|mk|y|l|S)$|(^|/)(Makefile|\.clang-format|\.editorconfig)$")

FOLDERS = ("src", "tests", "docs", "plugins", ".ci")


def repository_files():
    """All files of the repository, and those about to be: a list of paths below ROOT. Where there
    is no git, those of the folders that hold sources."""
    try:
        listed = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files", "-z",
                                 "--cached", "--others", "--exclude-standard"], check=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        names = set(listed.stdout.decode().split("\0")) - {""}
    except (OSError, subprocess.CalledProcessError):
        names = {path.relative_to(ROOT).as_posix() for folder in FOLDERS
                 for path in (ROOT / folder).rglob("*")}
    return [name for name in sorted(names)
            if (ROOT / name).is_file() and not (ROOT / name).is_symlink()]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def sources(*folders):
    return [path.relative_to(ROOT).as_posix() for folder in folders
            for path in sorted((ROOT / folder).rglob("*.[ch]"))]


def includes(name):
    return INCLUDE.findall(read(name))


class Includes(TestCase):
    """The way of the data is one way: bytes, kernel objects, state, answers, a person."""

    def test_every_folder_has_its_place(self):
        found = {path.relative_to(ROOT / "src").parent.as_posix()
                 for path in (ROOT / "src").rglob("*.[ch]")}
        self.assertTrue(found)
        self.assertEqual(found - MAY_INCLUDE.keys(), set())

    @for_each(MAY_INCLUDE)
    def test_directions(self, folder):
        wrong = []
        for path in sorted((ROOT / "src" / folder).glob("*.[ch]")):
            name = path.relative_to(ROOT).as_posix()
            for included in includes(name):
                where = Path(included).parent.as_posix()
                if where != folder and where not in MAY_INCLUDE[folder]:
                    wrong.append(f"{name} includes {included}")
        self.assertEqual(wrong, [])

    def test_paths_start_at_src(self):
        wrong = [f"{name} includes {included}" for name in sources("src")
                 for included in includes(name) if not (ROOT / "src" / included).is_file()]
        self.assertEqual(wrong, [])

    def test_no_cycles(self):
        graph = {name.removeprefix("src/"): includes(name) for name in sources("src")}
        done = set()

        def visit(name, way):
            if name in way:
                self.fail(" -> ".join([*way[way.index(name):], name]))
            if name not in done:
                for included in graph.get(name, ()):
                    visit(included, [*way, name])
                done.add(name)

        self.assertTrue(graph)
        for name in graph:
            visit(name, [])


class Files(TestCase):
    def test_license(self):
        """In the first line, or behind the one that names the interpreter."""
        wrong, seen = [], 0
        for name in repository_files():
            with open(ROOT / name, "rb") as file:
                head = file.read(300)
            if not SOURCES.search(name) and not head.startswith(b"#!"):
                continue
            seen += 1
            lines = head.decode(errors="replace").splitlines()
            if SPDX not in " ".join(lines[:2 if head.startswith(b"#!") else 1]):
                wrong.append(name)
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 50)

    def test_no_traces_of_a_machine(self):
        """Neither this machine's name nor anybody's folders."""
        traces = [re.escape(str(ROOT).encode()) + rb"\b", rb"/home/[a-z]\w*/", rb"/Users/[A-Z]\w*/",
                  rb"(?<![\w.$}/-])/root/"]
        name = socket.gethostname().split(".")[0]
        if len(name) > 5:
            traces.append(rb"\b" + re.escape(name.encode()) + rb"\b")
        pattern = re.compile(b"|".join(traces))
        found = []
        for path in repository_files():
            match = pattern.search((ROOT / path).read_bytes())
            if match and path != Path(__file__).relative_to(ROOT).as_posix():
                found.append(f"{path}: {match.group().decode(errors='replace')}")
        self.assertEqual(found, [])

    def test_unsafe_calls(self):
        names = [name for name in repository_files() if name.endswith((".c", ".h"))]
        self.assertGreater(len(names), 50)
        found = [f"{name}:{number}: {match.group(1)}" for name in names
                 for number, line in enumerate(read(name).splitlines(), 1)
                 for match in UNSAFE.finditer(line)]
        self.assertEqual(found, [])


def globals_of(paths):
    """[(object, kind, name)] of the symbols that object files and archives define for others."""
    out = subprocess.run(["nm", "-A", "-g", "--defined-only", *paths], check=True,
                         capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        # ARCHIVE:MEMBER.o:ADDRESS KIND NAME, and without an archive the object's path.
        path, kind, name = line.rsplit(" ", 2)
        found.append((path.rsplit(":", 1)[0], kind, name))
    return found


class Globals(TestCase):
    """What one file offers to others is defined once, and said in a header beside it."""

    @staticmethod
    def objects():
        folder = Path(program()).resolve().parent / "src"
        return [path for path in sorted(folder.rglob("*.o"))
                if (ROOT / path.relative_to(folder.parent).with_suffix(".c")).is_file()]

    def test_defined_once(self):
        library = Path(program()).resolve().parent / "libiommuscope.a"
        owners = {}
        for where, kind, name in globals_of([library]):
            # W, V: weak, as the compilers' own (sanitizers); C: none of ours is common.
            if kind not in "WVu":
                owners.setdefault(name, []).append(where.rsplit(":", 1)[-1])
        self.assertGreater(len(owners), 300)
        self.assertEqual({name: where for name, where in owners.items() if len(where) > 1}, {})

    def test_declared_beside(self):
        objects = self.objects()
        self.assertGreater(len(objects), 100)
        wrong, seen, headers = [], 0, {}
        for where, kind, name in globals_of(objects):
            folder = where.split("/src/", 1)[1].rpartition("/")[0]
            if folder not in headers:
                headers[folder] = "".join(path.read_text(encoding="utf-8") for path in
                                          sorted((ROOT / "src" / folder).glob("*.h")))
            if kind != "T" or name == "main":
                continue
            seen += 1
            if not re.search(rf"\b{name}\(", headers[folder]):
                wrong.append(f"{name} of {where.split('/src/', 1)[1]}")
        self.assertGreater(seen, 300)
        self.assertEqual(wrong, [])
