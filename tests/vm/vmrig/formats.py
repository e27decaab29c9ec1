# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of after.elf in every other format in which dumps come."""

import re
import struct

from . import recompress, roots
from .cache import RigError, publish, run, series_dir, workspace
from .elfcore import Core

KERNEL_MAP = 0xFFFFFFFF80000000  # __START_KERNEL_map

# What makedumpfile makes of it: file name and options. -F writes to standard output; the
# dump level is the series' own where none is given.
MAKEDUMPFILE = {
    "after.zlib-d0.kdump": ("-c", "-d", "0"),
    "after.zlib-d31.kdump": ("-c", "-d", "31"),
    "after.raw.kdump": (),
    "after.zlib.kdump": ("-c",),
    "after.lzo.kdump": ("-l",),
    "after.zlib.flat": ("-F", "-c"),
    "after.filtered.elf": ("-E",),
    "after.filtered.elf.flat": ("-F", "-E"),
}
SPLIT = tuple(f"after.split-{part}.kdump" for part in (1, 2, 3))
RECOMPRESSED = {
    "after.snappy.kdump": recompress.Snappy,
    "after.zstd.kdump": recompress.Zstd,
}
REARRANGED = "after.kdump-zlib.kdump"
WITHOUT_VMCOREINFO = "novmci.elf"
OUTPUTS = (*MAKEDUMPFILE, *SPLIT, *RECOMPRESSED, REARRANGED, WITHOUT_VMCOREINFO)


def page_offset(core, vmlinux):
    """The start of the kernel's linear map: page_offset_base, as randomised at this boot."""
    symbols = run(["readelf", "--symbols", "--wide", vmlinux], 120, "page_offset_base").decode()
    found = re.search(r"([0-9a-f]{16}) .* page_offset_base$", symbols, re.MULTILINE)
    if not found:
        raise RigError(f"{vmlinux} has no page_offset_base")
    info = core.vmcoreinfo()
    virtual = int(found.group(1), 16) + int(info["KERNELOFFSET"], 16)
    physical = virtual - KERNEL_MAP + int(info["NUMBER(phys_base)"])
    return struct.unpack("<Q", core.read_physical(physical, 8))[0]


def makedumpfile(*arguments, **options):
    """The newer suite's, as it has to know the newest kernels."""
    command, environment = roots.command("makedumpfile", [str(word) for word in arguments])
    run(command, 300, arguments[-1].name, env=environment, **options)


def convert(options, level, source, target):
    if "-d" not in options:
        options = (*options, "-d", level)
    if "-F" in options:
        with open(target, "wb") as output:
            makedumpfile(*options, source, stdout=output)
    else:
        makedumpfile(*options, source, target)


def rearrange(flat, plain):
    """A flattened dump, as a plain one."""
    with open(flat, "rb") as source:
        makedumpfile("-R", plain, stdin=source)


def write_vmcore(series, core, target):
    """Shaped like /proc/vmcore, which is what makedumpfile wants."""
    vmlinux = series_dir(series.name) / "vmlinux"
    core.write(target, virtual_base=page_offset(core, vmlinux))


def compress(series, state):
    """STATE.kdump from STATE.elf."""
    with workspace(series.name) as work:
        write_vmcore(series, Core(series_dir(series.name) / f"{state}.elf"), work / "vmcore")
        convert(("-c",), series.dump_level, work / "vmcore", work / f"{state}.kdump")
        publish(series.name, work / f"{state}.kdump")


def build(series):
    directory = series_dir(series.name)
    with workspace(series.name) as work:
        core = Core(directory / "after.elf")
        core.write(work / WITHOUT_VMCOREINFO, keep_note=lambda name: name != b"VMCOREINFO")
        publish(series.name, work / WITHOUT_VMCOREINFO)
        vmcore = work / "vmcore"
        write_vmcore(series, core, vmcore)
        for name, options in MAKEDUMPFILE.items():
            convert(options, series.dump_level, vmcore, work / name)
        makedumpfile("--split", "--splitblock-size", "16", "-c", "-d", series.dump_level, vmcore,
                     *(work / name for name in SPLIT))
        for name, method in RECOMPRESSED.items():
            recompress.recompress(work / "after.zlib.kdump", work / name, method())
        rearrange(directory / "after.kdump-zlib.flat", work / REARRANGED)
        for name in OUTPUTS:
            if (work / name).exists():
                publish(series.name, work / name)
