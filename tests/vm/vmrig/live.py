# SPDX-License-Identifier: GPL-2.0-or-later
"""The program in the guest, on the kernel that it runs on."""

import base64
import io
import tarfile

from . import boots, initramfs, truth
from .cache import RigError, digest, publish, run, workspace
from .initramfs import GUEST_DIR
from .qemu import Guest

SCRIPT = GUEST_DIR / "live"
CHURN = GUEST_DIR / "churn.c"
# Of the busy commands, of which there are five: in one process, and each in its own.
ROUNDS = 200
SEPARATE_ROUNDS = 5
TIMEOUT = 900
OUTPUTS = ("live.elf", "truth-live.json", "live.tar")
PROGRAM_HASH = "program"  # in live.tar: whose answers these are


def inputs(program):
    return [SCRIPT, CHURN, ROUNDS, SEPARATE_ROUNDS, program]


def guest_files(work, program):
    churn = work / "churn"
    run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", churn, CHURN], 60,
        CHURN.name)
    return {"live": SCRIPT, "bin/churn": churn, **initramfs.program_files(program)}


def open_answers(disk, facts):
    """The tar file that the guest has sent, or that is at its disk's beginning."""
    sent = "".join(fields[0] for kind, *fields in facts if kind == "archive")
    if sent:
        return tarfile.open(fileobj=io.BytesIO(base64.b64decode(sent)), mode="r:gz")
    return tarfile.open(disk, "r:")


def take_answers(answers, tar, *programs):
    """What the guest has said, with a word about the programs added."""
    stamp = tar.with_name(PROGRAM_HASH)
    stamp.write_text(digest(*programs), encoding="ascii")
    with answers as source, tarfile.open(tar, "w:") as target:
        for member in source:
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
        target.add(stamp, PROGRAM_HASH)


def boot(series, kernel_dir, program):
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, boots.MODULES if series.modules else (), series.module_options,
                        kernel_dir / "modules",
                        {**initramfs.compile_guest(work), **guest_files(work, program)})
        common = boots.COMMAND_LINE if series.modules else boots.COMMON
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, f"{common} rig=live "
                       f"rig.rounds={ROUNDS} rig.separate={SEPARATE_ROUNDS}") as guest:
                facts = guest.facts_until("ready", timeout=TIMEOUT)
                guest.command("stop")
                guest.dump(work / "live.elf")
                guest.command("cont")
                guest.go_on()
                answers = guest.facts_until("answered", timeout=TIMEOUT)
                guest.command("quit")
                guest.process.wait()
        finally:
            boots.keep_console(work, series.name, "live")
        try:
            take_answers(open_answers(guest.disk, answers), work / "live.tar", program)
        except (tarfile.TarError, ValueError) as error:
            raise RigError(f"the guest's answers: {error}") from None
        truth.write(work / "truth-live.json", facts)
        boots.finish_dump(series, work / "live.elf")
        for name in OUTPUTS[1:]:
            publish(series.name, work / name)
