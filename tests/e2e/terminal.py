# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at a terminal: iommuscope's prompt behind a pseudo-terminal."""

import fcntl
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import time

from support import environment, program

PATIENCE = 60  # seconds; sanitizers are slow
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\x07\x00]")


class Terminal:
    def __init__(self, *arguments, rows=24, columns=100, file_size=None, **changes):
        """file_size: bytes that a file may have, as where the disk is full."""
        self.fd, side = pty.openpty()
        self.resize(rows, columns)
        changes = {"TERM": "xterm", "INPUTRC": "/dev/null", "PAGER": "cat", **changes}
        env = {key: value for key, value in environment(**changes).items() if value is not None}

        def begin():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if file_size:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

        self.process = subprocess.Popen(
            [program(), *map(str, arguments)], stdin=side, stdout=side, stderr=side, env=env,
            close_fds=True, start_new_session=True, preexec_fn=begin)
        os.close(side)
        self.text = ""  # everything so far
        self.seen = 0   # up to here it has been looked at

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.fd)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def interrupt(self):
        self.type("\x03")

    def read(self, timeout):
        """False: it has closed the terminal."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:  # the last one has closed it
            piece = b""
        self.text += piece.decode(errors="replace")
        return bool(piece)

    def wait_for(self, pattern, patience=PATIENCE):
        """What came since the last call, up to the pattern, without escape sequences."""
        end = time.monotonic() + patience
        while True:
            found = re.search(pattern, self.text[self.seen:])
            if found:
                piece = self.text[self.seen:self.seen + found.end()]
                self.seen += found.end()
                return ESCAPES.sub("", piece).replace("\r", "")
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                raise AssertionError(f"no {pattern!r} came, but {self.text[self.seen:]!r}")

    def prompt(self):
        return self.wait_for(r"iommuscope [^ \n]+> ")

    def ask(self, line):
        """The answer to a command line."""
        self.type(line + "\n")
        return self.prompt()

    def settle(self):
        """Whatever was typed and came before is over."""
        self.type("\x15! echo set'tled'\n")
        self.wait_for("settled")
        self.prompt()

    def leave(self):
        """Its exit status."""
        self.type("\x04")
        return self.end()

    def end(self, patience=PATIENCE):
        end = time.monotonic() + patience
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        while select.select([self.fd], [], [], 0)[0] and self.read(0):
            pass
        return self.process.poll()

    def kill(self, number=signal.SIGINT):
        os.killpg(self.process.pid, number)
