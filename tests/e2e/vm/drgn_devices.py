# SPDX-License-Identifier: GPL-2.0-or-later
"""What `iommuscope devices` prints, as a drgn script: the yardstick of test_start_up.py.

    drgn_devices.py DUMP VMLINUX

Written to be fast: only what the answer needs is read, each once.
"""

import sys

from drgn import Program, cast
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pci import for_each_pci_dev, pci_name

ADDRESS = ((1 << 52) - 1) & ~0xfff
TYPES = {0: "blocked", 1: "unmanaged", 3: "dma", 4: "identity", 11: "dma-fq"}
COLUMNS = ("bdf", "vendor", "device", "driver", "group", "domain_id", "domain_type",
           "paging_mode", "pt_root", "int_remap", "iommu")


def find_tables(prog):
    """{segment: (device table, IOMMUs by device)}"""
    if not prog.type("struct amd_iommu_pci_seg").has_member("dev_table"):
        return {0: (prog["amd_iommu_dev_table"], prog["amd_iommu_rlookup_table"])}
    return {segment.id.value_(): (segment.dev_table, segment.rlookup_table)
            for segment in list_for_each_entry("struct amd_iommu_pci_seg",
                                               prog["amd_iommu_pci_seg_list"].address_of_(),
                                               "list")}


def text(value):
    return "-" if value is None else str(value)


def describe(prog, tables, function):
    device = function.dev
    bdf = pci_name(function)
    table, owners = tables[int(bdf.split(":")[0], 16)]
    devid = function.bus.number.value_() << 8 | function.devfn.value_()
    words = table[devid].data
    low, control, interrupts = words[0].value_(), words[1].value_(), words[2].value_()
    data = device.iommu.priv if device.iommu else None
    domain = cast("struct iommu_dev_data *", data).domain if data else None
    mode = low >> 9 & 7
    return (bdf, hex(function.vendor.value_()), hex(function.device.value_()),
            device.driver.name.string_().decode() if device.driver else None,
            device.iommu_group.id.value_() if device.iommu_group else None,
            hex(control & 0xffff), TYPES[domain.domain.type.value_()] if domain else None, mode,
            hex(low & ADDRESS) if mode else None,
            "yes" if interrupts & 1 and interrupts >> 60 & 3 == 2 else "no",
            f"ivhd{owners[devid].index.value_()}" if owners[devid] else None)


def main():
    prog = Program()
    prog.set_core_dump(sys.argv[1])
    prog.load_debug_info([sys.argv[2]])
    tables = find_tables(prog)
    rows = sorted(describe(prog, tables, function) for function in for_each_pci_dev(prog))
    for row in (tuple(column.upper() for column in COLUMNS), *rows):
        print(" ".join(text(cell) for cell in row))


if __name__ == "__main__":
    main()
