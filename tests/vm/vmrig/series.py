# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel series that the rig boots.

To add a series: add one row. The version rule, the same for every row: of the packages
`linux-image-SERIES[.-]*-amd64` in the row's suites (and, where `debug` is true, of those
whose `-dbg` package has the same version), the one with the highest Debian version.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    name: str
    suites: tuple
    debug: bool = True  # a -dbg package exists, hence a vmlinux with DWARF
    modules: bool = True  # its modules are in the archive; else no VFIO, disk, network, VMCOREINFO
    kdump: bool = False  # also make a real kdump with a capture kernel
    nofwcfg: bool = False  # also boot without qemu_fw_cfg: a dump without VMCOREINFO
    live_crash: str = ""  # also look at the running kernel in crash: the "system"'s, or the "newer" suite's
    dump_level: int = 31  # of makedumpfile
    module_options: tuple = ()  # ("module", "option=value") pairs
    boots: tuple = ()  # rows of states.py


# In the order in which they are built: the oldest and newest drivers' worlds first.
SERIES = {
    row.name: row
    for row in (
        Series("6.1", ("bookworm-security",), kdump=True, nofwcfg=True,
               boots=("pt", "nointremap", "faults")),
        # makedumpfile up to 1.7.8 takes 7.x's compound tail pages for user data: with
        # level 31 it drops slab pages that the kernel uses. Hence 31 without 8.
        Series("7.2", ("trixie-backports",), kdump=True, dump_level=23,
               boots=("pt", "nointremap", "v2", "faults", "many")),
        Series("6.12", ("bookworm-security",),
               boots=("pt", "nointremap", "v2", "faults", "iommufd", "many")),
        Series("5.10", ("bullseye-security",), boots=("pt", "nointremap"),
               live_crash="system"),
        # Debug packages, and from 6.19 on modules too, leave the archive before the kernels do.
        Series("6.16", ("trixie-backports",), debug=False),
        Series("6.18", ("trixie-backports",), debug=False),
        Series("7.0", ("trixie-backports",), debug=False, modules=False),
    )
}
