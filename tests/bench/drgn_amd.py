# SPDX-License-Identifier: GPL-2.0-or-later
"""What both drgn scripts here need: a program on a dump, and the driver's structures.

It runs with every drgn from Debian 12's 0.0.22 on, so it uses no helper that is newer.
"""

from drgn import Program, cast
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.mm import virt_to_phys

PAGE = 4096


def open_dump(dump, vmlinux):
    """The vmlinux by its name and no module: as little debug information as can be."""
    prog = Program()
    prog.set_core_dump(dump)
    prog.load_debug_info([vmlinux])
    return prog


def buses(head):
    for bus in list_for_each_entry("struct pci_bus", head, "node"):
        yield bus
        yield from buses(bus.children.address_of_())


def functions(prog):
    """(name, struct pci_dev *) of all PCI functions."""
    for bus in buses(prog["pci_root_buses"].address_of_()):
        segment = cast("struct pci_sysdata *", bus.sysdata).domain.value_()
        number = bus.number.value_()
        for dev in list_for_each_entry("struct pci_dev", bus.devices.address_of_(), "bus_list"):
            devfn = dev.devfn.value_()
            yield f"{segment:04x}:{number:02x}:{devfn >> 3:02x}.{devfn & 7}", dev


def domain_of(dev):
    """struct protection_domain * of a function, or None."""
    iommu = dev.dev.iommu
    if not iommu or not iommu.priv:
        return None
    domain = cast("struct iommu_dev_data *", iommu.priv).domain
    return domain if domain else None


def page_table(prog, domain):
    """(physical address of the root, levels) of a v1 table; (None, 0): it has none."""
    kind = prog.type("struct protection_domain")
    if kind.has_member("amdv1"):
        top = domain.amdv1.amdpt.common.top_of_table.value_()
        root, levels = top & ~7, (top & 7) + 1
    elif kind.has_member("iop"):
        root, levels = domain.iop.root.value_(), domain.iop.mode.value_()
    else:
        top = domain.pt_root.counter.value_() & ((1 << 64) - 1)
        root, levels = top & ~(PAGE - 1), top & 7
    return (virt_to_phys(prog, root).value_(), levels) if root else (None, 0)
