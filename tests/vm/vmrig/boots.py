# SPDX-License-Identifier: GPL-2.0-or-later
"""The boots: what is asked of a guest, and what is kept of it."""

from . import initramfs, truth
from .cache import publish, punch_holes, series_dir, workspace
from .qemu import VFIO_BDF, Guest

DRIVERS = ("e1000e", "e1000", "nvme", "vfio-pci", "vfio_iommu_type1")
# Without it QEMU is not told where VMCOREINFO is, and its dumps have none.
VMCOREINFO_DRIVER = "qemu_fw_cfg"
MODULES = (VMCOREINFO_DRIVER, *DRIVERS)
# hugepages= at boot, when memory is still in one piece: neighbouring huge pages.
# Without IPv6 the network cards that are brought up stay silent. The kernel's check of the
# timer interrupt, at boot, is a race that an emulated machine loses under load. Without
# iomem=relaxed a device's MSI-X table, which is truth, cannot be read beside its driver.
COMMON = "no_timer_check hugepages=16 ipv6.disable=1 iomem=relaxed"
COMMAND_LINE = f"{COMMON} rig.vfio={VFIO_BDF}"
# QEMU's compressed formats, each with the file it makes.
QEMU_FORMATS = {
    "kdump-zlib": "after.kdump-zlib.flat",
    "kdump-lzo": "after.kdump-lzo.flat",
    "kdump-snappy": "after.kdump-snappy.flat",
}
STATES_OUTPUTS = ("before.elf", "after.elf", "truth-before.json", "truth-after.json",
                  "after.kdump-zlib.flat", "after.paging.elf")
BARE_OUTPUTS = ("before.elf", "truth-before.json")
NOFWCFG_OUTPUTS = ("nofwcfg.elf", "truth-nofwcfg.json")


def keep_console(work, series, name):
    """The guest's console, for whoever wonders; also after a failure."""
    console = work / "console.log"
    if console.exists():
        console.replace(series_dir(series) / f"console-{name}.log")


def states(series, kernel_dir):
    """before.elf and after.elf, and the second state in all of QEMU's formats."""
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, MODULES, series.module_options,
                        kernel_dir / "modules", initramfs.compile_guest(work))
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, f"{COMMAND_LINE} rig=states") as guest:
                before = guest.facts_until("ready")
                guest.command("stop")
                guest.dump(work / "before.elf")
                before += guest.redirections()
                guest.command("cont")
                guest.go_on()
                after = guest.facts_until("ready")
                guest.command("stop")
                guest.dump(work / "after.elf")
                after += guest.redirections()
                finish_states(series, work, before, after)
                guest.dump(work / "after.paging.elf", paging=True)
                finish_dump(series, work / "after.paging.elf")
                offered = guest.command("query-dump-guest-memory-capability")["formats"]
                for dump_format, name in QEMU_FORMATS.items():
                    if dump_format in offered:
                        guest.dump(work / name, dump_format)
                        publish(series.name, work / name)
        finally:
            keep_console(work, series.name, "states")


def finish_dump(series, path):
    punch_holes(path)
    publish(series.name, path)


def finish_states(series, work, before, after):
    """Out with the two main dumps first: others wait for them."""
    for name, facts in (("before", before), ("after", after)):
        truth.write(work / f"truth-{name}.json", facts)
        finish_dump(series, work / f"{name}.elf")
        publish(series.name, work / f"truth-{name}.json")


def nofwcfg(series, kernel_dir):
    """As `virsh dump` of an ordinary guest: nobody told QEMU where VMCOREINFO is."""
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, DRIVERS, series.module_options, kernel_dir / "modules",
                        initramfs.compile_guest(work))
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, f"{COMMAND_LINE} rig=states") as guest:
                guest.facts_until("ready")
                guest.go_on()
                facts = guest.facts_until("ready")
                guest.command("stop")
                guest.dump(work / "nofwcfg.elf")
        finally:
            keep_console(work, series.name, "nofwcfg")
        truth.write(work / "truth-nofwcfg.json", facts)
        finish_dump(series, work / "nofwcfg.elf")
        publish(series.name, work / "truth-nofwcfg.json")


def bare(series, kernel_dir):
    """A kernel without its modules: nothing takes the function from it, nothing has a driver
    that Debian does not build in, and nobody tells QEMU where VMCOREINFO is."""
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, (), (), kernel_dir / "modules", initramfs.compile_guest(work))
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, f"{COMMON} rig=states") as guest:
                facts = guest.facts_until("ready")
                guest.command("stop")
                guest.dump(work / "before.elf")
        finally:
            keep_console(work, series.name, "bare")
        truth.write(work / "truth-before.json", facts)
        finish_dump(series, work / "before.elf")
        publish(series.name, work / "truth-before.json")
