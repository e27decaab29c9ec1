# SPDX-License-Identifier: GPL-2.0-or-later
"""One guest: QEMU in software emulation, its monitor, its truth over the second serial port."""

import json
import re
import select
import shutil
import socket
import subprocess
import time

from .cache import RigError

BOOT_TIMEOUT = 240  # seconds of silence or lateness after which a guest counts as hung
DUMP_TIMEOUT = 300

# The function handed to VFIO. The other network card and the disk stay with their drivers.
VFIO_BDF = "0000:00:04.0"
# thread=single: with a host thread per CPU, a kernel that patches its own code (static keys)
# now and then panics in int3 or hangs, and on a busy machine more often.
MACHINE = (
    "-machine", "q35", "-cpu", "EPYC", "-smp", "2", "-accel", "tcg,thread=single",
    "-nodefaults", "-display", "none", "-no-reboot",
    "-device", "vmcoreinfo",
    "-device", "amd-iommu,intremap=on,device-iotlb=on",
    "-device", "e1000e,addr=0x4,mac=52:54:00:00:00:04",
    "-device", "e1000e,addr=0x5,mac=52:54:00:00:00:05",
    "-device", "nvme,drive=disk,serial=rig,addr=0x6",
    # Behind a PCIe-to-PCI bridge all requests carry the bridge's ID: an alias group.
    # (QEMU 7.2 itself sends DMA from there past the IOMMU: do none.)
    "-device", "pcie-pci-bridge,id=bridge,addr=0x7",
    "-device", "edu,bus=bridge,addr=0x1",
    "-device", "e1000,bus=bridge,addr=0x2,mac=52:54:00:00:00:02",
)


# The processes of all guests, for kill_all().
RUNNING = set()


def kill_all():
    """For an interrupted build, whose threads are not going to end their guests."""
    for process in list(RUNNING):
        process.kill()


class Guest:
    """Use as a context manager; the guest ends with the block."""

    def __init__(self, directory, kernel, initramfs, command_line, memory="512M", disk_size=64,
                 devices=(), program=None):
        """`program`: (argv, environment) of another QEMU than the system's."""
        self.directory = directory
        argv, self.environment = program or (
            [shutil.which("qemu-system-x86_64") or "qemu-system-x86_64"], None)
        self.disk = directory / "disk.raw"
        with open(self.disk, "wb") as disk:
            disk.truncate(disk_size << 20)
        self.console = directory / "console.log"
        self.arguments = [
            *argv, *MACHINE, *devices,
            "-m", memory,
            "-kernel", str(kernel), "-initrd", str(initramfs),
            "-append", f"console=ttyS0 panic=1 {command_line}",
            "-drive", f"file={self.disk},if=none,id=disk,format=raw",
            "-serial", f"file:{self.console}",
            "-chardev", f"socket,id=truth,path={directory}/truth.sock,server=on,wait=off",
            "-serial", "chardev:truth",
            "-qmp", f"unix:{directory}/qmp.sock,server=on,wait=off",
        ]
        self.process = None
        self.monitor = None
        self.truth = None
        self.unread = b""

    def __enter__(self):
        errors = open(self.directory / "qemu.err", "wb")
        try:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL,
                                            stdout=errors, stderr=errors,
                                            env=self.environment)
        except FileNotFoundError:
            raise RigError("qemu-system-x86_64 is not installed (see tests/vm/packages)") from None
        finally:
            errors.close()
        RUNNING.add(self.process)
        try:
            self.truth = self._connect("truth.sock")
            self.monitor = self._connect("qmp.sock").makefile("rwb")
            self.monitor.readline()
            self.command("qmp_capabilities")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        RUNNING.discard(self.process)
        for channel in (self.truth, self.monitor):
            if channel:
                channel.close()

    def _connect(self, name):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            channel = socket.socket(socket.AF_UNIX)
            channel.settimeout(DUMP_TIMEOUT)
            try:
                channel.connect(str(self.directory / name))
                return channel
            except OSError:
                channel.close()
                time.sleep(0.05)
        raise RigError(f"QEMU did not start: {self._errors()}")

    def _errors(self):
        words = (self.directory / "qemu.err").read_text(errors="replace").strip().splitlines()
        return words[-1] if words else "no reason given"

    def command(self, name, **arguments):
        request = {"execute": name, "arguments": arguments}
        self.monitor.write(json.dumps(request).encode() + b"\n")
        try:
            self.monitor.flush()
            while True:
                line = self.monitor.readline()
                if not line:
                    raise RigError(f"QEMU went away during {name}")
                reply = json.loads(line)
                if "error" in reply:
                    raise RigError(f"QEMU: {name}: {reply['error']['desc']}")
                if "return" in reply:
                    return reply["return"]
        except ConnectionError:
            raise RigError(f"QEMU went away during {name}: {self._errors()}") from None
        except TimeoutError:
            raise RigError(f"QEMU did not finish {name} in {DUMP_TIMEOUT} s") from None

    def dump(self, path, dump_format=None, paging=False):
        arguments = {"paging": paging, "protocol": f"file:{path}"}
        if dump_format:
            arguments["format"] = dump_format
        self.command("dump-guest-memory", **arguments)

    def redirections(self):
        """The IOAPIC's redirection entries as the machine has them: facts of the host's."""
        text = self.command("human-monitor-command", **{"command-line": "info pic"})
        found = re.findall(r"^\s*pin (\d+)\s+0x([0-9a-f]{16})", text, re.MULTILINE)
        if not found:
            raise RigError("QEMU's `info pic` shows no redirection entries")
        return [["redirection", pin, f"0x{int(entry, 16):x}"] for pin, entry in found]

    def _last_words(self):
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        lines = [line for line in text.splitlines() if line.strip()]
        return lines[-1].strip() if lines else "nothing on the console"

    def facts_until(self, *kinds, timeout=BOOT_TIMEOUT):
        """The guest's facts, each a list of fields, up to the first of one of these kinds."""
        facts = []
        deadline = time.monotonic() + timeout
        while True:
            while b"\n" in self.unread:
                line, self.unread = self.unread.split(b"\n", 1)
                fields = line.decode(errors="replace").rstrip("\r").split("\t")
                if fields[0] == "failed":
                    raise RigError(f"the guest failed: {' '.join(fields[1:])}")
                facts.append(fields)
                if fields[0] in kinds:
                    return facts
            left = deadline - time.monotonic()
            if left <= 0:
                raise RigError(f"the guest hung for {timeout} s; console: {self._last_words()}")
            if self.process.poll() is not None:
                raise RigError(f"the guest ended early; console: {self._last_words()}")
            if select.select([self.truth], [], [], min(left, 1))[0]:
                self.unread += self.truth.recv(65536)

    def go_on(self):
        self.truth.sendall(b"\n")
