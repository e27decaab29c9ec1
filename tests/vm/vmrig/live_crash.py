# SPDX-License-Identifier: GPL-2.0-or-later
"""crash with the module in it, in the guest, on the kernel that it runs on: first it does a script, then
somebody sits at its terminal, which is a serial port of the guest's."""

import shutil
import tarfile
import time
from pathlib import Path

from . import boots, initramfs, live, roots
from .cache import RigError, publish, run, series_dir, workspace
from .initramfs import GUEST_DIR
from .qemu import VFIO_BDF, Guest

SCRIPT = GUEST_DIR / "live_crash"
ANSWERS, SAID = "live-crash.tar", "live-crash.txt"  # what guest/live_crash says; the terminal's text
OUTPUTS = (ANSWERS, SAID)
# What is asked of the program and of the module, each as text and as JSON.
COMMANDS = (
    "summary", "info", "kernel", "kernel --missing", "iommus", "iommus --driver",
    "devices -o +class,iommu,alias,entry_writer", "groups", f"dte {VFIO_BDF}", "dte --all --raw",
    "domains -o +iommus,address", "domains --usage", "domids",
    f"walk {VFIO_BDF} 0x10000000 0x40200000 0x80000000 0xfffffffff000 0x50000000",
    f"map {VFIO_BDF}", f"map {VFIO_BDF} --leaves", f"map {VFIO_BDF} --summary",
    "rmap 0-2G", "iova 0000:00:05.0", "check", "ivrs", "ring cmd", "ring evt", f"irt {VFIO_BDF} --all",
    "page --symbol init_uts_ns", "rd init_uts_ns 8", "diff 00:05.0 00:06.0", "owners",
    "explain \"AMD-Vi: Event logged [IO_PAGE_FAULT device=00:04.0 domain=0x0002 address=0x30000000 flags=0x0070]\"",
)
# Lines at crash's prompt. "!" starts a shell, whose parent is crash, and reads what it and its children print.
PIPE = "iommu devices | head -2 > /out/crash/piped"
GOES_ON = "iommu devices > /out/crash/goes-on"
TRACE = (
    "!for f in /proc/$PPID/fd/*; do echo $(grep flags: /proc/$PPID/fdinfo/${f##*/}) $(readlink $f); done"
    " > /out/descriptors",
    "!strace -f -y -qq -p $PPID -o /out/calls.crash > /dev/null 2>&1 & sleep 2",
    "iommu devices > /out/crash/traced",
    f"iommu dte {VFIO_BDF} --json >> /out/crash/traced",
    "!killall strace; sleep 1",
)
CHANGE = (
    "!kill $(cat /tmp/attach.pid); sleep 1",
    "iommu devices > /out/crash/detached",
    "!iommuscope devices > /out/program/detached",
)
BUSY = (
    "!churn $VFIO_GROUP /out/busy/log > /dev/null 2> /out/busy/churn.err & sleep 1",
    "< /tmp/busy.script",
    "!killall churn; sleep 1",
)
UNLOAD = ("extend -u /lib/iommuscope.so", "iommu devices", "sys")
ROUNDS = 10  # of the busy commands, of which there are five
LEFT_OUT = ".rela*"  # half of a vmlinux, and nothing that crash reads
MEMORY = "2G"
TIMEOUT = 600
PROMPT = b"crash> "


def module_of(program):
    return program.with_name("iommuscope.so")


def inputs(program):
    return [SCRIPT, live.CHURN, program, module_of(program)]


def installed(name):
    """{name in the archive: path} of a program of this system's, and its libraries."""
    path = shutil.which(name)
    if not path:
        raise RigError(f"{name} is not installed (see tests/vm/packages)")
    files = initramfs.program_files(Path(path))
    return {f"bin/{name}": files.pop("bin/iommuscope"), **files}


def guest_files(work, series, program):
    """Of libraries that all have, those that the newer suite's crash has brought are the newest."""
    vmlinux, commands = work / "vmlinux", work / "commands"
    run(["objcopy", f"--remove-section={LEFT_OUT}", series_dir(series.name) / "vmlinux", vmlinux], 120,
        "vmlinux")
    commands.write_text("".join(f"{line}\n" for line in COMMANDS), encoding="ascii")
    crash = installed("crash") if series.live_crash == "system" else roots.files_of("crash")
    return {**installed("strace"), **live.guest_files(work, program), **crash, "live": SCRIPT,
            "commands": commands, "vmlinux": vmlinux, "lib/iommuscope.so": module_of(program)}


class Terminal:
    """The serial port, with crash at its other end."""

    def __init__(self, guest):
        self.line = guest.truth
        self.seen = b""
        self.marks = 0

    def send(self, text):
        self.line.sendall(text.encode())

    def is_seen(self, text, seconds=TIMEOUT):
        """Reads until it is there."""
        start, deadline = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[start:]:
            self.line.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.seen += self.line.recv(65536) or b"(the guest has ended)"
            except TimeoutError:
                return False
        return True

    def wait_for(self, text):
        if not self.is_seen(text):
            raise RigError(f"crash does not come to {text!r}: {self.seen[-300:]!r}")

    def settle(self, *seconds):
        """Whether crash answers, whatever it was doing."""
        self.marks += 1
        self.send(f"eval {12340000 + self.marks}\n")
        return self.is_seen(b"decimal: %d" % (12340000 + self.marks), *seconds)

    def command(self, line):
        self.send(f"{line}\n")
        if not self.settle():
            raise RigError(f"crash does not go on behind {line}: {self.seen[-300:]!r}")

    def interrupt(self, line, seconds, seen=()):
        """Ctrl-C, so long after all that was seen, one behind the other."""
        self.send(f"{line}\n")
        for text in seen:
            self.wait_for(text)
        time.sleep(seconds)
        self.send("\x03")
        time.sleep(1)
        # At the prompt a Ctrl-C takes what is typed right behind it along.
        if not (self.settle(10) or self.settle(10) or self.settle()):
            raise RigError(f"crash does not go on behind Ctrl-C: {self.seen[-300:]!r}")

    def text(self):
        return self.seen.decode(errors="replace").replace("\r", "")


def sit_at(terminal):
    terminal.wait_for(PROMPT)
    terminal.command(PIPE)
    terminal.interrupt("iommu capture /out/stopped.elf", 1)
    terminal.interrupt("repeat -1 iommu groups", 0, [b"GROUP"] * 3)
    for line in (GOES_ON, *TRACE, *CHANGE, *BUSY, *UNLOAD):
        terminal.command(line)
    terminal.send("quit\n")


def boot(series, kernel_dir, program):
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, boots.MODULES, series.module_options, kernel_dir / "modules",
                        {**initramfs.compile_guest(work), **guest_files(work, series, program)})
        said = work / SAID
        try:
            with Guest(work, kernel_dir / "vmlinuz", image,
                       f"{boots.COMMAND_LINE} rig=live rig.rounds={ROUNDS}", memory=MEMORY) as guest:
                guest.facts_until("ready", timeout=TIMEOUT)
                guest.go_on()
                terminal = Terminal(guest)
                try:
                    sit_at(terminal)
                finally:
                    said.write_text(terminal.text(), encoding="utf-8")
                    publish(series.name, said)
                guest.facts_until("answered", timeout=TIMEOUT)
                guest.command("quit")
                guest.process.wait()
        finally:
            boots.keep_console(work, series.name, "live-crash")
        try:
            live.take_answers(tarfile.open(guest.disk, "r:"), work / ANSWERS, program, module_of(program))
        except tarfile.TarError as error:
            raise RigError(f"the guest's answers: {error}") from None
        publish(series.name, work / ANSWERS)
