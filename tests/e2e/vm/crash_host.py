# SPDX-License-Identifier: GPL-2.0-or-later
"""crash with the module in it: the system's, and an older and a newer one of the rig's roots."""

import dataclasses
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from dumps import COPIES, STATES
from support import environment, program, scratch
from vmrig import roots

START = 600  # seconds that crash may take to open a dump: 7.2.9 works for half a minute
ANSWER = 60  # seconds for a command


def module():
    return Path(program()).with_name("iommuscope.so")


ROOTS = {"older": roots.OLDER, "newer": roots.NEWER}


@dataclasses.dataclass(frozen=True)
class Host:
    """A crash, and what it has to be told to open the dumps of a series."""
    name: str
    series: str
    options: tuple = ()

    def command(self, dump, *options):
        words = ["-s", *self.options, *options, dump.vmlinux, *(dump.directory / name
                                                               for name in dump.files)]
        words = [str(word) for word in words]
        if self.name == "system":
            return ["crash", *words], {}
        return roots.command("crash", words, ROOTS[self.name])

    def environment(self, cache):
        """The cache is this start's own, so that crash is asked, and not what it said before."""
        return environment(XDG_CACHE_HOME=str(scratch() / cache), TERM="dumb")

    def __str__(self):
        return f"{self.name}-{self.series}"


# What each crash can open: 7.2.9 knows no DWARF 5, which is what 6.1 and later come with; Debian 12's
# reads neither 6.12 nor 7.2, and 9.0.2 no modules of 7.2.
HOSTS = (Host("system", "5.10"), Host("system", "6.1"), Host("newer", "6.12"),
         Host("newer", "7.2", ("--no_modules",)), Host("older", "5.10"))
# One of each crash.
EACH = (HOSTS[1], HOSTS[2], HOSTS[4])


# crash works for some seconds to open a dump, the oldest for half a minute: not every state is opened.
OPENED = ("after.elf", "kdump.kdump")


def opened_by(host):
    """Dumps of the series, and what the pages that makedumpfile left out make of one."""
    states = [one for one in STATES if one.series.name == host.series and one.files[0] in OPENED]
    assert states
    return [*states, filtered(host)]


def filtered(host):
    (dump,) = [one for one in COPIES if one.series.name == host.series
               and one.files == ("after.zlib.kdump",)]
    return dump


def run_script(host, dump, name, lines, *options):
    """Runs crash with these options and command lines; what it printed."""
    script = scratch() / f"{name}.crash"
    script.write_text("".join(f"{line}\n" for line in (f"extend {module()}", *lines, "quit")))
    command, changes = host.command(dump, *options, "-i", script)
    done = subprocess.run(command, env={**changes, **host.environment(f"{name}.cache")},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=START, check=False)
    if done.returncode or "shared object loaded" not in done.stdout:
        raise AssertionError(f"{command}\nexit status {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


class Silence(AssertionError):
    """No answer in time."""


class Terminal:
    """crash on a terminal, with somebody at it, in the directory of the tests' own files."""

    def __init__(self, host, dump, name):
        command, changes = host.command(dump)
        self.marks = 0
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(scratch())
            os.execvpe(command[0], command, {**changes, **host.environment(f"{name}.cache")})
        self.read_until(b"crash> ", START)
        self.command("set scroll off")
        self.command(f"extend {module()}")

    def send(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, end, seconds=ANSWER):
        seen, deadline = b"", time.monotonic() + seconds
        while end not in seen:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise Silence(f"crash does not go on: {seen[-2000:]!r}")
            try:
                seen += os.read(self.fd, 65536)
            except OSError:  # the terminal's other end is closed
                raise AssertionError(f"crash has ended: {seen[-2000:]!r}") from None
        return seen.decode(errors="replace").replace("\r", "")

    def settle(self, seconds=ANSWER):
        """Waits until crash answers, whatever it was doing. What was printed until then."""
        self.marks += 1
        self.send(f"eval {12340000 + self.marks}\n")
        return self.read_until(b"decimal: %d" % (12340000 + self.marks), seconds)

    def command(self, line):
        self.send(line + "\n")
        return self.settle()

    def interrupt(self, line, seconds):
        self.send(line + "\n")
        time.sleep(seconds)
        self.send("\x03")
        time.sleep(0.02)
        self.send("\n")
        for _ in range(ANSWER // 3):
            try:
                return self.settle(3)
            except Silence:  # at the prompt a Ctrl-C takes what is typed right behind it along
                continue
        return self.settle()

    def memory(self):
        """Kilobytes of it that are its own."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s*(\d+)", status).group(1))

    def files(self):
        """Files that it has open. On Ctrl-C crash leaves open some of its own pipes, with the state of the
        processes behind them, the terminal, and the file of a redirection; the module opens none of these."""
        names = (os.readlink(path) for path in Path(f"/proc/{self.pid}/fd").iterdir())
        return sorted(name for name in names if not name.startswith(("pipe:", "/proc", "/dev/tty"))
                      and Path(name).parent != scratch())

    def close(self):
        self.send("quit\n")
        deadline = time.monotonic() + ANSWER
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self.pid, 9)
            select.select([self.fd], [], [], 0.1)
            try:
                os.read(self.fd, 65536)
            except OSError:
                pass
        os.close(self.fd)
