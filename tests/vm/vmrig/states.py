# SPDX-License-Identifier: GPL-2.0-or-later
"""The states that are not `before` and `after`: one row for each boot, with what is different
in it and the states that it is dumped in."""

import json
import shutil
from dataclasses import dataclass

from . import initramfs, iommufd, ivrs, kmodule, roots, truth
from .boots import COMMAND_LINE, MODULES, finish_dump, keep_console
from .cache import publish, series_dir, workspace
from .qemu import Guest

# QEMU's educational device on the root bus, so behind the IOMMU; no driver wants it. Its DMA
# may go to any address.
EDU_BDF = "0000:00:08.0"
EDU = ("-device", "edu,addr=0x8,dma_mask=0xffffffffffffffff")
# It reads where nothing was ever mapped, writes there, writes what leak.ko mapped for reading
# only, reads that (which it may), and reads above the table's reach.
FAULTS = ("read:0x55550000", "write:0x66660008", "write:0x12340000", "read:0x12340000",
          "read:0x800000000000")
LASTING = ("leak", "event", "dma")


@dataclass(frozen=True)
class Boot:
    name: str
    states: tuple  # what it is dumped in, in this order
    steps: str  # what the guest does, see guest/init
    command_line: str = ""
    devices: tuple = ()
    modules: tuple = MODULES
    newer_qemu: bool = False  # of the suite that drgn is of
    v2_tables: bool = False  # ACPI says that the IOMMU has what v2 page tables need
    own_modules: tuple = ()  # of guest/
    iommufd: bool = False  # with iommufd and a VFIO that knows it (iommufd.py)
    memory: str = "512M"
    bench: bool = False  # only made when asked for: large

    @property
    def outputs(self):
        return tuple(name for state in self.states
                     for name in (f"{state}.elf", f"truth-{state}.json"))


BOOTS = {
    row.name: row
    for row in (
        Boot("pt", ("pt",), "network,offline,facts,wait:pt", "iommu=pt"),
        Boot("nointremap", ("nointremap",), "network,facts,wait:nointremap", "intremap=off"),
        # The emulated IOMMU cannot walk v2 tables: no DMA arrives, and an NVMe disk's driver
        # would wait for it.
        Boot("v2", ("v2",), "network,vfio,facts,wait:v2", "amd_iommu=pgtbl_v2",
             modules=tuple(name for name in MODULES if name != "nvme"), v2_tables=True),
        Boot("faults", ("leak", "events", "faults", "stuck"),
             "network,leak,facts,wait:leak,events,facts,wait:events,"
             "faults,facts,wait:faults,stuck,facts,wait:stuck",
             f"rig.edu={EDU_BDF} rig.faults={','.join(FAULTS)}",
             devices=EDU, newer_qemu=True, own_modules=("leak", "events", "stuck")),
        # Without vfio_iommu_type1, VFIO's own way of mapping: it is built for Debian's VFIO.
        Boot("iommufd", ("iommufd",), "network,iommufd,facts,wait:iommufd", iommufd=True,
             modules=tuple(name for name in MODULES if name != "vfio_iommu_type1")),
        Boot("many", ("many",), "many,facts,wait:many", memory="3G", bench=True),
    )
}


def newer_qemu():
    """(argv, environment) of the newer suite's QEMU."""
    share = roots.root_dir() / "usr/share"
    return roots.command("qemu-system-x86_64", (
        "-L", str(share / "qemu"), "-L", str(share / "seabios"),
        "-global", "amd-iommu.dma-remap=on"))  # else it translates nothing


def extra_files(boot, series, kernel_dir, work):
    """{name in the initramfs: path} of what only this boot needs."""
    files = {}
    if boot.v2_tables:
        before = json.loads((series_dir(series.name) / "truth-before.json").read_text("utf-8"))
        # EFR and EFR2, in an order that depends on the kernel; QEMU's EFR2 is 0.
        efr = max(int(word, 16) for word in before["iommus"][0]["features"].split(":"))
        table = work / "ivrs.aml"
        table.write_bytes(ivrs.upgraded(bytes.fromhex(before["ivrs"]), efr | ivrs.EFR_V2))
        files[ivrs.PATH] = table
    for name in boot.own_modules:
        files[f"modules/{name}.ko"] = kmodule.build(work, name, kernel_dir / "modules")
    return files


def modules_of(boot, kernel_dir, work):
    """The folder that this boot's modules are in."""
    if not boot.iommufd:
        return kernel_dir / "modules"
    modules = work / "modules"
    shutil.copytree(kernel_dir / "modules", modules)
    for path in iommufd.modules_dir(kernel_dir).iterdir():
        shutil.copy(path, modules)
    return modules


def run(series, kernel_dir, boot):
    """Boot, and dump each state."""
    with workspace(series.name) as work:
        image = work / "initramfs"
        initramfs.build(image, boot.modules, series.module_options,
                        modules_of(boot, kernel_dir, work),
                        {**initramfs.compile_guest(work),
                         **extra_files(boot, series, kernel_dir, work)})
        words = f"{COMMAND_LINE} rig=steps rig.steps={boot.steps} {boot.command_line}"
        program = newer_qemu() if boot.newer_qemu else None
        try:
            with Guest(work, kernel_dir / "vmlinuz", image, words, memory=boot.memory,
                       devices=boot.devices, program=program) as guest:
                lasting = []  # what was done to the machine stays done
                for state in boot.states:
                    facts = lasting + guest.facts_until("ready")
                    lasting = [fact for fact in facts if fact[0] in LASTING]
                    guest.command("stop")
                    guest.dump(work / f"{state}.elf")
                    truth.write(work / f"truth-{state}.json", facts + guest.redirections())
                    guest.command("cont")
                    guest.go_on()
                    finish_dump(series, work / f"{state}.elf")
                    publish(series.name, work / f"truth-{state}.json")
        finally:
            keep_console(work, series.name, boot.name)
