# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel modules in guest/, built for a kernel of which we have other modules but no headers."""

import re
from pathlib import Path

from .cache import RigError, run
from .initramfs import GUEST_DIR

MODEL = "e1000e.ko"  # any module with an init function
SECTION = ".gnu.linkonce.this_module"
# enum module_state and a list head come first, in every kernel.
NAME_OFFSET = 24
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-mcmodel=kernel",
         "-mno-red-zone", "-mno-sse", "-mno-mmx", "-mno-80387", "-fno-pic", "-fno-pie",
         "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-common",
         "-fno-strict-aliasing", "-fcf-protection=branch")


def inputs(names):
    """What these modules are made from, for the cache's stamps."""
    if not names:
        return []
    return [Path(__file__), GUEST_DIR / "kmodule.h", *(GUEST_DIR / f"{name}.c" for name in names)]


def only(pattern, text, what):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise RigError(f"{MODEL} does not show {what}")
    return found.group(1)


def layout(model):
    """{macro: value} that a module of this kernel has to agree with."""
    sections = run(["readelf", "--section-headers", "--wide", model], 60, model.name).decode()
    size = only(rf"{re.escape(SECTION)} +PROGBITS +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", sections,
                "the size of struct module")
    relocations = run(["readelf", "--relocs", "--wide", model], 60, model.name).decode()
    own = relocations.split(f"'.rela{SECTION}'", 1)[-1].split("Relocation section", 1)[0]
    init = only(r"^([0-9a-f]{16}) .* init_module \+ 0$", own, "where struct module has its init")
    vermagic = only(r"\bvermagic=([^\0]*)\0", model.read_bytes().decode("latin-1"), "a vermagic")
    return {"MODULE_SIZE": int(size, 16), "INIT_OFFSET": int(init, 16),
            "NAME_OFFSET": NAME_OFFSET, "VERMAGIC": f'"{vermagic}"'}


def build(directory, name, modules):
    """Path of NAME.ko for the kernel whose modules are in `modules`."""
    target = directory / f"{name}.ko"
    source = GUEST_DIR / f"{name}.c"
    macros = [f"-D{macro}={value}" for macro, value in layout(modules / MODEL).items()]
    run(["gcc", *FLAGS, *macros, "-c", "-o", target, source], 60, source.name)
    return target
