# SPDX-License-Identifier: GPL-2.0-or-later
"""`make install`, and what is written from the program's tables: manual page, completions, reference."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import support

BUILD = Path(support.program()).parent
PREFIX = "/usr"
FILES = {
    "bin/iommuscope": 0o755,
    "share/man/man1/iommuscope.1": 0o644,
    "share/bash-completion/completions/iommuscope": 0o644,
    "share/zsh/site-functions/_iommuscope": 0o644,
    "share/fish/vendor_completions.d/iommuscope.fish": 0o644,
    "lib/python3/dist-packages/sos/report/plugins/iommuscope.py": 0o644,
    "libexec/iommuscope/kdump-hook": 0o755,
}
TERMINAL_SECONDS = 30


def make(*words):
    # MAKEFLAGS of a make that runs the tests are not for this one.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", "-s", f"BUILD={BUILD}", *words], cwd=support.ROOT, env=clean,
                          check=True, capture_output=True, text=True, timeout=support.TIMEOUT)


def installed(name):
    return support.scratch() / "root" / PREFIX.strip("/") / name


class Installed(support.TestCase):
    @classmethod
    def setUpClass(cls):
        make("install", f"DESTDIR={support.scratch() / 'root'}", f"prefix={PREFIX}")

    def test_files(self):
        root = support.scratch() / "root"
        found = {str(path.relative_to(root / PREFIX.strip("/"))): path.stat().st_mode & 0o777
                 for path in root.rglob("*") if path.is_file()}
        self.assertEqual({name: mode for name, mode in found.items() if name in FILES}, FILES)
        answer = subprocess.run([installed("bin/iommuscope"), "--version"], check=True,
                                capture_output=True, text=True)
        self.assertEqual(answer.stdout, support.run("--version").out)

    def test_uninstall(self):
        root = support.scratch() / "other"
        make("install", f"DESTDIR={root}", f"prefix={PREFIX}")
        self.assertTrue(list(root.rglob("iommuscope*")))
        make("uninstall", f"DESTDIR={root}", f"prefix={PREFIX}")
        self.assertEqual([path for path in root.rglob("*") if path.is_file()], [])

    def test_manual_page(self):
        support.wanted(self, "groff")
        page = installed("share/man/man1/iommuscope.1")
        read = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", page], check=True,
                              capture_output=True, text=True, timeout=support.TIMEOUT)
        self.assertEqual(read.stderr, "")
        plain = re.sub(".\b", "", read.stdout)
        for name in support.command_names():
            self.assertRegex(plain, rf"(?m)^   {name}\b")
        for word in ("--core FILE", "--no-symbols", "EXIT STATUS", "NO_COLOR", "[--interval SECONDS]",
                     "set pager on|off"):
            self.assertIn(word, plain)

    def test_reference(self):
        """docs/reference.md is what the tables say now: `make reference`."""
        make("manual")
        self.assertEqual((support.ROOT / "docs" / "reference.md").read_text(),
                         (BUILD / "reference.md").read_text())

    def test_environment(self):
        """Every variable that is asked for is told of; HOME goes without saying."""
        asked = {name for path in (support.ROOT / "src").rglob("*.c")
                 for name in re.findall(r'getenv\("(\w+)"\)', path.read_text(encoding="utf-8"))}
        self.assertIn("TMPDIR", asked)
        told = (BUILD / "reference.md").read_text().partition("## Environment\n")[2].partition("\n## ")[0]
        self.assertEqual(asked - {"HOME"}, set(re.findall(r"(?m)^\| `(\w+)`", told)))


# What is typed, and what of the words offered must be there, or is the only one.
TYPED = (
    ("iommuscope dev", {"devices"}),
    ("iommuscope --no-sy", {"--no-symbols"}),
    ("iommuscope -c x map --lea", {"--leaves"}),
    ("iommuscope devices --columns drive", {"driver"}),
    ("iommuscope decode dt", {"dte"}),
    ("iommuscope help doma", {"domains"}),
)


class Completions(support.TestCase):
    setUpClass = Installed.setUpClass

    @support.for_each(TYPED, name=lambda case: re.sub(r"\W+", "_", case[0]))
    def test_bash(self, case):
        typed, expected = case
        words = typed.split()
        script = (f". {installed('share/bash-completion/completions/iommuscope')}; "
                  f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
                  'COMPREPLY=(); _iommuscope; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", script], check=True, capture_output=True,
                              text=True, timeout=support.TIMEOUT)
        self.assertEqual((set(done.stdout.split()), done.stderr), (expected, ""))

    def test_bash_files_and_lists(self):
        script = (f". {installed('share/bash-completion/completions/iommuscope')}; "
                  "t() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); COMPREPLY=(); _iommuscope; "
                  "echo \"${COMPREPLY[@]}\"; }; t iommuscope -c README.m; "
                  "t iommuscope devices -o bdf,drive; t iommuscope devices --columns +drive")
        done = subprocess.run(["bash", "--norc", "-c", script], check=True, capture_output=True,
                              text=True, cwd=support.ROOT, timeout=support.TIMEOUT)
        self.assertEqual(done.stdout.split(), ["README.md", "bdf,driver", "+driver"])

    @support.for_each(TYPED, name=lambda case: re.sub(r"\W+", "_", case[0]))
    def test_fish(self, case):
        support.wanted(self, "fish")
        typed, expected = case
        script = (f"source {installed('share/fish/vendor_completions.d/iommuscope.fish')}; "
                  f"complete -C '{typed}'")
        done = subprocess.run(["fish", "--no-config", "-c", script], check=True, text=True,
                              capture_output=True, timeout=support.TIMEOUT)
        self.assertEqual({line.split("\t")[0] for line in done.stdout.splitlines()}, expected)

    def test_zsh(self):
        """zsh completes in its line editor only: typed on a terminal."""
        support.wanted(self, "zsh")
        functions = installed("share/zsh/site-functions")
        with ZshTerminal(functions) as terminal:
            for typed, expected in TYPED:
                line = terminal.complete(typed)
                self.assertEqual([line.split()[-1].rstrip(",")], sorted(expected), f"{typed}: {line!r}")


class ZshTerminal:
    """A zsh at work on a pseudo-terminal."""

    def __init__(self, functions):
        setup = (f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; "
                 "PS1='READY>'; unset zle_bracketed_paste; "
                 "shown() { print -r -- \"LINE=$BUFFER=\"; BUFFER=; zle redisplay }; zle -N shown; "
                 "bindkey '^X' shown; setopt no_beep no_list_beep")
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            os.environ.update(TERM="dumb", LC_ALL="C.UTF-8")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.send(setup + "\n")
        self.read_until(r"READY>[^']*$")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)

    def send(self, text):
        os.write(self.terminal, text.encode())

    def read_until(self, pattern):
        text, end = "", time.monotonic() + TERMINAL_SECONDS
        while not re.search(pattern, text):
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"zsh did not answer with {pattern!r}: {text!r}")
            text += os.read(self.terminal, 4096).decode(errors="replace")
        return text

    def complete(self, typed):
        self.send(typed + "\t\x18")
        return re.search(r"LINE=(.*?)=\r", self.read_until(r"LINE=.*=\r"))[1]
