# SPDX-License-Identifier: GPL-2.0-or-later
"""A crash as it happens in the field: panic, capture kernel, makedumpfile; and the kdump hook, which
has its look before the capture kernel goes."""

import tarfile

from . import formats, initramfs, live, roots, truth
from .boots import COMMAND_LINE, MODULES, keep_console
from .cache import RIG_DIR, RigError, publish, workspace
from .initramfs import GUEST_DIR
from .qemu import Guest

SAVE = GUEST_DIR / "save"
HOOK = RIG_DIR.parents[1] / "plugins" / "kdump" / "kdump-hook"
DISK_MB, HOOK_MB = 1024, 768  # where the dump is, and behind it what the hook leaves
OUTPUTS = ("kdump.flat", "kdump.kdump", "truth-kdump.json")
HOOK_OUTPUT = "hook.tar"


def inputs(program):
    return [SAVE, *([HOOK, program] if program else [])]


def outputs(program):
    return (*OUTPUTS, HOOK_OUTPUT) if program else OUTPUTS


def capture_files(program):
    """What the capture kernel's initramfs has more than the modules. Of libraries that both programs
    need it has makedumpfile's: they are the newer ones."""
    files = {"bin/save": SAVE, **roots.files_of("makedumpfile")}
    if not program:
        return files
    return {**initramfs.program_files(program), **files, "bin/kdump-hook": HOOK}


def take_hook_answers(disk, tar, program):
    try:
        with open(disk, "rb") as source:
            source.seek(HOOK_MB << 20)
            live.take_answers(tarfile.open(fileobj=source, mode="r|"), tar, program)
    except tarfile.TarError as error:
        raise RigError(f"what the kdump hook has left: {error}") from None


def kdump(series, kernel_dir, program):
    with workspace(series.name) as work:
        capture_image = work / "capture-initramfs"
        initramfs.build(capture_image, ("nvme",), (), kernel_dir / "modules", capture_files(program))
        image = work / "initramfs"
        initramfs.build(image, MODULES, series.module_options,
                        kernel_dir / "modules",
                        {**initramfs.compile_guest(work),
                         "capture/vmlinuz": kernel_dir / "vmlinuz",
                         "capture/initramfs": capture_image})
        command_line = (f"{COMMAND_LINE} crashkernel=256M rig=crash "
                        "rig.capture=console=ttyS0,no_timer_check,nr_cpus=1,"
                        "reset_devices,panic=1,rig=capture,"
                        f"rig.level={series.dump_level},rig.hook={HOOK_MB}")
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, command_line, memory="768M",
                       disk_size=DISK_MB) as guest:
                facts = guest.facts_until("ready")
                guest.go_on()
                capture_facts = guest.facts_until("captured")
        finally:
            keep_console(work, series.name, "kdump")
        if program:
            take_hook_answers(guest.disk, work / HOOK_OUTPUT, program)
        flat = work / "kdump.flat"
        guest.disk.replace(flat)
        with open(flat, "r+b") as disk:
            disk.truncate(int(capture_facts[-1][1]))
        formats.rearrange(flat, work / "kdump.kdump")
        truth.write(work / "truth-kdump.json", facts + capture_facts)
        for name in outputs(program):
            publish(series.name, work / name)
